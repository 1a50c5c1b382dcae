"""The commands about people: everybody the owner met, what was decided about one of them, and who is one person."""

from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

import click

from followupd.app import App, as_json, needs_app, print_json

if TYPE_CHECKING:
    from followupd.model import Person

_HOME = "home"
#: What is meant where no command of people is said.
SHOW = "show"


class Zone(click.ParamType[str]):
    name = "zone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value != _HOME and value not in available_timezones():
            self.fail(f"'{value}' is no time zone such as America/New_York", param, ctx)
        return str(value)


class PeopleCommands(click.Group):
    """Commands of which `show` need not be said: `people PERSON` is `people show PERSON`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        said = args[:1] and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if said else [SHOW, *args])


@click.group(cls=PeopleCommands, options_metavar="[PERSON] [OPTIONS]", subcommand_metavar="| COMMAND")
def people() -> None:
    """List everybody you met, or one PERSON with what was decided about them; join two, or part them.

    A PERSON is named by address or name. `followupd people show --help` tells what can be decided.
    """


@people.command(SHOW)
@click.argument("person", required=False)
@click.option("--never", is_flag=True, help="Never write to them, for ever; what is open is withdrawn.")
@click.option("--again", is_flag=True, help="Take --never back.")
@click.option(
    "--zone",
    type=Zone(),
    help="Where they live, such as America/New_York: their working hours count too. Or: home, as you do.",
)
@as_json
@needs_app
def show_people(
    app: App, person: str | None, never: bool, again: bool, zone: str | None, as_json: bool
) -> None:
    """List everybody you met, with the last touch; or decide about one PERSON, by address or name."""
    if never and again:
        raise click.UsageError("--never or --again, not both.")
    if person is None:
        if never or again or zone:
            raise click.UsageError("Name the PERSON, by address or name.")
        _list_people(app, as_json=as_json)
        return
    known = app.desk.people.find(person) if not never else app.desk.people.never_write(person, app.now)
    if again:
        app.desk.people.write_again(person)
    if zone:
        app.desk.people.set_zone(person, None if zone == _HOME else zone)
    if not (never or again or zone):
        _list_people(app, as_json=as_json, key=known.key)
        if not as_json:
            _tell_greeting(app, known)
        return
    click.echo(f"{_call(known)}: {_say_decided(never=never, again=again, zone=zone)}", err=True)


@people.command()
@click.argument("one", metavar="PERSON")
@click.argument("other", metavar="OTHER")
@needs_app
def join(app: App, one: str, other: str) -> None:
    """Say that PERSON and OTHER are one person with two addresses: what was between you counts for both.

    At most one follow-up in seven days then goes to either address, and both are forgotten together. `part` takes it back.
    """
    first, second = app.desk.people.join(one, other)
    click.echo(
        f"{_name(first)} and {_name(second)} are one person from now on."
        f" To take it back: followupd people part {second.email or second.key}",
        err=True,
    )


@people.command()
@click.argument("person")
@needs_app
def part(app: App, person: str) -> None:
    """Say that PERSON is somebody else than those they were joined with. They are not joined again by themselves."""
    parted, others = app.desk.people.part(person)
    named = ", ".join(map(_name, others))
    click.echo(
        f"{_name(parted)} is somebody else than {named}."
        f" To take it back: followupd people join {parted.email or parted.key} {others[0].email or others[0].key}",
        err=True,
    )


def _list_people(app: App, *, as_json: bool, key: str | None = None) -> None:
    from followupd.listing import person_to_json, say_person

    rows = [
        (person, last, app.desk.people.find_kin(person))
        for person, last in app.desk.list_people()
        if key in {None, person.key}
    ]
    if as_json:
        print_json(person_to_json(person, last, kin) for person, last, kin in rows)
        return
    for person, last, kin in rows:
        click.echo(say_person(person, last, kin, app.zone))


def _tell_greeting(app: App, person: "Person") -> None:
    """Print what speaks for and against the first name, as the latest invitation wrote it."""
    from followupd.assemble import load_name_words
    from followupd.listing import say_greeting_of
    from followupd.rules.names import read_name

    name = read_name(app.desk.people.find_written(person), person.email, load_name_words())
    for line in say_greeting_of(person, name):
        click.echo(line)


def _name(person: "Person") -> str:
    return f"{person.name} <{person.email}>" if person.name and person.email else _call(person)


def _call(person: "Person") -> str:
    return person.name or person.email or person.key


def _say_decided(*, never: bool, again: bool, zone: str | None) -> str:
    said = []
    if never:
        said.append("is never written to; what is open for them is withdrawn with the next pass")
    if again:
        said.append("may be written to again")
    if zone:
        said.append(
            "keeps your hours" if zone == _HOME else f"lives in {zone}; their working hours count too"
        )
    return ", and ".join(said) + "."
