"""What all commands share: the config they run on, how they print, and how a problem becomes words and an exit code."""

import json
import sys
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from followupd.durations import parse_duration
from followupd.errors import ExitCode, Problem, StateDamaged
from followupd.home import find_config, find_state, read_tables

if TYPE_CHECKING:  # `queue` must not wait for what only the daemon needs, `--version` for nothing at all
    from zoneinfo import ZoneInfo

    from followupd.debriefing import Debriefing
    from followupd.desk import Desk
    from followupd.items import FollowUp
    from followupd.settings import Settings
    from followupd.store.store import Store


class App:
    """What the commands share: the config file, and what is made of it on first use."""

    def __init__(self, config: Path | None) -> None:
        self.config_file = find_config(config)
        self.now = datetime.now(UTC)

    @cached_property
    def settings(self) -> "Settings":
        from followupd.settings import load_settings

        return load_settings(self.config_file)

    @cached_property
    def _tables(self) -> dict[str, Any]:
        return read_tables(self.config_file)

    @property
    def state(self) -> Path:
        return find_state(self.config_file, self._tables)

    @property
    def zone(self) -> "ZoneInfo":
        """The owner's zone, read without checking the whole config; UTC where it names none."""
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        owner = self._tables.get("owner")
        try:
            return ZoneInfo(owner["timezone"] if isinstance(owner, dict) else "UTC")
        except (KeyError, TypeError, ValueError, ZoneInfoNotFoundError):
            return ZoneInfo("UTC")

    @cached_property
    def _store(self) -> "Store":
        from followupd.rules.status import check_move
        from followupd.store.store import Store

        return Store(self.state, check_move)

    @cached_property
    def desk(self) -> "Desk":
        from followupd.desk import Desk
        from followupd.waking import ring

        return Desk(self._store, lambda: ring(self.state))

    @cached_property
    def debriefing(self) -> "Debriefing":
        from followupd.assemble import build_debriefing
        from followupd.waking import ring

        return build_debriefing(self.settings, self._store, lambda: ring(self.state))


class Commands(click.Group):
    """Turns problems into words on stderr and their exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Problem as problem:
            _advise(problem, ctx.obj)
            click.echo(f"followupd: {problem}", err=True)
            ctx.exit(int(problem.exit_code))
        except OSError as error:
            if error.filename is None:  # a pipe that was closed, which click knows how to end
                raise
            click.echo(f"followupd: {error.filename}: {error.strerror}.", err=True)
            ctx.exit(int(ExitCode.STATE))


def _advise(problem: Problem, app: App) -> None:
    """Name the newest good backup where the state is damaged."""
    if isinstance(problem, StateDamaged):
        from followupd.store.backups import advise_restore

        with suppress(Problem):
            problem.todo = advise_restore(app.state)


class Duration(click.ParamType[timedelta]):
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        try:
            return value if isinstance(value, timedelta) else parse_duration(value)
        except Problem as problem:
            self.fail(str(problem), param, ctx)


#: Instants outside these years are typing mistakes; ten years can be added to and taken from those inside.
_YEARS = range(1970, 2200)


class Moment(click.ParamType[datetime]):
    """An ISO 8601 instant; one that names no zone is UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is no time; write it like 2026-11-17T18:00Z", param, ctx)
        if moment.year not in _YEARS:
            self.fail(f"'{value}' is too far away", param, ctx)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


as_json = click.option("--json", "as_json", is_flag=True, help="JSON Lines on stdout.")
ItemId = click.IntRange(1, 2**63 - 1)  # what SQLite can hold
item_number = click.argument("number", metavar="ID", type=ItemId)
item_numbers = click.argument("numbers", metavar="ID...", type=ItemId, nargs=-1, required=True)
needs_app = click.pass_obj


def print_queue(app: App, items: Sequence["FollowUp"], now: datetime, alike: Collection[int] = ()) -> None:
    if not items:
        click.echo("Nothing waits for you.", err=True)
        return
    from rich.console import Console

    from followupd.listing import build_queue

    Console(soft_wrap=not sys.stdout.isatty()).print(build_queue(items, now, app.zone, alike))


def print_json(rows: Iterable[dict[str, Any]]) -> None:
    for row in rows:
        # In ASCII: a title may hold U+2028, at which many readers split lines.
        click.echo(json.dumps(row))


def read_text(file: IO[str]) -> str:
    """Return a text file's content. Raises Problem when it is not UTF-8."""
    try:
        return file.read()
    except UnicodeDecodeError as error:
        raise Problem(
            f"The text is not UTF-8 (byte {error.start}).", "Save it as UTF-8 and try again."
        ) from error


def tell_sleeping(app: App) -> None:
    """Say so when nobody is there to carry a decision out, or nothing may leave."""
    from followupd.waking import is_listening

    tell_paused(app)
    if not is_listening(app.state):
        click.echo(
            "The daemon is not running: start it with `followupd run`, or make one pass with `followupd once`.",
            err=True,
        )


def tell_paused(app: App) -> None:
    if app.desk.is_paused():
        click.echo("Paused: nothing leaves until `followupd resume`.", err=True)
