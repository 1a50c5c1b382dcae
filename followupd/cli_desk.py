"""The commands of the desk: what an owner decides."""

import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from followupd.app import (
    App,
    Duration,
    ItemId,
    as_json,
    item_number,
    item_numbers,
    needs_app,
    print_json,
    print_queue,
    read_text,
    tell_paused,
    tell_sleeping,
)
from followupd.errors import Changed, Problem

if TYPE_CHECKING:
    from followupd.items import FollowUp


@click.command()
@click.option("--all", "everything", is_flag=True, help="Also what snoozes and what has ended.")
@as_json
@needs_app
def queue(app: App, everything: bool, as_json: bool) -> None:
    """List what waits for you, by deadline."""
    from followupd.listing import queue_to_json

    items = app.desk.list_queue(app.now, everything=everything)
    if as_json:
        print_json(queue_to_json(item, app.now, app.desk.find_alike(item)) for item in items)
        return
    tell_paused(app)
    for name, problem in app.desk.source_problems().items():
        click.echo(f"calendar '{name}': {problem}", err=True)
    alike = {item.id for item in items if app.desk.find_alike(item)}
    print_queue(app, items, app.now, alike)


@click.command()
@item_number
@as_json
@needs_app
def show(app: App, number: int, as_json: bool) -> None:
    """Show one item as it will go out. Also why it is there, and what happened so far."""
    from followupd.listing import item_to_json, write_item

    item, steps = app.desk.show(number)
    offers, warning = app.desk.list_offers(number), app.desk.find_alike(item)
    if as_json:
        print_json([item_to_json(item, steps, app.now, offers, warning)])
    else:
        click.echo(write_item(item, steps, app.now, app.zone, offers, warning))


@click.command()
@item_numbers
@click.option(
    "--now", "at_once", is_flag=True, help="Without the hold in which you can undo it, and at any hour."
)
@click.option("--hash", "seen_hash", help="Only if the text is still the one with this hash (see show).")
@needs_app
def approve(app: App, numbers: Sequence[int], at_once: bool, seen_hash: str | None) -> None:
    """Say yes to drafts (or to a question; or to another try)."""
    hold = timedelta(0) if at_once else app.settings.limits.hold
    for number in numbers:
        if len(numbers) > 1:
            app.desk.require_unlike(number)
        mailbox = app.desk.show(number)[0].mailbox
        hours = None if at_once else app.settings.hours_of(mailbox)
        item = app.desk.approve(number, app.now, hold, seen_hash, hours)
        click.echo(_say_approved(app, item, hold), err=True)
    tell_sleeping(app)


def _say_approved(app: App, item: "FollowUp", hold: timedelta) -> str:
    from followupd.listing import say_time

    if item.leaves_at is None:
        return f"{item.id}: yes."
    if item.leaves_at > app.now + hold:
        late = f"\nThe 48 hours end before that, {say_time(item.deadline, app.zone, app.now)}."
        sooner = f"{late} Sooner: undo {item.id}, then approve {item.id} --now"
        return f"{item.id}: {item.outcome}; until then: undo {item.id}{sooner if item.leaves_at > item.deadline else ''}"
    server = app.settings.sends_by(item.mailbox)
    goes = f"is sent by {server}" if server else "moves to the folder Ready of your mail program"
    if item.leaves_at <= app.now:
        return f"{item.id}: approved. It {goes} with the next pass."
    when = say_time(item.leaves_at, app.zone, app.now)
    return f"{item.id}: approved. At {when} it {goes}; until then: undo {item.id}"


@click.command()
@item_number
@click.option("--subject", help="The new subject.")
@click.option(
    "--body",
    type=click.File(encoding="utf-8"),
    help="A file with the new text, - for stdin; else your $EDITOR.",
)
@click.option("--hash", "seen_hash", help="Only if the text is still the one with this hash (see show).")
@needs_app
def edit(app: App, number: int, subject: str | None, body: Any, seen_hash: str | None) -> None:
    """Change a draft's subject or text before it goes out."""
    text = None
    if body is not None:
        text = read_text(body)
    elif subject is None:
        text, seen_hash = _edit_by_hand(app, number)
    try:
        app.desk.edit(number, app.now, subject, text, seen_hash)
    except Changed:
        click.echo(text)  # what was typed must not be lost
        raise
    click.echo(f"{number}: saved; the draft in your mailbox follows with the next pass.", err=True)
    tell_sleeping(app)


def _edit_by_hand(app: App, number: int) -> tuple[str, str]:
    """Return what the owner made of the text in their editor, and the hash of what they were shown."""
    from followupd.rules.reading import read_message

    item, _ = app.desk.show(number)
    edited = click.edit(read_message(item.raw or b"").text, extension=".md")
    if edited is None:
        raise Problem("Nothing was changed.")
    return edited, item.hash


@click.command()
@item_number
@click.argument("text", required=False)
@click.option(
    "--promise", help="What you promised, such as 'the name of our printer'; the follow-up keeps it."
)
@needs_app
def note(app: App, number: int, text: str | None, promise: str | None) -> None:
    """Write down what you spoke about, or promised, after all.

    It takes the place of the note or promise that was there. A draft you have not touched is written anew.
    """
    if text is None and promise is None:
        raise click.UsageError("Write a note, a --promise, or both.")
    item = app.desk.add_note(number, app.now, text, promise)
    follows = (
        "you changed the draft, so your text stays" if item.edited else "the next pass writes the draft anew"
    )
    click.echo(f"{number}: noted{f'; {follows}' if item.raw else ''}.", err=True)
    tell_sleeping(app)


