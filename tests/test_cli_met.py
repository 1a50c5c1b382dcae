"""`followupd met` as typed: files, pipes, picks, mistakes, and what everybody will get."""

import json
from pathlib import Path

import pytest
from test_cli import Shell, shell

__all__ = ["shell"]
CARD = "BEGIN:VCARD\nVERSION:3.0\nFN:Jane Doe\nEMAIL:jane@acme.example\nTEL:+49 30 1234567\nEND:VCARD\n"
LIST = "Name,Email,Status\nKim Lee,kim@lee.example,Going\nTom Miller,tom@mill.example,Declined\n"


@pytest.fixture
def asked(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A debrief, item 1, and a folder with two files."""
    monkeypatch.chdir(shell.house.home)
    Path("jane.vcf").write_text(CARD)
    Path("guests.csv").write_text(LIST)
    shell.meet("e1", title="Startup meetup")
    shell.do("once")
    return shell


def names(shell: Shell) -> list[str]:
    return [row["name"] for row in shell.rows("queue") if row["kind"] == "draft"]


@pytest.mark.parametrize("stdin", [CARD, LIST, LIST.replace(",", "\t"), "\ufeff" + LIST])
def test_a_file_may_be_piped_in_too(asked: Shell, stdin: str) -> None:
    asked.do("met", "1", stdin=stdin)
    assert names(asked) == (["Jane Doe"] if stdin == CARD else ["Kim Lee"])


def test_several_files_and_lines_are_one_answer(asked: Shell) -> None:
    told = asked.do("met", "1", "jane.vcf", "guests.csv", "Ben Ode ben@ode.example")
    assert sorted(names(asked)) == ["Ben Ode", "Jane Doe", "Kim Lee"]
    assert "Left out (declined): Tom Miller" in told.stderr
    assert {row["name"]: row["phone"] for row in asked.rows("people")}["Jane Doe"] == "+49 30 1234567"


def test_the_same_file_again_says_who_was_there_already(asked: Shell) -> None:
    asked.do("met", "1", "guests.csv")
    told = asked.do("met", "1", "guests.csv")
    assert (told.stdout, "0 noted; 1 there already: Kim Lee" in told.stderr) == ("", True)


def test_a_long_list_says_how_to_pick_and_keeps_itself(asked: Shell) -> None:
    rows = "".join(f"Anna {chr(97 + n)}son,a{n}@x{n}.example\n" for n in range(26))
    Path("guests.csv").write_text("Name,Email\n" + rows)
    told = asked.do("met", "1", "guests.csv")
    assert "26 guests are on the list; nobody was added" in told.stderr
    assert "followupd met 1 --spoke-with" in told.stderr
    assert names(asked) == []
    assert len(asked.rows("met", "1", "--list")) == 26
    asked.do("met", "1", "--spoke-with", "cson, 26")
    assert names(asked) == ["Anna Cson", "Anna Zson"]


def test_a_list_may_be_picked_from_at_once(asked: Shell) -> None:
    asked.do("met", "1", "guests.csv", "--spoke-with", "tom")
    assert names(asked) == ["Tom Miller"]


def test_headings_that_say_nothing_are_asked_about_and_remembered(asked: Shell) -> None:
    Path("guests.csv").write_text("Wer;Wo\nKim Lee;kim@lee.example\n")
    refused = asked.type("met", "1", "guests.csv")
    assert refused.exit_code == 1
    assert "'Wer', 'Wo'" in refused.stderr
    assert "--columns" in refused.stderr
    for wrong in ("Wer", "name=9", "name=x", "phone=1"):
        assert asked.type("met", "1", "guests.csv", "--columns", wrong).exit_code == 1
    asked.do("met", "1", "guests.csv", "--columns", "name=1, email=2")
    asked.do("met", "1", "guests.csv")
    assert names(asked) == ["Kim Lee"]


def test_lines_that_cannot_be_read_come_back_and_stop_the_answer(asked: Shell) -> None:
    lines = "Jane Doe, jane@acme.example\nTom, tom@@mill.example\n42\n"
    refused = asked.type("met", "1", stdin=lines)
    assert refused.exit_code == 1
    assert refused.stdout == "Tom, tom@@mill.example\n42\n"
    assert "line 2: 'tom@@mill.example' is no mail address" in refused.stderr
    assert "2 of 3 could not be read, so nothing was taken" in refused.stderr
    assert names(asked) == []
    asked.do("met", "1", "--yes", stdin=lines)
    assert names(asked) == ["Jane Doe"]


def test_nobody_is_an_answer_in_words_too(asked: Shell) -> None:
    for said in ("nobody", "Niemand", "personne", "nadie"):
        asked.do("met", "1", said)
        assert (asked.item(1)["status"], names(asked)) == ("done", [])
        asked.do("undo", "1")


def test_note_promise_circle_and_phone_go_to_whoever_has_none(asked: Shell) -> None:
    options = ("--note", "sails", "--promise", "the chart", "--circle", "Peer", "--phone", "030 1234567")
    rows = [
        json.loads(line)
        for line in asked.do(
            "met", "1", "Kim Lee kim@lee.example", "Ben ben@ode.example #mentor - bakes", *options, "--json"
        ).stdout.splitlines()
    ]
    assert [(row["note"], row["promise"], row["template"]["file"]) for row in rows] == [
        ("sails", "the chart", "promise-kept.md"),
        ("bakes", "the chart", "promise-kept.md"),
    ]
    people = {row["email"]: (row["circle"], row["phone"]) for row in asked.rows("people")}
    assert people == {
        "kim@lee.example": ("peer", "030 1234567"),
        "ben@ode.example": ("mentor", "030 1234567"),
    }
    assert "mentor" in asked.do("people").stdout


def test_somebody_met_on_the_train_needs_no_event(asked: Shell) -> None:
    for _ in range(2):
        asked.do(
            "met", "Ida Berg, ida@berg.example - sat next to her", "--at", "the train", "--when", "yesterday"
        )
    (ida,) = [row for row in asked.rows("queue") if row["kind"] == "draft"]
    assert (ida["event"], ida["deadline"]) == ("Met: the train", "2026-11-19T11:00:00Z")
    asked.do("once")
    assert asked.item(ida["id"])["status"] == "drafted"
    asked.do("met", "jane.vcf", "--at", "the train")
    assert sorted(names(asked)) == ["Ida Berg", "Jane Doe"]


REFUSED = (
    (("met", "no such event", "Jane Doe"), 1),
    (("met", "Jane Doe", "--when", "soon"), 1),
    (("met", "Jane Doe, jane@acme.example", "--when", "2026-11-19"), 1),
    (("met", "99", "Jane Doe"), 1),
    (("met", "99999999999999999999", "Jane Doe"), 1),
    (("met", "1", "no such.csv"), 74),
    (("met", "guests.csv"), 1),
    (("met", "--spoke-with", "jane"), 2),
    (("met", "--list"), 2),
    (("met", "1", "--spoke-with", "jane"), 1),
    (("met", "1", "Jane Doe", "--circle", "x" * 41), 1),
)


def test_what_cannot_be_done_is_said_in_words(asked: Shell) -> None:
    for args, code in REFUSED:
        result = asked.type(*args)
        assert (result.exit_code, names(asked)) == (code, []), args
        assert result.stderr, args


def test_somebody_skipped_and_named_again_is_back(asked: Shell) -> None:
    asked.do("met", "1", "Kim Lee kim@lee.example")
    (kim,) = [row["id"] for row in asked.rows("queue") if row["kind"] == "draft"]
    asked.do("once")
    asked.do("skip", str(kim))
    asked.do("once")
    asked.do("met", "1", "Kim Lee kim@lee.example - sails")
    asked.do("once")
    assert asked.item(kim)["status"] == "drafted"
    assert len(asked.house.drafts()) == 1


def test_a_note_for_somebody_there_already_is_kept(asked: Shell) -> None:
    asked.do("met", "1", "Kim Lee kim@lee.example")
    asked.do("once")
    asked.do("met", "1", "kim@lee.example - promised her the chart")
    asked.do("once")
    (kim,) = [row["id"] for row in asked.rows("queue") if row["kind"] == "draft"]
    assert "the chart" in asked.item(kim)["body_text"]


def test_whoever_is_never_to_be_written_to_stays_out(asked: Shell) -> None:
    asked.do("people", "kim@lee.example", "--never")
    told = asked.do("met", "1", "Kim Lee kim@lee.example")
    assert "Left out (never to be written to, as you said): Kim Lee" in told.stderr
    assert names(asked) == []
