"""Messages to bytes and back, read by two readers: ours and one that shares no code with it."""

import re
from dataclasses import replace

import fast_mail_parser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from odd_names import MESSAGE

from followupd.errors import Problem
from followupd.rules.message import change_text, read_message, render_html, write_message

BYTES = b"""\
From: Ada Example <ada@example.com>
To: Jo Sample <jo@example.org>
Subject: Good to meet you
Date: Wed, 18 Nov 2026 07:05:09 +0000
Message-ID: <followupd.0123456789abcdef@example.com>
Content-Language: en
MIME-Version: 1.0
Content-Type: multipart/alternative;
 boundary="BOUNDARY"

--BOUNDARY
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Hi Jo,

thank you.

Ada
--BOUNDARY
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<p>Hi Jo,</p>
--BOUNDARY--
"""


def header(raw: bytes, name: str) -> str:
    found = re.search(rf"^{name}: (.*(?:\n .*)*)$", raw.decode("ascii").partition("\n\n")[0], re.MULTILINE)
    assert found
    return found[1]


def test_the_bytes_of_a_plain_message() -> None:
    raw = write_message(MESSAGE)
    boundary = re.findall(rb'boundary="(=_[0-9a-f]{32})"', raw)
    assert len(boundary) == 1
    assert raw.replace(boundary[0], b"BOUNDARY") == BYTES
    assert write_message(MESSAGE) == raw


@settings(max_examples=500, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), min_size=1))
def test_every_text_comes_back_the_same_from_two_readers(text: str) -> None:
    """But for the line that begins a signature, which gets its space; the test of signatures has that."""
    text = f"x{text}x".replace("\n--\n", "\n-- \n")
    raw = write_message(replace(MESSAGE, text=text, html=f"<p>{text}</p>"))
    assert read_message(raw).text == text
    assert fast_mail_parser.parse_email(raw).text_plain[0].replace("\r\n", "\n").rstrip("\n") == text


NAMES = {
    "": "jo@example.org",
    "Jo O'Neil-Smith": "Jo O'Neil-Smith <jo@example.org>",
    "Smith, Jo": '"Smith, Jo" <jo@example.org>',
    "Dr. Jo Smith (PhD)": '"Dr. Jo Smith (PhD)" <jo@example.org>',
    "José": "=?utf-8?b?Sm9zw6k=?= <jo@example.org>",
    "  Jo   Smith  ": "Jo Smith <jo@example.org>",
    'Jo "X"': "=?utf-8?b?Sm8gIlgi?= <jo@example.org>",
    "=?utf-8?q?x?=": "=?utf-8?b?PT91dGYtOD9xP3g/PQ==?= <jo@example.org>",
    "boss@corp.example": "=?utf-8?b?Ym9zc0Bjb3JwLmV4YW1wbGU=?= <jo@example.org>",
    "x> <eve@example.net": "=?utf-8?b?eD4gPGV2ZUBleGFtcGxlLm5ldA==?= <jo@example.org>",
    "Jose\u0301": "=?utf-8?b?Sm9zw6k=?= <jo@example.org>",
}


@pytest.mark.parametrize("name", NAMES)
def test_how_a_name_is_written(name: str) -> None:
    assert header(write_message(replace(MESSAGE, to_name=name)), "To") == NAMES[name]


def test_a_name_that_others_made_three_recipients_of_stays_one() -> None:
    raw = write_message(replace(MESSAGE, to_name="José Smith, PhD, MBA"))
    assert read_message(raw).to_email == ("jo@example.org",)
    assert [address.display_name for address in fast_mail_parser.parse_email(raw).to] == [
        "José Smith, PhD, MBA"
    ]


def test_long_words_are_cut_between_characters_and_lines_keep_to_76() -> None:
    raw = write_message(replace(MESSAGE, subject="é" * 200))
    words = re.findall(r"=\?utf-8\?b\?([^?]*)\?=", header(raw, "Subject"))
    assert len(words) == 11  # 400 bytes, 38 to a word: 39 would cut an é in two
    assert all(len(line) <= 76 for line in raw.decode("ascii").split("\n\n")[0].split("\n"))


REFUSED = [
    "a\r\nBcc: eve@example.net",
    "a\nb",
    "a\rb",
    "a\x00b",
    "a\x85b",
    "a\u2028b",
    "a\u2029b",
    "a\ud800b",
    "a\tb",
]