def _decide(act: Callable[[int], Any], numbers: Iterable[int], done: str, app: App) -> None:
    for number in numbers:
        act(number)
        click.echo(f"{number}: {done}", err=True)
    tell_sleeping(app)


@click.command()
@item_numbers
@click.option("--series", is_flag=True, help="Of a question: never ask about this series again.")
@needs_app
def skip(app: App, numbers: Sequence[int], series: bool) -> None:
    """Say no; the draft is taken out of your mailbox. `undo` brings it back."""
    act, done = (
        (app.desk.series.never, "never again for this series.") if series else (app.desk.skip, "skipped.")
    )
    _decide(lambda number: act(number, app.now), numbers, done, app)


@click.command()
@click.option(
    "--delete",
    "place",
    type=int,
    metavar="NUMBER",
    help="Forget this one; its events are judged by their words again.",
)
@as_json
@needs_app
def rules(app: App, place: int | None, as_json: bool) -> None:
    """List what you said of whole series when you were asked whether one of their events was networking."""
    from followupd.listing import rule_to_json, say_rule

    if place is not None:
        rule = app.desk.series.delete(place)
        click.echo(f"{rule.title or rule.uid}: forgotten; you may be asked again.", err=True)
    elif as_json:
        print_json(rule_to_json(number, rule) for number, rule in enumerate(app.desk.series.list(), 1))
    else:
        for number, rule in enumerate(app.desk.series.list(), 1):
            click.echo(say_rule(number, rule, app.zone))


@click.command()
@item_number
@click.argument("duration", type=Duration())
@needs_app
def snooze(app: App, number: int, duration: timedelta) -> None:
    """Hide an item for a while: 90m, 36h, 3d, 2w."""
    _decide(lambda number: app.desk.snooze(number, app.now + duration, app.now), [number], "snoozed.", app)


@click.command()
@item_numbers
@needs_app
def undo(app: App, numbers: Sequence[int]) -> None:
    """Take a decision back. An approval in time, a skip, a done, a snooze; or take up what has expired."""
    _decide(lambda number: app.desk.undo(number, app.now), numbers, "taken back.", app)


@click.command()
@item_number
@click.option(
    "--by",
    "channel",
    type=click.Choice(["phone", "letter", "message", "in-person", "email"]),
    required=True,
    help="How you reached them.",
)
@needs_app
def done(app: App, number: int, channel: str) -> None:
    """Say that you followed up another way."""
    _decide(lambda number: app.desk.finish(number, channel, app.now), [number], "done, thank you.", app)


@click.command()
@click.argument("number", metavar="[ID]", type=ItemId, required=False)
@click.argument("places", metavar="[NUMBERS]", nargs=-1)
@as_json
@needs_app
def attended(app: App, number: int | None, places: Sequence[str], as_json: bool) -> None:
    """Say which events of public lists you were at.

    Without numbers it lists those that are over, and asks at a terminal: you are asked once a week, but need not wait.
    Answer with the numbers in the list, such as 1,3; or with none.
    """
    from followupd.listing import item_to_json

    asked = [app.desk.show(number)[0]] if number else app.desk.list_asked()
    if as_json:
        print_json(
            item_to_json(*app.desk.show(item.id), app.now, app.desk.list_offers(item.id)) for item in asked
        )
    elif places:
        _answer_attended(app, asked[0], places)
    elif asked:
        for item in asked:
            _ask_attended(app, item)
    else:
        click.echo("No event of a public list waits for your answer.", err=True)


def _ask_attended(app: App, item: "FollowUp") -> None:
    """List the events of one question; at a terminal, ask for the numbers."""
    from followupd.listing import write_offers

    click.echo(write_offers(item, app.desk.list_offers(item.id), app.now, app.zone))
    if not sys.stdin.isatty():
        click.echo(f"Answer: followupd attended {item.id} 1,3   (or none)", err=True)
        return
    question = "Which of these were you at? Numbers such as 1,3, or none; Enter leaves it open"
    if said := click.prompt(question, default="", show_default=False, err=True):
        _answer_attended(app, item, [said])


def _answer_attended(app: App, item: "FollowUp", words: Sequence[str]) -> None:
    from followupd.rules.attendance import read_places

    there = read_places(words, [offer.place for offer in app.desk.list_offers(item.id)])
    answered = app.desk.attend(item.id, there, app.now)
    click.echo(f"{item.id}: thank you, {answered.outcome}.", err=True)
    tell_sleeping(app)


@click.command()
@needs_app
def review(app: App) -> None:
    """Decide on what waits, one after the other, with single keys."""
    from followupd.review import review_queue

    if not sys.stdin.isatty():
        raise click.UsageError("`review` needs a terminal; elsewhere use queue, show and approve.")
    review_queue(app)
    tell_sleeping(app)


@click.command()
@needs_app
def pause(app: App) -> None:
    """Let nothing leave until `resume`; drafting goes on."""
    app.desk.pause(paused=True)
    tell_paused(app)


@click.command()
@needs_app
def resume(app: App) -> None:
    """End a pause."""
    app.desk.pause(paused=False)
    click.echo("Resumed.", err=True)


COMMANDS = (
    queue,
    show,
    approve,
    edit,
    note,
    skip,
    rules,
    snooze,
    undo,
    done,
    attended,
    review,
    pause,
    resume,
)
