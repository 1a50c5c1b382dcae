"""The command line as owners and scripts meet it: real commands on a throw-away home, at a time of the test's choosing."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from canaries import CliRunner
from click.testing import Result
from house import House, read_letter

from followupd import WRITTEN
from followupd.cli import main
from followupd.config import read_settings
from followupd.lock import hold_state
from followupd.model import EventState, Reason, Verdict

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)  # a Wednesday
HOUR = timedelta(hours=1)
READY = "ready to send from your mail program; nothing has left this computer"
JANE = ("Jane Doe", "jane@acme.example", "ACCEPTED")
TOM = ("Tom Miller", "tom@mill.example", "NEEDS-ACTION")
KIM = ("Kim Lee", "kim@lee.example", "DECLINED")


class Shell:
    """Types commands into a home's command line, at a clock moved by hand."""

    def __init__(self, house: House, clock: time_machine.Traveller) -> None:
        self.house = house
        self.clock = clock

    def type(self, *args: str | Path, stdin: str | bytes | None = None) -> Result:
        """Run one command in this process; a traceback fails the test."""
        typed = ["--config", str(self.house.config), *map(str, args)]
        result = CliRunner().invoke(main, typed, input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def do(self, *args: str | Path, stdin: str | bytes | None = None) -> Result:
        """Run one command that must succeed."""
        result = self.type(*args, stdin=stdin)
        assert result.exit_code == 0, result.output
        return result

    def rows(self, *args: str | Path) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.do(*args, "--json").stdout.splitlines()]

    def item(self, number: int) -> dict[str, Any]:
        (row,) = self.rows("show", str(number))
        return row

    def later(self, **passed: float) -> None:
        """Let time pass, then make one pass."""
        self.clock.shift(timedelta(**passed))
        self.do("once")

    def meet(
        self, uid: str, *guests: tuple[str, str, str], title: str = "Coffee", ago: timedelta = HOUR
    ) -> None:
        """Have an event that ended so long before NOW."""
        end = NOW - ago
        self.house.write_event(uid, title, end - HOUR, end, guests)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    for name in ("FOLLOWUPD_STATE", "FOLLOWUPD_CONFIG", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "TZ"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    before = os.umask(0o022)
    with time_machine.travel(NOW, tick=False) as clock, House(tmp_path) as house:
        yield Shell(house, clock)
    os.umask(before)


@pytest.fixture
def drafted(shell: Shell) -> Shell:
    """Two drafts: 1 to Jane, 2 to Tom."""
    shell.meet("e1", JANE, TOM, title="Founders meetup")
    shell.do("once")
    return shell


# --- explain


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


OCCURRENCE = {
    "occurrence": str, "calendar": str, "uid": str, "title": str, "start": str, "end": str, "state": str,
    "verdict": str, "networking": bool, "reason": str, "why": str, "evidence": list, "debrief": bool, "people": list,
}  # fmt: skip
PERSON = {
    "email": (str, type(None)), "name": str, "first_name": (str, type(None)), "greeting": list, "person": str, "role": str,
    "follow_up": bool, "reason": str, "why": str, "held": (str, type(None)), "template": (dict, type(None)),
}  # fmt: skip


def check_shape(row: dict[str, Any]) -> None:
    """Hold one object of `explain --json` to the interface, key by key."""
    assert list(row) == list(OCCURRENCE)
    assert all(isinstance(row[key], kind) for key, kind in OCCURRENCE.items())
    assert row["state"] in set(EventState)
    assert row["verdict"] in set(Verdict)
    assert row["reason"] in set(Reason)
    assert row["networking"] is (row["verdict"] == "yes")
    assert datetime.strptime(row["start"], "%Y-%m-%dT%H:%M:%SZ") <= datetime.strptime(  # noqa: DTZ007 - only shape and order
        row["end"], "%Y-%m-%dT%H:%M:%SZ"
    )
    assert all(piece.keys() == {"name", "weight"} for piece in row["evidence"])
    assert all(isinstance(piece["weight"], int) for piece in row["evidence"])
    for person in row["people"]:
        check_person(person, networking=row["networking"])


def check_person(person: dict[str, Any], *, networking: bool) -> None:
    assert list(person) == list(PERSON)
    assert all(isinstance(person[key], kind) for key, kind in PERSON.items())  # type: ignore[arg-type]  # mypy widens the mixed values
    assert person["role"] in {"attendee", "organizer"}
    assert person["reason"] in set(Reason)
    assert person["held"] is None or person["held"] in set(Reason)
    assert (person["template"] is not None) is person["follow_up"] or not networking
    assert not person["template"] or person["template"].keys() == {"file", "why"}
    assert person["email"] is None or person["email"] == person["email"].lower()


def fill_week(shell: Shell) -> None:
    organizer = ("Trade Hub", "Events@TradeHub.example")
    end = NOW - HOUR
    shell.meet("coffee", JANE, KIM, ("Bob", "bob@example.com", "ACCEPTED"), title="Coffee with Jane Doe")
    shell.house.write_event("mixer", "Chamber mixer", end - HOUR, end, [TOM], organizer=organizer)
    shell.meet("off", JANE, title="Canceled: Founders meetup")
    shell.meet("net", ("IT", "it@example.com", "ACCEPTED"), title="Network maintenance window")
    shell.meet("alone", title="Startup meetup", ago=timedelta(days=6))
    shell.meet("soon", TOM, title="Coffee with Tom Miller", ago=timedelta(hours=-30))
    shell.meet("running", TOM, title="Lunch with Tom Miller", ago=timedelta(minutes=-30))


def test_explain_prints_one_object_for_each_occurrence_with_the_keys_scripts_rely_on(shell: Shell) -> None:
    fill_week(shell)
    rows = {row["uid"]: row for row in shell.rows("explain")}
    assert set(rows) == {"coffee", "mixer", "off", "net", "alone", "soon", "running"}
    for row in rows.values():
        check_shape(row)
    coffee = rows["coffee"]
    assert (coffee["start"], coffee["end"]) == ("2026-11-18T10:00:00Z", "2026-11-18T11:00:00Z")
    assert (coffee["calendar"], coffee["state"], coffee["verdict"]) == ("calendars", "ended", "yes")
    people = {(person["email"], person["role"]): person for person in coffee["people"]}
    assert {key: (person["follow_up"], person["reason"]) for key, person in people.items()} == {
        ("jane@acme.example", "attendee"): (True, "guest"),
        ("kim@lee.example", "attendee"): (False, "declined"),
        ("bob@example.com", "attendee"): (False, "colleague"),
        ("ada@example.com", "organizer"): (False, "owner"),
    }
    assert people["jane@acme.example", "attendee"]["first_name"] == "Jane"
    assert ("events@tradehub.example", "organizer") in {
        (person["email"], person["role"]) for person in rows["mixer"]["people"]
    }
    assert (rows["off"]["reason"], rows["off"]["networking"]) == ("cancelled", False)
    assert rows["net"]["verdict"] == "no"
    assert rows["alone"]["debrief"] is True


def test_explain_changes_nothing_and_needs_neither_state_nor_mailbox(shell: Shell) -> None:
    fill_week(shell)
    before = tree(shell.house.root)
    shell.do("explain", "--json")
    shell.do("explain")
    assert tree(shell.house.root) == before
    assert not shell.house.state.exists()
    assert not shell.house.maildir.exists()


def test_explain_says_what_event_and_person_are_whatever_the_time(shell: Shell) -> None:
    fill_week(shell)

    def judge(at: datetime) -> dict[str, tuple[Any, ...]]:
        rows = shell.rows("explain", "--at", at.isoformat(), "--since", "30d", "--until", "60d")
        return {
            row["uid"]: (row["verdict"], row["networking"], [person["follow_up"] for person in row["people"]])
            for row in rows
        }

    assert judge(NOW) == judge(NOW - timedelta(days=20)) == judge(NOW + timedelta(days=20))


def held_of_jane(shell: Shell, at: str) -> tuple[str, str | None]:
    (row,) = shell.rows("explain", "--at", at, "--since", "30d")
    jane = next(person for person in row["people"] if person["email"] == "jane@acme.example")
    assert (row["networking"], jane["follow_up"]) == (True, True)
    return row["state"], jane["held"]


def test_state_and_held_tell_what_the_clock_says(shell: Shell) -> None:
    shell.meet("coffee", JANE, title="Coffee with Jane Doe")  # ends at 11:00
    assert held_of_jane(shell, "2026-11-18T09:59:59Z") == ("future", "future")
    assert held_of_jane(shell, "2026-11-18T10:30Z") == ("running", "running")
    assert held_of_jane(shell, "2026-11-18T11:30+00:30") == ("ended", None)  # 11:00 UTC
    assert held_of_jane(shell, "2026-11-25T10:59") == ("ended", None)
    assert held_of_jane(shell, "2026-11-25T11:01") == ("too-old", "too-old")


def test_the_seven_day_rule_shows_in_held_alone(shell: Shell) -> None:
    shell.meet("first", JANE, title="Coffee with Jane Doe", ago=timedelta(days=3))
    shell.meet("second", JANE, title="Coffee with Jane Doe")
    first, second = shell.rows("explain")
    janes = [person for row in (first, second) for person in row["people"] if person["name"] == "Jane Doe"]
    assert [(jane["follow_up"], jane["held"]) for jane in janes] == [(True, None), (True, "recent")]


@pytest.mark.parametrize(
    ("window", "found"),
    [
        ((), {"past", "soon"}),
        (("--since", "30m"), {"soon"}),
        (("--since", "1h"), {"past", "soon"}),  # touches at its very end
        (("--until", "4h"), {"past"}),
        (("--until", "5h"), {"past", "soon"}),  # touches at its very start
        (("--since", "0m", "--until", "0m"), set()),
        (("--at", "2026-11-18T10:30Z", "--since", "0m", "--until", "0m"), {"past"}),
        (("--at", "2027-03-01", "--since", "3660d"), {"past", "soon"}),
    ],
)
def test_explain_shows_what_touches_the_window(
    shell: Shell, window: tuple[str, ...], found: set[str]
) -> None:
    shell.meet("past", JANE)  # 10:00 to 11:00
    shell.meet("soon", JANE, ago=timedelta(hours=-6))  # 17:00 to 18:00
    at = () if "--at" in window else ("--at", "2026-11-18T12:00Z")
    assert {row["uid"] for row in shell.rows("explain", *at, *window)} == found


def test_a_title_with_line_separators_stays_on_one_line_of_json(shell: Shell) -> None:
    shell.meet("odd", JANE, title="Coffee\u2028with\u0085Jane \u2029 \u202e Doe \U0001f600")
    lines = shell.do("explain", "--json").stdout.splitlines()
    assert [json.loads(line)["uid"] for line in lines] == ["odd"]


def test_a_calendar_that_fails_is_one_object_after_the_rest(shell: Shell) -> None:
    shell.meet("good", JANE)
    add_calendar(shell, shell.house.root / "gone.ics")
    result = shell.type("explain", "--json")
    good, failed = map(json.loads, result.stdout.splitlines())
    assert result.exit_code == 4
    assert good["uid"] == "good"
    assert list(failed) == ["source", "error"]
    assert failed["source"] == "gone"
    assert str(shell.house.root / "gone.ics") in failed["error"]


def test_a_file_of_a_folder_that_is_no_calendar_is_told_the_same_way(shell: Shell) -> None:
    shell.meet("good", JANE)
    (shell.house.calendars / "login.ics").write_text("<html>Please sign in</html>")
    result = shell.type("explain", "--json")
    good, failed = map(json.loads, result.stdout.splitlines())
    assert (result.exit_code, good["uid"], failed["source"]) == (4, "good", "calendars")
    assert "login.ics" in failed["error"]
    assert shell.type("explain").exit_code == 4


def test_when_every_calendar_fails_explain_ends_with_69(shell: Shell) -> None:
    (shell.house.calendars / "login.ics").write_text("<html>Please sign in</html>")
    result = shell.type("explain", "--json")
    (failed,) = map(json.loads, result.stdout.splitlines())
    assert (result.exit_code, failed["source"]) == (69, "calendars")
    assert shell.type("once").exit_code == 69


def test_one_bad_entry_hides_no_other_and_is_named_on_stderr(shell: Shell) -> None:
    shell.meet("good", JANE)
    bad = "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:bad\nSUMMARY:No time\nEND:VEVENT\nEND:VCALENDAR\n"
    (shell.house.calendars / "bad.ics").write_text(bad)
    result = shell.do("explain", "--json")
    assert [json.loads(line)["uid"] for line in result.stdout.splitlines()] == ["good"]
    assert "left out bad.ics: 'No time'" in result.stderr


def add_calendar(shell: Shell, path: Path) -> None:
    with shell.house.config.open("a") as config:
        config.write(f'[[calendar]]\ntype = "ics"\npath = "{path}"\n')


# --- queue and show


QUEUE = {
    "id": int, "kind": str, "status": str, "person": (str, type(None)), "email": (str, type(None)),
    "first_name": (str, type(None)), "event": str, "channel": (str, type(None)), "subject": (str, type(None)),
    "due": str, "deadline": str, "at_risk": bool,
}  # fmt: skip


def test_queue_prints_the_keys_scripts_rely_on(drafted: Shell) -> None:
    drafted.meet("e2", title="Startup meetup")
    drafted.do("once")
    rows = drafted.rows("queue")
    for row in rows:
        assert row.keys() >= QUEUE.keys()
        assert all(isinstance(row[key], kind) for key, kind in QUEUE.items())  # type: ignore[arg-type]  # mypy widens the mixed values
    assert [(row["id"], row["kind"], row["status"]) for row in rows] == [
        (1, "draft", "drafted"),
        (2, "draft", "drafted"),
        (3, "debrief", "needs-info"),
    ]
    jane = rows[0]
    assert (jane["person"], jane["email"], jane["first_name"]) == ("jane@acme.example",) * 2 + ("Jane",)
    assert (jane["event"], jane["channel"]) == ("Founders meetup", "email")
    assert (jane["due"], jane["deadline"]) == ("2026-11-18T11:00:00Z", "2026-11-20T11:00:00Z")


@pytest.mark.parametrize(("hours", "at_risk"), [(34.9, False), (35.1, True)])
def test_twelve_hours_before_the_deadline_an_item_is_at_risk(
    drafted: Shell, hours: float, at_risk: bool
) -> None:
    drafted.clock.shift(timedelta(hours=hours))  # the event ended an hour before NOW
    assert [row["at_risk"] for row in drafted.rows("queue")] == [at_risk, at_risk]


def test_show_prints_the_message_as_it_will_go_out(drafted: Shell) -> None:
    item = drafted.item(1)
    (letter,) = [read_letter(path) for path in drafted.house.drafts() if b"jane@" in path.read_bytes()]
    assert item.keys() >= QUEUE.keys() | {"body_text", "body_html", "headers", "hash"}
    assert item["body_text"].startswith("Hi Jane,\n")
    assert "<p>" in item["body_html"]
    assert item["headers"]["To"] == "Jane Doe <jane@acme.example>" == letter["To"]
    assert item["headers"]["Subject"] == item["subject"] == letter["Subject"]
    assert len(item["hash"]) == 64
    told = drafted.do("show", "1").stdout
    assert "Hi Jane," in told
    assert item["hash"][:16] in told
    assert "followupd" in told  # what to type next


def test_an_item_without_a_message_has_none_to_show(shell: Shell) -> None:
    shell.meet("e2", title="Startup meetup")
    shell.do("once")
    item = shell.item(1)
    assert (item["body_text"], item["body_html"], item["headers"], item["hash"]) == (None, None, {}, None)


@pytest.mark.parametrize("number", ["0", "99999999999999999999", "x"])
def test_what_is_no_number_of_an_item_is_a_usage_error(drafted: Shell, number: str) -> None:
    assert drafted.type("show", number).exit_code == 2
    assert drafted.type("approve", number).exit_code == 2


def test_a_number_that_is_not_there_is_refused_in_words(drafted: Shell) -> None:
    result = drafted.type("show", "77")
    assert result.exit_code == 1
    assert "There is no item 77" in result.stderr


# --- the owner's yes


def everything_said(shell: Shell, number: int) -> str:
    said = shell.do("queue", "--all").stdout + shell.do("show", str(number)).stdout
    return said + json.dumps(shell.rows("queue", "--all"))


def test_an_approved_draft_becomes_ready_after_the_hold_and_sent_is_never_said(drafted: Shell) -> None:
    approved = drafted.item(1)
    told = drafted.do("approve", "1").stderr
    assert "At Wed 13:02 it moves to the folder Ready" in told  # 12:02 UTC in Berlin
    assert "The daemon is not running" in told
    drafted.later(minutes=1)
    assert drafted.house.ready() == []
    drafted.later(minutes=2)
    (ready,) = drafted.house.ready()
    assert read_letter(ready)["To"] == "Jane Doe <jane@acme.example>"
    assert drafted.item(1)["hash"] == approved["hash"]
    assert drafted.item(1)["status"] == "handled"
    assert READY in drafted.do("queue").stdout
    assert READY in drafted.do("show", "1").stdout
    assert [row["outcome"] for row in drafted.rows("queue") if row["id"] == 1] == [READY]
    body = drafted.item(1)["body_text"]
    assert "sent" not in everything_said(drafted, 1).replace(body, "").split()


def test_now_skips_the_hold(drafted: Shell) -> None:
    drafted.do("approve", "1", "2", "--now")
    drafted.do("once")
    assert len(drafted.house.ready()) == 2


def test_an_approval_of_another_text_than_the_one_seen_is_refused(drafted: Shell) -> None:
    seen = drafted.item(1)["hash"]
    drafted.do("edit", "1", "--subject", "Something else")
    result = drafted.type("approve", "1", "--hash", seen[:16])
    assert result.exit_code == 1
    assert "no longer the text you saw" in result.stderr
    assert drafted.item(1)["status"] == "drafted"
    assert drafted.type("approve", "1", "--hash", "").exit_code == 1
    assert drafted.type("approve", "1", "--hash", drafted.item(1)["hash"][:7]).exit_code == 1
    drafted.do("approve", "1", "--hash", drafted.item(1)["hash"][:16])


def test_nothing_leaves_while_paused_and_that_is_said(drafted: Shell) -> None:
    paused = "Paused: nothing leaves until `followupd resume`."
    assert paused in drafted.do("pause").stderr
    assert paused in drafted.do("approve", "1", "--now").stderr
    drafted.do("once")
    assert drafted.house.ready() == []
    assert paused in drafted.do("queue").stderr
    drafted.do("resume")
    assert paused not in drafted.do("queue").stderr
    drafted.do("once")
    assert len(drafted.house.ready()) == 1


def test_an_approval_is_taken_back_during_the_hold(drafted: Shell) -> None:
    drafted.do("approve", "1")
    drafted.do("undo", "1")
    drafted.later(minutes=5)
    assert (drafted.item(1)["status"], drafted.house.ready()) == ("drafted", [])


# --- editing


def test_an_edit_of_subject_and_text_reaches_the_mailbox_and_leaves_as_edited(
    drafted: Shell, tmp_path: Path
) -> None:
    (tmp_path / "body.md").write_text("Hello Jane,\n\nwhat a **breakfast**.\n")
    drafted.do("edit", "1", "--subject", "Grüße, =?utf-8?q?Jane?=", "--body", tmp_path / "body.md")
    drafted.do("once")
    (letter,) = [read_letter(path) for path in drafted.house.drafts() if b"jane@" in path.read_bytes()]
    assert letter["Subject"] == "Grüße, =?utf-8?q?Jane?="
    drafted.do("approve", "1", "--now")
    drafted.do("once")
    (ready,) = map(read_letter, drafted.house.ready())
    text = ready.get_body(("plain",))
    assert text is not None
    assert text.get_content() == "Hello Jane,\n\nwhat a **breakfast**."
    assert "<strong>breakfast</strong>" in drafted.item(1)["body_html"]


def test_an_edit_is_read_from_stdin_and_ends_an_approval(drafted: Shell) -> None:
    drafted.do("approve", "1")
    drafted.do("edit", "1", "--body", "-", stdin="Dear Jane, hello.\n")
    assert (drafted.item(1)["status"], drafted.item(1)["body_text"]) == ("drafted", "Dear Jane, hello.")


@pytest.mark.parametrize(
    ("options", "stdin", "told"),
    [
        (["--subject", "Hello\nBcc: x@y.example"], None, "Subject"),
        (["--subject", ""], None, ""),
        (["--body", "-"], b"", "text"),
        (["--body", "-"], b"\xff\xfe", "not UTF-8"),
    ],
)
def test_an_edit_that_cannot_be_a_mail_changes_nothing(
    drafted: Shell, options: list[str], stdin: bytes | None, told: str
) -> None:
    before = drafted.item(1)
    result = drafted.type("edit", "1", *options, stdin=stdin)
    assert result.exit_code == 1
    assert told.lower() in result.stderr.lower()
    assert drafted.item(1) == before


# --- no, later, done otherwise


def test_a_skipped_draft_goes_to_the_trash_and_undo_brings_it_back(drafted: Shell) -> None:
    drafted.do("skip", "1")
    drafted.do("once")
    assert (len(drafted.house.drafts()), len(drafted.house.trash())) == (1, 1)
    drafted.do("undo", "1")
    drafted.do("once")
    assert drafted.item(1)["status"] == "drafted"
    assert len(drafted.house.drafts()) == 2


def test_a_snoozed_item_hides_for_a_while_and_undo_wakes_it(drafted: Shell) -> None:
    drafted.do("snooze", "1", "90m")
    assert [row["id"] for row in drafted.rows("queue")] == [2]
    assert drafted.item(1)["snoozed_until"] == "2026-11-18T13:30:00Z"
    drafted.clock.shift(timedelta(minutes=91))
    assert [row["id"] for row in drafted.rows("queue")] == [1, 2]
    drafted.do("snooze", "1", "3d")
    drafted.do("undo", "1")
    assert [row["id"] for row in drafted.rows("queue")] == [1, 2]
    assert drafted.type("snooze", "1", "0m").exit_code == 1
    assert drafted.type("snooze", "1", "999999w").exit_code == 2


def test_done_takes_the_draft_out_and_remembers_the_touch(drafted: Shell) -> None:
    drafted.do("done", "1", "--by", "phone")
    drafted.do("once")
    assert (drafted.item(1)["status"], len(drafted.house.drafts())) == ("done", 1)
    people = {row["email"]: row["last_touch"] for row in drafted.rows("people")}
    assert people == {"jane@acme.example": "2026-11-18T12:00:00Z", "tom@mill.example": None}
    assert "2026-11-18" in drafted.do("people").stdout
    assert drafted.type("done", "1", "--by", "phone").exit_code == 1
    assert drafted.type("done", "2", "--by", "pigeon").exit_code == 2
    assert drafted.type("done", "2").exit_code == 2


# --- whom did you meet?


@pytest.fixture
def asked(shell: Shell) -> Shell:
    """A debrief, item 1."""
    shell.meet("e1", title="Startup meetup")
    shell.do("once")
    assert shell.rows("queue")[0]["kind"] == "debrief"
    return shell


def test_people_met_are_named_as_arguments_and_drafted(asked: Shell) -> None:
    told = asked.do(
        "met", "1", "Jane Doe, Acme, jane@acme.example - sails", "Tom Miller", "--promise", "the chart"
    )
    assert "2 noted" in told.stderr
    asked.do("once")
    rows = {row["name"]: row for row in asked.rows("queue")}
    assert {name: row["status"] for name, row in rows.items()} == {
        "Jane Doe": "drafted",
        "Tom Miller": "needs-info",
    }
    assert "the chart" in asked.item(rows["Jane Doe"]["id"])["body_text"]
    tom = str(rows["Tom Miller"]["id"])
    assert asked.type("met", tom, "Tom without an address").exit_code == 1
    asked.do("met", tom, "tom@mill.example")
    asked.do("once")
    assert asked.item(int(tom))["headers"]["To"] == "Tom Miller <tom@mill.example>"


def test_people_met_are_named_as_lines_on_stdin(asked: Shell) -> None:
    asked.do(
        "met", "1", stdin="Jane Doe, jane@acme.example\n\n  \nTom Miller, tom@mill.example - plays chess\n"
    )
    assert [row["name"] for row in asked.rows("queue")] == ["Jane Doe", "Tom Miller"]
    assert asked.item(1)["status"] == "done"


@pytest.mark.parametrize("stdin", ["", "\n \n"])
def test_met_without_anybody_is_a_usage_error_and_nobody_is_an_answer(asked: Shell, stdin: str) -> None:
    assert asked.type("met", "1", stdin=stdin).exit_code == 2
    assert asked.item(1)["status"] == "needs-info"
    asked.do("met", "1", "--nobody")
    asked.do("once")
    assert asked.rows("queue") == []
    asked.do("met", "1", "Jane Doe, jane@acme.example")  # one more came to mind
    assert [row["name"] for row in asked.rows("queue")] == ["Jane Doe"]


def test_one_bad_line_of_several_changes_nothing(asked: Shell) -> None:
    result = asked.type("met", "1", stdin="Jane Doe, jane@acme.example\nTom Miller, tom@@mill.example\n")
    assert result.exit_code == 1
    assert [row["id"] for row in asked.rows("queue")] == [1]
    assert asked.type("met", "1", stdin=b"\xff").exit_code == 1


def question(shell: Shell) -> Shell:
    shell.meet("e1", JANE, title="Meeting")
    shell.do("once")
    (row,) = shell.rows("queue")
    assert row["kind"] == "question", row
    return shell


@pytest.mark.parametrize(
    ("answer", "status", "drafts"),
    [
        (("approve", "1"), "done", 1),
        (("skip", "1"), "skipped", 0),
        (("met", "1", "--nobody"), "done", 0),
        (("met", "1", "Tom Miller, tom@mill.example"), "done", 2),
    ],
)
def test_a_question_is_answered_with_yes_no_or_whom_the_owner_met(
    shell: Shell, answer: tuple[str, ...], status: str, drafts: int
) -> None:
    question(shell)
    shell.do(*answer)
    shell.do("once")
    assert shell.item(1)["status"] == status
    assert len(shell.house.drafts()) == drafts
    assert [row["kind"] for row in shell.rows("queue")] == ["draft"] * drafts


@pytest.fixture
def listed(shell: Shell) -> Shell:
    """Question 1: two mixers of a public list, the older one first; asked at nine tomorrow, in Berlin."""
    config = shell.house.config
    config.write_text(config.read_text().replace("[mailbox]", 'attendance = "listed"\n\n[mailbox]'))
    shell.meet("e1", title="Chamber mixer", ago=2 * HOUR)
    shell.meet("e2", title="Business breakfast")
    shell.do("once")
    return shell


def test_events_of_a_public_list_are_asked_about_once_a_week_and_before_by_those_who_look(
    listed: Shell,
) -> None:
    assert listed.rows("queue") == []
    shown = listed.do("attended")
    assert shown.stdout.splitlines() == [
        "1  which of these were you at?  (asked Thu 09:00)",
        "    1  Wed 18 Nov  Chamber mixer",
        "    2  Wed 18 Nov  Business breakfast",
    ]
    assert "followupd attended 1 1,3   (or none)" in shown.stderr
    listed.later(days=1)
    (row,) = listed.rows("queue")
    assert (row["kind"], row["event"], row["deadline"]) == (
        "question", "Chamber mixer, and 1 more", "2026-11-20T10:00:00Z",
    )  # fmt: skip
    assert "which of these were you at?" in listed.do("queue").stdout
    assert "followupd attended 1 1,3" in listed.do("show", "1").stdout


def test_the_events_the_owner_names_are_asked_about_as_usual(listed: Shell) -> None:
    answered = listed.do("attended", "1", "2")
    assert "1: thank you, you were at 1 of 2." in answered.stderr
    listed.do("once")
    assert [(row["kind"], row["event"]) for row in listed.rows("queue")] == [
        ("debrief", "Business breakfast")
    ]
    assert [(event["number"], event["title"], event["there"]) for event in listed.item(1)["events"]] == [
        (1, "Chamber mixer", False),
        (2, "Business breakfast", True),
    ]
    assert "Business breakfast  (you were there)" in listed.do("show", "1").stdout
    assert "No event of a public list waits" in listed.do("attended").stderr
    assert listed.rows("attended") == []


def test_an_answer_about_public_lists_that_cannot_be_meant_changes_nothing(listed: Shell) -> None:
    for answer in (
        ("attended", "1", "3"),
        ("attended", "1", "all"),
        ("approve", "1"),
        ("met", "1", "--nobody"),
    ):
        assert listed.type(*answer).exit_code == 1, answer
    assert [row["id"] for row in listed.rows("attended")] == [1]
    listed.do("attended", "1", "none")
    assert listed.item(1)["outcome"] == "you were at none of them"
    listed.do("undo", "1")
    assert [event["there"] for event in listed.item(1)["events"]] == [None, None]


# --- passes


def test_a_dry_run_changes_nothing_and_shows_what_would_happen(shell: Shell) -> None:
    shell.meet("e1", JANE, title="Founders meetup")
    before = tree(shell.house.root)
    assert "Jane Doe" in shell.do("once", "--dry-run").stdout
    assert tree(shell.house.root) == before
    assert shell.type("once", "--at", "2026-11-18").exit_code == 2
    assert "Jane Doe" not in shell.do("once", "--dry-run", "--at", "2026-11-18T10:00Z").stdout


def test_a_dry_run_may_look_months_ahead(drafted: Shell) -> None:
    ahead = drafted.do("once", "--dry-run", "--at", "2027-06-01T12:00Z")
    assert "clock" not in ahead.stderr
    assert {row["status"] for row in drafted.rows("queue")} == {"drafted"}


def test_a_second_pass_beside_a_running_one_ends_with_75(drafted: Shell) -> None:
    with hold_state(drafted.house.state):
        result = drafted.type("once")
    assert result.exit_code == 75
    assert "already running" in result.stderr


def test_a_clock_from_before_the_program_was_written_stops_every_pass(shell: Shell) -> None:
    shell.meet("e1", JANE, title="Founders meetup")
    shell.clock.move_to(WRITTEN - timedelta(seconds=1))
    result = shell.type("once")
    assert result.exit_code == 78
    assert "clock" in result.stderr
    assert not shell.house.maildir.exists()


# --- bad input


def test_a_missing_or_broken_config_is_told_with_exit_code_78(shell: Shell) -> None:
    shell.house.config.write_text("[owner]\nname = Ada\n")
    for command in (["queue"], ["once"], ["explain", "--json"], ["run"], ["templates", "check"]):
        result = shell.type(*command)
        assert result.exit_code == 78, command
        assert f"{shell.house.config} is not valid TOML" in result.stderr
        assert "line 2" in result.stderr
    shell.house.config.unlink()
    assert shell.type("queue").exit_code == 78


def test_a_broken_template_is_told_with_file_and_line_and_the_shipped_one_stays(shell: Shell) -> None:
    (shell.house.templates / "late.md").write_text("Subject: Hello\n\nHi {{ person.frist_name }},\n")
    result = shell.type("templates", "check")
    assert result.exit_code == 78
    assert "late.md, line 3: there is no fact 'frist_name'" in result.stderr
    shell.meet("e1", JANE, title="Founders meetup", ago=timedelta(hours=47))
    shell.do("once")
    shell.clock.shift(timedelta(hours=2))
    assert "late.md, line 3" in shell.do("once").stderr
    assert len(shell.house.drafts()) == 1


def test_the_templates_are_listed_and_previewed(shell: Shell) -> None:
    (shell.house.templates / "fair.md").write_text("Subject: The fair\n\nHello {{ person.name }}!\n")
    assert str(shell.house.templates / "fair.md") in shell.do("templates", "list").stdout
    assert "Subject: The fair" in shell.do("templates", "preview", "fair").stdout
    assert shell.type("templates", "preview", "../../etc/passwd").exit_code == 1
    assert shell.do("templates", "check").stdout == ""


def test_advice_on_wording_is_told_and_blocks_nothing(shell: Shell) -> None:
    assert "advice" not in shell.do("templates", "check").stderr
    sly = "Subject: Hi\n\nHi {{ person.first_name }}, a discount asap? Yes?\n"
    (shell.house.templates / "sly.md").write_text(sly)
    told = shell.do("templates", "check").stderr
    assert "templates/sly.md: advice: 'discount' reads like selling" in told
    assert "templates/sly.md: advice: 'asap' presses for an answer" in told
    assert "2 questions are a form to fill in" in told
    assert "when less is known, templates/sly.md, line 3: 'person.first_name' is empty" in told
    shown = shell.do("templates", "preview", "sly")
    assert "Hi Jo, a discount asap? Yes?" in shown.stdout
    assert "advice: 'discount' reads like selling" in shown.stderr
    assert "advice" not in shown.stdout
    (shell.house.templates / "sly.md").write_text(sly + "{{ frist_name }}")
    assert shell.type("templates", "check").exit_code == 78


def test_a_part_that_others_include_is_no_mail_to_advise_on(shell: Shell) -> None:
    (shell.house.templates / "signature.md").write_text("Yours\n")
    assert shell.do("templates", "preview", "signature").stdout == "Yours\n"
    assert "advice" not in shell.do("templates", "check").stderr


def test_a_template_is_previewed_with_the_facts_of_an_item_in_the_queue(drafted: Shell) -> None:
    number = next(row["id"] for row in drafted.rows("queue") if row["email"] == "jane@acme.example")
    assert "Hi Jane," in drafted.do("templates", "preview", "short-note", "--for", str(number)).stdout
    assert "Hallo Jane," in drafted.do("templates", "preview", "met-again.de", "--for", str(number)).stdout
    assert drafted.type("templates", "preview", "late", "--for", "99").exit_code == 1


def test_a_template_is_copied_changed_and_compared(shell: Shell) -> None:
    assert shell.do("templates", "diff").stdout == ""
    shell.do("templates", "new", "late")
    copy = shell.house.templates / "late.md"
    assert shell.do("templates", "diff").stdout == ""
    copy.write_text(copy.read_text() + "P.S. Cheers\n")
    told = shell.do("templates", "diff").stdout.splitlines()
    assert told[:2] == ["--- ours/late.md", f"+++ {copy}"]
    assert [line for line in told[3:] if line[0] in "+-"] == ["+P.S. Cheers"]
    assert shell.type("templates", "new", "late").exit_code == 1
    assert shell.type("templates", "new", "../late").exit_code == 1
    assert "Cheers" in copy.read_text()


def test_a_state_folder_that_cannot_be_one_is_told_with_its_name(shell: Shell) -> None:
    shell.house.state.write_text("a file")
    for command in ("once", "queue", "run"):
        result = shell.type(command)
        assert result.exit_code == 74, command
        assert str(shell.house.state) in result.stderr


@pytest.mark.parametrize(
    ("content", "code"), [(b"This is no database." * 500, 78), (b"SQLite format 3\0" + b"\1" * 4096, 78)]
)
def test_a_state_that_is_no_database_stops_everything_before_the_mailbox(
    shell: Shell, content: bytes, code: int
) -> None:
    shell.meet("e1", JANE, title="Founders meetup")
    shell.house.state.mkdir(parents=True)
    shell.house.database.write_bytes(content)
    for command in (["once"], ["queue"], ["approve", "1"], ["once", "--dry-run"]):
        result = shell.type(*command)
        assert (result.exit_code, str(shell.house.database) in result.stderr) == (code, True), command
    assert shell.house.database.read_bytes() == content
    assert not shell.house.maildir.exists()


def test_the_state_lies_where_the_environment_says(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOLLOWUPD_STATE", str(shell.house.root / "other"))
    shell.do("queue")
    assert (shell.house.root / "other" / "followupd.sqlite3").exists()
    assert not shell.house.state.exists()


def test_the_config_is_found_by_the_environment(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOLLOWUPD_CONFIG", str(shell.house.config))
    assert CliRunner().invoke(main, ["queue"]).exit_code == 0


# --- init


def init(folder: Path, *options: str, name: str = "Ada Example", email: str = "ada@example.com") -> Result:
    file = folder / "new" / "config.toml"
    places = [
        "--calendar",
        str(folder / "cal"),
        "--mailbox",
        str(folder / "box"),
        "--timezone",
        "Europe/Berlin",
    ]
    args = ["--config", str(file), "init", "--name", name, "--email", email, *places, *options]
    result = CliRunner().invoke(main, args)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_init_writes_a_config_that_runs_at_once_and_is_private(shell: Shell, tmp_path: Path) -> None:
    more = (
        "--alias",
        "ada@home.example",
        "--company-domain",
        "example.com",
        "--language",
        "de",
        "--language",
        "en",
    )
    assert init(tmp_path, *more).exit_code == 0
    file = tmp_path / "new" / "config.toml"
    assert file.stat().st_mode & 0o777 == 0o600
    settings = read_settings(file)
    assert settings.owner.addresses == {"ada@example.com", "ada@home.example"}
    assert settings.owner.languages == ("de", "en")
    assert [path.name for path in file.parent.iterdir()] == ["config.toml"]
    shell.house.config = file
    shell.do("explain", "--json")
    shell.do("once")


def test_init_refuses_to_write_over_a_config_unless_told_to(tmp_path: Path) -> None:
    assert init(tmp_path).exit_code == 0
    file = tmp_path / "new" / "config.toml"
    before = file.read_bytes()
    refused = init(tmp_path, name="Somebody Else")
    assert (refused.exit_code, file.read_bytes()) == (78, before)
    assert "--force" in refused.stderr
    assert init(tmp_path, "--force", name="Somebody Else").exit_code == 0
    assert read_settings(file).owner.name == "Somebody Else"


@pytest.mark.parametrize(
    "name",
    [
        'Ada "Ace" O\'Neil',
        'Ada"\n[limits]\nhold = "0m',
        "Ada\\",
        "Ada # no comment",
        "Зоя 美咲",
        "Ada\x7f",
        "Ada\udcff",
        "",
    ],
)
def test_a_hostile_name_is_written_as_it_is_or_refused(tmp_path: Path, name: str) -> None:
    result = init(tmp_path, name=name)
    file = tmp_path / "new" / "config.toml"
    if result.exit_code == 0:
        settings = read_settings(file)
        assert (settings.owner.name, settings.limits.hold) == (name, timedelta(minutes=2))
    else:
        assert result.exit_code in {2, 78}
        assert not file.exists()
        assert not list(tmp_path.glob("new/.*"))


def test_init_tells_every_mistake_and_leaves_nothing_behind(tmp_path: Path) -> None:
    result = init(tmp_path, "--language", "english", "--alias", "nobody", email="ada")
    assert result.exit_code == 78
    assert "This has 3 mistakes" in result.stderr
    assert not list(tmp_path.glob("new/*"))


def test_init_needs_name_and_address_where_nobody_can_be_asked(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--config", str(tmp_path / "c.toml"), "init", "--name", "Ada"])
    assert (result.exit_code, "--email is needed" in result.stderr) == (2, True)


def test_init_waits_for_a_calendar_file_instead_of_making_a_folder_of_its_name(tmp_path: Path) -> None:
    result = init(tmp_path, "--calendar", str(tmp_path / "mine.ics"))
    assert result.exit_code == 0
    assert "mine.ics yet" in result.stderr
    assert not (tmp_path / "mine.ics").exists()


def test_init_takes_the_address_of_a_feed_and_never_says_it(tmp_path: Path) -> None:
    result = init(tmp_path, "--calendar", "https://cal.example/private-s3cret/basic.ics")
    assert result.exit_code == 0
    (calendar,) = read_settings(tmp_path / "new" / "config.toml").calendars
    assert (calendar.url, calendar.listed) == ("https://cal.example/private-s3cret/basic.ics", False)
    refused = init(tmp_path, "--force", "--calendar", "http://cal.example/private-s3cret/basic.ics")
    assert (refused.exit_code, "must begin with https://" in refused.stderr) == (78, True)
    assert "s3cret" not in result.output + refused.output
    assert not (tmp_path / "new" / ".config.toml.new").exists()


def test_init_in_a_place_that_cannot_be_written_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "new").write_text("a file where the folder should be")
    result = init(tmp_path)
    assert (result.exit_code, "Nothing was written" in result.stderr) == (78, True)


# --- starting quickly


PROBE = """
import sys
from followupd.cli import main
sys.argv = ["followupd", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
heavy = {"pydantic", "urllib3", "jinja2", "icalendar", "recurring_ical_events", "google", "googleapiclient", "flask"}
print("loaded:", sorted(heavy & set(sys.modules)))
"""


@pytest.mark.parametrize("args", [["--version"], ["queue"], ["queue", "--json"], ["--help"], ["people"]])
def test_quick_commands_do_not_wait_for_what_they_do_not_need(shell: Shell, args: list[str]) -> None:
    command = [sys.executable, "-c", PROBE, "--config", str(shell.house.config), *args]
    done = subprocess.run(command, env=shell.house.environment(), capture_output=True, text=True, check=True)
    assert done.stdout.endswith("loaded: []\n"), done.stdout


def test_explain_needs_no_mailbox_and_a_pass_says_that_it_does(shell: Shell) -> None:
    config = shell.house.config
    text = config.read_text()
    config.write_text(text[: text.index("[mailbox]")] + text[text.index("[state]") :])
    assert shell.rows("explain") == []
    refused = shell.type("once")
    assert (refused.exit_code, "names no [mailbox]" in refused.stderr) == (78, True)


# --- people


def test_never_is_said_by_address_or_name_and_shows_in_people_and_explain(drafted: Shell) -> None:
    said = drafted.do("people", "Jane Doe", "--never")
    assert said.stderr.startswith("Jane Doe: is never written to; what is open for them is withdrawn")
    drafted.do("once")
    assert [drafted.item(number)["status"] for number in (1, 2)] == ["withdrawn", "drafted"]
    assert drafted.item(1)["held"] == "do-not-contact"
    assert "withdrawn (do-not-contact)" in drafted.do("queue", "--all").stdout
    assert [row["never"] for row in drafted.rows("people")] == [True, False]
    assert "never written to" in drafted.do("people", "jane@acme.example").stdout
    (event,) = drafted.rows("explain")
    assert {person["email"]: person["held"] for person in event["people"]} == {
        "ada@example.com": None, "jane@acme.example": "do-not-contact", "tom@mill.example": None,
    }  # fmt: skip
    drafted.do("people", "jane@acme.example", "--again")
    drafted.do("once")
    assert drafted.item(1)["status"] == "drafted"


def test_why_somebody_is_greeted_so_is_told(drafted: Shell) -> None:
    told = drafted.do("people", "jane@acme.example").stdout.splitlines()[1:]
    assert told == [
        "greeted as Jane (+10)",
        "  +3  stands where a first name stands",
        "  +3  is known as a first name, and hardly as a family's",
        "  +1  the word beside it is known as a family's name",
        "  +3  the address says it",
    ]
    (event,) = drafted.rows("explain")
    jane = next(person for person in event["people"] if person["email"] == "jane@acme.example")
    assert sum(piece["weight"] for piece in jane["greeting"]) == 10


def test_where_somebody_lives_is_said_and_taken_back(drafted: Shell) -> None:
    drafted.do("people", "tom@mill.example", "--zone", "Asia/Tokyo")
    assert {row["name"]: row["zone"] for row in drafted.rows("people")} == {
        "Jane Doe": None,
        "Tom Miller": "Asia/Tokyo",
    }
    drafted.do("people", "Tom Miller", "--zone", "home")
    assert [row["zone"] for row in drafted.rows("people", "Tom Miller")] == [None]


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (("Kim",), 1, "You met nobody called 'Kim'."),
        (("kim@lee.example", "--again"), 1, "You met nobody called 'kim@lee.example'."),
        (("--never",), 2, "Name the PERSON"),
        (("Jane Doe", "--never", "--again"), 2, "not both"),
        (("Jane Doe", "--zone", "Mars/Base"), 2, "is no time zone"),
    ],
)
def test_what_cannot_be_decided_about_people_is_told(
    drafted: Shell, args: tuple[str, ...], code: int, told: str
) -> None:
    refused = drafted.type("people", *args)
    assert (refused.exit_code, told in refused.stderr) == (code, True), refused.stderr


# --- notes that come later


def test_a_promise_is_written_down_later_and_kept(drafted: Shell) -> None:
    assert "the next pass writes the draft anew" in drafted.do("note", "1", "--promise", "our printer").stderr
    drafted.do("once")
    assert "our printer" in drafted.item(1)["body_text"]
    shown = drafted.do("show", "1").stdout
    assert "promise   our printer" in shown
    assert "what you noted or promised changed, so it was written anew" in shown
    assert drafted.type("note", "1").exit_code == 2


# --- when it goes out


@pytest.fixture
def saturday(shell: Shell) -> Shell:
    """Drafts to Jane, met this morning, and Tom, met on Thursday, in a mailbox that sends; it is Saturday noon in Berlin."""
    text = shell.house.config.read_text()
    server = 'outbox = "smtp"\nsmtp = {host = "localhost", port = 9, security = "none"}\n'
    shell.house.config.write_text(text.replace("[mailbox]\n", f"[mailbox]\n{server}"))
    shell.meet("e1", JANE, title="Founders meetup", ago=-timedelta(days=2, hours=20))
    shell.meet("e2", TOM, title="Chamber breakfast", ago=-timedelta(days=1, hours=8))
    shell.clock.move_to(NOW + timedelta(days=2, hours=23))
    shell.do("once")
    return shell


def test_approve_says_exactly_when_it_goes_out_and_why(saturday: Shell) -> None:
    numbers = {row["name"]: str(row["id"]) for row in saturday.rows("queue")}
    jane, tom = numbers["Jane Doe"], numbers["Tom Miller"]
    assert (
        saturday.do("approve", jane).stderr.splitlines()[0]
        == f"{jane}: you approved it; it goes out Monday 08:00, because it is Saturday; until then: undo {jane}"
    )
    said = saturday.do("approve", tom).stderr.splitlines()
    assert said[1] == f"The 48 hours end before that, Sat 21:00. Sooner: undo {tom}, then approve {tom} --now"
    shown = saturday.do("queue").stdout
    assert "approved, goes Mon 08:00" in shown
    assert "at risk, approved, goes Mon 08:00, after the 48 hours" in shown


def test_now_means_at_any_hour(saturday: Shell) -> None:
    (number, _) = (str(row["id"]) for row in saturday.rows("queue"))
    assert f"{number}: approved. It is sent by" in saturday.do("approve", number, "--now").stderr


# --- events that come round again


def list_held(shell: Shell) -> list[dict[str, str | None]]:
    """Return, occurrence by occurrence, what holds each guest."""
    rows = shell.rows("explain", "--at", "2026-11-18T12:00Z")
    return [{one["name"]: one["held"] for one in row["people"] if one["follow_up"]} for row in rows]


def test_explain_shows_new_faces_of_a_series_and_what_a_rule_makes_of_it(shell: Shell) -> None:
    first = NOW - timedelta(days=1, hours=2)
    shell.house.write_event("w", "Founders meetup", first, first + HOUR, [JANE], rrule="FREQ=DAILY;COUNT=2")
    assert list_held(shell) == [{"Jane Doe": None}, {"Jane Doe": "met-before"}]
    shell.house.config.write_text(
        shell.house.config.read_text() + '[[series]]\npolicy = "never"\ntitle = "founders"\n'
    )
    assert list_held(shell) == [{"Jane Doe": "series"}, {"Jane Doe": "series"}]
    shell.do("once")
    assert shell.rows("queue", "--all") == []
