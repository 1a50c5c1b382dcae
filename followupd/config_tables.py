"""Writing into an owner's config.toml: tables are added, what the owner wrote stays as it is, and nothing half is kept."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from followupd.errors import ConfigProblem
from followupd.settings import load_settings

Tables = Mapping[str, Sequence[Mapping[str, str]]]
_MAILBOX = re.compile(r"^\[\[?mailbox\]\]?", re.MULTILINE)


def add_tables(file: Path, tables: Tables) -> list[str]:
    """Add tables to config.toml, check the whole, and put it in place; return their headings.

    A new mailbox comes before those that are there, so that new follow-ups go to it while old ones stay where they are.
    Raises ConfigProblem, and then changes nothing.
    """
    text = file.read_text(encoding="utf-8-sig")
    head, tail = _split_at_mailbox(text) if "mailbox" in tables else (text, "")
    blocks = [write_table(name, row) for name in tables for row in tables[name]]
    _replace(file, "\n".join([head.rstrip("\n"), "", *blocks, tail]).rstrip("\n") + "\n")
    return [f"[[{name}]] {row['name']}" for name in tables for row in tables[name]]


def _split_at_mailbox(text: str) -> tuple[str, str]:
    """Cut before the first mailbox, and let a single one become the first of several."""
    found = _MAILBOX.search(text)
    if found is None:
        return text, ""
    return text[: found.start()], "[[mailbox]]" + text[found.end() :]


def write_table(name: str, row: Mapping[str, str]) -> str:
    return f"[[{name}]]\n{write_lines(row)}"


def write_lines(table: Mapping[str, object]) -> str:
    # A JSON string is a TOML basic string where non-ASCII stays as it is (TOML 1.0, "String"); the one exception,
    # DEL, is no character of a config and refused when it is read back.
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in table.items())


def write_private(file: Path, text: str) -> None:
    """Write a new file that only its owner can read. Raises OSError when something is there."""
    descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    # A byte of the command line that is no UTF-8 is written as it came, and refused when it is read back.
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as opened:
        opened.write(text)


def _replace(file: Path, text: str) -> None:
    draft = file.with_name(f".{file.name}.new")
    draft.unlink(missing_ok=True)
    write_private(draft, text)
    try:
        load_settings(draft)
    except ConfigProblem as problem:
        draft.unlink()
        raise ConfigProblem(
            problem.what.replace(str(draft), str(file)),
            "Nothing was written; the tables above can be added by hand.",
        ) from None
    draft.replace(file)
