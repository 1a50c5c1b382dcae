"""`followupd explain`, on paper: judged events as JSON Lines or as tables."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click

from followupd.app import print_json
from followupd.assemble import build_choose, build_judge, build_sources, load_words
from followupd.errors import ExitCode, StateProblem
from followupd.explain import Explained, Failed, explain, to_json
from followupd.listing import say_greeting
from followupd.model import Judgement, Kin, Reason, Skipped, Verdict
from followupd.settings import Settings
from followupd.store.glance import read_kin, read_never

_MARKS = {Verdict.YES: "[green]yes[/]", Verdict.NO: "[dim]no[/]", Verdict.ASK: "[yellow]ask[/]"}


def print_explained(
    settings: Settings, at: datetime, since: timedelta, until: timedelta, *, as_json: bool
) -> ExitCode:
    """Print what is made of every event around `at`; return the exit code its calendars ask for."""
    sources = build_sources(settings)
    words = load_words()
    never, kin = _read_wishes(settings)
    judge, choose = build_judge(settings, words, lambda: kin), build_choose(settings, words)
    found = list(explain(sources, judge, choose, settings.limits, settings.series, never, at, since, until))
    failed = [item for item in found if isinstance(item, Failed)]
    if as_json:
        for item in found:
            _print_json(item)
    else:
        _print_tables(found, settings)
    if not failed:
        return ExitCode.DONE
    nothing_read = len(failed) == len(sources) and not any(item.partly for item in failed)
    return ExitCode.ALL_SOURCES_FAILED if nothing_read else ExitCode.SOME_SOURCES_FAILED


def _read_wishes(settings: Settings) -> tuple[frozenset[str], Kin]:
    """Return whom the owner said never to write to, and who is one person, where a state knows; it is left as it is."""
    try:
        return read_never(settings.state), read_kin(settings.state)
    except StateProblem as problem:
        click.echo(f"followupd: {problem}", err=True)
        return frozenset(), Kin()


def _print_json(item: Explained | Failed | Skipped) -> None:
    if isinstance(item, Explained):
        print_json([to_json(item)])
    elif isinstance(item, Failed):
        print_json([{"source": item.source, "error": str(item.problem)}])
    else:
        _tell_skipped(item)


def _tell_skipped(item: Skipped) -> None:
    click.echo(f"left out {item.where}: {item.why}", err=True)


def _print_tables(found: list[Explained | Failed | Skipped], settings: Settings) -> None:
    from rich.console import Console  # noqa: PLC0415 - --json does not need it

    explained = [item for item in found if isinstance(item, Explained)]
    Console().print(build_table(explained, ZoneInfo(settings.owner.timezone)))
    for item in found:
        if isinstance(item, Failed):
            click.echo(f"calendar '{item.source}': {item.problem}", err=True)
        elif isinstance(item, Skipped):
            _tell_skipped(item)


def build_table(explained: list[Explained], zone: ZoneInfo) -> Any:
    """Return judged events as a rich table, each with its people below it."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("end", "event", "networking?", "why"):
        table.add_column(heading, overflow="fold")
    for item in explained:
        end = item.event.end.astimezone(zone).strftime("%a %d %b %H:%M")
        verdict = Text.from_markup(_MARKS[item.judgement.verdict])
        # Text, never markup: strangers wrote titles and names.
        table.add_row(end, Text(item.event.title), verdict, Text(_say_why(item)))
        for mark, who, why in _say_people(item):
            table.add_row("", Text(f"  {who}"), Text(mark), Text(why))
    return table


def _say_why(item: Explained) -> str:
    ask = "; you say whom you met" if item.debrief else ""
    return f"{say_judgement(item.judgement)}{ask}"


def say_judgement(judgement: Judgement) -> str:
    """Return why, with the sum and its pieces: "+7: +5 'business breakfast' in the title, +2 one guest from outside"."""
    if not judgement.evidence:
        return judgement.why
    pieces = ", ".join(f"{piece.weight:+d} {piece.name}" for piece in judgement.evidence)
    worth = f"{judgement.weight:+d}: {pieces}"
    if judgement.reason is Reason.UNSURE:
        return f"not enough to be sure; {worth}"
    return worth if judgement.reason is Reason.NETWORKING else f"{judgement.why} ({worth})"


def _say_people(item: Explained) -> Iterator[tuple[str, str, str]]:
    if item.judgement.verdict is not Verdict.YES:
        return
    for guest, held, chosen in zip(item.guests, item.held, item.chosen, strict=True):
        mark = "held" if held else "write" if guest.follow_up else "leave out"
        why = f"{guest.why} ({held})" if held else guest.why
        greeted = f"; {say_greeting(guest.first_name, guest.greeting)}" if guest.follow_up else ""
        written = f"; gets '{chosen.file.removesuffix('.md')}': {chosen.why}" if chosen else ""
        yield mark, guest.name or guest.email or "?", why + greeted + written
