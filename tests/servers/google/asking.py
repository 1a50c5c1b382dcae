"""A plain client that repeats nothing and hides nothing: for the tests of the stand-in itself."""

import http.client
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True)
class Reply:
    """What came back; `json` is {} when there was no JSON."""

    status: int
    json: Any
    headers: Message
    body: bytes

    @property
    def reason(self) -> str:
        """The reason of a refusal, as error.errors[].reason has it."""
        return str(self.json["error"]["errors"][0]["reason"])


class Asking:
    """Someone with an access token."""

    def __init__(self, root_url: str, token: Callable[[], str]) -> None:
        self._place = urlsplit(root_url)
        self._token = token

    def get(self, path: str, **query: Any) -> Reply:
        return self.ask("GET", path, query)

    def post(self, path: str, body: object = None, **query: Any) -> Reply:
        return self.ask("POST", path, query, body)

    def put(self, path: str, body: object = None, **query: Any) -> Reply:
        return self.ask("PUT", path, query, body)

    def patch(self, path: str, body: object = None, **query: Any) -> Reply:
        return self.ask("PATCH", path, query, body)

    def delete(self, path: str, **query: Any) -> Reply:
        return self.ask("DELETE", path, query)

    def ask(
        self, verb: str, path: str, query: Mapping[str, Any], body: object = None, **headers: str
    ) -> Reply:
        """Ask once on a connection of its own; `body` is JSON unless it is bytes."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        given = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token()}"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        line = http.client.HTTPConnection(self._place.netloc, timeout=10)
        line.request(verb, f"/{path}?{urlencode(query, doseq=True)}", raw, given)
        answer = line.getresponse()
        found = answer.read()
        line.close()
        is_json = "json" in answer.headers.get("Content-Type", "") and found
        return Reply(answer.status, json.loads(found) if is_json else {}, answer.headers, found)
