"""The owner's signature from their mail program, below a message of ours: its words and links, and nothing else of its HTML.

Pictures and styles stay behind: a picture would tell somebody when the mail is opened.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from html.parser import HTMLParser

from followupd.mail import Message
from followupd.rules.reading import read_message

_MOST_LINES, _LONGEST_LINE = 12, 200
_LONGEST_SOURCE = 50_000
_BREAKS = frozenset({"br", "p", "div", "li", "tr", "table", "ul", "ol", "h1", "h2", "h3", "h4", "hr"})
_HIDDEN = frozenset({"script", "style", "head", "title"})
#: Where a mail may lead to.
_LINK = re.compile(r"(?:https?://|mailto:|tel:)[^\s<>\"]+", re.IGNORECASE)
#: A template with a signature of its own has this line (RFC 3676, 4.3).
_OWN_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
_TEXT_MARK, _HTML_MARK = "-- \n", "<p>-- <br />\n"

#: Words of a line, and where they lead; "" for plain ones.
Piece = tuple[str, str]


def sign_message(message: Message, signature: str) -> Message:
    """Return a message with the signature, given as HTML, below both its halves; one that has its own stays as it is."""
    lines = read_signature(signature)
    if not lines or _OWN_SIGNATURE.search(message.text):
        return message
    text = "\n".join("".join(map(_write_plain, line)).rstrip() for line in lines)
    html = "<br />\n".join("".join(map(_write_html, line)).rstrip() for line in lines)
    return _put_below(message, text, f"{html}</p>\n")


def keep_signature(message: Message, before: bytes | None) -> Message:
    """Return a message with the signature that stood below the one it takes the place of."""
    old = read_message(before or b"")
    _, below_text, text = old.text.rpartition(f"\n{_TEXT_MARK}")
    _, below_html, html = (old.html or "").rpartition(_HTML_MARK)
    if not below_text or not below_html or _OWN_SIGNATURE.search(message.text):
        return message
    return _put_below(message, text, html)


def _put_below(message: Message, text: str, html: str) -> Message:
    return replace(
        message,
        text=f"{message.text.rstrip()}\n\n{_TEXT_MARK}{text}",
        html=f"{message.html.rstrip()}\n{_HTML_MARK}{html}",
    )


def read_signature(html: str) -> list[list[Piece]]:
    """Return the lines of a signature that have words, as many and as long as a signature has; never raises."""
    page = _Lines()
    page.feed(
        html[:_LONGEST_SOURCE].replace("<![", "&lt;![")
    )  # the library raises on a marked section it does not know
    page.close()
    full = [line for line in page.lines if any(words.strip() for words, _ in line)]
    return [list(_cut(line)) for line in full[:_MOST_LINES]]


class _Lines(HTMLParser):
    """Collects the words of an HTML page line by line, each with where it leads."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[list[Piece]] = [[]]
        self._link = ""
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _HIDDEN
        if tag in _BREAKS:
            self.lines.append([])
        elif tag == "td":
            self.lines[-1].append((" ", ""))
        elif tag == "a":
            self._link = _read_link(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in _HIDDEN
        if tag in _BREAKS - {"br", "hr"}:
            self.lines.append([])
        elif tag == "a":
            self._link = ""

    def handle_data(self, data: str) -> None:
        if self._hidden <= 0:
            self.lines[-1].append((_clean(data), self._link))


def _clean(text: str) -> str:
    seen = "".join(
        " " if character.isspace() or unicodedata.category(character) == "Cc" else character
        for character in text
        if unicodedata.category(character) not in {"Cf", "Cs", "Co"}
    )
    return re.sub(" +", " ", seen)


def _read_link(href: str) -> str:
    """Return an address a mail may lead to, "" for any other."""
    plain = _clean(href).strip()
    return plain if len(plain) <= _LONGEST_LINE and _LINK.fullmatch(plain) else ""


def _cut(line: list[Piece]) -> Iterator[Piece]:
    """Yield the pieces of a line, its first words without a gap before them, as far as a line is long."""
    room, begun = _LONGEST_LINE, False
    for words, link in line:
        kept = (words if begun else words.lstrip())[:room]
        room -= len(kept)
        begun = begun or bool(kept)
        if kept:
            yield kept, link


def _write_plain(piece: Piece) -> str:
    words, link = piece
    bare = link.partition(":")[2].strip("/")
    return f"{words} ({link})" if bare and bare.casefold() not in words.casefold() else words


def _write_html(piece: Piece) -> str:
    words, link = piece
    return f'<a href="{escape(link)}">{escape(words)}</a>' if link else escape(words)
