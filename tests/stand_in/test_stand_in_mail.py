"""The stand-in's Gmail behaves as Google's does, line by line."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from servers.google import Account, Google
from servers.google.asking import Asking, Reply
from servers.google.discovery import read_bytes, write_bytes
from servers.google.mail import parse

MODIFY = "https://www.googleapis.com/auth/gmail.modify"
COMPOSE = "https://www.googleapis.com/auth/gmail.compose"
METADATA = "https://www.googleapis.com/auth/gmail.metadata"
READONLY = "https://www.googleapis.com/auth/gmail.readonly"
SETTINGS = "https://www.googleapis.com/auth/gmail.settings.basic"
ME = "gmail/v1/users/me"
RAW = b"From: ada@example.com\r\nTo: Bo <bo@acme.example>\r\nSubject: Good to meet you\r\nMessage-ID: <1@followupd.example>\r\n\r\nHello Bo\r\n"
HTML = (
    b"To: bo@acme.example\r\nSubject: Hi\r\nMessage-ID: <2@x.example>\r\nX-Mark: 7\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n'
    b"--b\r\nContent-Type: text/html\r\n\r\n<!DOCTYPE html><html><style>p{}</style><!-- mark --><p>Hello</p></html>\r\n--b--\r\n"
)


@pytest.fixture
def google() -> Iterator[Google]:
    with Google() as google:
        google.add_account("ada@example.com", "Ada")
        yield google


@pytest.fixture
def ada(google: Google) -> Account:
    return google.accounts["ada@example.com"]


@pytest.fixture
def ask(google: Google) -> Asking:
    return asking(google, MODIFY)


def asking(google: Google, *scopes: str) -> Asking:
    return google.ask_as("ada@example.com", *scopes)


def draft(raw: bytes = RAW, **more: str) -> dict[str, Any]:
    return {"message": {"raw": write_bytes(raw), **more}}


def make_draft(ask: Asking, raw: bytes = RAW, **more: str) -> dict[str, Any]:
    reply = ask.post(f"{ME}/drafts", draft(raw, **more))
    assert reply.status == 200
    found: dict[str, Any] = reply.json
    return found


def raw_of(reply: Reply) -> bytes:
    return read_bytes(reply.json["raw"])


# --- drafts


def test_a_new_draft_is_told_by_its_ids_and_label_alone(ask: Asking) -> None:
    made = make_draft(ask)
    assert made.keys() == {"id", "message"}
    assert made["message"].keys() == {"id", "threadId", "labelIds"}
    assert made["message"]["labelIds"] == ["DRAFT"]


@pytest.mark.parametrize("raw", [RAW, HTML, b"To: bo@acme.example\n\nbare \xe9 \x00 line feeds"])
def test_bytes_come_back_as_they_were_given(ask: Asking, raw: bytes) -> None:
    made = make_draft(ask, raw)
    found = ask.get(f"{ME}/drafts/{made['id']}", format="raw").json
    assert read_bytes(found["message"]["raw"]) == raw


def test_an_update_keeps_the_draft_and_changes_the_message(ask: Asking) -> None:
    made = make_draft(ask)
    changed = ask.put(f"{ME}/drafts/{made['id']}", draft(RAW + b"PS\r\n")).json
    assert changed["id"] == made["id"]
    assert changed["message"]["id"] != made["message"]["id"]
    assert ask.get(f"{ME}/messages/{made['message']['id']}").status == 404


def test_a_sent_draft_is_gone_and_a_new_message_stands_in_sent(
    google: Google, ask: Asking, ada: Account
) -> None:
    made = make_draft(ask)
    google.clock.go_on(timedelta(hours=3))
    sent = ask.post(f"{ME}/drafts/send", {"id": made["id"]}).json
    assert ask.get(f"{ME}/drafts/{made['id']}").status == 404
    assert sent["id"] != made["message"]["id"]
    assert sent["labelIds"] == ["SENT"]
    found = ask.get(f"{ME}/messages/{sent['id']}", format="raw")
    assert raw_of(found) == RAW
    assert int(found.json["internalDate"]) == int(datetime(2026, 5, 4, 11, tzinfo=UTC).timestamp() * 1000)
    assert ada.mailbox.drafts == {}


def test_a_draft_can_be_sent_with_other_bytes_in_its_own_thread(ask: Asking) -> None:
    made = make_draft(ask)
    body = {"id": made["id"], **draft(RAW + b"Approved\r\n", threadId=made["message"]["threadId"])}
    sent = ask.post(f"{ME}/drafts/send", body).json
    assert raw_of(ask.get(f"{ME}/messages/{sent['id']}", format="raw")) == RAW + b"Approved\r\n"
    assert sent["threadId"] == made["message"]["threadId"]


@pytest.mark.parametrize(
    "to",
    [b"", b"To: \r\n", b"To: Bo\r\n", b"To: bo@\r\n", b"To: bo@acme\r\n", b"To: Bo <x>, y@z.example\r\n"],
)
def test_without_a_good_recipient_nothing_is_sent_and_the_draft_stays(ask: Asking, to: bytes) -> None:
    made = make_draft(ask, to + b"Subject: Hi\r\n\r\nHello\r\n")
    assert ask.post(f"{ME}/drafts/send", {"id": made["id"]}).status == 400
    assert ask.get(f"{ME}/drafts/{made['id']}").status == 200


def test_a_deleted_draft_is_gone_with_its_message(ask: Asking) -> None:
    made = make_draft(ask)
    reply = ask.delete(f"{ME}/drafts/{made['id']}")
    assert (reply.status, reply.body) == (204, b"")
    assert ask.delete(f"{ME}/drafts/{made['id']}").status == 404
    assert ask.get(f"{ME}/messages/{made['message']['id']}").status == 404


def test_empty_lists_are_left_out(ask: Asking) -> None:
    assert ask.get(f"{ME}/drafts").json == {"resultSizeEstimate": 0}
    assert ask.get(f"{ME}/messages").json == {"resultSizeEstimate": 0}


def test_drafts_come_in_pages_newest_first(ask: Asking) -> None:
    ids = [make_draft(ask)["id"] for _ in range(3)]
    first = ask.get(f"{ME}/drafts", maxResults=2).json
    second = ask.get(f"{ME}/drafts", maxResults=2, pageToken=first["nextPageToken"]).json
    assert [item["id"] for item in first["drafts"] + second["drafts"]] == ids[::-1]
    assert "nextPageToken" not in second


def test_more_than_a_hundred_recipients_are_refused(ask: Asking) -> None:
    many = ", ".join(f"p{number}@acme.example" for number in range(101))
    made = make_draft(ask, f"To: {many}\r\n\r\nHello\r\n".encode())
    assert ask.post(f"{ME}/drafts/send", {"id": made["id"]}).status == 400


def test_the_sending_limit_holds_for_any_24_hours(google: Google, ask: Asking, ada: Account) -> None:
    ada.mailbox.send_limit = 1
    assert ask.post(f"{ME}/messages/send", draft()["message"]).status == 200
    assert ask.post(f"{ME}/messages/send", draft()["message"]).status == 429
    google.clock.go_on(timedelta(hours=24))
    assert ask.post(f"{ME}/messages/send", draft()["message"]).status == 200


# --- what the owner does in Gmail


def test_an_edit_in_gmail_changes_the_message_id_and_rewrites_the_html(ask: Asking, ada: Account) -> None:
    made = make_draft(ask, HTML)
    ada.mailbox.edit_in_gmail(made["id"], to="bo@acme.example")
    found = ask.get(f"{ME}/drafts/{made['id']}", format="raw").json["message"]
    assert found["id"] != made["message"]["id"]
    assert found["threadId"] == made["message"]["threadId"]
    edited = parse(read_bytes(found["raw"]))
    assert (edited["Message-ID"], edited["X-Mark"]) == ("<2@x.example>", None)
    html = edited.get_body(("html",))
    assert html is not None
    assert html.get_content().split() == ["<div", 'dir="ltr"><p>Hello</p></div>']


def test_a_new_subject_in_gmail_changes_the_thread_too(ask: Asking, ada: Account) -> None:
    made = make_draft(ask)
    ada.mailbox.edit_in_gmail(made["id"], subject="Other words")
    assert ask.get(f"{ME}/drafts/{made['id']}").json["message"]["threadId"] != made["message"]["threadId"]


def test_what_is_discarded_and_sent_in_gmail_is_gone_from_drafts(ask: Asking, ada: Account) -> None:
    discarded, sent = make_draft(ask)["id"], make_draft(ask)["id"]
    ada.mailbox.delete_in_gmail(discarded)
    message = ada.mailbox.send_in_gmail(sent)
    assert [ask.get(f"{ME}/drafts/{draft_id}").status for draft_id in (discarded, sent)] == [404, 404]
    assert ask.get(f"{ME}/messages/{message.id}").json["labelIds"] == ["SENT"]


# --- search


def find(ask: Asking, query: str, what: str = "messages") -> list[str]:
    return [item["id"] for item in ask.get(f"{ME}/{what}", q=query).json.get(what, [])]


def test_the_index_lags_for_searches_alone(google: Google, ask: Asking, ada: Account) -> None:
    ada.mailbox.index_lag = timedelta(seconds=60)
    made = make_draft(ask)["id"]
    assert find(ask, "rfc822msgid:1@followupd.example", "drafts") == []
    assert find(ask, "in:drafts") == []
    assert [item["id"] for item in ask.get(f"{ME}/drafts").json["drafts"]] == [made]
    google.clock.go_on(timedelta(seconds=60))
    assert find(ask, "rfc822msgid:1@followupd.example", "drafts") == [made]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("rfc822msgid:1@followupd.example", True),
        ("rfc822msgid:<1@followupd.example>", True),
        ("rfc822msgid:1@followupd.exampl", False),
        ("in:sent", True),
        ("in:inbox", False),
        ("in:anywhere", True),
        ("-in:sent", False),
        ("from:ada@example.com", True),
        ("from:bo@acme.example", False),
        ("to:bo@acme.example", True),
        ("to:Bo", True),
        ("to:acme.example in:sent", True),
        ("{to:nobody to:bo}", True),
        ("to:nobody OR to:bo", True),
        ("(to:bo subject:meet) in:sent", True),
        ('subject:"good to meet"', True),
        ("subject:(good to meet you)", True),
        ("subject:goodness", False),
        ("after:2026/05/04", True),
        ("after:2026/05/05", False),
        ("after:1777881600", True),
        ("after:1777881601", False),
        ("before:2026/05/05", True),
        ("meet", True),
    ],
)
def test_the_search_box_understands(ask: Asking, ada: Account, query: str, found: bool) -> None:
    ada.mailbox.send(RAW)
    assert bool(find(ask, query)) is found


def test_spam_and_bin_are_searched_only_when_asked_for(ask: Asking, ada: Account) -> None:
    spam = ada.mailbox.receive(RAW, {"SPAM"})
    assert find(ask, "to:bo") == []
    assert find(ask, "to:bo in:anywhere") == [spam.id]


# --- threads


def test_a_message_joins_a_thread_only_by_id_subject_and_reference(ask: Asking, ada: Account) -> None:
    thread = ada.mailbox.send(RAW).thread
    answer = b"To: bo@acme.example\r\nSubject: Re: Good to meet you\r\n%b\r\nHi\r\n"
    reference = b"In-Reply-To: <1@followupd.example>\r\n"
    other_subject = b"To: bo@acme.example\r\nSubject: News\r\n" + reference + b"\r\nHi\r\n"
    threads = [
        make_draft(ask, answer % reference, threadId=thread)["message"]["threadId"],
        make_draft(ask, answer % b"", threadId=thread)["message"]["threadId"],
        make_draft(ask, answer % reference)["message"]["threadId"],
        make_draft(ask, other_subject, threadId=thread)["message"]["threadId"],
    ]
    assert [found == thread for found in threads] == [True, False, False, False]
    assert ask.post(f"{ME}/drafts", draft(RAW, threadId="ffff")).status == 404


def test_what_comes_back_joins_the_thread_and_shows_what_it_is(ask: Asking, ada: Account) -> None:
    sent = ada.mailbox.send(RAW)
    ada.mailbox.receive_reply(sent, "Lovely!")
    ada.mailbox.receive_auto_reply(sent)
    bounce = ada.mailbox.receive_bounce(sent)
    messages = ask.get(f"{ME}/threads/{sent.thread}", format="metadata").json["messages"]
    headers = [{item["name"]: item["value"] for item in one["payload"]["headers"]} for one in messages]
    assert [found.get("Auto-Submitted") for found in headers] == [None, None, "auto-replied"]
    assert headers[1]["From"] == "Bo <bo@acme.example>"
    told = ask.get(
        f"{ME}/messages/{bounce.id}", format="metadata", metadataHeaders=["X-Failed-Recipients"]
    ).json
    assert told["payload"]["headers"] == [{"name": "X-Failed-Recipients", "value": "Bo <bo@acme.example>"}]


def test_mail_to_oneself_is_an_own_copy_and_mail_to_others_arrives(
    google: Google, ask: Asking, ada: Account
) -> None:
    bo = google.add_account("bo@acme.example", "Bo")
    ask.post(f"{ME}/messages/send", draft(RAW.replace(b"Bo <", b"Ada <ada@example.com>, Bo <"))["message"])
    assert [message.labels for message in ada.mailbox.messages.values()] == [{"SENT", "INBOX", "UNREAD"}]
    assert [message.labels for message in bo.mailbox.messages.values()] == [{"INBOX", "UNREAD"}]


# --- history, labels, profile, aliases


def test_the_history_tells_each_coming_and_going(ask: Asking, ada: Account) -> None:
    start = ask.get(f"{ME}/profile").json["historyId"]
    made = make_draft(ask)
    changed = ask.put(f"{ME}/drafts/{made['id']}", draft(RAW + b"PS\r\n")).json
    reply = ask.get(f"{ME}/history", startHistoryId=start).json
    added = [
        item["messagesAdded"][0]["message"]["id"] for item in reply["history"] if "messagesAdded" in item
    ]
    gone = [
        item["messagesDeleted"][0]["message"]["id"] for item in reply["history"] if "messagesDeleted" in item
    ]
    assert added == [made["message"]["id"], changed["message"]["id"]]
    assert gone == [made["message"]["id"]]
    assert ask.get(f"{ME}/history", startHistoryId=reply["historyId"]).json == {
        "historyId": reply["historyId"]
    }
    ada.mailbox.label_in_gmail(changed["message"]["id"], add={"STARRED"})
    last = ask.get(f"{ME}/history", startHistoryId=reply["historyId"], historyTypes="labelAdded").json[
        "history"
    ]
    assert last[0]["labelsAdded"][0]["labelIds"] == ["STARRED"]


def test_a_history_too_old_is_not_found(ask: Asking, ada: Account) -> None:
    start = ask.get(f"{ME}/profile").json["historyId"]
    make_draft(ask)
    ada.mailbox.forget_history()
    assert ask.get(f"{ME}/history", startHistoryId=start).status == 404


def test_profile_labels_and_signature(google: Google, ask: Asking, ada: Account) -> None:
    ada.mailbox.aliases["ada@example.com"]["signature"] = "<b>Ada</b>"
    assert ask.get(f"{ME}/profile").json["emailAddress"] == "ada@example.com"
    assert "DRAFT" in {label["id"] for label in ask.get(f"{ME}/labels").json["labels"]}
    settings = asking(google, SETTINGS)
    assert settings.get(f"{ME}/settings/sendAs").json["sendAs"][0]["signature"] == "<b>Ada</b>"
    assert settings.get(f"{ME}/settings/sendAs/ada@example.com").json["isPrimary"] is True
    assert settings.get(f"{ME}/settings/sendAs/eve@example.com").status == 404


# --- scopes


def test_with_compose_alone_nothing_but_drafts_may_be_looked_at(google: Google) -> None:
    ask = asking(google, COMPOSE)
    made = make_draft(ask)
    assert find(ask, "rfc822msgid:1@followupd.example", "drafts") == [made["id"]]
    closed = [
        f"{ME}/messages",
        f"{ME}/messages/{made['message']['id']}",
        f"{ME}/threads/x",
        f"{ME}/labels",
        f"{ME}/settings/sendAs",
    ]
    replies = [ask.get(path) for path in closed] + [ask.get(f"{ME}/history", startHistoryId=1)]
    assert {(reply.status, reply.reason) for reply in replies} == {(403, "insufficientPermissions")}
    assert ask.post(f"{ME}/drafts/send", {"id": made["id"]}).status == 200


def test_who_may_see_metadata_alone_may_neither_search_nor_read(google: Google, ada: Account) -> None:
    message = ada.mailbox.send(RAW)
    ask = asking(google, METADATA)
    assert ask.get(f"{ME}/messages", q="in:sent").status == 403
    assert ask.get(f"{ME}/messages/{message.id}", format="raw").status == 403
    assert ask.get(f"{ME}/messages/{message.id}", format="metadata").status == 200
    assert asking(google, METADATA, READONLY).get(f"{ME}/messages", q="in:sent").status == 200


def test_another_mailbox_is_closed(google: Google, ask: Asking) -> None:
    google.add_account("bo@acme.example")
    assert ask.get("gmail/v1/users/bo@acme.example/drafts").status == 403
    assert ask.get("gmail/v1/users/ada@example.com/drafts").status == 200
