"""The debrief at a real terminal: `followupd met` asked, typed, pasted and mended, in the real program."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from house import House
from terminal import Terminal

HOUR = timedelta(hours=1)
#: Forty words a minute, five strokes a word: what people who do not type for a living reach.
STROKES_A_MINUTE = 200
#: Ten people as an owner notes them after a breakfast, from ten business cards.
TEN = (
    "Jane Doe jane@acme.example - promised her the deck",
    "Tom Miller tom@millerprint.example - sails",
    "Kim Lee kim.lee@alumni.example",
    "Jürgen Weiß weiss@weiss-bau.example",
    "Sabine Mehl sabine@baeckerei-mehl.example - bakes",
    "Ben Ode ben@ode.example #mentor",
    "Ana Ruiz ana@ruiz.example",
    "Maya Lindqvist maya@lindqvist.example",
    "Luc Moreau luc@moreau.example - promis le plan",
    "Ida Berg ida@berg.example",
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A breakfast that ended an hour ago, nobody named yet: item 1."""
    with House(tmp_path) as built:
        ended = datetime.now(UTC).replace(microsecond=0) - HOUR
        built.write_event("e1", "Chamber of Commerce breakfast", ended - HOUR, ended)
        assert built.run("once").returncode == 0
        yield built


@contextmanager
def sitting(house: House, *args: str) -> Iterator[Terminal]:
    with Terminal(house.command("met", *args), house.environment(), house.home) as terminal:
        yield terminal


def people(house: House) -> dict[str, str]:
    return {row["name"]: row["status"] for row in house.queue() if row["kind"] == "draft"}


def test_ten_people_are_typed_in_under_two_minutes(house: House) -> None:
    with sitting(house) as terminal:
        assert "Chamber of Commerce breakfast" in terminal.wait_for("word; + for somewhere else: ")
        terminal.type("")
        for number, line in enumerate(TEN, 1):
            terminal.wait_for(f"{number}> ")
            terminal.type(line)
        terminal.wait_for("11> ")
        terminal.type("")
        terminal.wait_for("Thank you, 10 noted.")
        assert terminal.finish() == 0
        assert terminal.keys <= 2 * STROKES_A_MINUTE, f"{terminal.keys} strokes"
    assert len(people(house)) == 10
    jane = next(row for row in house.queue() if row["name"] == "Jane Doe")
    assert jane["why"] == "you met them there"


@pytest.mark.parametrize("bracketed", [True, False])
def test_a_pasted_signature_is_one_person_and_a_pasted_list_many(house: House, bracketed: bool) -> None:
    signature = "Jane Doe\nHead of Sales\nAcme GmbH\nTel. +49 30 1234567\njane@acme.example"
    with sitting(house) as terminal:
        terminal.wait_for("else: ")
        terminal.type("chamber")
        terminal.wait_for("1> ")
        terminal.paste(signature, bracketed=bracketed)
        assert "Jane Doe <jane@acme.example>: gets new-acquaintance" in terminal.wait_for("2> ")
        terminal.paste("Tom Miller, tom@mill.example - sails\nKim Lee, kim@lee.example", bracketed=bracketed)
        terminal.wait_for("4> ")
        terminal.type("")
        assert terminal.finish() == 0
    assert sorted(people(house)) == ["Jane Doe", "Kim Lee", "Tom Miller"]


def test_a_line_with_a_mistake_comes_back_to_be_mended_and_undo_takes_the_last_out(house: House) -> None:
    with sitting(house) as terminal:
        terminal.wait_for("else: ")
        terminal.type("1")
        terminal.wait_for("1> ")
        terminal.type("Tom Miller, tom@mill..example")
        assert "is no mail address" in terminal.wait_for("leave it out: Tom Miller, tom@mill..example")
        terminal.type("\b" * len(".example") + "\b.example")
        assert "Tom Miller <tom@mill.example>" in terminal.wait_for("2> ")
        terminal.type("undo")
        assert "Tom Miller <tom@mill.example> is out again" in terminal.wait_for("1> ")
        terminal.type("Tom Miller, tom@mill.example - sails")
        assert "note: sails" in terminal.wait_for("2> ")
        terminal.type("")
        terminal.wait_for("Thank you, 1 noted.")
    assert people(house) == {"Tom Miller": "planned"}


def test_a_guest_list_is_named_searched_and_picked_from(house: House) -> None:
    rows = "\n".join(f"Anna {chr(97 + n // 26)}{chr(97 + n % 26)}son,a{n}@x{n}.example" for n in range(300))
    (house.home / "Guests 2026.csv").write_text(f"Wer,Wo\n{rows}\n")
    with sitting(house) as terminal:
        terminal.wait_for("else: ")
        terminal.type("")
        terminal.wait_for("1> ")
        terminal.type("'Guests 2026.csv'")
        terminal.wait_for("In which column are the names? (Enter: in none): ")
        terminal.type("1")
        terminal.wait_for("the addresses? (Enter: in none): ")
        terminal.type("2")
        for _ in range(2):
            terminal.wait_for("(Enter: in none): ")
            terminal.type("")
        assert "280 more" in terminal.wait_for("Enter ends: ")
        terminal.type("/ba")
        assert "27  Anna Bason" in terminal.wait_for("Enter ends: ")
        terminal.type("abson, 27, 299-300")
        assert terminal.wait_for("Enter ends: ").count("gets new-acquaintance") == 4
        terminal.type("anna")
        assert "fits 300 guests" in terminal.wait_for("Enter ends: ")
        terminal.type("")
        terminal.wait_for("5> ")
        terminal.type("")
        assert terminal.finish() == 0
    assert len(people(house)) == 4


def test_somebody_met_elsewhere_is_told_with_place_and_time(house: House) -> None:
    with sitting(house) as terminal:
        terminal.wait_for("else: ")
        terminal.type("+")
        terminal.wait_for("particular): ")
        terminal.type("the train")
        terminal.wait_for("just now): ")
        terminal.type("soon")
        assert "'soon' is no time" in terminal.wait_for("just now): ")
        terminal.type("yesterday")
        terminal.wait_for("1> ")
        terminal.type("Jane Doe, jane@acme.example - sat next to her")
        terminal.wait_for("2> ")
        terminal.type("")
        assert terminal.finish() == 0
    (jane,) = [row for row in house.queue() if row["kind"] == "draft"]
    assert jane["event"] == "Met: the train"
    assert house.run("once").returncode == 0
    assert people(house) == {"Jane Doe": "drafted"}


def test_good_lines_of_an_argument_are_taken_without_the_bad_ones_only_after_a_yes(house: House) -> None:
    for answer, named in (("n", []), ("y", ["Jane Doe"])):
        with sitting(house, "1", "Jane Doe, jane@acme.example", "Tom, tom@@mill.example") as terminal:
            terminal.wait_for("Take the other 1? [y/N]: ")
            terminal.type(answer)
            terminal.finish()
        assert sorted(people(house)) == named


def test_the_end_of_the_input_is_an_end(house: House) -> None:
    with sitting(house) as terminal:
        terminal.wait_for("else: ")
        terminal.type("\x04")
        assert terminal.finish() == 0
