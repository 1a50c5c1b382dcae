"""Calls to Google on a wire that breaks: a write leaves once, a read is tried again, an account that is refused rests."""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trustme
from house import wait_for
from servers.web import Call, Proxy, Site, make_context
from servers.wreck import GOOD, REFUSALS, WAYS, Wreck, say

from followupd.adapters.google_answers import Answer, NotDone, Unanswered, read_answer, read_wait
from followupd.adapters.google_pace import LONGEST_REST, Pace
from followupd.adapters.google_transport import Courier, Google, build_service
from followupd.errors import Problem
from followupd.network import Network

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = NOON
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


class Key:
    """An Access that hands out one token after the other."""

    who = "account 'work'"

    def __init__(self) -> None:
        self.number = 1

    def token(self) -> str:
        return f"token-{self.number}"

    def reject(self, token: str) -> None:
        assert token == self.token()
        self.number += 1

    def may(self, scope: str) -> bool:
        return scope != ""


@pytest.fixture
def clock() -> Clock:
    return Clock()


def open_google(port: int, clock: Clock, seconds: float = 0.4) -> Google:
    root = f"http://127.0.0.1:{port}/"
    return Google(Key(), Courier(Network(""), root, seconds=seconds), root, clock, clock.sleep)


DRAFT = {"message": {"raw": "SGVsbG8K", "threadId": "t1"}}
Make = Callable[[Any], Any]
WRITES: dict[str, Make] = {
    "create": lambda drafts: drafts.create(userId="me", body=DRAFT),
    "update": lambda drafts: drafts.update(userId="me", id="d1", body=DRAFT),
    "send": lambda drafts: drafts.send(userId="me", body={"id": "d1", **DRAFT}),
    "delete": lambda drafts: drafts.delete(userId="me", id="d1"),
}


def drafts_of(google: Google) -> Any:
    return google.service("gmail").users().drafts()


# --- a write leaves exactly once


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("way", WAYS)
def test_a_write_that_gets_no_answer_left_once_and_is_in_doubt(clock: Clock, way: str, write: str) -> None:
    with Wreck(WAYS[way]) as server:
        google = open_google(server.port, clock)

        with pytest.raises(Unanswered):
            google.write(WRITES[write](drafts_of(google)))

        wait_for(lambda: server.requests, 10, "the request")  # a busy machine may hand it over late
        assert len(server.requests) == 1
        assert clock.slept == []


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("way", REFUSALS)
def test_a_write_that_is_refused_left_once_and_was_not_done(clock: Clock, way: str, write: str) -> None:
    with Wreck(REFUSALS[way]) as server:
        google = open_google(server.port, clock)

        with pytest.raises(NotDone):
            google.write(WRITES[write](drafts_of(google)))

        wait_for(lambda: server.requests, 10, "the request")  # a busy machine may hand it over late
        assert len(server.requests) == 1
        assert clock.slept == []


@pytest.mark.parametrize("write", WRITES)
def test_a_connection_that_went_stale_is_no_reason_to_send_twice(clock: Clock, write: str) -> None:
    with Wreck(WAYS["closed without a word"], good=1) as server:
        google = open_google(server.port, clock)
        assert google.read(drafts_of(google).list(userId="me")) == json.loads(GOOD)

        with pytest.raises(Unanswered):
            google.write(WRITES[write](drafts_of(google)))

        assert [line.split()[0] for line in server.requests[:1]] == ["GET"]
        assert len(server.requests) == 2


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_finds_nobody_certainly_did_not_happen(clock: Clock, write: str) -> None:
    with Wreck(WAYS["silent"]) as server:
        port = server.port
    google = open_google(port, clock)

    with pytest.raises(NotDone) as caught:
        google.write(WRITES[write](drafts_of(google)))

    assert caught.value.temporary
    assert caught.value.what == "Google cannot be reached: no connection: Connection refused."


# --- a read is tried again


