"""A simulated year through the real pass: `python year.py HOME DAYS` prints what each day left behind, as JSON Lines.

Three events a day with twelve guests each, out of 300 people; the owner decides every morning, and empties the folders
their mail program fills into HOME/archive. Time is a number that moves by hand; all else is the real program: the reader of
calendars, templates in their child process, the database and the Maildir on disk.
"""

import json
import random
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
from house import House

from followupd.assemble import build_cycle, build_templates, open_store
from followupd.cycle import Cycle
from followupd.desk import Desk
from followupd.items import FollowUp, Kind, Status
from followupd.render import Renderer
from followupd.settings import load_settings
from followupd.store.store import Store

FIRST = datetime(2026, 12, 1, tzinfo=UTC)
#: Hours of the day, in UTC, at which an event ends.
ENDS = (9, 13, 19)
GUESTS, PEOPLE = 12, 300
TITLES = ("Founders meetup", "Chamber breakfast", "Coffee with the traders' association")


def write_calendar(folder: Path, days: int) -> None:
    """Write a year of events, each guest list the next twelve of the three hundred."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//tests//EN")
    calendar.add("version", "2.0")
    for number in range(days * len(ENDS)):
        calendar.add_component(_build_event(number))
    (folder / "year.ics").write_bytes(calendar.to_ical())


def _build_event(number: int) -> icalendar.Event:
    day, place = divmod(number, len(ENDS))
    end = FIRST + timedelta(days=day, hours=ENDS[place])
    event = icalendar.Event()
    event.add("uid", f"year-{number}@example.com")
    event.add("dtstamp", FIRST)
    event.add("summary", TITLES[place])
    event.add("dtstart", end - timedelta(hours=1))
    event.add("dtend", end)
    event.add("organizer", _address("Ada Example", "ada@example.com"))
    for guest in range(number * GUESTS, (number + 1) * GUESTS):
        person = guest % PEOPLE
        name = f"Guest {chr(65 + person // 26)}{chr(97 + person % 26)}o Miller"
        event.add("attendee", _address(name, f"guest{person}@guests{person % 40}.example"), encode=False)
    return event


def _address(name: str, email: str) -> icalendar.vCalAddress:
    address = icalendar.vCalAddress(f"mailto:{email}")
    address.params["CN"] = icalendar.vText(name)
    address.params["PARTSTAT"] = icalendar.vText("ACCEPTED")
    return address


@dataclass
class Year:
    """The owner's year in one home."""

    house: House
    store: Store
    cycle: Cycle
    now: datetime = FIRST
    chance: random.Random = field(default_factory=lambda: random.Random(365))

    def live(self, days: int) -> Iterator[dict[str, Any]]:
        """Play day by day, and yield what is left of each."""
        archive = self.house.root / "archive"
        archive.mkdir()
        desk = Desk(self.store, lambda: None)
        for day in range(days):
            for minutes in (0, 8 * 60, *(hour * 60 for hour in ENDS), 22 * 60):
                self.now = FIRST + timedelta(days=day, minutes=minutes)
                if minutes == 8 * 60:
                    self._decide(desk)
                report = self.cycle.run_pass()
                assert (report.failed, report.problems) == ({}, []), report
            self._empty_folders(archive)
            yield {"day": day, **self._measure()}

    def _decide(self, desk: Desk) -> None:
        """Approve most, skip some, edit a few, follow up a few by phone, and leave the rest to expire."""
        for item in desk.list_queue(self.now):
            if item.kind is Kind.DRAFT and item.status is Status.DRAFTED:
                self._decide_one(desk, item)

    def _decide_one(self, desk: Desk, item: FollowUp) -> None:
        roll = self.chance.random()
        if roll < 0.1:
            desk.skip(item.id, self.now)
        elif roll < 0.15:
            desk.finish(item.id, "phone", self.now)
        elif roll < 0.2:
            desk.edit(item.id, self.now, body="Hello, in my own words.")
        elif roll < 0.9:
            desk.approve(item.id, self.now, timedelta(0))

    def _empty_folders(self, archive: Path) -> None:
        for folder in ("Ready", "Trash"):
            for letter in (self.house.maildir / f".{folder}").glob("cur/*"):
                letter.rename(archive / f"{folder} {letter.name}")

    def _measure(self) -> dict[str, int]:
        memory = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]) * 4096
        return {"memory": memory, "database": self.house.database.stat().st_size}


def main(home: Path, days: int) -> None:
    with House(home, plain=True) as house:
        house.write_config(hold="0s")
        write_calendar(house.calendars, days)
        settings = load_settings(house.config)
        with Renderer() as renderer, closing(open_store(house.state)) as store:
            year: Year

            def clock() -> datetime:
                return year.now

            cycle = build_cycle(settings, store, build_templates(settings, renderer), clock)
            year = Year(house, store, cycle)
            for line in year.live(days):
                print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
