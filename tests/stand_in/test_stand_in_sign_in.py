"""The stand-in's sign-in behaves as Google's does: consent with PKCE, tokens, and all the ways a grant ends."""

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from servers.google import Client, Google
from servers.google.asking import Asking, Reply

COMPOSE = "https://www.googleapis.com/auth/gmail.compose"
EVENTS = "https://www.googleapis.com/auth/calendar.events.readonly"
ADA = "ada@example.com"
VERIFIER = "a-verifier-that-is-long-enough-for-rfc-7636-0123456789"
BACK = "http://localhost:8123/"


@pytest.fixture
def google() -> Iterator[Google]:
    with Google() as google:
        google.add_account(ADA)
        yield google


def address(google: Google, **changes: str) -> str:
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    query = {
        "client_id": google.sign_in.client.id,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": f"{COMPOSE} {EVENTS}",
        "state": "s1",
        "access_type": "offline",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    return f"{google.client_json()['installed']['auth_uri']}?{urlencode(query | changes)}"


def come_back(google: Google, **changes: str) -> dict[str, str]:
    """Consent to everything and return what the browser brings back."""
    place = urlsplit(google.consent(address(google, **changes), ADA))
    return {name: values[0] for name, values in parse_qs(place.query).items()}


def ask_token(google: Google, **form: str) -> Reply:
    client = google.sign_in.client
    given = {"client_id": client.id, "client_secret": client.secret} | form
    return Asking(google.root_url, str).ask("POST", "token", {}, urlencode(given).encode())


def redeem(google: Google, code: str, **changes: str) -> Reply:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return ask_token(google, **(form | changes))


def renew(google: Google, refresh_token: str) -> Reply:
    return ask_token(google, grant_type="refresh_token", refresh_token=refresh_token)


def sign_in(google: Google, **changes: str) -> dict[str, Any]:
    reply = redeem(google, come_back(google, **changes)["code"])
    assert reply.status == 200
    found: dict[str, Any] = reply.json
    return found


def look(google: Google, access_token: str) -> int:
    return Asking(google.root_url, lambda: access_token).get("gmail/v1/users/me/profile").status


def test_a_sign_in_with_pkce_gives_both_tokens_and_the_scopes(google: Google) -> None:
    tokens = sign_in(google)
    assert tokens["scope"] == f"{EVENTS} {COMPOSE}"
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 3599)
    assert look(google, tokens["access_token"]) == 200
    assert look(google, renew(google, tokens["refresh_token"]).json["access_token"]) == 200


def test_the_page_shows_each_scope_as_a_box_and_the_state_comes_back(google: Google) -> None:
    page = Asking(google.root_url, str).get(
        "o/oauth2/auth", **dict(parse_qs(urlsplit(address(google)).query))
    )
    assert page.body.count(b'type="checkbox"') == 2
    assert come_back(google)["state"] == "s1"


def test_a_scope_may_be_refused(google: Google) -> None:
    place = google.consent(address(google), ADA, untick={COMPOSE})
    code = parse_qs(urlsplit(place).query)["code"][0]
    tokens = redeem(google, code).json
    assert tokens["scope"] == EVENTS
    assert look(google, tokens["access_token"]) == 403