def answer_in_turn(*answers: Callable[[Call], None]) -> Callable[[Call], None]:
    waiting = iter(answers)
    return lambda call: next(waiting)(call)  # noqa: PLW0108 - one more of them for each call


def answer(status: int, body: object = None, **headers: str) -> Callable[[Call], None]:
    raw = b"" if body is None else json.dumps(body).encode()
    return lambda call: call.answer(status, raw, **headers)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as one:
        yield one


def test_a_read_is_tried_three_times_with_drawn_waits(clock: Clock, site: Site) -> None:
    site.do = answer_in_turn(answer(500), answer(503), answer(200, {"drafts": []}))
    google = open_google(site.port, clock)

    assert google.read(drafts_of(google).list(userId="me")) == {"drafts": []}
    assert len(clock.slept) == 2
    assert all(0 <= wait <= 8 for wait in clock.slept)


def test_a_read_that_is_asked_to_wait_a_little_waits_that_long(clock: Clock, site: Site) -> None:
    site.do = answer_in_turn(answer(429, None, Retry_After="7"), answer(200, {}))
    google = open_google(site.port, clock)

    google.read(drafts_of(google).list(userId="me"))

    assert 7 <= clock.slept[0] <= 9


def test_a_token_that_is_no_longer_taken_is_renewed_once(clock: Clock, site: Site) -> None:
    site.do = answer(401)
    google = open_google(site.port, clock)

    with pytest.raises(NotDone) as caught:
        google.read(drafts_of(google).list(userId="me"))

    assert [call.headers["Authorization"] for call in site.calls] == ["Bearer token-1", "Bearer token-2"]
    assert caught.value.temporary


@pytest.mark.parametrize("head", [b"204 No Content", b"200 OK\r\nContent-Length: 0"])
def test_an_answer_that_says_it_is_empty_is_an_empty_object(clock: Clock, head: bytes) -> None:
    with Wreck(say(b"HTTP/1.1 " + head + b"\r\n\r\n")) as server:
        google = open_google(server.port, clock)

        assert google.write(drafts_of(google).delete(userId="me", id="d1")) == {}


# --- what Google's answers mean


def refuse(status: int, reason: str, message: str = "No.", **headers: str) -> NotDone:
    body = {"error": {"code": status, "message": message, "errors": [{"reason": reason}]}}
    with pytest.raises(NotDone) as caught:
        read_answer(Answer(status, headers, json.dumps(body).encode()), "account 'work'", NOON)
    return caught.value


@pytest.mark.parametrize(
    ("status", "reason", "passes"),
    [
        (403, "rateLimitExceeded", True),
        (403, "userRateLimitExceeded", True),
        (403, "quotaExceeded", True),
        (403, "dailyLimitExceeded", True),
        (429, "anything", True),
        (401, "authError", True),
        (403, "insufficientPermissions", False),
        (403, "accessNotConfigured", False),
        (403, "domainPolicy", False),
        (403, "forbidden", False),
        (400, "badRequest", False),
        (404, "notFound", False),
        (410, "fullSyncRequired", False),
    ],
)
def test_a_refusal_is_told_apart_by_its_reason(status: int, reason: str, passes: bool) -> None:
    refused = refuse(status, reason)

    assert (refused.status, refused.reason, refused.temporary) == (status, reason, passes)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("insufficientPermissions", "Account 'work' lacks a permission for this."),
        ("accessNotConfigured", "A Google API is not switched on in your Google Cloud project: No."),
        ("domainPolicy", "The rules of your organisation keep account 'work' from this: No."),
        ("odd", "Google refused it for account 'work' (code 403, odd): No."),
    ],
)
def test_an_owner_reads_what_to_do_about_a_refusal(reason: str, words: str) -> None:
    assert refuse(403, reason).what == words


