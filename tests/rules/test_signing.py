"""A signature made in a mail program, below a message of ours: words and links of it, and nothing that runs or tells."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from odd_names import MESSAGE

from followupd.rules.message import change_text, write_message
from followupd.rules.reading import read_message
from followupd.rules.signing import keep_signature, sign_message

#: As Gmail keeps one.
GMAIL = (
    '<div dir="ltr"><div><b>Ada Example</b></div><div><span style="color:#888">Example&nbsp;GmbH &amp; Co.</span></div>'
    '<div><a href="https://example.com/" target="_blank">example.com</a> | <a href="tel:+4930123">call me</a></div>'
    '<img src="https://track.example/p.gif" width="1"><br></div>'
)


def test_both_halves_get_its_words_and_links() -> None:
    signed = sign_message(replace(MESSAGE, text="Hi Jo.", html="<p>Hi Jo.</p>\n"), GMAIL)
    assert signed.text == (
        "Hi Jo.\n\n-- \nAda Example\nExample GmbH & Co.\nexample.com | call me (tel:+4930123)"
    )
    assert signed.html == (
        "<p>Hi Jo.</p>\n<p>-- <br />\nAda Example<br />\nExample GmbH &amp; Co.<br />\n"
        '<a href="https://example.com/">example.com</a> | <a href="tel:+4930123">call me</a></p>\n'
    )


def test_a_message_in_another_ones_place_keeps_its_signature() -> None:
    before = write_message(sign_message(MESSAGE, GMAIL))
    other = replace(MESSAGE, text="Other words.", html="<p>Other words.</p>\n")
    assert write_message(keep_signature(other, before)) == write_message(sign_message(other, GMAIL))
    assert keep_signature(other, write_message(MESSAGE)) == other
    assert keep_signature(other, None) == other


@pytest.mark.parametrize("own", ["Hi.\n\n-- \nAda", "Hi.\n\n--\nAda"])
def test_a_template_with_a_signature_of_its_own_keeps_that_alone(own: str) -> None:
    message = replace(MESSAGE, text=own)
    assert sign_message(message, GMAIL) == message


@pytest.mark.parametrize("empty", ["", "<div><br></div>", "<img src=x>", "<style>p {}</style>", "   "])
def test_no_signature_leaves_the_message_as_it_is(empty: str) -> None:
    assert sign_message(MESSAGE, empty) == MESSAGE


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>Ada",
        '<a href="javascript:alert(1)">Ada</a>',
        '<a href="data:text/html,x">Ada</a>',
        '<a href="https://x.example/ onclick=1">Ada</a>',
        '<img src=x onerror="alert(1)">Ada',
        "<svg onload=alert(1)>Ada",
        "Ada<!-- <![CDATA[ --> <![x[",
        "&lt;script&gt;Ada",
    ],
)
def test_nothing_of_it_runs(hostile: str) -> None:
    html = sign_message(replace(MESSAGE, html="<p>Hi</p>"), hostile).html
    assert not {"<script", "<img", "<svg", "javascript:", "data:", 'onclick=1"'} & {
        word for word in ("<script", "<img", "<svg", "javascript:", "data:", 'onclick=1"') if word in html
    }
    assert "Ada" in html


def test_it_is_as_long_as_a_signature_is() -> None:
    signed = sign_message(replace(MESSAGE, text="Hi"), "<br>".join(["x" * 1000] * 1000))
    lines = signed.text.splitlines()
    assert (len(lines), max(map(len, lines))) == (3 + 12, 200)


@settings(max_examples=300, deadline=None)
@given(signature=st.text(st.sampled_from("<>/ abdivrspxhef=\"':&;!-[]\n\u202e\x00é"), max_size=120))
def test_whatever_it_holds_the_message_can_be_written_and_edited(signature: str) -> None:
    signed = sign_message(MESSAGE, signature)
    raw = write_message(signed)
    assert read_message(raw).text == signed.text.rstrip("\n")
    change_text(raw, None, "Mine.")
