"""config.toml to frozen Settings: all mistakes at once, each with its place and, where near, the word that was meant.

It runs in a process of its own, which ends with it (`load_settings` in settings.py).
"""

import os
import pickle
import stat
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from followupd.errors import ConfigProblem, Problem
from followupd.home import find_state, owner_templates, read_tables, resolve
from followupd.model import Owner
from followupd.network import MailServer, Network, Secret, read_feed_address
from followupd.options import (
    PROXY_WORDS,
    TABLES,
    CalendarTable,
    ConfigFile,
    Day,
    MailboxTable,
    NetworkTable,
    OwnerTable,
    SmtpTable,
)
from followupd.rules.choosing import Choice
from followupd.rules.followups import Limits
from followupd.rules.hours import Hours
from followupd.rules.series import Policy, SeriesRule
from followupd.settings import (
    AccountSettings,
    CalendarSettings,
    MailboxSettings,
    NoticeSettings,
    PageSettings,
    Settings,
)


def read_settings(file: Path) -> Settings:
    """Read and check config.toml. Raises ConfigProblem that names every mistake."""
    _check_owned(file)
    tables = read_tables(file)
    try:
        config = ConfigFile.model_validate(tables)
    except ValidationError as error:
        # A list whose every item is wrong counts as empty to pydantic; the items themselves were named.
        told = [item for item in error.errors() if not (item["type"] == "too_short" and item["input"])]
        raise _name_mistakes(file, [_describe(mistake) for mistake in told]) from error
    if mistakes := _find_loose_ends(config):
        raise _name_mistakes(file, mistakes)
    return _settle(file, tables, config)


def _check_owned(file: Path) -> None:
    """Refuse a file that other users of this machine could have written (as ssh does). Raises ConfigProblem."""
    try:
        status = file.stat()
    except OSError:
        return  # read_tables says it better
    if status.st_mode & stat.S_IWOTH or status.st_uid not in {0, os.getuid()}:
        raise ConfigProblem(
            f"{file} can be written by other users of this machine.",
            f"Make it yours alone: chown $USER {file}; chmod 600 {file}",
        )


def _settle(file: Path, tables: Mapping[str, Any], config: ConfigFile) -> Settings:
    return Settings(
        file=file,
        state=find_state(file, tables),
        templates=owner_templates(file),
        owner=_to_owner(config.owner),
        calendars=tuple(_to_calendars(file, config)),
        mailboxes=tuple(_to_mailbox(file, box) for box in config.mailbox),
        limits=Limits(**config.limits.model_dump()),
        hours=_to_hours(config),
        holidays=resolve(file, config.hours.holidays) if config.hours.holidays else None,
        poll=config.daemon.poll,
        series=tuple(SeriesRule(Policy(rule.policy), rule.title, rule.uid) for rule in config.series),
        choices=tuple(Choice(**choice.model_dump()) for choice in config.choose),
        network=_to_network(file, config.network),
        page=PageSettings(**config.page.model_dump()),
        accounts=tuple(
            AccountSettings(account.name, account.type, resolve(file, account.client))
            for account in config.account
        ),
        notices=NoticeSettings(**config.notices.model_dump()),
        google_root=config.google.root_url,
    )


def _to_hours(config: ConfigFile) -> Hours:
    hours = config.hours
    return Hours(
        config.owner.timezone, frozenset(map(get_args(Day).index, hours.days)), hours.start, hours.end
    )


def _to_network(file: Path, network: NetworkTable) -> Network:
    proxy = PROXY_WORDS.get(network.proxy, network.proxy)
    return Network(proxy, resolve(file, network.ca_file) if network.ca_file else None)


def _to_server(file: Path, smtp: SmtpTable | None) -> MailServer | None:
    if smtp is None:
        return None
    secret = Secret(
        command=smtp.password_command,
        file=resolve(file, smtp.password_file) if smtp.password_file else None,
        credential=smtp.password_credential or "",
    )
    return MailServer(smtp.host, smtp.chosen_port, smtp.security, smtp.user, secret)


def _to_mailbox(file: Path, box: MailboxTable) -> MailboxSettings:
    path = resolve(file, box.path) if box.path else None
    return MailboxSettings(box.name, box.type, path, box.account, _to_server(file, box.smtp), box.signature)


