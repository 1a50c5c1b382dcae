"""The addresses of sign-in, which no discovery document describes: consent, token, revoke."""

import html
from collections.abc import Callable, Collection, Mapping
from functools import partial
from urllib.parse import parse_qsl, urlsplit

from servers.google.bodies import Incoming
from servers.google.faults import Answer
from servers.google.oauth import DeniedError, Request, SignIn
from servers.google.server import write_json

Page = Callable[[Incoming], Answer]
_HTML = {"Content-Type": "text/html; charset=UTF-8"}


def find_pages(sign_in: SignIn, users: Collection[str]) -> Mapping[tuple[str, str], Page]:
    """Return what answers at each address of sign-in; `users` are those who may be chosen."""
    show = partial(_show_consent, sign_in, users)
    return {
        ("GET", "/o/oauth2/auth"): show,
        ("GET", "/o/oauth2/v2/auth"): show,
        ("POST", "/o/oauth2/consent"): partial(_take_consent, sign_in),
        ("POST", "/token"): partial(_answer_token, sign_in),
        ("POST", "/revoke"): partial(_answer_revoke, sign_in),
    }


def _show_consent(sign_in: SignIn, users: Collection[str], incoming: Incoming) -> Answer:
    query = urlsplit(incoming.target).query
    try:
        request = sign_in.read_request(query)
    except DeniedError as error:
        page = f"<!DOCTYPE html><title>Error {error.status}</title>{error.error}: {error.description}"
        return Answer(error.status, page.encode(), _HTML)
    return Answer(200, _write_consent(request, users, query), _HTML)


def _write_consent(request: Request, users: Collection[str], query: str) -> bytes:
    """Return the page that asks: an account, and a box per scope (granular consent)."""
    boxes = "".join(
        f'<label><input type="checkbox" name="scope" value="{html.escape(scope)}"> {html.escape(scope)}</label>'
        for scope in request.scopes
    )
    choices = "".join(f"<option>{html.escape(user)}</option>" for user in users)
    hidden = f'<input type="hidden" name="query" value="{html.escape(query)}">'
    form = f'<form method="post" action="/o/oauth2/consent">{hidden}<select name="user">{choices}</select>{boxes}<button>Continue</button></form>'
    return f"<!DOCTYPE html><title>Sign in</title><p>This app is not verified</p>{form}".encode()


def _take_consent(sign_in: SignIn, incoming: Incoming) -> Answer:
    form = parse_qsl(incoming.body.decode())
    ticked = frozenset(value for name, value in form if name == "scope")
    request = sign_in.read_request(dict(form)["query"])
    return Answer(302, b"", {"Location": sign_in.consent(request, dict(form)["user"], ticked)})


def _answer_token(sign_in: SignIn, incoming: Incoming) -> Answer:
    form = dict(parse_qsl(incoming.body.decode()))
    try:
        return write_json(200, sign_in.answer_token(incoming.headers.get("Authorization", ""), form))
    except DeniedError as error:
        return _refuse(error)


def _answer_revoke(sign_in: SignIn, incoming: Incoming) -> Answer:
    given = dict(parse_qsl(urlsplit(incoming.target).query)) | dict(parse_qsl(incoming.body.decode()))
    try:
        sign_in.answer_revoke(given.get("token", ""))
    except DeniedError as error:
        return _refuse(error)
    return write_json(200, {})


def _refuse(error: DeniedError) -> Answer:
    return write_json(error.status, {"error": error.error, "error_description": error.description})
