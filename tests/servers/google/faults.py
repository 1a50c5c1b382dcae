"""What can go wrong on the way, on order: per method and path, once, a few times or for ever."""

import os
import re
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler

PAUSE = 0.02  # seconds between two bytes of an answer that drips
LOGIN_PAGE = b"<!DOCTYPE html><html><title>Log in to the network</title></html>"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Break(StrEnum):
    """How a connection can fail. Where the name does not say "before", the work was done: only the answer suffers."""

    CLOSED_BEFORE = "closed before anything was done"
    RESET_BEFORE = "reset before anything was done"
    LOST = "closed without an answer"
    RESET = "reset without an answer"
    HALF_STATUS = "cut within the status line"
    HALF_HEAD = "cut within the header"
    NO_BODY = "cut after the header"
    HALF_BODY = "cut within the body"
    HALF_CHUNK = "cut within a chunk"
    RESET_IN_BODY = "reset within the body"
    GARBAGE = "bytes that are no HTTP"
    EMPTY = "200 and an empty body"
    BROKEN_JSON = "200 and half of the JSON as if it were all"
    HTML = "200 and a page to log in"
    DRIP = "byte by byte, without an end in sight"
    SILENT = "no answer and no end"
    SILENT_BEFORE = "nothing done, no answer and no end"


#: The work is not done; the request is as good as never made.
BEFORE = {Break.CLOSED_BEFORE, Break.RESET_BEFORE, Break.SILENT_BEFORE, Break.HTML}


@dataclass
class Fault:
    """What happens to the next requests that match; `times` None is for ever."""

    verb: str
    path: re.Pattern[str]
    times: int | None
    happening: Break | Answer | None
    """None lets the request through and any later order wait."""
    work_done: bool

    def match(self, verb: str, path: str) -> bool:
        return self.times != 0 and verb in {self.verb, self.verb or verb} and bool(self.path.search(path))


class Faults:
    """The faults on order; the first that matches a request happens to it."""

    def __init__(self) -> None:
        self._orders: list[Fault] = []
        self.over = threading.Event()

    def order(
        self,
        happening: Break | Answer,
        verb: str = "",
        path: str = "",
        *,
        times: int | None = 1,
        work_done: bool | None = None,
    ) -> None:
        """Let `happening` befall requests by `verb` ("" is any) whose path holds the pattern `path`.

        A 5xx with `work_done` is the answer of a server that did the work all the same.
        """
        if work_done is None:
            work_done = isinstance(happening, Break) and happening not in BEFORE
        self._orders.append(Fault(verb, re.compile(path), times, happening, work_done))

    def skip(self, times: int, verb: str = "", path: str = "") -> None:
        """Let so many requests go well before what is ordered next befalls one."""
        self._orders.append(Fault(verb, re.compile(path), times, None, work_done=True))

    def clear(self) -> None:
        """Call off everything on order."""
        self._orders.clear()

    def take(self, verb: str, path: str) -> Fault | None:
        for fault in self._orders:
            if fault.match(verb, path):
                if fault.times is not None:
                    fault.times -= 1
                return fault if fault.happening else None
        return None


def break_off(handler: BaseHTTPRequestHandler, happening: Break, raw: bytes, over: threading.Event) -> None:
    """Send of the answer `raw` what `happening` lets through; the connection is of no use afterwards."""
    handler.close_connection = True
    head, _, body = raw.partition(b"\r\n\r\n")
    if happening in {Break.SILENT, Break.SILENT_BEFORE}:
        over.wait()
    elif happening is Break.DRIP:
        _drip(handler, raw, over)
    else:
        handler.wfile.write(_PARTS.get(happening, _send_nothing)(head, body))
    if happening in {Break.RESET, Break.RESET_BEFORE, Break.RESET_IN_BODY}:
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(handler.connection.detach())  # http.server would say goodbye first


def _drip(handler: BaseHTTPRequestHandler, raw: bytes, over: threading.Event) -> None:
    for number in range(len(raw)):
        if over.wait(PAUSE):
            return
        handler.wfile.write(raw[number : number + 1])


def _send_nothing(_: bytes, __: bytes) -> bytes:
    return b""


def _frame(body: bytes, kind: str = "application/json; charset=UTF-8") -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def _halve(_: bytes, body: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"%x\r\n" % len(body) + body[: len(body) // 2]


_PARTS: dict[Break, Callable[[bytes, bytes], bytes]] = {
    Break.HALF_STATUS: lambda _, __: b"HTTP/1.1 2",
    Break.HALF_HEAD: lambda head, _: head[: len(head) // 2],
    Break.NO_BODY: lambda head, _: head + b"\r\n\r\n",
    Break.HALF_BODY: lambda head, body: head + b"\r\n\r\n" + body[: len(body) // 2],
    Break.RESET_IN_BODY: lambda head, body: head + b"\r\n\r\n" + body[: len(body) // 2],
    Break.HALF_CHUNK: _halve,
    Break.GARBAGE: lambda _, __: b"\x16\x03\x01 this is no HTTP\r\n\r\n",
    Break.EMPTY: lambda _, __: _frame(b""),
    Break.BROKEN_JSON: lambda _, body: _frame(body[: len(body) // 2]),
    Break.HTML: lambda _, __: _frame(LOGIN_PAGE, "text/html"),
}
