"""What the servers of plain sockets have in common: a port on loopback, and a thread for each connection."""

import socket
import threading
from abc import ABC, abstractmethod
from typing import Self


class Listener(ABC):
    """Use it in a `with`; `answer` is given every connection, and closes it."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(line,), daemon=True).start()

    @abstractmethod
    def answer(self, line: socket.socket) -> None: ...