def _to_owner(owner: OwnerTable) -> Owner:
    addresses = frozenset({owner.email, *owner.aliases})
    domains = frozenset(owner.company_domains)
    return Owner(owner.name, owner.email, addresses, domains, owner.timezone, owner.languages)


def _to_calendars(file: Path, config: ConfigFile) -> list[CalendarSettings]:
    return [
        CalendarSettings(
            name=_calendar_name(calendar),
            type=calendar.type,
            path=resolve(file, calendar.path) if calendar.path else None,
            listed=calendar.attendance == "listed",
            mailbox=calendar.mailbox or next((box.name for box in config.mailbox), ""),
            url=calendar.url,
            allow_private=calendar.allow_private,
            account=calendar.account,
            id=calendar.id,
        )
        for calendar in config.calendar
    ]


def _calendar_name(calendar: CalendarTable) -> str:
    if calendar.account:
        own = calendar.account if calendar.id == "primary" else f"{calendar.account}: {calendar.id}"
        return calendar.name or own
    if calendar.url:
        return calendar.name or read_feed_address(calendar.url, allow_http=True).host
    return calendar.name or Path(calendar.path or "").stem


def _find_loose_ends(config: ConfigFile) -> list[str]:
    """Return what is wrong between tables that are each right."""
    boxes = [box.name for box in config.mailbox]
    names = [_calendar_name(calendar) for calendar in config.calendar]
    mistakes = [f"[[mailbox]] name '{name}' is used twice" for name in _twice(boxes)]
    mistakes += [
        f"[[calendar]] name '{name}' is used twice; give one of them another `name`" for name in _twice(names)
    ]
    mistakes += [
        f"[[calendar]] mailbox '{calendar.mailbox}' is not the name of a [[mailbox]] ({', '.join(boxes)})"
        for calendar in config.calendar
        if calendar.mailbox and calendar.mailbox not in boxes
    ]
    return mistakes + _find_lost_accounts(config)


def _find_lost_accounts(config: ConfigFile) -> list[str]:
    names = [account.name for account in config.account]
    users = [("calendar", calendar.account) for calendar in config.calendar]
    users += [("mailbox", box.account) for box in config.mailbox]
    mistakes = [f"[[account]] name '{name}' is used twice" for name in _twice(names)]
    return mistakes + [
        f"[[{table}]] account '{name}' is not the name of an [[account]] ({', '.join(names) or 'there is none'})"
        for table, name in users
        if name is not None and name not in names
    ]


def _twice(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _name_mistakes(file: Path, mistakes: Sequence[str]) -> ConfigProblem:
    count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    listed = "\n".join(f"  {mistake}" for mistake in mistakes)
    return ConfigProblem(
        f"{file} has {count}:\n{listed}", "Mend them and try again; config.example.toml shows every option."
    )


def _describe(mistake: Any) -> str:
    """Return one of pydantic's findings as `place: what is wrong`."""
    place = ".".join(str(part) for part in mistake["loc"]) or "the file"
    if mistake["type"] == "extra_forbidden":
        return f"{place}: there is no such option{_say_never(mistake['loc'][-1]) or _suggest(mistake['loc'])}"
    if mistake["type"] == "missing":
        return f"{place}: is missing"
    if mistake["type"] == "literal_error":
        return f"{place}: '{mistake['input']}' is not {mistake['ctx']['expected']}"
    return f"{place}: {mistake['msg'].removeprefix('Value error, ')}"


def _say_never(word: Any) -> str:
    """Say what will never be an option."""
    if word == "password":
        return "; a password never stands here: name `password_command`, `password_file` or `password_credential`"
    return ""


def _suggest(place: Sequence[Any]) -> str:
    """Return "; did you mean ...?" from the options of the table the unknown one stands in."""
    table: Any = ConfigFile
    for part in place[:-1]:
        if isinstance(part, str):
            table = TABLES.get(part, ConfigFile)
    near = get_close_matches(str(place[-1]), list(table.model_fields), 1)
    return f"; did you mean '{near[0]}'?" if near else ""


def answer_parent(file: Path) -> None:
    """Write the Settings, or the Problem, to standard output, where `load_settings` waits."""
    answer: Settings | Problem
    try:
        answer = read_settings(file)
    except Problem as problem:
        answer = problem
    sys.stdout.buffer.write(pickle.dumps(answer))


if __name__ == "__main__":
    answer_parent(Path(sys.argv[1]))
