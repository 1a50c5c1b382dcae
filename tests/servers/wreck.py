"""A server on loopback that reads a request and then goes wrong, in one of many ways; it counts what it was asked."""

import gzip
import socket
import struct
import time
from collections.abc import Callable

from servers.listener import Listener

Way = Callable[[socket.socket], None]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
GOOD = b'{"id": "d1", "message": {"id": "m1"}}'


def reply(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def say(raw: bytes) -> Way:
    return lambda line: line.sendall(raw)


def reset(line: socket.socket) -> None:
    """Close with a RST: nothing lingers."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


def say_and_reset(raw: bytes) -> Way:
    def act(line: socket.socket) -> None:
        line.sendall(raw)
        time.sleep(0.02)  # a RST on its heels would take the bytes back
        reset(line)

    return act


def stay_silent(line: socket.socket) -> None:
    line.recv(1)  # until the other side goes


def drip(line: socket.socket) -> None:
    for number in range(len(GOOD) * 50):
        line.sendall((HEAD + b"\r\n" + GOOD * 50)[number : number + 1])
        time.sleep(0.02)


def talk_without_end(line: socket.socket) -> None:
    line.sendall(HEAD + b"\r\n")
    while True:
        line.sendall(b" " * 65536)


#: What may go wrong after a request came in whole.
WAYS: dict[str, Way] = {
    "closed without a word": lambda line: line.close(),
    "reset without a word": reset,
    "silent": stay_silent,
    "dripping": drip,
    "half a status line": say(b"HTTP/1.1 2"),
    "no status line": say(b"\x00\xff\x00\xff\r\n\r\n"),
    "head alone": say(HEAD + b"Content-Length: 40\r\n\r\n"),
    "half a head": say(HEAD),
    "half a body": say(HEAD + b"Content-Length: 40\r\n\r\n" + GOOD[:20]),
    "half a body and a reset": say_and_reset(HEAD + b"Content-Length: 40\r\n\r\n" + GOOD[:20]),
    "half a chunk": say(HEAD + b"Transfer-Encoding: chunked\r\n\r\n40\r\n" + GOOD[:10]),
    "no end": talk_without_end,
    "interim answer alone": say(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "page to log in": say(reply("200 OK", b"<html>Welcome to the hotel</html>")),
    "damaged gzip": say(reply("200 OK", gzip.compress(GOOD)[:15], "Content-Encoding: gzip")),
    "list for an object": say(reply("200 OK", b"[]")),
    "code 500": say(reply("500 Oops")),
    "code 503 and a wait of nothing": say(reply("503 Busy", b"", "Retry-After: 0")),
    "code 408": say(reply("408 Timeout")),
    "code 303 to itself": say(reply("303 See Other", b"", "Location: /")),
    "code 307 to itself": say(reply("307 Temporary", b"", "Location: /")),
    "code 308 to itself": say(reply("308 Permanent", b"", "Location: /")),
}
#: Answers that mean: certainly not done.
REFUSALS: dict[str, Way] = {
    "code 401": say(reply("401 Unauthorized", b"", 'WWW-Authenticate: Bearer realm="x", Basic realm="x"')),
    "code 403": say(reply("403 Forbidden", b'{"error": {"errors": [{"reason": "userRateLimitExceeded"}]}}')),
    "code 404": say(reply("404 Not Found")),
    "code 429 and a wait of nothing": say(reply("429 Too Many", b"", "Retry-After: 0")),
}


class Wreck(Listener):
    """Answers every request `way`; `good` answers before that are given well, on a connection that is kept."""

    def __init__(self, way: Way, good: int = 0) -> None:
        super().__init__()
        self.requests: list[str] = []
        """The first line of every request of which at least a head came."""
        self._way = way
        self._good = good

    def answer(self, line: socket.socket) -> None:
        with line:
            try:
                while self._take_request(line):
                    if len(self.requests) > self._good:
                        self._way(line)
                        return
                    line.sendall(reply("200 OK", GOOD, "Connection: keep-alive"))
            except OSError:
                pass  # the other side went

    def _take_request(self, line: socket.socket) -> bool:
        raw = b""
        while b"\r\n\r\n" not in raw:
            chunk = line.recv(65536)
            if not chunk:
                return False
            raw += chunk
        head, _, body = raw.partition(b"\r\n\r\n")
        first, *headers = head.decode().split("\r\n")
        self.requests.append(first)
        length = next((int(one[15:]) for one in headers if one.lower().startswith("content-length:")), 0)
        while len(body) < length:
            body += line.recv(65536)
        return True
