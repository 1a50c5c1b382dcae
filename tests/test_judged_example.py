"""The event that docs/design.md judges from end to end is judged so by the program."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path

from judging import OWNER, judge_as_shipped, read_event

from followupd.explaining import say_judgement
from followupd.model import Event, Reason, Verdict

CHAPTER = (
    (Path(__file__).parent.parent / "docs" / "design.md")
    .read_text(encoding="utf-8")
    .partition("## How an event is judged")[2]
    .partition("\n## ")[0]
)


def read_example() -> Event:
    found = re.search(r"```toml\n(.*?)```", CHAPTER, re.DOTALL)
    assert found
    entry = tomllib.loads(found[1])
    guests = "\n".join(f"+ {line}" for line in entry["guests"].strip().splitlines())
    return read_event({**entry, "guests": guests, "language": "de", "yes": True}).event


def test_the_chapter_prints_the_sum_that_explain_prints() -> None:
    judgement, guests = judge_as_shipped(read_example())
    found = re.search(r"```text\n *(.*?)\n", CHAPTER)
    assert found
    assert say_judgement(judgement) == found[1]
    assert {guest.email for guest in guests if guest.follow_up} == {
        "jonas@wendt.example",
        "aylin@kaya-logistik.example",
    }


def test_the_variants_the_chapter_tells_of_come_out_as_it_says() -> None:
    event = read_example()
    colleague = tuple(one for one in event.attendees if one.email in {OWNER.email, "bob@example.com"})
    alone = judge_as_shipped(replace(event, attendees=colleague))[0]
    assert (alone.verdict, alone.weight) == (Verdict.YES, 4)
    plain = judge_as_shipped(replace(event, attendees=colleague, title="Frühstück"))[0]
    assert (plain.verdict, plain.reason, plain.weight) == (Verdict.NO, Reason.INTERNAL, -5)


def test_what_is_in_doubt_is_told_by_its_sum_alone() -> None:
    event = replace(read_example(), title="Meeting")
    assert say_judgement(judge_as_shipped(event)[0]) == (
        "not enough to be sure; +2: +2 two guests from two companies"
    )
