"""`followupd init`: a config that runs at once, from a few flags or answers."""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import click

from followupd.assemble import build_judge, build_sources, load_people_words, load_words, read_clock
from followupd.config_tables import write_lines, write_private
from followupd.errors import ConfigProblem, SourceProblem
from followupd.model import Event
from followupd.rules.lists import suspect_list
from followupd.settings import CalendarSettings, Settings, load_settings

#: The days before and after today in which a calendar shows what kind it is.
LOOK_AROUND = timedelta(days=90)
LISTED_LINE = 'attendance = "listed"'
_FALLBACK_ZONE = "UTC"


def write_config(file: Path, answers: Mapping[str, Any], *, force: bool) -> Path:
    """Write config.toml (mode 0600) from flags and answers, check it, and make its folders. Raises ConfigProblem."""
    if file.exists() and not force:
        raise ConfigProblem(f"{file} is there already.", "Edit it, or write it anew with --force.")
    complete = _complete(answers)
    draft = file.with_name(f".{file.name}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings = _try_config(draft, _compose(complete, "mine"))
        if path := settings.calendars[0].path:
            _make_calendar(path)
        if _is_public_list(settings):
            _try_config(draft, _compose(complete, "listed"))
        draft.replace(file)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise ConfigProblem(
            f"{error.filename}: {error.strerror}.", "Nothing was written; name another place."
        ) from error
    return file


def _try_config(draft: Path, text: str) -> Settings:
    """Write `draft` and return the settings it makes; where they are wrong, nothing of it stays."""
    draft.unlink(missing_ok=True)
    try:
        write_private(draft, text)
        return load_settings(draft)
    except ConfigProblem as problem:
        draft.unlink()
        raise ConfigProblem(
            problem.what.replace(str(draft), "This"), "Nothing was written; try again."
        ) from None


def _make_calendar(path: Path) -> None:
    """Make the folder for calendars; a file cannot be made, only waited for."""
    if path.exists():
        return
    if path.suffix.lower() == ".ics":
        click.echo(f"There is no {path} yet: export your calendar to it.", err=True)
        return
    path.mkdir(parents=True)
    click.echo(f"Made the folder {path}: put your .ics files there.", err=True)


def _is_public_list(settings: Settings) -> bool:
    """Look into the new calendar and ask the owner, at a terminal, where it looks like a public list; else tell it."""
    [calendar], asks = settings.calendars, sys.stdin.isatty()
    if calendar.url is not None and not asks:
        return False  # nobody there to answer, so no reason to ask a server; `doctor` does
    [source] = build_sources(settings)
    now = read_clock()
    try:
        signs = suspect_calendar(settings, calendar, source.read(now - LOOK_AROUND, now + LOOK_AROUND).events)
    except SourceProblem as problem:
        click.echo(f"The calendar cannot be read yet. {problem.in_one_line()}", err=True)
        return False
    if not signs:
        return False
    click.echo(
        f"Is it a public list of events, such as a chamber's or a meetup's? {signs.capitalize()}.", err=True
    )
    if not asks:
        click.echo(f"If it is, say so in the config: {LISTED_LINE}", err=True)
        return False
    question = (
        "A public list? Then you are asked once a week where you were; else what is in it counts as attended"
    )
    return click.confirm(question, default=True, err=True)


def suspect_calendar(settings: Settings, calendar: CalendarSettings, events: Sequence[Event]) -> str:
    """Return why a calendar that counts as the owner's own looks like a public list, or ""."""
    if calendar.listed:
        return ""
    judge = build_judge(settings, load_words())
    return suspect_list([(event, *judge(event)) for event in events], feed=calendar.url is not None)


def _complete(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Ask for what is missing, at a terminal; take what most people have otherwise."""
    defaults = {
        "name": None,
        "email": None,
        "calendar": Path("~/calendars"),
        "mailbox": Path("~/Mail/followupd"),
        "timezone": find_zone(),
    }
    questions = {
        "name": "Your name, as it stands under your mails",
        "email": "Your mail address",
        "calendar": "Your calendar: an .ics file, a folder of them, or the https address of a feed",
        "mailbox": "The Maildir for drafts",
        "timezone": "Your time zone",
    }
    found = dict(answers)
    missing = [name for name in defaults if not found[name]]
    for name in missing:
        found[name] = _ask(questions[name], defaults[name], name)
    return found | {"domains": found["domains"] or _guess_company(found["email"])}


def _guess_company(email: str) -> tuple[str, ...]:
    """Return the domain of the owner's address, unless it is a mail house where strangers live too."""
    domain = email.partition("@")[2].lower()
    if not domain or domain in load_people_words().shared_domains:
        return ()
    click.echo(
        f"Taking everybody at {domain} for a colleague; [owner] company_domains changes that.", err=True
    )
    return (domain,)


def _ask(question: str, default: Any, name: str) -> Any:
    if sys.stdin.isatty():
        return click.prompt(question, default=default, err=True)
    if default is None:
        raise click.UsageError(f"--{name} is needed where nobody can be asked.")
    return default


def find_zone() -> str:
    """Return this computer's zone name, from $TZ or /etc/localtime (a link into the zone database on Linux), or UTC."""
    named = os.environ.get("TZ", "").lstrip(":")
    target = os.path.realpath("/etc/localtime").partition("/zoneinfo/")[2]
    # $TZ may also be a rule such as CET-1CEST, which names no zone (POSIX.1-2017, 8.3).
    return next((zone for zone in (named, target) if zone in available_timezones()), _FALLBACK_ZONE)


def _compose(answers: Mapping[str, Any], attendance: str) -> str:
    owner = {
        "name": answers["name"],
        "email": answers["email"],
        "aliases": list(answers["aliases"]),
        "company_domains": list(answers["domains"]),
        "timezone": answers["timezone"],
        "languages": list(answers["languages"]) or ["en"],
    }
    calendar = {"type": "ics", **_place(str(answers["calendar"])), "attendance": attendance}
    mailbox = {"type": "maildir", "path": _absolute(answers["mailbox"]), "outbox": "maildir"}
    tables = (("[owner]", owner), ("[[calendar]]", calendar), ("[mailbox]", mailbox))
    head = "# followupd: config.example.toml shows every option.\n"
    return head + "".join(f"\n{heading}\n{write_lines(table)}" for heading, table in tables)


def _place(calendar: str) -> dict[str, str]:
    return {"url": calendar} if "://" in calendar else {"path": _absolute(calendar)}


def _absolute(path: Any) -> str:
    """Keep `~`; make the rest independent of the folder the command was typed in."""
    text = str(path)
    return text if text.startswith("~") else str(Path(text).resolve())
