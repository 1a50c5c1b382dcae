"""Every option of config.toml, table by table: what may stand there, and what counts where nothing does.

An option is added in four places: here, as a field of its table; in settings.py (or the noun that a rule takes), as what
the house is given; in config.py, where the one becomes the other; and in config.example.toml, with its default and one
sentence. A whole new table has its line in `ConfigFile` and in `TABLES` too. Only config.py may import this room: pydantic
takes more memory than all the rest of the daemon.
"""

from collections.abc import Mapping
from datetime import timedelta
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from followupd.durations import parse_duration
from followupd.errors import Problem
from followupd.network import read_feed_address, read_proxy_address
from followupd.rules.debrief import read_address
from followupd.rules.followups import Limits
from followupd.rules.hours import read_time_of_day


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


def _check_time(value: Any) -> int:
    return read_time_of_day(value if isinstance(value, str) else str(value))


def _check_domain(text: str) -> str:
    try:
        return _check_address("somebody@" + text.lstrip("@.")).partition("@")[2]
    except ValueError:
        raise ValueError(f"'{text}' is no domain such as example.com") from None


def _check_proxy(text: str) -> str:
    if text not in PROXY_WORDS:
        read_proxy_address(text)
    return text


def _check_root_url(text: str) -> str:
    try:
        address = read_feed_address(text, allow_http=True)
    except ValueError as error:
        raise ValueError(f"it cannot be used: {error}") from None
    if not text.endswith("/") or "?" in address.target:
        raise ValueError("it must end with a slash")
    return text


#: What `proxy` may say besides an address, and what it means for Network.
PROXY_WORDS: Mapping[str, str | None] = {"environment": None, "none": ""}

Address = Annotated[str, AfterValidator(_check_address)]
Domain = Annotated[str, AfterValidator(_check_domain)]
Zone = Annotated[str, AfterValidator(_check_zone)]
Duration = Annotated[timedelta, BeforeValidator(_check_duration)]
TimeOfDay = Annotated[int, BeforeValidator(_check_time)]
Proxy = Annotated[str, AfterValidator(_check_proxy)]
Line = Annotated[str, Field(min_length=1, pattern=r"^[^\x00-\x1f\x7f]+$")]
#: It names a file too.
AccountName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
RootUrl = Annotated[str, AfterValidator(_check_root_url)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]


def _check_url(url: str, allow_private: bool, option: str = "url") -> None:
    try:
        read_feed_address(url, allow_http=allow_private)
    except ValueError as error:
        raise ValueError(f"this `{option}` cannot be used: {error}") from None


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


class AccountTable(_Table):
    name: AccountName
    type: Literal["google"]
    client: Line


class CalendarTable(_Table):
    type: Literal["ics", "google"]
    path: Line | None = None
    url: Line | None = None
    account: AccountName | None = None
    id: Line = "primary"
    allow_private: bool = False
    name: Line | None = None
    attendance: Literal["mine", "listed"] = "mine"
    mailbox: Line | None = None

    @model_validator(mode="after")
    def _check_place(self) -> Self:
        """Take an account, a path or a url, never two of them; nothing said here repeats a path or a url."""
        if self.type == "google":
            if self.account is None or self.path is not None or self.url is not None or self.allow_private:
                raise ValueError("a calendar at Google needs `account`, and neither `path` nor `url`")
            return self
        if self.account is not None or "id" in self.model_fields_set:
            raise ValueError('`account` and `id` are for type = "google"')
        if (self.path is None) == (self.url is None):
            raise ValueError("needs `path` (a file or a folder) or `url` (a feed), and exactly one of them")
        if self.path is not None and (self.allow_private or "://" in self.path):
            raise ValueError(
                "an address belongs into `url`, and `allow_private` goes with it; `path` is a place here"
            )
        if self.url is not None:
            _check_url(self.url, self.allow_private)
        return self


#: Where each kind of secure line usually ends (RFC 8314, 3.3 and 7.3; RFC 6409, 3.1); a relay on this computer has port 25.
_MAIL_PORTS = {"tls": 465, "starttls": 587, "none": 25}


class SmtpTable(_Table):
    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]+$")]
    port: int = Field(default=0, ge=0, le=65535)
    security: Literal["tls", "starttls", "none"] = "tls"
    user: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    password_command: tuple[Line, ...] = ()
    password_file: Line | None = None
    password_credential: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*$")] | None = None

    @property
    def chosen_port(self) -> int:
        return self.port or _MAIL_PORTS[self.security]

    @model_validator(mode="after")
    def _check_line(self) -> Self:
        """Keep mail and password off an open line: whoever listens on the way would have both."""
        if self.security == "none" and self.host not in _THIS_COMPUTER:
            raise ValueError(
                'security = "none" is only for a relay on this computer (localhost); say "tls" or "starttls"'
            )
        return self

    @model_validator(mode="after")
    def _check_login(self) -> Self:
        ways = [self.password_command, self.password_file, self.password_credential]
        if sum(map(bool, ways)) != bool(self.user):
            raise ValueError(
                "a `user` needs one of `password_command`, `password_file` or `password_credential`, and none of them goes without it"
            )
        return self