def test_the_finer_reason_of_the_details_counts() -> None:
    error = {
        "code": 403,
        "message": "Request had insufficient authentication scopes.",
        "errors": [{"reason": "forbidden"}],
        "status": "PERMISSION_DENIED",
        "details": [{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}],
    }
    with pytest.raises(NotDone) as caught:
        read_answer(Answer(403, {}, json.dumps({"error": error}).encode()), "account 'work'", NOON)

    assert caught.value.reason == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"


def test_a_message_of_google_cannot_break_a_line_nor_fill_the_log() -> None:
    what = refuse(403, "odd", "one\r\ntwo\x1b[31m " + "x" * 5000).what

    assert what.startswith("Google refused it for account 'work' (code 403, odd): one two [31m xxx")
    assert len(what) < 300


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"<html>", b'{"error": "no"}', b'{"error": {"errors": 7}}', b"\xff"]
)
def test_a_refusal_in_a_shape_nobody_knows_is_still_a_refusal(body: bytes) -> None:
    with pytest.raises(NotDone):
        read_answer(Answer(403, {}, body), "account 'work'", NOON)


@pytest.mark.parametrize(
    ("header", "text", "seconds"),
    [
        ("", "Slow down.", None),
        ("30", "Slow down.", 30),
        ("", "User-rate limit exceeded.  Retry after 2026-11-25T12:15:00.000Z", 900),
        ("30", "Retry after 2026-11-25T12:15:00Z", 900),
        ("1200", "Retry after 2026-11-25T12:15:00Z", 1200),
        ("Wed, 25 Nov 2026 12:00:40 GMT", "Slow down.", 40),
        ("soon", "Retry after lunch", None),
    ],
)
def test_the_later_of_header_and_text_says_how_long_to_wait(
    header: str, text: str, seconds: int | None
) -> None:
    body = json.dumps({"error": {"message": text}}).encode()

    wait = read_wait(Answer(429, {"retry-after": header}, body), NOON)

    assert wait == (None if seconds is None else timedelta(seconds=seconds))


# --- the rest an account takes


def rest_after(pace: Pace, problem: NotDone | Unanswered, clock: Clock) -> timedelta:
    """Return how long the account rests after one more failure, measured by asking every second."""
    pace.take_failure(problem)
    began = clock.now
    while (resting := catch_rest(pace)) is not None:
        assert (resting.what, resting.temporary) == (problem.what, True)
        clock.now += timedelta(seconds=1)
    return clock.now - began


def catch_rest(pace: Pace) -> NotDone | None:
    try:
        pace.check()
    except NotDone as resting:
        return resting
    return None


def test_an_account_rests_longer_from_failure_to_failure_up_to_less_than_an_hour(clock: Clock) -> None:
    pace = Pace(clock, clock.sleep, lambda _, most: most)

    rests = [rest_after(pace, Unanswered("No answer."), clock) for _ in range(6)]

    assert [rest.total_seconds() / 60 for rest in rests] == [0, 6, 18, 50, 50, 50]


def test_the_rests_are_drawn_so_that_not_all_come_back_at_once(clock: Clock) -> None:
    pace = Pace(clock, clock.sleep, lambda least, _: least)

    rests = [rest_after(pace, Unanswered("No answer."), clock) for _ in range(3)]

    assert [rest.total_seconds() / 60 for rest in rests] == [0, 5.4, 16.2]


def ask_to_wait(minutes: float) -> NotDone:
    refused = NotDone("Google asks account 'work' to wait.", status=429)
    refused.wait = timedelta(minutes=minutes)
    return refused


def test_an_account_that_is_asked_to_wait_rests_at_least_that_long_but_not_for_ever(clock: Clock) -> None:
    pace = Pace(clock, clock.sleep, lambda least, _: least)

    assert rest_after(pace, ask_to_wait(15), clock) == timedelta(minutes=15)
    assert rest_after(pace, ask_to_wait(60 * 24), clock) == LONGEST_REST
    assert rest_after(pace, ask_to_wait(-5), clock) == timedelta()


