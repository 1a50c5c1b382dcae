"""Signing in to Google and staying signed in, against a stand-in that knows nothing of our code."""

import json
import logging
import multiprocessing
import os
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from accounts import keep_sign_in, open_google
from servers.google import Answer, Client, Google

from followupd.adapters.google_answers import NotDone, Unanswered
from followupd.adapters.google_auth import (
    CALENDARS,
    COMPOSE,
    CONTACTS,
    EVENTS,
    NEEDED,
    PURPOSES,
    READING,
    Endpoint,
    GoogleAccess,
)
from followupd.adapters.google_consent import Consent, LoopbackDoor, read_client
from followupd.adapters.google_tokens import SignIn, TokenFile
from followupd.adapters.google_transport import Courier
from followupd.errors import ConfigProblem, Problem
from followupd.network import Network

ADA = "ada@example.com"
HOUR = timedelta(hours=1)


@pytest.fixture
def google() -> Iterator[Google]:
    with Google() as one:
        one.add_account(ADA, "Ada Example")
        yield one


def keep(google: Google, folder: Path, *scopes: str, dies: timedelta | None = None) -> TokenFile:
    return keep_sign_in(google, folder / "google", ADA, *scopes, dies=dies)


def open_access(google: Google, file: TokenFile) -> GoogleAccess:
    courier = Courier(Network(""), google.root_url, seconds=5)
    return GoogleAccess("work", file, Endpoint(courier, google.root_url), google.clock)


def list_drafts(google: Google, folder: Path) -> dict[str, Any]:
    account = open_google(google, folder / "google")
    return account.read(account.service("gmail").users().drafts().list(userId="me"))


# --- tokens


def test_a_token_is_used_until_shortly_before_it_ends_and_then_renewed(
    google: Google, tmp_path: Path
) -> None:
    file = keep(google, tmp_path)
    access = open_access(google, file)
    first = access.token()

    google.clock.go_on(timedelta(minutes=55))
    assert access.token() == first
    google.clock.go_on(timedelta(minutes=2))
    second = access.token()

    assert second != first
    assert file.read().access_token == second
    assert [seen.path for seen in google.requests] == ["/token"]


def test_a_token_that_google_takes_no_longer_is_renewed_within_one_read(
    google: Google, tmp_path: Path
) -> None:
    keep(google, tmp_path)
    google.sign_in.expire_access_tokens()

    assert "drafts" not in list_drafts(google, tmp_path)
    assert [seen.path.split("/")[-1] for seen in google.requests] == ["drafts", "token", "drafts"]


def test_a_revoked_sign_in_is_asked_for_once_and_then_left_alone(google: Google, tmp_path: Path) -> None:
    file = keep(google, tmp_path)
    google.sign_in.revoke(ADA)
    google.clock.go_on(HOUR)
    told = set()
    for _ in range(5):
        with pytest.raises(NotDone) as caught:
            open_access(google, file).token()
        told.add(caught.value.in_one_line())

    assert len(google.requests) == 1
    (line,) = told
    assert line.startswith(
        "Google ended the sign-in of account 'work': it was revoked, your password changed"
    )
    assert "`followupd connect google --account work`. Nothing is lost" in line


def test_signing_in_again_is_noticed_by_a_daemon_that_runs(google: Google, tmp_path: Path) -> None:
    access = open_access(google, keep(google, tmp_path))
    google.sign_in.revoke(ADA)
    google.clock.go_on(HOUR)
    with pytest.raises(NotDone):
        access.token()

    keep(google, tmp_path)

    assert access.token()


def test_an_end_after_seven_days_is_put_down_to_testing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Google(client=Client(testing=True)) as google:
        google.add_account(ADA)
        file = keep(google, tmp_path, dies=timedelta(days=7))
        access = open_access(google, file)
        google.clock.go_on(timedelta(days=4, hours=23))
        access.token()
        assert caplog.text == ""

        google.clock.go_on(timedelta(hours=1))
        access.token()
        access.token()
        assert caplog.text.count('the publishing status of your app is "Testing"') == 1
        assert "ends on 11 May at 08:00 UTC" in caplog.text

        google.clock.go_on(timedelta(days=2))
        with pytest.raises(NotDone, match="ended after seven days, because the publishing status") as caught:
            access.token()
        assert caught.value.todo.startswith('Press "Publish app" on the page Audience')


