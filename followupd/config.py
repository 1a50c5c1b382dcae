"""config.toml to frozen Settings: all mistakes at once, each with its place and, where near, the word that was meant."""

import os
import stat
from collections.abc import Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from followupd.durations import parse_duration
from followupd.errors import ConfigProblem, Problem
from followupd.home import find_state, owner_templates, read_tables, resolve
from followupd.model import Owner
from followupd.network import Network, read_feed_address, read_proxy_address
from followupd.rules.choosing import Choice
from followupd.rules.debrief import read_address
from followupd.rules.followups import Limits
from followupd.settings import CalendarSettings, MailboxSettings, Settings


def _check_address(text: str) -> str:
    try:
        return read_address(text)
    except Problem as problem:
        raise ValueError(problem.what) from problem


def _check_zone(text: str) -> str:
    if text not in available_timezones():
        near = get_close_matches(text, available_timezones(), 1)
        raise ValueError(f"'{text}' is no time zone" + (f"; did you mean '{near[0]}'?" if near else ""))
    return text


def _check_duration(value: Any) -> timedelta:
    if not isinstance(value, str):
        raise ValueError('must be text such as "90m", "36h", "3d" or "2w"')  # noqa: TRY004 - pydantic takes ValueError
    try:
        return parse_duration(value)
    except Problem as problem:
        raise ValueError(problem.what) from problem


def _check_domain(text: str) -> str:
    try:
        return _check_address("somebody@" + text.lstrip("@.")).partition("@")[2]
    except ValueError:
        raise ValueError(f"'{text}' is no domain such as example.com") from None


def _check_proxy(text: str) -> str:
    if text not in _PROXY_WORDS:
        read_proxy_address(text)
    return text


#: What `proxy` may say besides an address, and what it means for Network.
_PROXY_WORDS: Mapping[str, str | None] = {"environment": None, "none": ""}