@pytest.mark.parametrize("text", REFUSED)
@pytest.mark.parametrize("place", ["to_name", "sender_name", "subject"])
def test_a_character_that_could_end_a_line_is_refused_in_words(text: str, place: str) -> None:
    with pytest.raises(Problem, match=r"holds a character that must not stand in a message: U\+"):
        write_message(replace(MESSAGE, **{place: text}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"message_id": "<a@b>\nBcc: eve@example.net"},
        {"message_id": "no brackets"},
        {"language": "en\nBcc: eve@example.net"},
        {"subject": "  "},
        {"text": "\n"},
        {"text": "a\x00b"},
        {"html": "a\ud800b"},
    ],
)
def test_nothing_else_lets_a_header_in_or_a_message_out_half(change: dict[str, str]) -> None:
    with pytest.raises(Problem):
        write_message(replace(MESSAGE, **change))  # type: ignore[arg-type]


ADDRESSES = {
    "jo@münchen.example": "jo@xn--mnchen-3ya.example",
    "jo@MÜNCHEN.example": "jo@xn--mnchen-3ya.example",
    "Jo.Smith+met@Example.ORG": "Jo.Smith+met@example.org",
    "jo@例え.example": "jo@xn--r8jz45g.example",
    "jo@localhost": "jo@localhost",
}


@pytest.mark.parametrize("email", ADDRESSES)
def test_a_domain_is_written_in_ascii(email: str) -> None:
    assert read_message(write_message(replace(MESSAGE, to_email=email))).to_email == (ADDRESSES[email],)


@pytest.mark.parametrize(
    "email",
    [
        *(
            "josé@example.org",
            "jo",
            "@example.org",
            "jo@",
            "a..b@example.org",
            "jo smith@example.org",
            "jo@a b.example",
        ),
        *(
            "jo@example.org, eve@example.net",
            "jo@example.org>",
            "jo@-a.example",
            "jo@a..example",
            '"jo"@example.org',
        ),
        *(
            "jo\n@example.org",
            "jo@example.org\nBcc: eve@example.net",
            "x" * 65 + "@example.org",
            "jo@" + "a" * 64 + ".example",
        ),
    ],
)
def test_what_is_no_address_is_refused_in_words(email: str) -> None:
    with pytest.raises(Problem, match="address"):
        write_message(replace(MESSAGE, to_email=email))


def test_markdown_becomes_html_without_html_pictures_or_links_nobody_wrote() -> None:
    assert render_html("Hi <b>Jo</b>,\nsee **this** at evil.example ![x](https://e.example/p.gif)") == (
        "<p>Hi &lt;b&gt;Jo&lt;/b&gt;,<br />\nsee <strong>this</strong> at evil.example "
        '!<a href="https://e.example/p.gif">x</a></p>\n'
    )
    assert "href" not in render_html("[x](javascript:alert(1))")
    assert render_html("Ada\n---") == "<p>Ada</p>\n<hr />\n"


SIGNED = {
    "Hi Jo,\n\n--\nAda": "Hi Jo,\n\n-- \nAda",
    "Hi Jo,\n\n-- \nAda": "Hi Jo,\n\n-- \nAda",
    "a\n--\nb\n--\nAda": "a\n--\nb\n-- \nAda",
    "a\n-- \nb\n--\nAda": "a\n-- \nb\n--\nAda",
    "a -- b\n---\n--": "a -- b\n---\n--",
}


@pytest.mark.parametrize("text", SIGNED)
def test_a_signature_stands_below_the_line_that_mail_programs_know(text: str) -> None:
    raw = write_message(replace(MESSAGE, text=text))
    assert read_message(raw).text == SIGNED[text]
    assert fast_mail_parser.parse_email(raw).text_plain == [SIGNED[text].replace("\n", "\r\n")]


def test_the_line_above_a_signature_is_the_same_in_html() -> None:
    assert render_html("Hi\n\n--\nAda") == "<p>Hi</p>\n<p>-- <br />\nAda</p>\n"
    assert render_html("Hi\n-- \nAda") == "<p>Hi<br />\n-- <br />\nAda</p>\n"
    assert render_html("Hi --\nAda") == "<p>Hi --<br />\nAda</p>\n"


def test_a_long_line_stays_one_line() -> None:
    line = "It was good to meet you, and to hear of the sailing trip. " * 40
    raw = write_message(replace(MESSAGE, text=f"Hi Jo,\n\n{line.strip()}"))
    assert fast_mail_parser.parse_email(raw).text_plain[0].split("\r\n")[2] == line.strip()