def test_seven_days_are_recognised_where_google_did_not_announce_them(tmp_path: Path) -> None:
    with Google(client=Client(testing=True)) as google:
        google.add_account(ADA)
        access = open_access(google, keep(google, tmp_path))
        google.clock.go_on(timedelta(days=7))

        with pytest.raises(NotDone, match="ended after seven days"):
            access.token()


def test_a_sign_in_out_of_order_ends_nothing(google: Google, tmp_path: Path) -> None:
    file = keep(google, tmp_path)
    google.clock.go_on(HOUR)
    google.faults.order(Answer(503), "POST", "/token")
    google.faults.order(Answer(429), "POST", "/token")
    google.faults.order(Answer(200, b"<html>"), "POST", "/token")
    google.faults.order(Answer(400, b'{"error": "slow_down"}'), "POST", "/token")
    access = open_access(google, file)

    for kind, words in (
        (Unanswered, "code 503"),
        (Unanswered, "code 429"),
        (Unanswered, "a page to log in"),
        (NotDone, "code 400"),
    ):
        with pytest.raises(kind, match=words) as caught:
            access.token()
        assert caught.value.temporary

    assert access.token()


def test_several_accounts_stand_side_by_side(google: Google, tmp_path: Path) -> None:
    google.add_account("ben@example.com")
    keep(google, tmp_path)
    keep_sign_in(google, tmp_path / "google", "ben@example.com", COMPOSE, account="home")

    accounts = [open_google(google, tmp_path / "google", name) for name in ("work", "home")]
    names = [
        one.read(one.service("gmail").users().getProfile(userId="me"))["emailAddress"] for one in accounts
    ]

    assert names == [ADA, "ben@example.com"]


# --- the file


@pytest.mark.parametrize("umask", [0o000, 0o002, 0o022, 0o077])
def test_the_file_is_its_owners_alone_under_every_umask(google: Google, tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        file = keep(google, tmp_path)
        with file.locked():
            pass
    finally:
        os.umask(before)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "google").iterdir()}
    assert modes == {"work.json": 0o600, "work.lock": 0o600}
    assert stat.S_IMODE((tmp_path / "google").stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_a_file_that_others_can_reach_is_not_used(google: Google, tmp_path: Path, mode: int) -> None:
    file = keep(google, tmp_path)
    file.path.chmod(mode)

    with pytest.raises(NotDone, match="Others can reach the sign-in") as caught:
        open_access(google, file).token()
    assert f"chmod 600 {file.path}" in caught.value.todo


def test_no_link_is_followed_neither_in_reading_nor_in_writing(google: Google, tmp_path: Path) -> None:
    file = keep(google, tmp_path)
    elsewhere = tmp_path / "sign-in-of-somebody-else"
    file.path.rename(elsewhere)
    text = elsewhere.read_bytes()
    file.path.symlink_to(elsewhere)

    with pytest.raises(NotDone, match="cannot be read"):
        file.read()
    keep(google, tmp_path)

    assert elsewhere.read_bytes() == text
    assert not file.path.is_symlink()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"client_id": 7}', "\xff"])
def test_a_damaged_file_is_told_in_words(tmp_path: Path, text: str) -> None:
    file = TokenFile(tmp_path, "work")
    file.path.touch(mode=0o600)
    file.path.write_bytes(text.encode("latin-1"))

    with pytest.raises(NotDone, match=r"The sign-in of account 'work' is damaged") as caught:
        file.read()
    assert caught.value.todo == "Sign in: `followupd connect google --account work`."


def test_an_account_that_never_signed_in_is_told_how(tmp_path: Path) -> None:
    with pytest.raises(NotDone, match="Account 'work' is not signed in to Google"):
        TokenFile(tmp_path, "work").read()


