"""config.toml: what is right works as printed, what is wrong is told all at once, and nothing crashes."""

import re
import traceback
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followupd.config import read_settings
from followupd.durations import parse_duration
from followupd.errors import ConfigProblem, Problem
from followupd.home import find_config, find_state, read_tables
from followupd.network import Network, Secret
from followupd.rules.hours import Hours
from followupd.rules.series import Policy, SeriesRule
from followupd.settings import Settings, load_settings

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"

#: The smallest config people start from.
DESIGN = """
[owner]
name = "Ada Example"
email = "ada@example.com"
aliases = ["ada@home.example"]          # other addresses that are the owner
company_domains = ["example.com"]       # colleagues live here
timezone = "Europe/Berlin"

[[calendar]]
type = "ics"                            # path = a file or a folder; or url = an https:// feed
path = "~/calendars"
attendance = "mine"                     # or "listed"

[mailbox]
type = "maildir"
path = "~/Mail/followupd"
outbox = "maildir"                      # or "smtp", with [mailbox.smtp]
"""


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("FOLLOWUPD_STATE", "FOLLOWUPD_CONFIG", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)


def write(folder: Path, text: str | bytes) -> Path:
    file = folder / "config.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    file.chmod(0o600)
    return file


def read(folder: Path, text: str | bytes) -> Settings:
    return read_settings(write(folder, text))


def mistakes(folder: Path, text: str | bytes) -> str:
    with pytest.raises(ConfigProblem) as refusal:
        read(folder, text)
    assert refusal.value.exit_code == 78
    assert str(folder / "config.toml") in refusal.value.what
    assert refusal.value.todo
    return refusal.value.what


# --- what is right


def test_the_config_printed_in_the_design_works_as_it_is(tmp_path: Path) -> None:
    settings = read(tmp_path, DESIGN)
    home = tmp_path / "home"
    assert settings.owner.addresses == {"ada@example.com", "ada@home.example"}
    assert settings.owner.company_domains == {"example.com"}
    assert (settings.owner.timezone, settings.owner.languages) == ("Europe/Berlin", ("en",))
    (calendar,) = settings.calendars
    assert (calendar.name, calendar.path, calendar.listed) == ("calendars", home / "calendars", False)
    (mailbox,) = settings.mailboxes
    assert (mailbox.name, mailbox.path) == ("mailbox", home / "Mail" / "followupd")
    assert calendar.mailbox == mailbox.name
    assert settings.state == home / ".local" / "state" / "followupd"
    assert settings.templates == tmp_path / "templates"


def uncomment(text: str) -> str:
    return "".join(line.removeprefix("#: ") for line in text.splitlines(keepends=True))


def test_the_example_works_as_it_is_and_with_every_option_switched_on(tmp_path: Path) -> None:
    text = EXAMPLE.read_text()
    plain = read(tmp_path, text)
    everything = read(tmp_path, uncomment(text))
    assert text.count("#: ") > 15
    # Every default shown is the one in force without the line; [[choose]] alone shows an example, and [[series]] says
    # in a table what holds without one.
    assert everything.choices != plain.choices
    assert everything.series == (SeriesRule(Policy.NEW_FACES),)
    for name in Settings.__dataclass_fields__:
        if name not in {"choices", "series"}:
            assert getattr(everything, name) == getattr(plain, name), name


def test_the_way_with_google_that_the_example_shows_works(tmp_path: Path) -> None:
    text = EXAMPLE.read_text()
    owner = text[text.index("[owner]") : text.index("[[calendar]]")]
    google = "".join(
        line.removeprefix("#| ") for line in text.splitlines(keepends=True) if line.startswith("#| ")
    )

    settings = read(tmp_path, owner + google)

    (account,), (calendar,), (box,) = settings.accounts, settings.calendars, settings.mailboxes
    assert (account.name, account.type) == ("work", "google")
    assert account.client == tmp_path / "home" / "client_secret.json"
    assert (calendar.name, calendar.account, calendar.id) == ("work", "work", "primary")
    assert (box.name, box.type, box.account, box.path) == ("mailbox", "gmail", "work", None)
    assert settings.google_root == "https://gateway.example/"