def test_a_draft_that_a_mail_program_changed_is_still_read() -> None:
    raw = (
        b"from: ada@example.com\r\nTO: =?iso-8859-1?Q?Andr=E9?= <a@example.org>, b@example.org\r\n"
        b"Cc: c@example.org\r\nBcc: Group: d@example.org;\r\nSubject: caf\xe9 =?utf-8?B?w6k=?=\r\n =?utf-8?B?w6k=?=\r\n"
        b"Content-Type: text/html; charset=iso-8859-1\r\n\r\n"
        b"<head><style>p {}</style></head><p>Gr\xfc\xdfe &amp; mehr<br>Ada</p>\r\n"
    )
    read = read_message(raw)
    assert read.to_name == "André"
    assert read.to_email == ("a@example.org", "b@example.org", "c@example.org", "d@example.org")
    assert read.subject == "café éé"
    assert read.text == "Grüße & mehr\nAda"
    assert read.html == "<head><style>p {}</style></head><p>Grüße & mehr<br>Ada</p>".replace(" & ", " &amp; ")
    assert read.message_id == ""


def test_a_character_cut_in_two_between_words_is_put_together_again() -> None:
    assert read_message(b"Subject: =?utf-8?B?ww==?=\n =?utf-8?B?qQ==?=\n\n").subject == "é"


PIECES = (
    *(b"To: ", b"Subject: ", b"Content-Type: ", b"text/plain", b"text/html", b"; charset=", b"utf-7", b"hex"),
    *(b"multipart/mixed; boundary=a\n", b"--a", b"message/rfc822", b"filename*=x'y'%ff", b"a@b.example"),
    *(b"Content-Transfer-Encoding: base64\n", b"=?x?B?!?= ", b"=?utf-7?Q?+2AA-?=", b"<![x[", b"<", b"("),
    *(b"\n\n", b"\n", b"\r", b"\xff", b'"'),
)
MESSES = st.one_of(
    st.binary(max_size=200),
    st.binary(max_size=60).map(lambda mess: BYTES.replace(b"Jo", mess)),
    st.lists(st.sampled_from(PIECES), max_size=25).map(b"".join),
)


@settings(max_examples=1_000, deadline=None)
@given(raw=MESSES)
def test_reading_never_fails_whatever_the_bytes(raw: bytes) -> None:
    read = read_message(raw)
    assert f"{read.subject}{read.text}{read.html}{read.to_name}{read.to_email}".encode()  # no lone surrogate


def test_an_owner_changes_subject_and_text_and_nothing_else() -> None:
    raw = write_message(replace(MESSAGE, to_name="José", language="de"))
    changed = read_message(change_text(raw, "Schön war's", "Hallo **José**"))
    before = dict(read_message(raw).headers)
    after = dict(changed.headers)
    assert {name for name in before if before[name] != after[name]} == {"Subject"}
    assert (changed.subject, changed.text) == ("Schön war's", "Hallo **José**")
    assert changed.html == "<p>Hallo <strong>José</strong></p>"


def test_what_an_owner_does_not_change_stays_byte_for_byte() -> None:
    raw = write_message(MESSAGE)
    assert change_text(raw, None, None) == raw
    assert change_text(raw, None, "new").partition(b"\n\n")[0] == raw.partition(b"\n\n")[0]
    assert change_text(raw, "new", None).partition(b"\n\n")[2] == raw.partition(b"\n\n")[2]


def test_headers_that_a_mail_program_added_are_dropped() -> None:
    changed = change_text(b"X-Mailer: Foo\n" + write_message(MESSAGE), "new", None)
    assert b"X-Mailer" not in changed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"To: Jo", b"Cc: eve@example.net\nTo: Jo"),
        (b"Date: ", b"X-Date: "),
        (b"Date: Wed, 18 Nov", b"Date: Wed, 98 Nov"),
        (b"Message-ID: ", b"X-Id: "),
        (b"From: ", b"X-From: "),
        (b"text/html", b"application/pdf"),
        (b"text/html; charset=utf-8", b"text/html; charset=utf-8\nContent-Disposition: attachment"),
    ],
)
def test_a_draft_that_we_could_not_write_again_is_left_to_the_mail_program(old: bytes, new: bytes) -> None:
    with pytest.raises(Problem):
        change_text(write_message(MESSAGE).replace(old, new, 1), "new", None)


def test_a_subject_may_not_bring_a_header_along() -> None:
    with pytest.raises(Problem, match="subject"):
        change_text(write_message(MESSAGE), "x\nBcc: eve@example.net", None)
