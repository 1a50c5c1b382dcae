"""What the stand-in does with requests before and after the work: shapes, scopes, quota, batches, uploads, faults."""

import http.client
import json
import re
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from servers.google import BEFORE, Account, Answer, Break, Google
from servers.google.asking import Asking
from servers.google.discovery import Method, load_documents, write_bytes
from servers.google.quota import find_cost

COMPOSE = "https://www.googleapis.com/auth/gmail.compose"
EVENTS = "https://www.googleapis.com/auth/calendar.events.readonly"
MODIFY = "https://www.googleapis.com/auth/gmail.modify"
ADA = "ada@example.com"
ME = "gmail/v1/users/me"
RAW = b"To: bo@acme.example\r\nSubject: Hi\r\nMessage-ID: <1@x.example>\r\n\r\nHello\r\n"
DRAFT = {"message": {"raw": write_bytes(RAW)}}


@pytest.fixture
def google() -> Iterator[Google]:
    with Google() as google:
        google.add_account(ADA)
        yield google


@pytest.fixture
def ada(google: Google) -> Account:
    return google.accounts[ADA]


@pytest.fixture
def ask(google: Google) -> Asking:
    return google.ask_as(ADA, COMPOSE)


def expect_mistake(google: Google, words: str) -> None:
    """See that a mistake was noted, which alone would fail the test that made it."""
    assert [words in mistake for mistake in google.mistakes] == [True]
    google.mistakes.clear()


# --- shapes


def test_a_refusal_has_googles_shape(ask: Asking) -> None:
    error = ask.get(f"{ME}/drafts/none").json["error"]
    assert (error["code"], error["status"]) == (404, "NOT_FOUND")
    assert error["errors"] == [{"domain": "global", "reason": "notFound", "message": error["message"]}]


def test_without_a_token_the_answer_is_401(google: Google) -> None:
    reply = Asking(google.root_url, lambda: "made-up").get(f"{ME}/profile")
    assert (reply.status, reply.reason) == (401, "authError")
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")


def test_every_method_of_the_documents_is_closed_to_a_scope_it_does_not_name(google: Google) -> None:
    ask = google.ask_as(ADA, "https://www.googleapis.com/auth/drive")
    methods = [method for document in load_documents() for method in document.methods]
    for method in methods:
        reply = ask.ask(method.verb, fill_path(method), {})
        assert (reply.status, reply.reason) == (403, "insufficientPermissions"), method.id
    assert len(methods) > 100


def fill_path(method: Method) -> str:
    """Return a path that the method's document allows."""

    def fill(found: re.Match[str]) -> str:
        pattern = str(method.parameters[found[1]].get("pattern", "x"))
        return pattern.strip("^$").replace("[^/]+", "x")

    return re.sub(r"\{\+?(\w+)\}", fill, method.path).lstrip("/")


def test_the_date_is_that_of_the_virtual_clock(google: Google, ask: Asking) -> None:
    google.clock.go_on(timedelta(hours=1))
    assert ask.get(f"{ME}/profile").headers["Date"] == "Mon, 04 May 2026 09:00:00 GMT"


def test_parts_of_an_answer_can_be_asked_for(ask: Asking) -> None:
    ask.post(f"{ME}/drafts", DRAFT)
    assert ask.get(f"{ME}/drafts", fields="drafts(message/threadId)").json.keys() == {"drafts"}
    (found,) = ask.get(f"{ME}/drafts", fields="drafts(message/threadId),nextPageToken").json["drafts"]
    assert found.keys() == {"message"}
    assert found["message"].keys() == {"threadId"}
    assert ask.get(f"{ME}/drafts", fields="*").json["resultSizeEstimate"] == 1


@pytest.mark.parametrize(
    "mask", ["nonsense", "drafts(nonsense)", "drafts(", "drafts)", "", "drafts/", "drafts,,id"]
)
def test_a_mask_that_fits_nothing_is_refused(google: Google, ask: Asking, mask: str) -> None:
    assert ask.get(f"{ME}/drafts", fields=mask).status == 400
    expect_mistake(google, "Invalid field selection")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("drafts", {"maxresults": 1}),
        ("drafts", {"maxResults": "many"}),
        ("drafts/x", {"format": "html"}),
        ("drafts", {"q": ["a", "b"]}),
    ],
)
def test_parameters_are_held_to_the_documents(
    google: Google, ask: Asking, path: str, query: dict[str, Any]
) -> None:
    assert ask.get(f"{ME}/{path}", **query).status == 400
    expect_mistake(google, "gmail.users.drafts")


@pytest.mark.parametrize(
    "body",
    [
        {"raw": "x"},
        {"message": {"raw": 7}},
        {"message": {"raw": "++//"}},
        {"message": {"labelIds": "DRAFT"}},
        {"id": None},
    ],
)
def test_bodies_are_held_to_the_documents(google: Google, ask: Asking, body: Any) -> None:
    assert ask.post(f"{ME}/drafts", body).status == 400
    expect_mistake(google, "gmail.users.drafts.create")