def test_what_google_asks_for_is_drawn_upwards_but_never_over_an_hour(clock: Clock) -> None:
    pace = Pace(clock, clock.sleep, lambda _, most: most)

    assert rest_after(pace, ask_to_wait(15), clock) == timedelta(minutes=16.5)
    assert rest_after(pace, ask_to_wait(60), clock) == LONGEST_REST


def test_an_answer_ends_the_rest(clock: Clock) -> None:
    pace = Pace(clock, clock.sleep)
    pace.take_failure(Unanswered("No answer."))
    pace.take_failure(Unanswered("No answer."))

    pace.take_success()

    pace.check()
    assert pace.calm


def test_a_clock_that_is_set_back_does_not_make_a_rest_longer(clock: Clock) -> None:
    pace = Pace(clock, clock.sleep)
    pace.take_failure(ask_to_wait(15))

    clock.now -= timedelta(days=1)

    pace.check()


def test_while_the_account_rests_nothing_is_asked(clock: Clock, site: Site) -> None:
    site.do = answer(500)
    google = open_google(site.port, clock)
    for _ in range(20):
        with pytest.raises(Problem):
            google.read(drafts_of(google).list(userId="me"))

    assert len(site.calls) == 3, "three tries of one read, and nothing from then on"


def test_after_a_rest_one_request_for_the_whole_account_looks_whether_google_is_back(
    clock: Clock, site: Site
) -> None:
    site.do = answer(500)
    google = open_google(site.port, clock)
    calendars = google.service("calendar").events()
    for _ in range(3):
        for request in (
            *(calendars.list(calendarId=name) for name in "abc"),
            drafts_of(google).list(userId="me"),
        ):
            with pytest.raises(Problem):
                google.read(request)
        clock.now += timedelta(minutes=20)

    assert len(site.calls) == 3 + 1 + 1


def test_a_refusal_that_waiting_does_not_help_makes_nobody_rest(clock: Clock, site: Site) -> None:
    site.do = answer(404)
    google = open_google(site.port, clock)
    for _ in range(5):
        with pytest.raises(NotDone):
            google.read(drafts_of(google).get(userId="me", id="d1"))

    assert len(site.calls) == 5


# --- what it costs


def test_units_are_counted_by_the_table_of_may_2026(clock: Clock) -> None:
    pace = Pace(clock, clock.sleep)
    for method in ("create", "update", "delete", "send", "list", "get"):
        pace.spend(f"gmail.users.drafts.{method}")
    pace.spend("calendar.events.list")
    pace.spend("people.people.connections.list")

    assert pace.spent == {"gmail": 10 + 15 + 10 + 100 + 5 + 20, "calendar": 1, "people": 1}


def test_no_minute_costs_more_than_a_fifth_of_the_quota(clock: Clock) -> None:
    pace = Pace(clock, clock.sleep)
    spent: list[tuple[datetime, int]] = []
    for number in range(400):
        before = pace.spent["gmail"]
        pace.spend("gmail.users.drafts.send" if number % 3 else "gmail.users.drafts.get")
        spent.append((clock.now, pace.spent["gmail"] - before))

    for start, _ in spent:
        within = [cost for at, cost in spent if start <= at < start + timedelta(minutes=1)]
        assert sum(within) <= 1200
    assert clock.now - NOON < timedelta(minutes=27)


# --- where it goes

MAKE_READ: dict[str, Make] = {
    "gmail": lambda service: service.users().drafts().list(userId="me"),
    "calendar": lambda service: service.events().list(calendarId="primary"),
    "people": lambda service: service.people().connections().list(resourceName="people/me"),
}


