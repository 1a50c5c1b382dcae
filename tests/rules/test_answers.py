"""What came of a mail: answers told from what machines write, the owner's own letters from all others."""

import email
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followupd.mail import Letter
from followupd.rules.answers import (
    LetterKind,
    is_answer,
    is_bounce_of,
    is_own_letter,
    read_answer_words,
    sort_letter,
)

WORDS = read_answer_words(tomllib.loads(files("followupd").joinpath("words/answers.toml").read_text("utf-8")))
LETTERS = tomllib.loads(Path(__file__).with_name("letters.toml").read_text("utf-8"))["letter"]
BO, OURS = "bo@acme.example", "<followupd.1@example.com>"
LEFT = datetime(2026, 11, 18, 12, tzinfo=UTC)
OWNER = frozenset({"ada@example.com", "ada@home.example"})


def make_letter(head: str, inner: tuple[str, ...] = (), **more: Any) -> Letter:
    """Return a letter of Bo's to Ada, an hour after ours left."""
    mail = email.message_from_string(head.strip() + "\n\n")
    fields = {name.lower(): value for name, value in mail.items()}
    letter = Letter(
        at=LEFT + timedelta(hours=1),
        sent=False,
        sender=parseaddr(fields.get("from", ""))[1].lower(),
        recipients=frozenset({"ada@example.com"}),
        subject=fields.get("subject", ""),
        message_id="<b@acme.example>",
        references=(),
        thread="t1",
        fields=fields,
        parts=(fields.get("content-type", "text/plain"), *inner),
    )
    return replace(letter, **more)


PLAIN = make_letter(f"From: {BO}\nSubject: Re: Good to meet you")
SENT = replace(
    make_letter("From: ada@example.com\nSubject: Breakfast?"), sent=True, recipients=frozenset({BO})
)


@pytest.mark.parametrize("told", LETTERS, ids=[told["name"] for told in LETTERS])
def test_letters_are_told_apart_as_they_arrive(told: dict[str, Any]) -> None:
    letter = make_letter(told["head"], tuple(told.get("inner", ())))
    assert sort_letter(letter, WORDS) == told["kind"]


def test_every_kind_is_shown_and_the_table_has_no_name_twice() -> None:
    assert {told["kind"] for told in LETTERS} == set(LetterKind)
    assert len({told["name"] for told in LETTERS}) == len(LETTERS)


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, True),
        ({"at": LEFT - timedelta(minutes=1)}, False),
        ({"at": LEFT - timedelta(days=1), "references": (OURS,)}, True),
        ({"sender": "eve@acme.example"}, False),
        ({"sender": "eve@acme.example", "references": (OURS,)}, True),
        ({"sender": "ada@home.example", "references": (OURS,)}, False),
        ({"sender": ""}, False),
        ({"sent": True}, False),
        ({"fields": {"auto-submitted": "auto-replied"}}, False),
        ({"fields": {"list-id": "<x.example>"}}, False),
        ({"parts": ("text/calendar; method=reply",)}, False),
        ({"parts": ("multipart/report; report-type=delivery-status",), "references": (OURS,)}, False),
    ],
)
def test_an_answer_is_from_that_person_later_or_to_our_mail_and_no_machines(
    change: dict[str, Any], answer: bool
) -> None:
    assert is_answer(replace(PLAIN, **change), BO, OURS, LEFT, OWNER, WORDS) is answer


def test_the_owners_own_copy_is_no_answer_whichever_of_their_addresses_it_comes_from() -> None:
    for address in OWNER:
        own = replace(PLAIN, sender=address)
        assert not is_answer(own, address, OURS, LEFT, OWNER, WORDS)


@pytest.mark.parametrize(
    ("change", "own"),
    [
        ({}, True),
        ({"sent": False}, False),
        ({"recipients": frozenset({"eve@acme.example"})}, False),
        ({"recipients": frozenset({BO, "b@x.example", "c@x.example", "d@x.example", "e@x.example"})}, True),
        ({"recipients": frozenset({BO, *(f"{name}@x.example" for name in "bcdef")})}, False),
        ({"message_id": OURS}, False),
        ({"fields": {"auto-submitted": "auto-replied"}}, False),
        ({"parts": ("text/calendar; method=request",)}, False),
    ],
)
def test_an_own_letter_was_written_by_hand_to_that_person_above_all(
    change: dict[str, Any], own: bool
) -> None:
    assert is_own_letter(replace(SENT, **change), BO, WORDS) is own


def test_only_a_notice_that_names_our_mail_is_a_bounce_of_it() -> None:
    notice = make_letter(
        "From: mailer-daemon@x.example\nSubject: Delivery Status Notification (Failure)", references=(OURS,)
    )
    assert is_bounce_of(notice, OURS, WORDS)
    assert not is_bounce_of(replace(notice, references=("<else@x.example>",)), OURS, WORDS)
    assert not is_bounce_of(replace(notice, references=()), "", WORDS)
    assert not is_bounce_of(replace(PLAIN, references=(OURS,)), OURS, WORDS)


@given(
    fields=st.dictionaries(
        st.sampled_from(["auto-submitted", "precedence", "return-path", "sender", "content-class"]),
        st.text(max_size=40),
    ),
    subject=st.text(max_size=80),
    parts=st.lists(st.text(max_size=40), max_size=3),
)
def test_whatever_strangers_write_a_letter_is_of_one_kind(
    fields: dict[str, str], subject: str, parts: list[str]
) -> None:
    letter = replace(PLAIN, fields=fields, subject=subject, parts=tuple(parts))
    assert sort_letter(letter, WORDS) in set(LetterKind)