def test_a_credential_of_systemd_is_read_and_never_written(
    google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = tmp_path / "credentials"
    sealed.mkdir()
    keep(google, tmp_path).path.rename(sealed / "google-work")
    (sealed / "google-work").chmod(0o440)
    text = (sealed / "google-work").read_bytes()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(sealed))
    file = TokenFile(tmp_path / "google", "work")
    access = open_access(google, file)
    google.clock.go_on(HOUR)

    assert access.token() == access.token()

    assert len(google.requests) == 1
    assert (sealed / "google-work").read_bytes() == text
    assert not file.path.with_suffix(".lock").exists()


def renew_many_times(root_url: str, folder: Path, now: datetime, results: Any) -> None:
    courier = Courier(Network(""), root_url, seconds=20)
    access = GoogleAccess("work", TokenFile(folder, "work"), Endpoint(courier, root_url), lambda: now)
    results.put(access.token())


def test_many_processes_renew_it_once(google: Google, tmp_path: Path) -> None:
    file = keep(google, tmp_path)
    google.clock.go_on(HOUR)
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    crowd = [
        context.Process(
            target=renew_many_times, args=(google.root_url, file.path.parent, google.clock(), results)
        )
        for _ in range(4)
    ]
    for one in crowd:
        one.start()
    tokens = {results.get(timeout=60) for _ in crowd}
    for one in crowd:
        one.join()

    assert tokens == {file.read().access_token}
    assert len(google.requests) == 1


# --- consent


def write_client(google: Google, folder: Path) -> Path:
    file = folder / "client_secret.json"
    file.write_text(json.dumps(google.client_json()))
    return file


def sign_in(google: Google, client: Path, scopes: frozenset[str], *untick: str) -> SignIn:
    """Go the whole way: the page, the boxes, the browser's way back."""
    with LoopbackDoor() as door:
        consent = Consent(read_client(client), scopes, door.redirect, google.root_url)
        back = google.consent(consent.url, ADA, untick=untick)
        browser = threading.Thread(target=visit, args=(back,))
        browser.start()
        answer = door.wait(consent.state, 10)
        browser.join()
        courier = Courier(Network(""), google.root_url, seconds=5)
        return consent.redeem(answer, Endpoint(courier, google.root_url), google.clock())


def visit(address: str) -> tuple[int, str]:
    place = urlsplit(address)
    line = HTTPConnection(place.hostname or "", place.port, timeout=10)
    line.request("GET", f"{place.path}?{place.query}")
    answer = line.getresponse()
    found = answer.status, answer.read().decode()
    line.close()
    return found


def test_a_consent_becomes_a_sign_in_that_works(google: Google, tmp_path: Path) -> None:
    made = sign_in(google, write_client(google, tmp_path), NEEDED)
    TokenFile(tmp_path / "google", "work").write(made)

    assert made.scopes == NEEDED
    assert (made.since, made.dies) == (google.clock(), None)
    assert "drafts" not in list_drafts(google, tmp_path)


def test_a_second_sign_in_gives_a_refresh_token_too(google: Google, tmp_path: Path) -> None:
    client = write_client(google, tmp_path)

    first, second = sign_in(google, client, NEEDED), sign_in(google, client, NEEDED | {CONTACTS, READING})

    assert first.refresh_token != second.refresh_token
    assert second.scopes == frozenset(PURPOSES)


def test_testing_is_known_from_the_first_moment(tmp_path: Path) -> None:
    with Google(client=Client(testing=True)) as google:
        google.add_account(ADA)

        made = sign_in(google, write_client(google, tmp_path), NEEDED)

        assert made.dies is not None
        assert timedelta(days=6, hours=23) < made.dies - google.clock() <= timedelta(days=7)


@pytest.mark.parametrize("unticked", [{EVENTS}, {COMPOSE}, {CALENDARS, COMPOSE}])
def test_what_was_not_ticked_is_not_granted(google: Google, tmp_path: Path, unticked: set[str]) -> None:
    made = sign_in(google, write_client(google, tmp_path), NEEDED, *unticked)

    assert made.scopes == NEEDED - unticked


def test_a_refusal_in_the_browser_is_told(google: Google, tmp_path: Path) -> None:
    with pytest.raises(Problem, match="No permission was given in the browser"):
        sign_in(google, write_client(google, tmp_path), NEEDED, *NEEDED)