@pytest.mark.parametrize("api", ["gmail", "calendar", "people"])
def test_every_address_begins_with_the_root_that_of_a_batch_included(
    api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_UNIVERSE_DOMAIN", "elsewhere.example")
    monkeypatch.setenv("GOOGLE_API_USE_MTLS_ENDPOINT", "always")
    root = f"http://127.0.0.1:9/{api}/"

    service = build_service(api, root)

    plain = MAKE_READ[api](service)
    batch = service.new_batch_http_request()
    plain.http = None  # the batch would look there for credentials
    batch.add(plain)
    with pytest.raises(SentTo) as sent:
        batch.execute(http=Tell())
    assert plain.uri.startswith(root)
    assert str(sent.value).startswith(root)


def test_an_upload_goes_to_the_root_too() -> None:
    drafts = build_service("gmail", "http://127.0.0.1:9/").users().drafts()

    upload = drafts.create(userId="me", media_body=__file__, media_mime_type="message/rfc822")

    assert upload.uri.startswith("http://127.0.0.1:9/upload/")


class SentTo(Exception):  # noqa: N818 - it tells where to
    pass


class Tell:
    """In place of an HTTP library: tells where a request would have gone."""

    def request(self, uri: str, *_: object, **__: object) -> None:
        raise SentTo(uri)


def test_without_a_root_every_address_is_googles_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_UNIVERSE_DOMAIN", "elsewhere.example")

    uris = [make(build_service(api, None)).uri for api, make in MAKE_READ.items()]

    assert [uri.split("/")[2] for uri in uris] == [
        "gmail.googleapis.com",
        "www.googleapis.com",
        "people.googleapis.com",
    ]


def test_nothing_is_sent_to_anybody_but_google(site: Site) -> None:
    courier = Courier(Network(""))

    with pytest.raises(NotDone, match=r"evil\.example is not Google"):
        courier.send("GET", "https://evil.example/", {}, None)

    own = Courier(Network(""), f"http://127.0.0.1:{site.port}/")
    with pytest.raises(NotDone, match=r"gmail\.googleapis\.com is not Google"):
        own.send("GET", "https://gmail.googleapis.com/", {}, None)


def test_the_proxy_and_the_certificates_of_the_config_are_used(tmp_path: Any) -> None:
    authority = trustme.CA()
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    with (
        Site(make_context(authority, "gmail.googleapis.com")) as site,
        Proxy(site.port) as proxy,
    ):
        site.do = answer(200, {"emailAddress": "ada@example.com"})
        network = Network(f"http://127.0.0.1:{proxy.port}", ca_file)
        courier = Courier(network, resolver=lambda _host, _port: ["142.250.74.10"])

        got = courier.send("GET", "https://gmail.googleapis.com/gmail/v1/users/me/profile", {}, None)

    assert json.loads(got.body) == {"emailAddress": "ada@example.com"}
    assert proxy.targets == ["gmail.googleapis.com:443"]


def test_a_proxy_of_the_environment_is_used_and_a_strangers_certificate_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (
        Site(make_context(trustme.CA(), "gmail.googleapis.com")) as site,
        Proxy(site.port) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        courier = Courier(Network(), resolver=lambda _host, _port: ["142.250.74.10"])

        with pytest.raises(NotDone, match="certificate"):
            courier.send("POST", "https://gmail.googleapis.com/", {}, b"{}")

    assert proxy.targets == ["gmail.googleapis.com:443"]
    assert site.calls == []


def test_neither_token_nor_address_is_logged(
    clock: Clock, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.do = answer(403, {"error": {"errors": [{"reason": "forbidden"}]}})
    with caplog.at_level(logging.DEBUG):
        google = open_google(site.port, clock)
        with pytest.raises(NotDone):
            google.read(drafts_of(google).list(userId="me", q="to:ben@guest.example"))

    assert "token-1" not in caplog.text
    assert "ben@guest.example" not in caplog.text


def test_a_good_write_gives_its_answer(clock: Clock) -> None:
    with Wreck(say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(GOOD) + GOOD)) as server:
        google = open_google(server.port, clock)

        assert google.write(WRITES["create"](drafts_of(google))) == {"id": "d1", "message": {"id": "m1"}}