def test_ticking_nothing_is_a_refusal(google: Google) -> None:
    place = google.consent(address(google), ADA, untick={COMPOSE, EVENTS})
    assert parse_qs(urlsplit(place).query) == {"error": ["access_denied"], "state": ["s1"]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"client_id": "another"}, "invalid_client"),
        ({"redirect_uri": "https://evil.example/"}, "redirect_uri_mismatch"),
        ({"redirect_uri": "http://localhost.evil.example/"}, "redirect_uri_mismatch"),
        ({"redirect_uri": "urn:ietf:wg:oauth:2.0:oob"}, "out-of-band"),
        ({"response_type": "token"}, "response_type"),
        ({"code_challenge_method": "plain"}, "S256"),
    ],
)
def test_an_unfit_request_only_shows_an_error(google: Google, changes: dict[str, str], words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        google.consent(address(google, **changes), ADA)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "another-verifier"}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_grant"),
        ({"redirect_uri": "http://localhost:1/"}, "redirect_uri_mismatch"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_a_code_is_no_use_without_what_belongs_to_it(
    google: Google, changes: dict[str, str], error: str
) -> None:
    code = come_back(google)["code"]
    assert redeem(google, code, **changes).json["error"] == error
    assert redeem(google, code).status == 200


def test_a_code_works_once_and_for_ten_minutes(google: Google) -> None:
    code, late = come_back(google)["code"], come_back(google)["code"]
    assert redeem(google, code).status == 200
    assert redeem(google, code).json["error"] == "invalid_grant"
    google.clock.go_on(timedelta(minutes=11))
    assert redeem(google, late).json["error"] == "invalid_grant"


def test_the_client_may_name_itself_in_the_header(google: Google) -> None:
    client = google.sign_in.client
    form = {"grant_type": "refresh_token", "refresh_token": sign_in(google)["refresh_token"]}
    basic = base64.b64encode(f"{client.id}:{client.secret}".encode()).decode()
    reply = Asking(google.root_url, str).ask(
        "POST", "token", {}, urlencode(form).encode(), Authorization=f"Basic {basic}"
    )
    assert reply.status == 200


def test_only_a_first_or_renewed_consent_gives_a_refresh_token(google: Google) -> None:
    assert "refresh_token" in sign_in(google)
    assert "refresh_token" not in sign_in(google)
    assert "refresh_token" in sign_in(google, prompt="consent")
    assert "refresh_token" not in sign_in(google, prompt="consent", access_type="online")


def test_an_access_token_ends_after_an_hour(google: Google) -> None:
    tokens = sign_in(google)
    google.clock.go_on(timedelta(seconds=3598))
    assert look(google, tokens["access_token"]) == 200
    google.clock.go_on(timedelta(seconds=1))
    assert look(google, tokens["access_token"]) == 401
    assert renew(google, tokens["refresh_token"]).status == 200


def expect_dead(google: Google, tokens: dict[str, Any]) -> None:
    reply = renew(google, tokens["refresh_token"])
    assert (reply.status, reply.json["error"]) == (400, "invalid_grant")
    assert look(google, tokens["access_token"]) == 401


@pytest.mark.parametrize("which", ["refresh_token", "access_token"])
def test_revoking_either_token_ends_the_whole_grant(google: Google, which: str) -> None:
    tokens = sign_in(google)
    client = Asking(google.root_url, str)
    assert client.ask("POST", "revoke", {"token": tokens[which]}, b"").status == 200
    expect_dead(google, tokens)
    again = client.ask("POST", "revoke", {"token": tokens[which]}, b"")
    assert (again.status, again.json["error"]) == (400, "invalid_token")


def test_the_owner_can_revoke_in_their_account(google: Google) -> None:
    tokens = sign_in(google)
    google.sign_in.revoke(ADA)
    expect_dead(google, tokens)


def test_a_new_password_ends_a_grant_with_gmail_in_it(google: Google) -> None:
    calendars, all_of_it = sign_in(google, scope=EVENTS), sign_in(google, prompt="consent")
    google.sign_in.change_password(ADA)
    expect_dead(google, all_of_it)
    assert renew(google, calendars["refresh_token"]).status == 200


def test_a_grant_of_a_client_in_testing_ends_after_seven_days() -> None:
    with Google(client=Client(testing=True)) as google:
        google.add_account(ADA)
        tokens = sign_in(google)
        assert tokens["refresh_token_expires_in"] == 604799
        google.clock.go_on(timedelta(days=7) - timedelta(seconds=1))
        assert renew(google, tokens["refresh_token"]).status == 200
        google.clock.go_on(timedelta(seconds=1))
        expect_dead(google, tokens)


def test_a_refresh_token_unused_for_half_a_year_dies_and_a_used_one_lives(google: Google) -> None:
    unused, used = sign_in(google), sign_in(google, prompt="consent")
    for _ in range(2):
        google.clock.go_on(timedelta(days=100))
        assert renew(google, used["refresh_token"]).status == 200
    expect_dead(google, unused)


def test_the_oldest_of_too_many_refresh_tokens_dies_without_a_word(google: Google) -> None:
    first = google.grant(ADA, COMPOSE)["refresh_token"]
    for _ in range(99):
        last = google.grant(ADA, COMPOSE)["refresh_token"]
    assert renew(google, first).status == 200
    google.grant(ADA, COMPOSE)
    assert [renew(google, token).status for token in (first, last)] == [400, 200]


def test_the_file_from_the_console_is_that_of_a_desktop_client(google: Google) -> None:
    found = json.loads(json.dumps(google.client_json()))["installed"]
    assert found["token_uri"] == f"{google.root_url}token"
    assert found["redirect_uris"] == ["http://localhost"]