GOOGLE = """
[[account]]
name = "work"
type = "google"
client = "client.json"
[[calendar]]
type = "google"
account = "work"
"""


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('name = "work"', 'name = "../work"'), "account.0.name"),
        (('account = "work"', ""), "a calendar at Google needs `account`, and neither `path` nor `url`"),
        (('account = "work"', 'account = "work"\npath = "x"'), "a calendar at Google needs `account`"),
        (
            ('account = "work"', 'account = "home"'),
            "[[calendar]] account 'home' is not the name of an [[account]] (work)",
        ),
        (
            ('[[calendar]]\ntype = "ics"', '[[calendar]]\nid = "x"\ntype = "ics"'),
            "`account` and `id` are for type",
        ),
        (
            ('type = "maildir"', 'type = "gmail"'),
            "a mailbox at Gmail needs `account`, and neither `path` nor `outbox`",
        ),
        (
            ('type = "maildir"', 'type = "maildir"\naccount = "work"'),
            "a Maildir needs `path`, and no `account` or `signature`",
        ),
        (("[mailbox]", '[google]\nroot_url = "https://x.example"\n[mailbox]'), "it must end with a slash"),
        (("[mailbox]", '[google]\nroot_url = "ftp://x.example/"\n[mailbox]'), "it must begin with https://"),
    ],
)
def test_what_does_not_fit_together_about_google_is_told(
    tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    text = DESIGN + GOOGLE
    assert change[0] in text
    assert told in mistakes(tmp_path, text.replace(*change))


def test_the_defaults_are_those_the_documentation_names(tmp_path: Path) -> None:
    settings = read(tmp_path, DESIGN)
    limits = settings.limits
    assert (limits.hold, limits.days_between) == (timedelta(minutes=2), timedelta(days=7))
    assert (limits.guests_per_event, limits.drafts_per_day) == (25, 40)
    assert limits.keep == timedelta(days=728)
    assert settings.hours == Hours("Europe/Berlin", frozenset({0, 1, 2, 3, 4}), 8 * 60, 18 * 60)
    assert settings.poll == timedelta(minutes=5)


def test_working_hours_are_read_as_owners_write_them(tmp_path: Path) -> None:
    hours = '[hours]\ndays = ["sun", "mon"]\nstart = "7:30"\nend = "24:00"\nholidays = "days off"\n'
    settings = read(tmp_path, DESIGN + hours)
    assert settings.hours == Hours("Europe/Berlin", frozenset({6, 0}), 450, 1440)
    assert settings.holidays == tmp_path / "days off"


def test_a_relative_path_is_beside_the_config_and_a_tilde_is_the_home(tmp_path: Path) -> None:
    settings = read(
        tmp_path, DESIGN.replace("~/calendars", "my calendars").replace("~/Mail", "~nobody-here/M")
    )
    assert settings.calendars[0].path == tmp_path / "my calendars"
    assert settings.mailboxes[0].path == tmp_path / "~nobody-here" / "M" / "followupd"


def test_several_mailboxes_and_calendars_find_each_other_by_name(tmp_path: Path) -> None:
    more = DESIGN.replace("[mailbox]", '[[mailbox]]\nname = "work"')
    more += '[[mailbox]]\nname = "home"\ntype = "maildir"\npath = "m2"\n'
    more += '[[calendar]]\ntype = "ics"\npath = "c2.ics"\nmailbox = "home"\nattendance = "listed"\n'
    settings = read(tmp_path, more)
    assert [(c.name, c.mailbox, c.listed) for c in settings.calendars] == [
        ("calendars", "work", False),
        ("c2", "home", True),
    ]


def test_addresses_and_domains_are_compared_in_small_letters_and_ascii(tmp_path: Path) -> None:
    odd = DESIGN.replace("ada@example.com", "Ada@BÜCHER.example").replace(
        '["example.com"]', '["@Example.COM", "bücher.example"]'
    )
    settings = read(tmp_path, odd)
    assert settings.owner.email == "ada@xn--bcher-kva.example"
    assert settings.owner.company_domains == {"example.com", "xn--bcher-kva.example"}


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbf" + DESIGN.encode()) == read(tmp_path, DESIGN)


# --- feeds and the way to them

FEED = 'url = "https://cal.example/private-s3cret/basic.ics"'


def feed(*lines: str) -> str:
    return DESIGN.replace('path = "~/calendars"', "\n".join(lines))


def test_a_feed_is_called_by_its_host_and_never_shows_its_address(tmp_path: Path) -> None:
    settings = read(tmp_path, feed(FEED))
    (calendar,) = settings.calendars
    assert (calendar.name, calendar.path, calendar.allow_private) == ("cal.example", None, False)
    assert calendar.url == "https://cal.example/private-s3cret/basic.ics"
    assert "s3cret" not in repr(settings)


def test_plain_http_needs_the_word_that_it_is_a_server_of_ones_own(tmp_path: Path) -> None:
    nas = 'url = "http://nas.example:8080/s3cret"'
    assert "must begin with https://" in mistakes(tmp_path, feed(nas))
    (calendar,) = read(tmp_path, feed(nas, "allow_private = true", 'name = "nas"')).calendars
    assert (calendar.name, calendar.allow_private) == ("nas", True)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((FEED, 'path = "~/calendars"'), "calendar.0: needs `path` (a file or a folder) or `url` (a feed)"),
        ((), "exactly one of them"),
        (('path = "https://cal.example/s3cret"',), "an address belongs into `url`"),
        (('path = "a"', "allow_private = true"), "`allow_private` goes with it"),
        (('url = "ftp://cal.example/s3cret"',), "this `url` cannot be used: it must begin with https://"),
        (('url = "https://me:s3cret@cal.example/"',), "must not hold a user name or password"),
        (('url = "https:///s3cret"',), "it names no host"),
        (('url = "https://cal.example:s3cret/"',), "it is no address such as"),
        (('url = "https://cal.example/s3cret\\u0000"',), "calendar.0.url"),
        (('url = ["https://cal.example/s3cret"]',), "calendar.0.url"),
        (
            ('ulr = "https://cal.example/s3cret"',),
            "calendar.0.ulr: there is no such option; did you mean 'url'?",
        ),
        ((FEED, "allow_private = 'https://cal.example/s3cret'"), "calendar.0.allow_private"),
    ],
)
def test_a_mistake_about_a_feed_never_repeats_its_address(
    tmp_path: Path, lines: tuple[str, ...], told: str
) -> None:
    with pytest.raises(ConfigProblem) as refusal:
        read(tmp_path, feed(*lines))
    assert told in refusal.value.what
    assert "s3cret" not in "".join(traceback.format_exception(refusal.value))