Address = Annotated[str, AfterValidator(_check_address)]
Domain = Annotated[str, AfterValidator(_check_domain)]
Zone = Annotated[str, AfterValidator(_check_zone)]
Duration = Annotated[timedelta, BeforeValidator(_check_duration)]
Proxy = Annotated[str, AfterValidator(_check_proxy)]
Line = Annotated[str, Field(min_length=1, pattern=r"^[^\x00-\x1f\x7f]+$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]


def _check_url(url: str, allow_private: bool) -> None:
    try:
        read_feed_address(url, allow_http=allow_private)
    except ValueError as error:
        raise ValueError(f"this `url` cannot be used: {error}") from None


class _Table(BaseModel):
    # Inputs stay out of errors: the address of a feed is a secret.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class OwnerTable(_Table):
    name: Line
    email: Address
    aliases: tuple[Address, ...] = ()
    company_domains: tuple[Domain, ...] = ()
    timezone: Zone
    languages: tuple[Language, ...] = Field(default=("en",), min_length=1)


class CalendarTable(_Table):
    type: Literal["ics"]
    path: Line | None = None
    url: Line | None = None
    allow_private: bool = False
    name: Line | None = None
    attendance: Literal["mine", "listed"] = "mine"
    mailbox: Line | None = None

    @model_validator(mode="after")
    def _check_place(self) -> Self:
        """Take a path or a url, never both; nothing said here repeats either."""
        if (self.path is None) == (self.url is None):
            raise ValueError("needs `path` (a file or a folder) or `url` (a feed), and exactly one of them")
        if self.path is not None and (self.allow_private or "://" in self.path):
            raise ValueError(
                "an address belongs into `url`, and `allow_private` goes with it; `path` is a place here"
            )
        if self.url is not None:
            _check_url(self.url, self.allow_private)
        return self


class MailboxTable(_Table):
    type: Literal["maildir"]
    path: Line
    name: Line = "mailbox"
    outbox: Literal["maildir"] = "maildir"


class StateTable(_Table):
    path: Line


_LIMITS = Limits()


class LimitsTable(_Table):
    hold: Duration = _LIMITS.hold
    days_between: Duration = _LIMITS.days_between
    guests_per_event: int = Field(default=_LIMITS.guests_per_event, ge=1, le=200)
    drafts_per_day: int = Field(default=_LIMITS.drafts_per_day, ge=1, le=500)


class NetworkTable(_Table):
    proxy: Proxy = "environment"
    ca_file: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class DaemonTable(_Table):
    poll: Duration = Field(default=timedelta(minutes=5), ge=timedelta(seconds=1), le=timedelta(days=1))


class ChoiceTable(_Table):
    template: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    late: bool | None = None
    known: bool | None = None
    promise: bool | None = None
    host: bool | None = None
    what: Literal["event", "coffee", "call", "online"] | None = None
    gathering: str | None = None
    language: Language | None = None
    series: bool | None = None


class ConfigFile(_Table):
    """The whole of config.toml."""

    owner: OwnerTable
    calendar: tuple[CalendarTable, ...] = Field(min_length=1)
    mailbox: tuple[MailboxTable, ...] = ()  # `explain` needs none
    state: StateTable | None = None
    limits: LimitsTable = LimitsTable()
    daemon: DaemonTable = DaemonTable()
    network: NetworkTable = NetworkTable()
    choose: tuple[ChoiceTable, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _take_one_mailbox(cls, tables: Any) -> Any:
        """Let `[mailbox]` stand for a list of one."""
        if isinstance(tables, dict) and isinstance(tables.get("mailbox"), dict):
            return tables | {"mailbox": [tables["mailbox"]]}
        return tables


def read_settings(file: Path) -> Settings:
    """Read and check config.toml. Raises ConfigProblem that names every mistake."""
    check_owned(file)
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


def check_owned(file: Path) -> None:
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
        mailboxes=tuple(
            MailboxSettings(box.name, box.type, resolve(file, box.path)) for box in config.mailbox
        ),
        limits=Limits(**config.limits.model_dump()),
        poll=config.daemon.poll,
        choices=tuple(Choice(**choice.model_dump()) for choice in config.choose),
        network=_to_network(file, config.network),
    )


def _to_network(file: Path, network: NetworkTable) -> Network:
    proxy = _PROXY_WORDS.get(network.proxy, network.proxy)
    return Network(proxy, resolve(file, network.ca_file) if network.ca_file else None)


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
        )
        for calendar in config.calendar
    ]


def _calendar_name(calendar: CalendarTable) -> str:
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
    return mistakes


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
        return f"{place}: there is no such option{_promise(mistake['loc'][-1]) or _suggest(mistake['loc'])}"
    if mistake["type"] == "missing":
        return f"{place}: is missing"
    if mistake["type"] == "literal_error":
        return (
            f"{place}: '{mistake['input']}' is not {mistake['ctx']['expected']}{_promise(mistake['input'])}"
        )
    return f"{place}: {mistake['msg'].removeprefix('Value error, ')}"


def _promise(word: Any) -> str:
    """Own up to what the documentation names for later: Google and sending by SMTP."""
    return " in this version" if str(word) in {"google", "gmail", "smtp", "account", "id"} else ""


def _suggest(place: Sequence[Any]) -> str:
    """Return "; did you mean ...?" from the options of the table the unknown one stands in."""
    table: Any = ConfigFile
    for part in place[:-1]:
        if isinstance(part, str):
            table = _TABLES.get(part, ConfigFile)
    near = get_close_matches(str(place[-1]), list(table.model_fields), 1)
    return f"; did you mean '{near[0]}'?" if near else ""


_TABLES: Mapping[str, type[_Table]] = {
    "owner": OwnerTable,
    "calendar": CalendarTable,
    "mailbox": MailboxTable,
    "state": StateTable,
    "limits": LimitsTable,
    "network": NetworkTable,
    "daemon": DaemonTable,
    "choose": ChoiceTable,
}
