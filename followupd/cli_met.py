"""`followupd met`: whom the owner met, as arguments, pasted lines, files, a pick from a list, or line by line."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from followupd.app import App, as_json, needs_app, print_json, tell_sleeping
from followupd.errors import Problem

if TYPE_CHECKING:
    from followupd.debriefing import Debriefing
    from followupd.meeting import Taken
    from followupd.met import Listed, Met, Mistake, Told
    from followupd.model import Skipped

FILES = {".vcf", ".vcard", ".csv", ".tsv"}
_NUMBER = re.compile(r"[1-9]\d{0,17}")
#: So many of those who were left out are named; a list of 300 would fill the screen.
_MOST_NAMED = 8


@dataclass(frozen=True)
class _Shared:
    """What the command says of everybody who does not say it for themselves."""

    note: str
    promise: str
    circle: str
    phone: str

    def add_to(self, met: "Met") -> "Met":
        person = met.person
        named = replace(person, circle=person.circle or self.circle, phone=person.phone or self.phone)
        return replace(met, person=named, note=met.note or self.note, promise=met.promise or self.promise)


@click.command()
@click.argument("what", metavar="[ID|TITLE] [PERSON|FILE]...", nargs=-1)
@click.option("--nobody", is_flag=True, help="You met nobody there.")
@click.option("--note", default="", help="What you spoke about; for your eyes.")
@click.option(
    "--promise",
    default="",
    help="What you promised, such as 'the name of our printer'; the follow-up keeps it.",
)
@click.option("--circle", default="", help="What they are to you: mentor, peer, customer-to-be, friend.")
@click.option("--phone", default="", help="Their phone number.")
@click.option("--spoke-with", metavar="WHO", help="Pick from the guest list: 'Jane, 14, 20-22'.")
@click.option("--list", "show_list", is_flag=True, help="Show the guest list kept with the event.")
@click.option("--columns", metavar="NAMES", help="What is what in a CSV: 'name=2, email=3'. Remembered.")
@click.option("--when", "when", metavar="TIME", help="Without an event: yesterday, 18:00, 2026-11-24.")
@click.option(
    "--at", "place", metavar="PLACE", default="", help="Without an event: where, such as 'the train'."
)
@click.option("--yes", is_flag=True, help="Take what can be read although some lines cannot.")
@as_json
@needs_app
def met(
    app: App,
    what: Sequence[str],
    nobody: bool,
    note: str,
    promise: str,
    circle: str,
    phone: str,
    spoke_with: str | None,
    show_list: bool,
    columns: str | None,
    when: str | None,
    place: str,
    yes: bool,
    as_json: bool,
) -> None:
    """Say whom you met.

    ID is an item of the queue; words of its title do as well. Write people as you would note them,
    'Jane Doe, Acme, jane@acme.example - promised her the deck', several as several arguments or as lines on stdin;
    a pasted signature, a .vcf or a guest list as .csv will do too. Without an ID it is somebody met elsewhere, now or
    --when; without anything at all you are asked.
    """
    from followupd.rules.debrief import read_circle

    shared = _Shared(note, promise, read_circle(circle), phone)
    teller = Teller(app, as_json=as_json)
    if not (what or nobody or spoke_with or show_list or when or place) and sys.stdin.isatty():
        from followupd.met_session import Session

        Session(app, teller).run()
        tell_sleeping(app)
        return
    number, said = _find_item(app, what, elsewhere=when is not None or bool(place))
    answer = Answer(app, teller, shared, number, when, place, take_rest=yes)
    if show_list:
        answer.show_list()
    elif nobody:
        answer.take_nobody()
    else:
        answer.take(said, spoke_with, read_columns(columns))
    tell_sleeping(app)


def _find_item(app: App, what: Sequence[str], *, elsewhere: bool) -> tuple[int | None, Sequence[str]]:
    """Return the item that is answered and what is said; None for somebody met elsewhere."""
    first, rest = (what[0], what[1:]) if what else ("", ())
    if elsewhere or "@" in first:
        return None, what
    if _NUMBER.fullmatch(first):
        return int(first), rest
    if not first:
        raise click.UsageError("Say which item of the queue you answer, or whom you met.")
    if Path(first).suffix.casefold() in FILES:
        raise Problem(
            f"Say at which event the people of '{first}' were.",
            f"Such as `followupd met ID {first}`; for people met elsewhere, add --at or --when.",
        )
    item = app.debriefing.find_asking(first, app.now)
    if item is None:
        raise Problem(
            f"No event that asks whom you met is called '{first}'.",
            "See `followupd queue` for the numbers; for somebody met elsewhere, add the address, --at or --when.",
        )
    return item.id, rest


def read_columns(text: str | None) -> dict[str, int] | None:
    """Read "name=2, email=3" (counted from 1). Raises Problem when it is written otherwise."""
    if text is None:
        return None
    found = re.findall(r"\s*(\w+)\s*=\s*(\d{1,3})\s*(?:,|$)", text)
    if not found or re.sub(r"\s*(\w+)\s*=\s*(\d{1,3})\s*(?:,|$)", "", text):
        raise Problem(f"'{text}' does not say what is what.", "Write it like: name=2, email=3")
    return {field.casefold(): int(place) - 1 for field, place in found}


class Answer:
    """One answer given with the command: to an item, or about people met elsewhere."""

    def __init__(
        self,
        app: App,
        teller: "Teller",
        shared: _Shared,
        number: int | None,
        when: str | None,
        place: str,
        *,
        take_rest: bool,
    ) -> None:
        self._app = app
        self._debriefing: Debriefing = app.debriefing
        self._teller = teller
        self._shared = shared
        self._number = number
        self._when = when
        self._place = place
        self._take_rest = take_rest

    def show_list(self) -> None:
        self._teller.tell_list(self._debriefing.list_guests(self._need_number()))

    def take_nobody(self) -> None:
        number = self._need_number()
        self._debriefing.take(number, [], self._app.now)
        click.echo(f"{number}: thank you, nobody noted.", err=True)

    def take(self, said: Sequence[str], spoke_with: str | None, columns: dict[str, int] | None) -> None:
        """Take files, lines and picks; what is piped in counts where nothing is said."""
        files = [word for word in said if Path(word).suffix.casefold() in FILES]
        lines = [word for word in said if word not in files]
        for file in files:
            self._take_list(Path(file).read_bytes(), columns, spoke_with)
        if not said and not spoke_with:
            self._take_stdin(columns)
        elif lines:
            self._take_text("\n".join(lines))
        elif spoke_with and not files:
            self._pick(spoke_with)

    def _take_stdin(self, columns: dict[str, int] | None) -> None:
        data = sys.stdin.buffer.read()
        if columns is not None or self._debriefing.holds_list(data):
            self._take_list(data, columns, None)
            return
        try:
            self._take_text(data.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise Problem(
                f"The text is not UTF-8 (byte {error.start}).", "Save it as UTF-8 and try again."
            ) from error

    def _take_text(self, text: str) -> None:
        told = self._debriefing.read(text)
        if not told.met and not told.mistakes and not told.nobody:
            raise click.UsageError("Name somebody, or say --nobody.")
        if told.nobody:
            self.take_nobody()
            return
        self._check(told)
        people = [self._shared.add_to(met) for met in told.met]
        self._teller.tell_taken(self._take(people), self._number)

    def _check(self, told: "Told") -> None:
        """Have the owner say whether the good lines are taken without the bad ones, which come back word for word."""
        if not told.mistakes:
            return
        good, bad = len(told.met), len(told.mistakes)
        self._teller.tell_mistakes(told.mistakes)
        asked = good and not self._take_rest and sys.stdin.isatty()
        if good and (self._take_rest or (asked and click.confirm(f"Take the other {good}?", err=True))):
            return
        raise Problem(
            f"{bad} of {good + bad} could not be read, so nothing was taken.",
            "Mend it and say all of them once more" + (", or add --yes to take the others." if good else "."),
        )

    def _take(self, people: Sequence["Met"]) -> "Taken":
        if self._number is not None:
            return self._debriefing.take(self._number, people, self._app.now)
        return self._debriefing.meet(people, self._read_when(), self._place, self._app.now)

    def _read_when(self) -> datetime:
        from followupd.rules.whens import read_when

        return read_when(self._when, self._app.now, self._app.zone) if self._when else self._app.now

    def _take_list(self, data: bytes, columns: dict[str, int] | None, spoke_with: str | None) -> None:
        listed, skipped = self._debriefing.read_list(data, columns)
        self._teller.tell_skipped(skipped)
        if self._number is None:
            people = [self._shared.add_to(guest.met) for guest in listed if not guest.left_out]
            self._teller.tell_taken(self._take(people), None)
            return
        taken = self._debriefing.take_list(self._number, listed, self._app.now, pick=spoke_with)
        self._teller.tell_taken(taken, self._number)

    def _pick(self, spoke_with: str) -> None:
        taken = self._debriefing.pick(self._need_number(), spoke_with, self._app.now)
        self._teller.tell_taken(taken, self._number)

    def _need_number(self) -> int:
        if self._number is None:
            raise click.UsageError("Say which item of the queue you mean.")
        return self._number


class Teller:
    """Says what became of an answer: who was added and what they will get on stdout, all else on stderr."""

    def __init__(self, app: App, *, as_json: bool) -> None:
        self._app = app
        self._as_json = as_json

    def tell_taken(self, taken: "Taken", number: int | None) -> None:
        self.tell_people(taken)
        self._tell_counts(taken, number)

    def tell_people(self, taken: "Taken") -> None:
        """Say of everybody who was added what they will get and by when; and who was left out, and why."""
        from followupd.listing import added_to_json, say_added, say_left_out

        now, zone = self._app.now, self._app.zone
        foreseen = [(item, self._app.debriefing.foresee(item, now)) for item in taken.added]
        if self._as_json:
            print_json(added_to_json(item, chosen, now) for item, chosen in foreseen)
        else:
            for item, chosen in foreseen:
                click.echo(say_added(item, chosen, now, zone))
        for line in say_left_out(taken.left_out):
            click.echo(line, err=True)

    def _tell_counts(self, taken: "Taken", number: int | None) -> None:
        if taken.to_pick:
            click.echo(
                f"{len(taken.to_pick)} guests are on the list; nobody was added. Whom did you speak with? "
                f"followupd met {number} --spoke-with 'Jane, 14, 20-22' (followupd met {number} --list shows them)",
                err=True,
            )
            return
        known = ", ".join(met.person.name or met.person.email or "?" for met in taken.known[:_MOST_NAMED])
        there = f"; {len(taken.known)} there already: {known}" if taken.known else ""
        click.echo(f"Thank you, {len(taken.added)} noted{there}.", err=True)

    def tell_mistakes(self, mistakes: Sequence["Mistake"]) -> None:
        """Say what is wrong with each line; the lines themselves go to stdout, ready to be mended and pasted back."""
        for mistake in mistakes:
            click.echo(str(mistake), err=True)
        for mistake in mistakes:
            click.echo(mistake.line)

    def tell_skipped(self, skipped: Sequence["Skipped"]) -> None:
        for row in skipped[:_MOST_NAMED]:
            click.echo(f"{row.where}: {row.why}", err=True)
        if len(skipped) > _MOST_NAMED:
            click.echo(f"… and {len(skipped) - _MOST_NAMED} more rows that name nobody.", err=True)

    def tell_list(self, listed: Sequence["Listed"]) -> None:
        from followupd.listing import listed_to_json, say_listed

        if self._as_json:
            print_json(map(listed_to_json, listed))
            return
        for guest in listed:
            click.echo(say_listed(guest))
        if not listed:
            click.echo("No guest list is kept for this event.", err=True)