_THIS_COMPUTER = ("localhost", "127.0.0.1", "::1")


class MailboxTable(_Table):
    type: Literal["maildir", "gmail"]
    path: Line | None = None
    account: AccountName | None = None
    signature: bool = True
    name: Line = "mailbox"
    outbox: Literal["maildir", "smtp"] = "maildir"
    smtp: SmtpTable | None = None

    @model_validator(mode="after")
    def _check_outbox(self) -> Self:
        if (self.outbox == "smtp") != (self.smtp is not None):
            raise ValueError('outbox = "smtp" and the table [mailbox.smtp] go together')
        return self

    @model_validator(mode="after")
    def _check_place(self) -> Self:
        """Take a path for a Maildir, an account for Gmail."""
        if self.type == "gmail" and (self.account is None or {"path", "outbox"} & self.model_fields_set):
            raise ValueError("a mailbox at Gmail needs `account`, and neither `path` nor `outbox`")
        if self.type == "maildir" and (self.path is None or {"account", "signature"} & self.model_fields_set):
            raise ValueError("a Maildir needs `path`, and no `account` or `signature`")
        return self


class StateTable(_Table):
    path: Line


_LIMITS = Limits()


class LimitsTable(_Table):
    hold: Duration = _LIMITS.hold
    days_between: Duration = _LIMITS.days_between
    guests_per_event: int = Field(default=_LIMITS.guests_per_event, ge=1, le=200)
    drafts_per_day: int = Field(default=_LIMITS.drafts_per_day, ge=1, le=500)
    sends_per_day: int = Field(default=_LIMITS.sends_per_day, ge=1, le=10_000)
    nudge_after: Duration = _LIMITS.nudge_after
    keep: Duration = Field(default=_LIMITS.keep, ge=timedelta(days=90))

    @model_validator(mode="after")
    def _check_nudge(self) -> Self:
        """Keep a nudge from pressing, and within the time in which answers are looked for."""
        if self.nudge_after and not timedelta(days=3) <= self.nudge_after <= timedelta(days=21):
            raise ValueError('`nudge_after` must be from "3d" to "21d", or "0d" for never')
        return self


Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class HoursTable(_Table):
    days: tuple[Day, ...] = Field(default=("mon", "tue", "wed", "thu", "fri"), min_length=1)
    start: TimeOfDay = Field(default="08:00", validate_default=True)
    end: TimeOfDay = Field(default="18:00", validate_default=True)
    holidays: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$")] = ""

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.start >= self.end:
            raise ValueError("`end` must be later than `start`; 24:00 is the end of the day")
        return self


class NetworkTable(_Table):
    proxy: Proxy = "environment"
    ca_file: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class GoogleTable(_Table):
    root_url: RootUrl | None = None


class DaemonTable(_Table):
    poll: Duration = Field(default=timedelta(minutes=5), ge=timedelta(seconds=1), le=timedelta(days=1))


class NoticesTable(_Table):
    log: bool = True
    desktop: bool = True
    draft: bool = False
    webhook: str = ""
    webhook_body: Literal["json", "text"] = "json"
    ping: str = ""
    allow_private: bool = False

    @model_validator(mode="after")
    def _check_addresses(self) -> Self:
        for option in ("webhook", "ping"):
            if url := getattr(self, option):
                _check_url(url, self.allow_private, option)
        return self


class PageTable(_Table):
    port: int = Field(default=8458, ge=0, le=65535)
    trusted_host: Annotated[str, Field(pattern=r"^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)?$")] = ""


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


class SeriesTable(_Table):
    policy: Literal["new-faces", "always", "never"]
    title: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    uid: str = ""


class ConfigFile(_Table):
    """The whole of config.toml."""

    owner: OwnerTable
    account: tuple[AccountTable, ...] = ()
    calendar: tuple[CalendarTable, ...] = Field(min_length=1)
    mailbox: tuple[MailboxTable, ...] = ()  # `explain` needs none
    state: StateTable | None = None
    limits: LimitsTable = LimitsTable()
    hours: HoursTable = HoursTable()
    daemon: DaemonTable = DaemonTable()
    notices: NoticesTable = NoticesTable()
    page: PageTable = PageTable()
    network: NetworkTable = NetworkTable()
    google: GoogleTable = GoogleTable()
    choose: tuple[ChoiceTable, ...] = ()
    series: tuple[SeriesTable, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _take_one_mailbox(cls, tables: Any) -> Any:
        """Let `[mailbox]` stand for a list of one."""
        if isinstance(tables, dict) and isinstance(tables.get("mailbox"), dict):
            return tables | {"mailbox": [tables["mailbox"]]}
        return tables


#: Option of config.toml to the table it holds.
TABLES: Mapping[str, type[_Table]] = {
    "owner": OwnerTable,
    "account": AccountTable,
    "calendar": CalendarTable,
    "mailbox": MailboxTable,
    "smtp": SmtpTable,
    "state": StateTable,
    "limits": LimitsTable,
    "hours": HoursTable,
    "network": NetworkTable,
    "google": GoogleTable,
    "daemon": DaemonTable,
    "notices": NoticesTable,
    "page": PageTable,
    "choose": ChoiceTable,
    "series": SeriesTable,
}
