"""What comes in and goes out in parts: uploads and batches (developers.google.com/gmail/api/guides/batch)."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

from servers.google.faults import Answer
from servers.google.refusals import Refusal, refuse_argument

MOST_IN_A_BATCH = 100
_BOUNDARY = "batch_of_the_stand-in"


class Incoming:
    """One HTTP request, or one part of a batch."""

    def __init__(self, verb: str, target: str, headers: Any, body: bytes) -> None:
        self.verb = headers.get("X-HTTP-Method-Override", verb) if verb == "POST" else verb
        self.target = target
        self.path = urlsplit(target).path
        self.query = parse_qs(urlsplit(target).query, keep_blank_values=True)
        self.headers = headers
        self.body = body
        if self.verb != verb and not urlsplit(target).query:
            # A GET whose address would be too long comes as a POST with its query as a form.
            self.query, self.body = parse_qs(body.decode(), keep_blank_values=True), b""

    def read_body(self) -> tuple[dict[str, Any], bytes | None]:
        """Return the JSON and the media. Raises Refusal for what is neither."""
        kind = self.headers.get("Content-Type", "")
        if not self.path.startswith("/upload/"):
            return _read_json(self.body), None
        upload_type = self.query.pop("uploadType", [""])[0]
        if upload_type == "media":
            return {}, self.body
        if upload_type != "multipart":
            raise Refusal(501, "notImplemented", f"The stand-in takes no upload of type {upload_type!r}.")
        parts = split_parts(kind, self.body)
        return _read_json(parts[0].body), parts[1].body


def _read_json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body) if body.strip() else {}
    except ValueError:
        raise Refusal(400, "parseError", "Parse Error") from None
    if not isinstance(found, dict):
        raise Refusal(400, "parseError", "Invalid JSON payload received. Root is no object.")
    return found


@dataclass(frozen=True)
class Part:
    """One part of a multipart body, its bytes as they came."""

    headers: Message
    body: bytes


def split_parts(kind: str, body: bytes) -> list[Part]:
    """Return the parts of a multipart body (RFC 2046, 5.1.1). Raises Refusal when it is none."""
    boundary = read_headers(f"Content-Type: {kind}".encode()).get_boundary()
    if not boundary:
        raise Refusal(400, "badRequest", "Failed to parse the multipart request")
    between = re.compile(rb"(?:^|\r?\n)--" + re.escape(boundary.encode()) + rb"(?:--)?[ \t]*(?:\r?\n|$)")
    return [_read_part(piece) for piece in between.split(body)[1:-1]]


def _read_part(piece: bytes) -> Part:
    head, _, body = re.sub(rb"\r?\n\r?\n", b"\0", piece, count=1).partition(b"\0")
    return Part(read_headers(head), body)


def read_headers(head: bytes) -> Message:
    return BytesParser().parsebytes(head, headersonly=True)


def answer_batch(incoming: Incoming, answer_one: Callable[[Incoming], Answer]) -> Answer:
    """Answer every request of a batch as if it had come alone."""
    parts = split_parts(incoming.headers.get("Content-Type", ""), incoming.body)
    if len(parts) > MOST_IN_A_BATCH:
        raise refuse_argument(f"The batch request has more than {MOST_IN_A_BATCH} calls")
    answers = [(part.headers["Content-ID"], answer_one(_unpack(part, incoming))) for part in parts]
    body = b"".join(_pack(str(name), answer) for name, answer in answers) + f"--{_BOUNDARY}--\r\n".encode()
    return Answer(200, body, {"Content-Type": f"multipart/mixed; boundary={_BOUNDARY}"})


def _unpack(part: Part, around: Incoming) -> Incoming:
    line, _, rest = part.body.partition(b"\n")
    verb, target, _ = line.decode().split(" ", 2)
    inner = _read_part(rest)
    if "Authorization" not in inner.headers and around.headers.get("Authorization"):
        inner.headers["Authorization"] = around.headers["Authorization"]
    return Incoming(verb, target, inner.headers, inner.body)


def _pack(name: str, answer: Answer) -> bytes:
    head = f"--{_BOUNDARY}\r\nContent-Type: application/http\r\nContent-ID: <response-{name.strip('<>')}>\r\n\r\n"
    headers = "".join(f"{key}: {value}\r\n" for key, value in answer.headers.items())
    inner = f"HTTP/1.1 {answer.status} Words\r\n{headers}Content-Length: {len(answer.body)}\r\n\r\n"
    return (head + inner).encode() + answer.body + b"\r\n"