def test_a_part_of_google_that_is_not_there_fails_the_test(google: Google) -> None:
    assert google.ask_as(ADA, MODIFY).post(f"{ME}/messages/x/trash").status == 501
    expect_mistake(google, "gmail.users.messages.trash is not there")


def test_a_mistake_fails_the_test_that_made_it() -> None:
    google = Google()
    google.mistakes.append("made for this test")
    with pytest.raises(AssertionError, match="made for this test"), google:
        pass


# --- quota


def test_every_call_costs_what_googles_table_says(google: Google, ask: Asking) -> None:
    made = ask.post(f"{ME}/drafts", DRAFT).json["id"]
    ask.put(f"{ME}/drafts/{made}", DRAFT)
    ask.get(f"{ME}/drafts")
    ask.post(f"{ME}/drafts/send", {"id": made})
    assert google.quota.units(ADA, "gmail") == 10 + 15 + 5 + 100


def test_a_user_who_spent_the_minute_waits_for_the_next(google: Google, ask: Asking) -> None:
    google.quota.limits["gmail"] = 25
    for _ in range(2):
        ask.post(f"{ME}/drafts", DRAFT)
        google.clock.go_on(timedelta(seconds=20))
    reply = ask.post(f"{ME}/drafts", DRAFT)
    assert (reply.status, reply.reason) == (403, "userRateLimitExceeded")
    assert reply.json["error"]["message"] == "User-rate limit exceeded.  Retry after 2026-05-04T08:01:40.000Z"
    google.add_account("bo@acme.example")
    assert google.ask_as("bo@acme.example", COMPOSE).post(f"{ME}/drafts", DRAFT).status == 200
    google.clock.go_on(timedelta(seconds=20))
    assert ask.post(f"{ME}/drafts", DRAFT).status == 200
    assert google.quota.heaviest_minute(ADA, "gmail") == 20


def test_every_calendar_request_costs_one_and_what_the_table_lacks_is_dear() -> None:
    assert {
        find_cost(method.id)
        for document in load_documents()
        for method in document.methods
        if document.name == "calendar.v3"
    } == {1}
    assert find_cost("gmail.users.watch") == 40


# --- batches and uploads


def batch(*lines: str) -> bytes:
    parts = [
        f"--b\r\nContent-Type: application/http\r\nContent-ID: <c{number}>\r\n\r\n{line}\r\n\r\n"
        for number, line in enumerate(lines)
    ]
    return ("".join(parts) + "--b--\r\n").encode()


def post_batch(ask: Asking, *lines: str) -> Any:
    return ask.ask("POST", "batch", {}, batch(*lines), Content_Type="multipart/mixed; boundary=b")


def test_a_batch_answers_each_call_by_its_name_and_counts_each(google: Google, ask: Asking) -> None:
    reply = post_batch(ask, f"GET /{ME}/profile HTTP/1.1", f"GET /{ME}/drafts/none HTTP/1.1")
    assert reply.status == 200
    assert [name in reply.body for name in (b"<response-c0>", b"<response-c1>")] == [True, True]
    assert [line in reply.body for line in (b"HTTP/1.1 200", b"HTTP/1.1 404")] == [True, True]
    assert (google.count("gmail.users.getProfile"), google.quota.units(ADA, "gmail")) == (1, 1 + 20)


def test_a_batch_of_more_than_a_hundred_is_refused(google: Google, ask: Asking) -> None:
    assert post_batch(ask, *[f"GET /{ME}/profile HTTP/1.1"] * 101).status == 400
    assert google.count("gmail.users.getProfile") == 0


@pytest.mark.parametrize(
    "raw", [RAW, RAW.replace(b"\r\n", b"\n"), b"To: a@b.example\r\n\r\n\r\n\xff\x00\r\n"]
)
def test_an_upload_is_taken_byte_for_byte(ask: Asking, ada: Account, raw: bytes) -> None:
    ask.ask("POST", f"upload/{ME}/drafts", {"uploadType": "media"}, raw, Content_Type="message/rfc822")
    related = (
        b"--b\r\nContent-Type: application/json\r\n\r\n{}\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
        + raw
        + b"\r\n--b--"
    )
    ask.ask(
        "POST",
        f"upload/{ME}/drafts",
        {"uploadType": "multipart"},
        related,
        Content_Type='multipart/related; boundary="b"',
    )
    assert [message.raw for message in ada.mailbox.messages.values()] == [raw, raw]


def test_a_long_reading_may_come_as_a_post(ask: Asking) -> None:
    form = b"maxResults=1&q=" + b"x" * 3000
    reply = ask.ask(
        "POST",
        f"{ME}/drafts",
        {},
        form,
        X_HTTP_Method_Override="GET",
        Content_Type="application/x-www-form-urlencoded",
    )
    assert (reply.status, reply.json) == (200, {"resultSizeEstimate": 0})


# --- faults