def test_two_feeds_of_one_host_need_names(tmp_path: Path) -> None:
    more = feed(FEED) + '[[calendar]]\ntype = "ics"\nurl = "https://cal.example/other"\n'
    assert "name 'cal.example' is used twice" in mistakes(tmp_path, more)


@pytest.mark.parametrize(
    ("lines", "network"),
    [
        ("", Network(None, None)),
        ('proxy = "environment"', Network(None, None)),
        ('proxy = "none"', Network("", None)),
        ('proxy = "http://me:word@proxy.example:3128"', Network("http://me:word@proxy.example:3128", None)),
        ('ca_file = "/etc/ours.pem"', Network(None, Path("/etc/ours.pem"))),
    ],
)
def test_the_way_out_is_the_environment_s_unless_told(tmp_path: Path, lines: str, network: Network) -> None:
    assert read(tmp_path, DESIGN + "\n[network]\n" + lines).network == network


def test_a_proxy_that_cannot_be_used_is_told_without_its_password(tmp_path: Path) -> None:
    told = mistakes(tmp_path, DESIGN + '\n[network]\nproxy = "socks5://me:s3cret@proxy.example"\n')
    assert "network.proxy: a proxy must be written http://host:port" in told
    assert "s3cret" not in told


# --- where state and config lie


