"""The whole of the stand-in: accounts, and the way of a request from the wire to its handler and back."""

import http.client
import ssl
import traceback
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from servers.google.accounts import Account
from servers.google.asking import Asking
from servers.google.bodies import Incoming, answer_batch
from servers.google.calendar_api import METHODS as CALENDAR
from servers.google.calendars import Calendar
from servers.google.calls import Call, Handler
from servers.google.clock import Clock
from servers.google.contacts import Contacts
from servers.google.discovery import Document, MalformedError, Method, find_method
from servers.google.faults import Answer
from servers.google.fields import apply_mask, check_mask, read_mask
from servers.google.gmail import METHODS as GMAIL
from servers.google.mail import Mailbox
from servers.google.oauth import Client, Grant, SignIn
from servers.google.pages import find_pages
from servers.google.people import METHODS as PEOPLE
from servers.google.quota import Quota, refuse_rate
from servers.google.refusals import Refusal
from servers.google.server import Seen, Wire, write_json

_HANDLERS: Mapping[str, Handler] = {**CALENDAR, **GMAIL, **PEOPLE}
#: The longest request line that Google takes.
_LONGEST_TARGET = 8192


class Google:
    """Google on loopback for any number of accounts and one desktop client."""

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        context: ssl.SSLContext | None = None,
        client: Client | None = None,
        port: int = 0,
    ) -> None:
        """`context` makes it speak https."""
        self.clock = clock or Clock()
        self.accounts: dict[str, Account] = {}
        self.sign_in = SignIn(self.clock, client or Client())
        self._pages = find_pages(self.sign_in, self.accounts)
        self.quota = Quota()
        self.mistakes: list[str] = []
        self._context = context
        self._wire = Wire(self._answer, self.clock, context, port)
        self.faults = self._wire.faults

    def __enter__(self) -> Self:
        self._wire.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._wire.stop()
        if kind is None:
            assert not self.mistakes, "\n".join(self.mistakes)

    # --- where it is, who is there

    @property
    def root_url(self) -> str:
        scheme = "https" if self._context else "http"
        return f"{scheme}://127.0.0.1:{self._wire.port}/"

    def client_json(self) -> dict[str, Any]:
        """Return the file that a desktop client's owner downloads from the console."""
        places = {
            "auth_uri": f"{self.root_url}o/oauth2/auth",
            "token_uri": f"{self.root_url}token",
            "auth_provider_x509_cert_url": f"{self.root_url}oauth2/v1/certs",
            "redirect_uris": ["http://localhost"],
        }
        client = self.sign_in.client
        secrets = {"client_id": client.id, "project_id": "stand-in", "client_secret": client.secret}
        return {"installed": secrets | places}

    def add_account(self, address: str, name: str = "", zone: str = "Europe/Berlin") -> Account:
        """Return a new account with an empty mailbox and an empty primary calendar."""
        mailbox, contacts = Mailbox(address, name, self.clock), Contacts(self.clock)
        account = self.accounts[address] = Account(address, name, mailbox, contacts, self._deliver)
        account.see(Calendar(address, address, zone, self.clock), "owner")
        return account

    def add_calendar(self, calendar_id: str, summary: str, zone: str = "Europe/Berlin") -> Calendar:
        """Return a new calendar beside the primary ones; `Account.see` shows it to somebody."""
        return Calendar(calendar_id, summary, zone, self.clock)

    def _deliver(self, address: str, raw: bytes) -> None:
        if address in self.accounts:
            self.accounts[address].mailbox.receive(raw)

    # --- signing in without hands

    def grant(self, address: str, *scopes: str) -> dict[str, Any]:
        """Return what a client keeps after a sign-in to `scopes` (google-auth's authorized_user)."""
        grant = Grant(address, frozenset(scopes), self.clock())
        self.sign_in.grants.append(grant)
        client = self.sign_in.client
        return {
            "token": self.sign_in.make_access_token(grant),
            "refresh_token": self.sign_in.make_refresh_token(grant),
            "token_uri": f"{self.root_url}token",
            "client_id": client.id,
            "client_secret": client.secret,
            "scopes": sorted(scopes),
        }

    def ask_as(self, address: str, *scopes: str) -> Asking:
        """Return a plain client that is allowed `scopes` and never out of date."""
        return Asking(self.root_url, self.make_pass(address, *scopes))

    def make_pass(self, address: str, *scopes: str) -> Callable[[], str]:
        """Return what gives a new access token for `scopes` each time."""
        grant = Grant(address, frozenset(scopes), self.clock())
        self.sign_in.grants.append(grant)
        return lambda: self.sign_in.make_access_token(grant)

    def consent(self, address: str, user: str, *, untick: Collection[str] = ()) -> str:
        """Open the authorisation page at `address` as a browser does, tick, and return where it sends the browser.

        All scopes unticked is a refusal. Raises AssertionError with Google's words when the page only shows an error.
        """
        status, _, page = self._browse("GET", address)
        assert status == http.client.OK, page.decode()
        asked = dict(parse_qsl(urlsplit(address).query))["scope"].split()
        form = [
            ("query", urlsplit(address).query),
            ("user", user),
            *(("scope", scope) for scope in asked if scope not in untick),
        ]
        _, headers, _ = self._browse("POST", f"{self.root_url}o/oauth2/consent", urlencode(form))
        return headers["Location"]

    def _browse(self, verb: str, address: str, form: str = "") -> tuple[int, Mapping[str, str], bytes]:
        place = urlsplit(address)
        line = self._connect()
        line.request(
            verb, f"{place.path}?{place.query}", form, {"Content-Type": "application/x-www-form-urlencoded"}
        )
        answer = line.getresponse()
        found = answer.status, dict(answer.headers), answer.read()
        line.close()
        return found

    def _connect(self) -> http.client.HTTPConnection:
        if self._context is None:
            return http.client.HTTPConnection("127.0.0.1", self._wire.port, timeout=10)
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection("127.0.0.1", self._wire.port, timeout=10, context=trusting)

    def order_rate_limit(
        self, wait: timedelta, verb: str = "", path: str = "", *, in_header: bool, times: int | None = 1
    ) -> None:
        """Let requests be refused with 429; the wait stands in Retry-After or only in the message text."""
        refusal = refuse_rate(self.clock() + wait, code=429)
        headers = {"Retry-After": str(int(wait.total_seconds()))} if in_header else {}
        if in_header:
            refusal.message = "Quota exceeded"
        answer = write_json(429, refusal.body())
        self.faults.order(Answer(429, answer.body, answer.headers | headers), verb, path, times=times)

    # --- what was asked

    @property
    def requests(self) -> list[Seen]:
        """Every HTTP request so far."""
        return self._wire.seen

    def count(self, method: str) -> int:
        """Return how often an API method was asked for, as "gmail.users.drafts.create"; calls in a batch count."""
        return sum(seen.method == method for seen in self._wire.seen)

    # --- from a request to its answer

    def _answer(self, incoming: Incoming, seen: Seen) -> Answer:
        if page := self._pages.get((incoming.verb, incoming.path)):
            return page(incoming)
        try:
            if incoming.verb == "POST" and incoming.path.split("/")[1] == "batch":
                return answer_batch(incoming, self._answer_part)
            return self._answer_call(incoming, seen)
        except Refusal as refusal:
            return write_json(refusal.code, refusal.body(), **refusal.headers)
        except Exception:  # noqa: BLE001 - or a mistake of the stand-in would look like a lost line
            self.mistakes.append(traceback.format_exc())
            return Answer(500)

    def _answer_part(self, part: Incoming) -> Answer:
        headers = {name.lower(): str(value) for name, value in part.headers.items()}
        seen = Seen(part.verb, part.path, dict(part.query), "", self.clock(), headers, part.body)
        self._wire.seen.append(seen)
        return self._answer(part, seen)

    def _answer_call(self, incoming: Incoming, seen: Seen) -> Answer:
        if len(incoming.target) > _LONGEST_TARGET:
            raise Refusal(414, "uriTooLong", "The requested URL is too large to process.")
        document, method, in_path = find_method(incoming.verb, incoming.path)
        seen.method = method.id
        grant = self._authorize(incoming, method)
        body, media = incoming.read_body()
        try:
            call = self._read_call(incoming, document, method, in_path, grant, body)
        except Refusal as refusal:
            self.mistakes.append(f"{method.id}: {refusal.message}")
            raise
        self.quota.spend(grant.user, method.service, method.id, self.clock())
        return self._do(replace(call, media=media), document, method)

    def _authorize(self, incoming: Incoming, method: Method) -> Grant:
        token = incoming.headers.get("Authorization", "").removeprefix("Bearer ")
        grant = self.sign_in.find_grant(token)
        if grant is None:
            headers = {
                "WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'
            }
            raise Refusal(
                401, "authError", "Request had invalid authentication credentials.", headers=headers
            )
        if not grant.scopes & method.scopes:
            headers = {
                "WWW-Authenticate": f'Bearer realm="https://accounts.google.com/", error="insufficient_scope", scope="{" ".join(sorted(method.scopes))}"'
            }
            raise Refusal(
                403,
                "insufficientPermissions",
                "Request had insufficient authentication scopes.",
                headers=headers,
            )
        return grant

    def _read_call(
        self,
        incoming: Incoming,
        document: Document,
        method: Method,
        in_path: Mapping[str, str],
        grant: Grant,
        body: Mapping[str, Any],
    ) -> Call:
        parameters = method.read_parameters(
            incoming.query | {name: [value] for name, value in in_path.items()}
        )
        if method.request:
            _check_request(document, method, body)
        elif body:
            raise Refusal(400, "malformed", f"{method.id} takes no body")
        if "fields" in parameters:
            check_mask(
                read_mask(parameters["fields"]), document.schemas, document.schemas.named(method.response)
            )
        account = self.accounts[grant.user]
        return Call(
            account,
            parameters,
            body,
            self.clock(),
            grant.scopes,
            if_match=incoming.headers.get("If-Match", ""),
        )

    def _do(self, call: Call, document: Document, method: Method) -> Answer:
        handler = _HANDLERS.get(method.id)
        if handler is None:
            self.mistakes.append(f"{method.id} is not there")
            raise Refusal(501, "notImplemented", f"The stand-in has no {method.id}.")
        value = handler(call)
        if value is None:
            return Answer(204)
        try:
            document.schemas.check(method.response, value)
        except MalformedError as error:
            self.mistakes.append(f"the answer of {method.id}: {error}")
        masked = (
            apply_mask(read_mask(call.parameters["fields"]), value) if "fields" in call.parameters else value
        )
        etag = {"ETag": value["etag"]} if "etag" in value else {}
        return write_json(200, masked, **etag)


def _check_request(document: Document, method: Method, body: Mapping[str, Any]) -> None:
    try:
        document.schemas.check(method.request, body)
    except MalformedError as error:
        raise Refusal(400, "malformed", f"Invalid JSON payload received. {error}") from None