def post_once(google: Google, token: str, timeout: float = 0.3) -> bytes:
    """Write one POST and return all that comes back until the line is closed, lost or silent."""
    place = urlsplit(google.root_url)
    body = json.dumps(DRAFT).encode()
    head = f"POST /{ME}/drafts HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    found = b""
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=timeout) as line:
        line.sendall(head.encode() + body)
        try:
            for _ in range(10):
                found += line.recv(65536)
        except ConnectionResetError:
            found += b"<reset>"
        except TimeoutError:
            found += b"<silence>"
    return found


@pytest.mark.parametrize("befalls", list(Break))
def test_a_line_can_break_in_every_way_and_the_work_is_done_or_not(
    google: Google, ada: Account, befalls: Break
) -> None:
    token = google.grant(ADA, COMPOSE)["token"]
    google.faults.order(befalls, "POST", "/drafts$")
    found = post_once(google, token)
    assert _looks(befalls, found), found
    assert len(ada.mailbox.drafts) == (befalls not in BEFORE)
    assert google.count("gmail.users.drafts.create") == (befalls not in BEFORE)
    assert len(google.requests) == 1
    assert b'"DRAFT"' in post_once(google, token), "the fault was ordered once"


def _looks(befalls: Break, found: bytes) -> bool:
    ends = {
        Break.CLOSED_BEFORE: b"",
        Break.RESET_BEFORE: b"<reset>",
        Break.LOST: b"",
        Break.RESET: b"<reset>",
        Break.HALF_STATUS: b"HTTP/1.1 2",
        Break.SILENT: b"<silence>",
        Break.SILENT_BEFORE: b"<silence>",
    }
    if befalls in ends:
        return found == ends[befalls]
    if befalls is Break.GARBAGE:
        return not found.startswith(b"HTTP")
    if befalls is Break.HTML:
        return found.startswith(b"HTTP/1.1 200") and found.endswith(
            b"</html><silence>" if found.endswith(b"<silence>") else b"</html>"
        )
    if befalls is Break.DRIP:
        return 0 < len(found) <= 20
    return found.startswith(b"HTTP/1.1 200") and not _is_whole(found)


def _is_whole(found: bytes) -> bool:
    body = found.partition(b"\r\n\r\n")[2].removesuffix(b"<reset>")
    try:
        return bool(json.loads(body))
    except ValueError:
        return False


def test_a_kept_line_that_is_lost_is_seen_as_one_request(google: Google) -> None:
    token = google.grant(ADA, COMPOSE)["token"]
    line = http.client.HTTPConnection(urlsplit(google.root_url).netloc, timeout=5)
    headers = {"Authorization": f"Bearer {token}"}
    line.request("GET", f"/{ME}/profile", headers=headers)
    line.getresponse().read()
    google.faults.order(Break.LOST, "POST")
    line.request("POST", f"/{ME}/drafts", json.dumps(DRAFT), headers)
    with pytest.raises(http.client.RemoteDisconnected):
        line.getresponse()
    line.close()
    assert google.count("gmail.users.drafts.create") == 1


def test_a_503_may_hide_work_that_was_done(google: Google, ask: Asking, ada: Account) -> None:
    google.faults.order(Answer(503), "POST", "/drafts$")
    google.faults.order(Answer(503), "POST", "/drafts$", work_done=True)
    assert [ask.post(f"{ME}/drafts", DRAFT).status for _ in range(3)] == [503, 503, 200]
    assert len(ada.mailbox.drafts) == 2


def test_faults_last_as_long_as_ordered_and_only_where(google: Google, ask: Asking) -> None:
    google.faults.order(Answer(500), "GET", "/drafts$", times=None)
    assert [ask.get(f"{ME}/drafts").status for _ in range(3)] == [500] * 3
    assert ask.get(f"{ME}/profile").status == 200
    assert ask.post(f"{ME}/drafts", DRAFT).status == 200
    google.faults.clear()
    assert ask.get(f"{ME}/drafts").status == 200


def test_a_429_says_how_long_to_wait_in_the_header_or_in_the_text(google: Google, ask: Asking) -> None:
    google.order_rate_limit(timedelta(minutes=15), "GET", in_header=True)
    google.order_rate_limit(timedelta(minutes=15), "GET", in_header=False)
    in_header, in_text = ask.get(f"{ME}/profile"), ask.get(f"{ME}/profile")
    assert (in_header.status, in_header.headers["Retry-After"]) == (429, "900")
    assert (in_text.status, in_text.headers.get("Retry-After")) == (429, None)
    assert "Retry after 2026-05-04T08:15:00.000Z" in in_text.json["error"]["message"]


def test_an_account_can_be_locked_until_a_time(google: Google, ask: Asking) -> None:
    google.quota.lock(ADA, google.clock() + timedelta(minutes=15))
    assert ask.get(f"{ME}/profile").status == 403
    google.clock.go_on(timedelta(minutes=15))
    assert ask.get(f"{ME}/profile").status == 200


def test_many_may_ask_at_once(ask: Asking, ada: Account) -> None:
    askers = [threading.Thread(target=ask.post, args=(f"{ME}/drafts", DRAFT)) for _ in range(20)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(ada.mailbox.drafts) == 20
