"""Gmail's search box, as far as followers of a mailbox use it: support.google.com/mail/answer/7190."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from servers.google.mail import Message

Test = Callable[[Message], bool]
_TOKENS = re.compile(r'[(){}]|-?\w+:"[^"]*"|-?\w+:\([^)]*\)|-?"[^"]*"|[^\s(){}]+')
_HIDDEN = {"SPAM", "TRASH"}


class UnknownTermError(Exception):
    """The stand-in does not know this part of the search language; Gmail may."""


def find_messages(query: str, messages: list[Message], *, spam_and_trash: bool = False) -> list[Message]:
    """Return what matches, in the order given; spam and bin only when asked for."""
    test = _Reader(query).read()
    shown = spam_and_trash or re.search(r"\bin:(anywhere|trash|spam)\b", query) is not None
    return [message for message in messages if (shown or not message.labels & _HIDDEN) and test(message)]


class _Reader:
    """Terms side by side must all hold; OR and {} ask for one of them."""

    def __init__(self, query: str) -> None:
        self._tokens = _TOKENS.findall(query)

    def read(self, closing: str = "") -> Test:
        groups: list[list[Test]] = []
        joined = False
        while self._tokens and self._tokens[0] != closing:
            token = self._tokens.pop(0)
            if token == "OR":
                joined = True
                continue
            test = self._read_one(token)
            if joined:
                groups[-1].append(test)
            else:
                groups.append([test])
            joined = False
        if self._tokens:
            self._tokens.pop(0)
        if closing == "}":
            return _any_of([_any_of(group) for group in groups])
        return _all_of([_any_of(group) for group in groups])

    def _read_one(self, token: str) -> Test:
        if token in "({":
            return self.read({"(": ")", "{": "}"}[token])
        if token.startswith("-") and len(token) > 1:
            return _not(_read_term(token[1:]))
        return _read_term(token)


def _all_of(tests: list[Test]) -> Test:
    return lambda message: all(test(message) for test in tests)


def _any_of(tests: list[Test]) -> Test:
    return lambda message: any(test(message) for test in tests)


def _not(test: Test) -> Test:
    return lambda message: not test(message)


def _read_term(token: str) -> Test:
    name, colon, value = token.partition(":")
    if not colon or name.startswith('"'):
        return _holds(token.strip('"'), "Subject", "From", "To", "Cc")
    if name not in _OPERATORS:
        raise UnknownTermError(token)
    return _OPERATORS[name](value.strip('"'))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


def _holds(value: str, *headers: str) -> Test:
    """Match whole words in a row, whatever stands between them, as Gmail's index does."""
    wanted = _words(value.strip("()"))

    def test(message: Message) -> bool:
        texts = [_words(found) for found in message.envelope.all(*headers)]
        return any(text[at : at + len(wanted)] == wanted for text in texts for at in range(len(text)))

    return test


def _read_place(value: str) -> Test:
    if value == "anywhere":
        return lambda _: True
    label = {"draft": "DRAFT", "drafts": "DRAFT"}.get(value, value.upper())
    return lambda message: label in message.labels


def _read_message_id(value: str) -> Test:
    return lambda message: message.message_id.strip("<>") == value.strip("<>")


def _read_day(value: str) -> datetime:
    if value.isdigit():
        return datetime.fromtimestamp(int(value), UTC)
    if not re.fullmatch(r"\d{4}[/-]\d{1,2}[/-]\d{1,2}", value):
        raise UnknownTermError(value)
    year, month, day = map(int, re.split("[/-]", value))
    return datetime(year, month, day, tzinfo=UTC)


def _after(value: str) -> Test:
    start = _read_day(value)
    return lambda message: message.at >= start


def _before(value: str) -> Test:
    end = _read_day(value)
    return lambda message: message.at < end


_OPERATORS: Mapping[str, Callable[[str], Test]] = {
    "rfc822msgid": _read_message_id,
    "in": _read_place,
    "label": _read_place,
    "is": _read_place,
    "from": lambda value: _holds(value, "From"),
    "to": lambda value: _holds(value, "To", "Cc", "Bcc"),
    "subject": lambda value: _holds(value, "Subject"),
    "after": _after,
    "before": _before,
}