def test_knocks_that_are_not_googles_answer_change_nothing(google: Google, tmp_path: Path) -> None:
    with LoopbackDoor() as door:
        consent = Consent(read_client(write_client(google, tmp_path)), NEEDED, door.redirect, google.root_url)
        pages: list[tuple[int, str]] = []

        def knock() -> None:
            paths = ("favicon.ico", "?state=stolen&code=stolen", "", f"other?state={consent.state}&code=x")
            pages.extend(visit(door.redirect + path) for path in paths)
            pages.append(visit(google.consent(consent.url, ADA)))

        browser = threading.Thread(target=knock)
        browser.start()
        answer = door.wait(consent.state, 10)
        browser.join()

    assert [status for status, _ in pages] == [404, 404, 404, 404, 200]
    assert "Close this page and go back to the terminal" in pages[-1][1]
    assert answer["code"].startswith("4/")


def test_an_answer_for_another_request_is_not_taken(google: Google, tmp_path: Path) -> None:
    consent = Consent(
        read_client(write_client(google, tmp_path)), NEEDED, "http://127.0.0.1:9/", google.root_url
    )
    endpoint = Endpoint(Courier(Network(""), google.root_url), google.root_url)

    with pytest.raises(Problem, match="belongs to another request"):
        consent.redeem({"state": "stolen", "code": "stolen"}, endpoint, google.clock())
    assert google.requests == []


def test_the_address_where_the_browser_stopped_can_be_pasted(google: Google, tmp_path: Path) -> None:
    with LoopbackDoor() as door:
        consent = Consent(read_client(write_client(google, tmp_path)), NEEDED, door.redirect, google.root_url)
        reader, writer = os.pipe()
        with os.fdopen(reader, "r") as typed, os.fdopen(writer, "w") as keyboard:
            keyboard.write("\nwhat now?\n" + google.consent(consent.url, ADA) + "\n")
            keyboard.flush()
            answer = door.wait(consent.state, 10, typed)

    assert (answer["state"], answer["code"][:2]) == (consent.state, "4/")


def test_nobody_is_waited_for_for_ever() -> None:
    with LoopbackDoor() as door, pytest.raises(Problem, match="Nobody signed in within"):
        door.wait("state", 0.05)


def test_a_port_that_is_taken_is_told() -> None:
    with (
        LoopbackDoor() as door,
        pytest.raises(Problem, match=f"Port {door.port} of this computer cannot be used"),
    ):
        LoopbackDoor(door.port)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot be read: No such file"),
        ("{", "is no JSON"),
        ("{}", "holds no client of type Desktop app"),
        ("[1]", "holds no client of type Desktop app"),
        ('{"web": {"client_id": "x", "client_secret": "y"}}', "is of type Web application"),
        ('{"installed": {"client_id": "x"}}', "holds no client of type Desktop app"),
    ],
)
def test_a_file_that_is_no_desktop_client_is_told(tmp_path: Path, text: str | None, words: str) -> None:
    file = tmp_path / "client.json"
    if text is not None:
        file.write_text(text)

    with pytest.raises(ConfigProblem, match=words):
        read_client(file)


def test_neither_code_nor_token_nor_secret_is_logged(
    google: Google, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        made = sign_in(google, write_client(google, tmp_path), NEEDED)

    for secret in (made.refresh_token, made.access_token, made.client_secret, "4/s3cret-code"):
        assert secret not in caplog.text
    assert made.refresh_token not in repr(made)


# --- the end


def test_revoking_ends_all_of_it_and_twice_is_as_good(google: Google, tmp_path: Path) -> None:
    file = keep(google, tmp_path)
    endpoint = Endpoint(Courier(Network(""), google.root_url), google.root_url)

    endpoint.revoke(file.read().refresh_token)
    endpoint.revoke(file.read().refresh_token)

    assert all(grant.dead for grant in google.sign_in.grants)


def test_an_instant_of_the_file_is_read_as_utc(google: Google, tmp_path: Path) -> None:
    file = keep(google, tmp_path)

    assert file.read().since == google.clock()
    assert file.read().since.tzinfo is UTC
