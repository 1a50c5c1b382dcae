"""The commands that keep, move and give back what followupd remembers."""

import shlex
from pathlib import Path
from typing import Any

import click

from followupd.app import App, as_json, needs_app, print_json, tell_sleeping


@click.command()
@click.option("--list", "only_list", is_flag=True, help="Show the backups there are; make none.")
@as_json
@needs_app
def backup(app: App, only_list: bool, as_json: bool) -> None:
    """Make a backup of what followupd remembers. The daemon makes one a day and keeps 14.

    Each is looked at page by page before it counts. Its place is printed.
    """
    from followupd.store.backups import list_backups, make_backup

    made = list_backups(app.state) if only_list else [make_backup(app.state, app.now)]
    if as_json:
        print_json(_backup_to_json(path) for path in made)
        return
    for path in made:
        click.echo(path)


def _backup_to_json(path: Path) -> dict[str, Any]:
    return {"file": str(path), "bytes": path.stat().st_size}


@click.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@needs_app
def restore(app: App, file: Path) -> None:
    """Go back to a backup, or to an export. What is there now is kept aside; not while the daemon runs.

    The next pass looks at your mailbox before it writes anything there, and what you approved needs a new yes.
    """
    from followupd.exporting import is_export, restore_export
    from followupd.lock import hold_state
    from followupd.store.backups import restore_backup

    with hold_state(app.state):
        if is_export(file):
            kept, taken_back = restore_export(file, app.config_file, app.state, app.now)
        else:
            kept, taken_back = restore_backup(app.state, file, app.now)
    click.echo(f"Restored from {file}.", err=True)
    if kept is not None:
        click.echo(f"What was there is kept in {kept}.", err=True)
    if taken_back:
        click.echo(f"{taken_back} approved before need a new yes: see `followupd queue`.", err=True)
    click.echo(
        "The next pass looks at your mailbox before it writes: `followupd once --dry-run` shows it.", err=True
    )


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@needs_app
def export(app: App, target: Path) -> None:
    """Write everything as plain files to TARGET, a new folder or a new .tar; `restore` takes it back.

    JSON Lines for every table, your templates, and your config without the secrets in it.
    """
    from followupd.exporting import export_all

    if not export_all(app.config_file, app.state, target):
        click.echo(
            "Without the config: it cannot be read, so it cannot be told what in it is secret.", err=True
        )
    click.echo(f"Wrote {target}. It tells whom you met, so keep it where only you can read it.", err=True)


@click.command()
@click.argument("person")
@needs_app
def forget(app: App, person: str) -> None:
    """Erase a PERSON, by address or name, from everything followupd keeps. There is no undo.

    Drafts that are still as followupd wrote them are taken out of your mailbox with the next pass; then the state lets
    the person go. Backups that still hold them are named.
    """
    from followupd.store.forgetting import find_copies

    known, drafts = app.desk.people.forget(person, app.now)
    said = f"; {_count(drafts, 'draft')} to them taken out of your mailbox" if drafts else ""
    click.echo(f"{known.name or known.email}: forgotten with the next pass{said}.", err=True)
    for calendar, count in app.desk.people.list_calendars_naming(known).items():
        click.echo(
            f"They still stand in {_count(count, 'event')} of your calendar '{calendar}', which is not ours to change.",
            err=True,
        )
    if held := list(find_copies(app.state, known)):
        click.echo("These older states still hold them. Delete them when you can do without:", err=True)
        for file in held:
            click.echo(f"rm {shlex.quote(str(file))}")
    tell_sleeping(app)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


COMMANDS = (backup, restore, export, forget)
