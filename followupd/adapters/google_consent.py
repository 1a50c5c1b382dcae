"""The owner's consent: the address to open, the answer that comes back to this computer, and the tokens for it.

A desktop app's answer comes to a port on loopback (RFC 8252, 7.3), bound to this request by PKCE and `state`.
"""

import html
import json
import logging
import os
import select
import time
from collections.abc import Collection, Mapping
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import IO, Any, Self
from urllib.parse import parse_qsl, urlsplit

from google_auth_oauthlib.flow import Flow

from followupd.adapters.google_auth import Endpoint, take_tokens
from followupd.adapters.google_tokens import SignIn
from followupd.errors import ConfigProblem, Problem

# At DEBUG it writes tokens and codes into the log; nothing of it is needed here.
logging.getLogger("requests_oauthlib").setLevel(logging.WARNING)
logging.getLogger("oauthlib").setLevel(logging.WARNING)

_DOWNLOAD = "Download the JSON of a client of type Desktop app; docs/google-setup.md, step 4."
_AGAIN = "Start again: `followupd connect google`."
_MOST_TYPED = 8192
_GOOGLE = "https://accounts.google.com"


def read_client(file: Path) -> dict[str, str]:
    """Return the client of a JSON file from the Google Auth Platform. Raises ConfigProblem that says what is wrong."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigProblem(f"The client file {file} cannot be read: {error.strerror}.", _DOWNLOAD) from None
    except ValueError:
        raise ConfigProblem(f"The client file {file} is no JSON.", _DOWNLOAD) from None
    if isinstance(found, dict) and "web" in found:
        raise ConfigProblem(f"The client in {file} is of type Web application.", _DOWNLOAD)
    client = found.get("installed") if isinstance(found, dict) else None
    if not isinstance(client, dict) or not client.get("client_id") or not client.get("client_secret"):
        raise ConfigProblem(f"{file} holds no client of type Desktop app.", _DOWNLOAD)
    return {"client_id": str(client["client_id"]), "client_secret": str(client["client_secret"])}


class Consent:
    """One request for consent, from its address to the tokens."""

    def __init__(
        self, client: Mapping[str, str], scopes: Collection[str], redirect: str, root_url: str | None
    ) -> None:
        places = {"auth_uri": f"{_GOOGLE}/o/oauth2/v2/auth", "token_uri": ""}
        self._client = client
        self._scopes = frozenset(scopes)
        self._flow = Flow.from_client_config(
            {"installed": {**client, **places}}, sorted(scopes), redirect_uri=redirect
        )
        # "consent" each time, or Google gives no refresh token to somebody who consented before.
        url, self.state = self._flow.authorization_url(prompt="consent", access_type="offline")
        self.url = url.replace(_GOOGLE, (root_url or _GOOGLE).rstrip("/"), 1)

    def redeem(self, answer: Mapping[str, str], endpoint: Endpoint, now: datetime) -> SignIn:
        """Return the sign-in for the answer that came back. Raises Problem in words."""
        if answer.get("state") != self.state:
            raise Problem("This answer belongs to another request for consent.", _AGAIN)
        if error := answer.get("error"):
            raise Problem(_name_refusal(error), _AGAIN)
        status, found = endpoint.ask(
            grant_type="authorization_code",
            code=answer.get("code", ""),
            redirect_uri=str(self._flow.redirect_uri),
            code_verifier=str(self._flow.code_verifier),
            **self._client,
        )
        if status != HTTPStatus.OK:
            raise Problem(f"Google did not take the consent ({found.get('error', status)}).", _AGAIN)
        if "refresh_token" not in found:
            raise Problem("Google gave a sign-in for an hour only, without a refresh token.", _AGAIN)
        empty = SignIn(
            client_id=self._client["client_id"],
            client_secret=self._client["client_secret"],
            refresh_token="",
            access_token="",
            expires=now,
            scopes=self._scopes,
            since=now,
        )
        return take_tokens(empty, found, now)


def _name_refusal(error: str) -> str:
    known = {
        "access_denied": "No permission was given in the browser.",
        "admin_policy_enforced": "Your Workspace administrator does not allow this app; docs/google-setup.md says whom to ask.",
        "org_internal": "This app is for people of its own organisation only.",
    }
    return known.get(error, f"Google refused the consent ({error!r}).")


class LoopbackDoor:
    """Waits on 127.0.0.1 for the browser to come back with Google's answer."""

    def __init__(self, port: int = 0) -> None:
        """Raise Problem when the port is taken; 0 takes any that is free."""
        try:
            self._server = _Server(("127.0.0.1", port), _Handler)
        except OSError as error:
            raise Problem(
                f"Port {port} of this computer cannot be used: {error.strerror}.", "Name another with --port."
            ) from None
        self.port: int = self._server.server_port
        self._typed = ""
        self.redirect = f"http://127.0.0.1:{self.port}/"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.server_close()

    def wait(self, state: str, seconds: float, typed: IO[str] | None = None) -> dict[str, str]:
        """Return what came back for `state`: by the browser, or as an address pasted into `typed`.

        Whatever else knocks gets an answer and changes nothing. Raises Problem when the time is over.
        """
        self._server.state = state
        until = time.monotonic() + seconds
        sources: list[Any] = [self._server, *([typed] if typed else [])]
        while (left := until - time.monotonic()) > 0:
            ready, _, _ = select.select(sources, [], [], left)
            for source in ready:
                if source is self._server:
                    self._server.handle_request()
                elif not self._take_typed(os.read(source.fileno(), _MOST_TYPED)):
                    sources.remove(source)
            if self._server.answer is not None:
                return self._server.answer
        raise Problem(f"Nobody signed in within {seconds / 60:g} minutes.", _AGAIN)

    def _take_typed(self, typed: bytes) -> bool:
        """Take what was typed so far, an address once its line is whole; False when nothing more will come."""
        *lines, self._typed = (self._typed + typed.decode("utf-8", "replace")).split("\n")
        for line in lines:
            if "=" in line:
                self._server.answer = dict(parse_qsl(urlsplit(line.strip()).query))
        return typed != b""


class _Server(HTTPServer):
    state = ""
    answer: dict[str, str] | None = None
    timeout = 5.0

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a browser that hangs up is no problem of the owner's."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5.0

    def do_GET(self) -> None:
        found = dict(parse_qsl(urlsplit(self.path).query))
        if urlsplit(self.path).path != "/" or found.get("state") != self.server.state:
            self._show(
                HTTPStatus.NOT_FOUND, "Nothing is here", "This page belongs to a sign-in that is not open."
            )
            return
        self.server.answer = found
        if "error" in found:
            self._show(
                HTTPStatus.OK, "Not signed in", "No permission was given. The terminal says how to go on."
            )
        else:
            self._show(
                HTTPStatus.OK,
                "Almost done",
                "Close this page and go back to the terminal: it finishes the sign-in.",
            )

    def _show(self, status: HTTPStatus, title: str, words: str) -> None:
        page = f"<!DOCTYPE html><meta charset=utf-8><title>followupd: {html.escape(title)}</title><h1>{html.escape(title)}</h1><p>{html.escape(words)}</p>"
        self.send_response(status)
        for name, value in _PAGE_HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *_: object) -> None:
        """Log nothing: the address holds the code."""


_PAGE_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'",
    "Connection": "close",
}