def test_state_is_where_the_environment_says_then_where_the_config_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, tables = tmp_path / "config.toml", {"state": {"path": "here"}}
    assert find_state(file, tables) == tmp_path / "here"
    assert find_state(file, {}) == tmp_path / "home" / ".local" / "state" / "followupd"
    monkeypatch.setenv("FOLLOWUPD_STATE", "~/elsewhere")
    assert find_state(file, tables) == tmp_path / "home" / "elsewhere"


@pytest.mark.parametrize("state", [{"path": 5}, {"path": ""}, {"path": "a\0b"}, {}, 7])
def test_a_state_that_names_no_folder_never_becomes_another_folder(tmp_path: Path, state: object) -> None:
    with pytest.raises(ConfigProblem, match=r"\[state\] path"):
        find_state(tmp_path / "config.toml", {"state": state})


def test_the_config_given_wins_over_the_environment_and_that_over_the_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_config(None) == tmp_path / "home" / ".config" / "followupd" / "config.toml"
    monkeypatch.setenv("FOLLOWUPD_CONFIG", "~/mine.toml")
    assert find_config(None) == tmp_path / "home" / "mine.toml"
    assert find_config(Path("given.toml")) == Path("given.toml")


# --- what is wrong


def test_all_mistakes_are_told_at_once_with_their_place_and_what_was_meant(tmp_path: Path) -> None:
    text = """
[owner]
nam = "Ada"
email = "ada(at)example.com"
timezone = "Europe/Berlim"
company_domains = ["not a domain"]
[[calendar]]
type = "ics"
path = "a"
[[calendar]]
type = "ics"
path = "b"
attendence = "mine"
[mailbox]
type = "maildir"
path = "m"
[limits]
hold = "two minutes"
guests_per_event = 0
[demon]
"""
    told = mistakes(tmp_path, text)
    assert "has 9 mistakes" in told
    for line in (
        "owner.name: is missing",
        "owner.nam: there is no such option; did you mean 'name'?",
        "owner.email: 'ada(at)example.com' is no mail address",
        "owner.timezone: 'Europe/Berlim' is no time zone; did you mean 'Europe/Berlin'?",
        "owner.company_domains.0: 'not a domain' is no domain",
        "calendar.1.attendence: there is no such option; did you mean 'attendance'?",
        "limits.hold: 'two minutes' is no duration.",
        "limits.guests_per_event: Input should be greater than or equal to 1",
        "demon: there is no such option; did you mean 'daemon'?",
    ):
        assert line in told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('type = "ics"', 'type = ["google"]'), "calendar.0.type: '['google']' is not 'ics'"),
        (('type = "ics"', "type = {a = 1}"), "calendar.0.type"),
    ],
)
def test_a_list_or_a_table_where_a_word_belongs_is_told(
    tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    assert told in mistakes(tmp_path, DESIGN.replace(*change))


SMTP = (
    DESIGN.replace('"maildir"                      # or', '"smtp"  # or')
    + """
[mailbox.smtp]
host = "smtp.example.com"
user = "ada@example.com"
password_file = "password"
"""
)


def test_the_mail_server_of_the_example_works_with_each_way_to_the_password(tmp_path: Path) -> None:
    text = EXAMPLE.read_text().replace('#: outbox = "maildir"', 'outbox = "smtp"')
    lines = re.sub(r"(?m)^# (\[mailbox\.smtp\]|[a-z_]+ = )", r"\1", text).splitlines()
    secrets = []
    for way in ("command", "file", "credential"):
        one = [line for line in lines if "password_" not in line or f"password_{way}" in line]
        (box,) = read(tmp_path, "\n".join(one)).mailboxes
        assert box.server is not None
        secrets.append(box.server.secret)
        facts = (box.server.host, box.server.port, box.server.security, box.server.user)
        assert facts == ("smtp.example.com", 465, "tls", "ada@example.com")
    assert secrets == [
        Secret(command=("pass", "show", "mail/ada")),
        Secret(file=tmp_path / "password"),
        Secret(credential="smtp"),
    ]


@pytest.mark.parametrize(
    ("security", "host", "port"),
    [("tls", "smtp.example.com", 465), ("starttls", "smtp.example.com", 587), ("none", "localhost", 25)],
)
def test_a_mail_server_has_the_usual_port_of_its_security(
    tmp_path: Path, security: str, host: str, port: int
) -> None:
    text = SMTP.replace('host = "smtp.example.com"', f'host = "{host}"\nsecurity = "{security}"')
    (box,) = read(tmp_path, text).mailboxes
    assert box.server is not None
    assert box.server.port == port
    assert read(tmp_path, DESIGN).mailboxes[0].server is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("host =", "security = 'none'\nhost ="), "only for a relay on this computer"),
        (
            ("host =", "security = 'ssl'\nhost ="),
            "security: 'ssl' is not 'tls', 'starttls' or 'none'",
        ),
        (
            ("password_file =", "password ="),
            "smtp.password: there is no such option; a password never stands here",
        ),
        (("password_file =", "pasword_file ="), "did you mean 'password_file'?"),
        (('password_file = "password"', ""), "a `user` needs one of `password_command`"),
        (('user = "ada@example.com"', ""), "none of them goes without it"),
        (("user =", "password_credential = 'x'\nuser ="), "a `user` needs one of"),
        (('password_file = "password"', "password_credential = '../x'"), "password_credential"),
        (('"smtp.example.com"', '"smtp.example.com/x"'), "smtp.host"),
        (('"smtp"', '"maildir"'), 'outbox = "smtp" and the table [mailbox.smtp] go together'),
    ],
)
def test_a_mail_server_that_cannot_be_used_is_told(
    tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    assert told in mistakes(tmp_path, SMTP.replace(*change, 1))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('name = "Ada Example"', 'name = "Ada\\nBcc: x@y.example"'), "owner.name"),
        (('name = "Ada Example"', 'name = ""'), "owner.name"),
        (('path = "~/calendars"', 'path = "a\\u0000b"'), "calendar.0.path"),
        (("[mailbox]", '[daemon]\npoll = "0m"\n[mailbox]'), "daemon.poll"),
        (("[mailbox]", "[daemon]\npoll = 300\n[mailbox]"), 'daemon.poll: must be text such as "90m"'),
        (("[mailbox]", '[limits]\nhold = "999999w"\n[mailbox]'), "longer than ten years"),
        (("[mailbox]", '[[choose]]\ntemplate = "../x"\n[mailbox]'), "choose.0.template"),
        (
            ("[mailbox]", '[hours]\nstart = "9am"\n[mailbox]'),
            "hours.start: '9am' is no time of day such as 08:00",
        ),
        (("[mailbox]", '[hours]\nend = "08:00"\n[mailbox]'), "hours: `end` must be later than `start`"),
        (("[mailbox]", '[hours]\ndays = ["monday"]\n[mailbox]'), "hours.days.0: 'monday' is not 'mon'"),
        (("[mailbox]", '[[calendar]]\ntype="ics"\npath="calendars"\n[mailbox]'), "'calendars' is used twice"),
        (
            ('attendance = "mine"', 'mailbox = "work"'),
            "mailbox 'work' is not the name of a [[mailbox]] (mailbox)",
        ),
        (("[mailbox]", "[maibox]"), "maibox: there is no such option; did you mean 'mailbox'?"),
    ],
)
def test_a_value_that_cannot_work_is_refused_at_its_place(
    tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    changed = DESIGN.replace(*change)
    assert changed != DESIGN
    assert told in mistakes(tmp_path, changed)


def test_broken_toml_is_told_with_its_line(tmp_path: Path) -> None:
    assert "(at line 2, column 8)" in mistakes(tmp_path, "[owner]\nname = Ada\n")
    assert "not UTF-8 text (byte 9)" in mistakes(tmp_path, b'name = "J\xfcrgen"')
    assert "nested too deeply" in mistakes(tmp_path, "a = " + "[" * 10_000)


def test_a_config_that_is_not_there_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblem, match="no config file at") as refusal:
        read_tables(tmp_path / "none.toml")
    assert "followupd init" in refusal.value.todo
    with pytest.raises(ConfigProblem, match="Is a directory"):
        read_tables(tmp_path)


