"""Into which conversation a mail goes, and that nothing strangers wrote there becomes more than its subject and its ids."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import fast_mail_parser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from odd_names import MESSAGE

from followupd.errors import Problem
from followupd.mail import Letter, ReplyTo
from followupd.rules.answers import AnswerWords
from followupd.rules.message import change_text, write_message
from followupd.rules.reading import find_conversation, read_message, strip_marks
from followupd.rules.replies import find_reply, make_reply, read_reply

BO, ADA = "bo@acme.example", "ada@example.com"
OWNER = frozenset({ADA, "ada@home.example"})
WORDS = AnswerWords(("out of office",), ("accepted",), ("delay",))
ENDED = datetime(2026, 11, 18, 11, tzinfo=UTC)
DAY = timedelta(days=1)
THEIRS = Letter(
    at=ENDED - 3 * DAY,
    sent=False,
    sender=BO,
    recipients=frozenset({ADA}),
    subject="Re: Coffee on Wednesday?",
    message_id="<b1@acme.example>",
    references=("<a0@example.com>",),
    thread="t1",
    fields={},
)
OURS = replace(
    THEIRS,
    at=ENDED - 4 * DAY,
    sent=True,
    sender=ADA,
    recipients=frozenset({BO}),
    subject="Coffee on Wednesday?",
    message_id="<a0@example.com>",
    references=(),
)


def find(*letters: Letter) -> ReplyTo | None:
    return find_reply(letters, BO, OWNER, ENDED, WORDS)


def test_the_latest_letter_of_a_recent_conversation_is_answered() -> None:
    assert find(OURS, THEIRS) == ReplyTo(
        "Coffee on Wednesday?", "<b1@acme.example>", ("<a0@example.com>", "<b1@acme.example>")
    )
    last = replace(OURS, at=ENDED - DAY, message_id="<a2@example.com>", references=("<b1@acme.example>",))
    assert find(THEIRS, OURS, last) == ReplyTo(
        "Coffee on Wednesday?", "<a2@example.com>", ("<b1@acme.example>", "<a2@example.com>")
    )


def test_of_two_conversations_the_later_one_goes_on() -> None:
    other = replace(
        THEIRS, thread="t2", at=ENDED - DAY, subject="The article", message_id="<b2@acme.example>"
    )
    found = find(THEIRS, other)
    assert found is not None
    assert found.subject == "The article"


@pytest.mark.parametrize(
    "change",
    [
        {"at": ENDED - 15 * DAY},  # older than two weeks before the event
        {"sender": "eve@acme.example"},
        {"sender": "eve@acme.example", "recipients": frozenset({BO})},
        {"recipients": frozenset({ADA, "cy@club.example"})},  # others read along
        {"recipients": frozenset()},
        {"fields": {"list-id": "<x.example>"}},
        {"fields": {"auto-submitted": "auto-replied"}},
        {"parts": ("text/calendar; method=request",)},  # an invitation
        {"message_id": ""},
        {"message_id": "<b1>"},
        {"message_id": "<b 1@acme.example>"},
        {"message_id": "<b1@acme.example>\r\nBcc: eve@evil.example"},
        {"message_id": f"<{'b' * 250}@acme.example>"},
        {"subject": ""},
        {"subject": "Re: "},
        {"subject": "!!!"},
        {"subject": "x" * 151},
        {"subject": "win at https://evil.example"},
        {"subject": "see evil.example"},
        {"subject": "write to eve@evil.example"},
        {"subject": "Coffee\u202egnp.exe"},
        {"subject": "Cof\u200bfee"},
        {"subject": "Coffee\x00"},
        {"subject": "=?utf-8?q?Coffee?="},
    ],
)
def test_otherwise_a_new_conversation_begins(change: dict[str, Any]) -> None:
    assert find(replace(THEIRS, **change)) is None


def test_a_conversation_in_which_only_the_owner_wrote_is_none_yet() -> None:
    assert find(OURS) is None


def test_one_letter_among_others_that_is_not_between_the_two_leaves_the_whole_conversation_alone() -> None:
    group = replace(OURS, at=ENDED - 2 * DAY, recipients=frozenset({BO, "cy@club.example"}))
    assert find(THEIRS, group) is None


def test_what_happened_after_the_event_is_recent_too_and_another_address_of_the_owner_is_theirs() -> None:
    assert find(replace(THEIRS, at=ENDED + 2 * DAY, recipients=frozenset({"ada@home.example"}))) is not None


def test_of_a_long_conversation_the_beginning_and_the_end_are_named_and_nonsense_is_left_out() -> None:
    long = tuple(f"<{number}@acme.example>" for number in range(300))
    found = find(replace(THEIRS, references=("<no id>", *long, "<x@y>\n z")))
    assert found is not None
    assert len(found.references) == 20
    assert (found.references[0], found.references[-2:]) == (
        "<0@acme.example>",
        ("<299@acme.example>", "<b1@acme.example>"),
    )


@pytest.mark.parametrize(
    ("subject", "bare"),
    [
        ("Re: Coffee", "Coffee"),
        ("AW: Re: Coffee", "Coffee"),
        ("RE[2]: Coffee", "Coffee"),
        ("Rép : Café", "Café"),
        ("Re:Coffee", "Coffee"),
        ("Regarding: Coffee", "Regarding: Coffee"),
        ("Fwd: Coffee", "Fwd: Coffee"),
        ("  Coffee\r\n  today ", "Coffee today"),
    ],
)
def test_the_marks_of_answers_are_taken_off(subject: str, bare: str) -> None:
    assert strip_marks(subject) == bare


# --- the message


REPLY = ReplyTo("Coffee on Wednesday?", "<b1@acme.example>", ("<a0@example.com>", "<b1@acme.example>"))


def test_the_bytes_of_an_answer() -> None:
    raw = write_message(make_reply(MESSAGE, REPLY))
    head = raw.partition(b"\n\n")[0].decode().splitlines()
    assert head[2:8] == [
        "Subject: Re: Coffee on Wednesday?",
        "Date: Wed, 18 Nov 2026 07:05:09 +0000",
        "Message-ID: <followupd.0123456789abcdef@example.com>",
        "In-Reply-To: <b1@acme.example>",
        "References: <a0@example.com>",
        " <b1@acme.example>",
    ]
    assert read_reply(raw) == REPLY
    assert find_conversation(raw) == "Coffee on Wednesday?"
    assert fast_mail_parser.parse_email(raw).subject == "Re: Coffee on Wednesday?"


def test_a_message_that_begins_a_conversation_answers_nothing() -> None:
    raw = write_message(make_reply(MESSAGE, None))
    assert (read_reply(raw), find_conversation(raw), find_conversation(None)) == (None, "", "")


@pytest.mark.parametrize(
    "change",
    [
        {"in_reply_to": "<b1@acme.example>\nBcc: eve@evil.example"},
        {"in_reply_to": "b1@acme.example"},
        {"references": ("<a0@example.com>\n\nHello",)},
        {"references": ()},
    ],
)
def test_no_id_brings_a_header_along(change: dict[str, Any]) -> None:
    with pytest.raises(Problem):
        write_message(replace(make_reply(MESSAGE, REPLY), **change))


TEXTS = st.text(max_size=60)


@settings(max_examples=300, deadline=None)
@given(subject=TEXTS, message_id=TEXTS, references=st.lists(TEXTS, max_size=4))
def test_whatever_strangers_wrote_an_answer_has_our_headers_alone(
    subject: str, message_id: str, references: list[str]
) -> None:
    letters = (
        replace(THEIRS, subject=subject),
        replace(THEIRS, message_id=f"<{message_id}@x.example>"),
        replace(THEIRS, references=tuple(references)),
    )
    for letter in letters:
        read = read_message(write_message(make_reply(MESSAGE, find(letter))))
        names = [name for name, _ in read.headers if name not in {"In-Reply-To", "References"}]
        assert names == [
            *(
                "From",
                "To",
                "Subject",
                "Date",
                "Message-ID",
                "Content-Language",
                "MIME-Version",
                "Content-Type",
            )
        ]
        assert read.to_email == (MESSAGE.to_email,)


def test_an_edited_text_stays_an_answer_and_another_subject_begins_a_conversation() -> None:
    raw = write_message(make_reply(MESSAGE, REPLY))
    assert read_reply(change_text(raw, None, "Mine.")) == REPLY
    assert read_reply(change_text(raw, "Re: Coffee on Wednesday?", "Mine.")) == REPLY
    assert read_reply(change_text(raw, "Something else", None)) is None
