"""The answer to "whom did you meet?", for terminal and page alike: read, checked, taken, and what everybody will get."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from followupd.errors import Problem
from followupd.items import OPEN, FollowUp, Kind, Status
from followupd.meeting import Taken, hold_meeting, keep_list, take_list, take_met
from followupd.met import GuestTable, Listed, Met, Told
from followupd.model import Event, Judge, Judgement, Owner, Person, Skipped
from followupd.rules import debrief, guest_lists
from followupd.rules.choosing import Chosen
from followupd.rules.events import answer_judgement
from followupd.rules.followups import Limits
from followupd.rules.guest_lists import GuestWords
from followupd.rules.name_words import fold_word
from followupd.rules.people import PeopleWords
from followupd.rules.promises import DebriefWords
from followupd.store.store import Store

#: Rule 4's choice for a follow-up: its event, how that was judged, the follow-up, late or not, known or not.
Foresee = Callable[[Event, Judgement, FollowUp, bool, bool], Chosen]


class UnknownColumns(Problem):
    """A guest list whose headings say neither names nor addresses; the owner is asked once."""

    def __init__(self, table: GuestTable) -> None:
        super().__init__(
            f"Which column is what? The file has: {', '.join(map(repr, table.columns))}.",
            "Say it once, such as --columns 'name=2, email=3'; it is remembered.",
        )
        self.table = table


@dataclass(frozen=True, slots=True)
class DebriefRules:
    """What the debrief goes by: the owner, the limits and the words of words/*.toml."""

    owner: Owner
    limits: Limits
    debrief: DebriefWords
    guests: GuestWords
    people: PeopleWords
    mailbox: str
    """Where follow-ups of a meeting without an event go."""


class Debriefing:
    """Takes an owner's answers. Nothing is added before `take`, `take_list`, `pick` or `meet`; each is all or nothing."""

    def __init__(
        self,
        store: Store,
        wake: Callable[[], object],
        rules: DebriefRules,
        judge: Judge,
        foresee: Foresee,
        read_file: Callable[[bytes], GuestTable],
    ) -> None:
        self._store = store
        self._wake = wake
        self._rules = rules
        self._judge_words = judge
        self._foresee = foresee
        self._read_file = read_file
        self._zone = ZoneInfo(rules.owner.timezone)

    # --- which event

    def list_asking(self) -> list[FollowUp]:
        """Return what waits for people or for an address, by deadline."""
        return [item for item in self._store.followups({Status.NEEDS_INFO}) if _asks(item)]

    def find_asking(self, words: str, now: datetime) -> FollowUp | None:
        """Return the one item whose event's title, or whose person, has all these words; None where none has.

        What waits comes before debriefs that are answered, to which one more may come to mind. Raises Problem when
        several fit.
        """
        said = {fold_word(word) for word in words.split()} - {""}
        answered = [item for item in self._store.followups({Status.DONE}) if _may_go_on(item, now)]
        waiting, more = (
            [item for item in items if said and said <= _title_words(item)]
            for items in (self.list_asking(), answered)
        )
        found = waiting or more
        if len(found) > 1:
            named = "; ".join(f"{item.id} {item.event}" for item in found)
            raise Problem(f"'{words}' fits several: {named}.", "Use the number.")
        return found[0] if found else None

    # --- what was said

    def read(self, text: str, note: str = "", promise: str = "") -> Told:
        """Read lines as they were typed or pasted; mistakes come back word for word."""
        return debrief.read_told(text, self._rules.debrief, note, promise)

    def holds_list(self, data: bytes) -> bool:
        """Tell a pasted or piped guest list, cards or headed columns, from lines as people write them."""
        try:
            table = self._read_file(data)
        except Problem:
            return False
        return len(table.columns) > 1 and self._find_known(table) is not None

    def read_list(
        self, data: bytes, columns: Mapping[str, int] | None = None
    ) -> tuple[tuple[Listed, ...], tuple[Skipped, ...]]:
        """Read a guest list as a file holds it: everybody on it, left out or not, and the rows that name nobody.

        Raises UnknownColumns until `columns` (field to place, from 0) were given once for such headings, and Problem
        for a file that is no guest list.
        """
        table = self._read_file(data)
        found = self._find_columns(table, columns)
        rules = self._rules
        return guest_lists.list_guests(table, found, rules.owner, rules.people, rules.guests, rules.debrief)

    def _find_columns(self, table: GuestTable, columns: Mapping[str, int] | None) -> Mapping[str, int]:
        if not table.columns:
            return {}
        if columns is not None:
            guest_lists.check_columns(columns, table.columns)
            self._store.guest_lists.remember_columns(guest_lists.name_columns(table.columns), columns)
            return columns
        found = self._find_known(table)
        if found is None:
            raise UnknownColumns(table)
        return found

    def _find_known(self, table: GuestTable) -> Mapping[str, int] | None:
        remembered = self._store.guest_lists.columns(guest_lists.name_columns(table.columns))
        return remembered or guest_lists.find_columns(table.columns, self._rules.guests)

    def see_guests(self, number: int) -> list[Listed]:
        """Return the kept guest list of an item's event; else the guests its calendar names, kept nowhere yet."""
        item = self._store.followup(number)
        kept = self._store.guest_lists.list(item.occurrence)
        event = self._store.calendars.event(item.occurrence)
        if kept or event is None:
            return kept
        _, guests = self._judge_words(event)
        people = [guest for guest in guests if guest.follow_up]
        named = [Person(guest.person, guest.email, guest.name, guest.first_name) for guest in people]
        return [Listed(Met(person)) for person in named]

    def list_guests(self, number: int) -> list[Listed]:
        """Return what `see_guests` does, by numbers that will stay: from now on the list is kept."""
        seen, occurrence = self.see_guests(number), self._store.followup(number).occurrence
        if seen and not seen[0].number:
            self._store.guest_lists.keep(occurrence, seen)
        return self._store.guest_lists.list(occurrence)

    # --- taking it

    def take(self, number: int, people: Sequence[Met], now: datetime) -> Taken:
        """Add the people met at an item's event; none at all answers "nobody"."""
        return self._done(take_met(self._store, number, people, now))

    def take_list(
        self, number: int, listed: Sequence[Listed], now: datetime, pick: str | None = None
    ) -> Taken:
        """Keep a guest list and add who is on it; of a long one nobody, until the owner picks (see `pick`)."""
        if pick is not None:
            keep_list(self._store, number, listed)
            return self.pick(number, pick, now)
        return self._done(take_list(self._store, number, listed, self._rules.limits.guests_per_event, now))

    def pick(self, number: int, said: str, now: datetime) -> Taken:
        """Add the guests of the kept list an owner names: "Jane, 14, 20-22". Raises Problem where that is not clear."""
        picked = guest_lists.pick_guests(self.list_guests(number), said)
        if not picked:
            raise Problem("That names nobody.", "Name them by number or name: 'Jane, 14, 20-22'.")
        return self.take(number, [guest.met for guest in picked], now)

    def meet(self, people: Sequence[Met], when: datetime, place: str, now: datetime) -> Taken:
        """Add people met where no calendar has anything; the 48 hours count from `when` (UTC)."""
        mailbox = self._rules.mailbox
        return self._done(hold_meeting(self._store, people, when, place, mailbox, self._zone, now))

    def _done(self, taken: Taken) -> Taken:
        self._wake()
        return taken

    # --- what they will get

    def foresee(self, item: FollowUp, now: datetime) -> Chosen | None:
        """Return the template a follow-up will be written from, and why; None while there is no address."""
        event = self._store.calendars.event(item.occurrence)
        if event is None or item.email is None or item.status not in OPEN:
            return None
        judgement, _ = self._judge_words(event)
        said = self._store.calendars
        answered = answer_judgement(judgement, said.owner_says(item.occurrence), said.series_says(event))
        known = self._store.last_touch(item.person or "", item.id) is not None
        return self._foresee(event, answered, item, now > item.deadline, known)


def _may_go_on(item: FollowUp, now: datetime) -> bool:
    return item.kind is Kind.DEBRIEF and item.expires > now


def _asks(item: FollowUp) -> bool:
    return item.kind is not Kind.PROBLEM and not item.asks_where


def _title_words(item: FollowUp) -> set[str]:
    return {fold_word(word) for word in f"{item.event} {item.name}".split()}