@pytest.mark.parametrize(("mode", "fine"), [(0o600, True), (0o644, True), (0o646, False), (0o602, False)])
def test_a_config_that_others_can_write_is_refused(tmp_path: Path, mode: int, fine: bool) -> None:
    file = write(tmp_path, DESIGN)
    file.chmod(mode)
    if fine:
        assert read_settings(file).file == file
        return
    with pytest.raises(ConfigProblem, match="can be written by other users") as refusal:
        read_settings(file)
    assert "chmod 600" in refusal.value.todo


def test_a_config_cut_at_any_byte_is_right_or_a_problem_in_words(tmp_path: Path) -> None:
    whole = re.sub(r"[ ]+#.*", "", uncomment(EXAMPLE.read_text())).encode()
    for end in range(len(whole)):
        file = write(tmp_path, whole[:end])
        try:
            read_settings(file)
        except ConfigProblem as problem:
            told = str(problem)
            assert str(file) in told, end


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=9), inner, max_size=2),
    max_leaves=4,
)


def to_toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{to_toml(name)} = {to_toml(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(to_toml, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(letter):08x}" for letter in value) + '"'
    return "0" if value is None else str(value)


@given(st.data())
def test_any_value_at_any_option_is_right_or_a_problem_in_words(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    lines = uncomment(EXAMPLE.read_text()).splitlines()
    options = [number for number, line in enumerate(lines) if re.match(r"\w+ =", line)]
    number = data.draw(st.sampled_from(options))
    lines[number] = lines[number].partition("=")[0] + "= " + to_toml(data.draw(VALUES))
    folder = tmp_path_factory.mktemp("any")
    try:
        read(folder, "\n".join(lines))
    except ConfigProblem as problem:
        told = problem.what
        assert "mistake" in told or "TOML" in told or "[state] path" in told


# --- the process that reads it


def test_the_settings_come_back_from_the_process_that_reads_them_as_they_are(tmp_path: Path) -> None:
    feed = '[[calendar]]\ntype = "ics"\nurl = "https://example.com/secret.ics"\n'
    settings = load_settings(write(tmp_path, uncomment(EXAMPLE.read_text()) + feed))
    assert settings == read(tmp_path, uncomment(EXAMPLE.read_text()) + feed)
    assert settings.calendars[-1].url == "https://example.com/secret.ics"


@pytest.mark.parametrize("text", ["", "[owner\n", DESIGN.replace("Europe/Berlin", "Europe/Berlim")])
def test_mistakes_come_back_in_the_same_words_and_with_the_same_code(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigProblem) as refusal:
        load_settings(write(tmp_path, text))
    assert refusal.value.what == mistakes(tmp_path, text)
    assert refusal.value.exit_code == 78
    assert refusal.value.todo


# --- durations


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90m", timedelta(minutes=90)),
        ("36h", timedelta(hours=36)),
        ("3d", timedelta(days=3)),
        ("2w", timedelta(days=14)),
        (" 0m ", timedelta(0)),
        ("3660d", timedelta(days=3660)),
    ],
)
def test_durations_are_read_as_owners_write_them(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    "text", ["", "m", "90", "1.5h", "-1h", "1h30m", "1 h", "1H", "1y", "٣d", "3661d", "999999w"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(Problem) as refusal:
        parse_duration(text)
    assert "90m, 36h, 3d or 2w" in refusal.value.todo
