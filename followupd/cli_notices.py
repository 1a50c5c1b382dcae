"""`followupd notices`: by which ways the owner is told, tried on the spot."""

import sys

import click

from followupd.app import App, needs_app
from followupd.errors import ExitCode


@click.group()
def notices() -> None:
    """Try the ways by which you are told that drafts wait, or that something does not work ([notices])."""


@notices.command("test")
@needs_app
def send_test(app: App) -> None:
    """Send a notice through each way, now, and say which got through."""
    from followupd.ways import try_ways

    failed = False
    for way, outcome, problem in try_ways(app.settings):
        click.echo(f"{way:10} {outcome}")
        if problem is not None:
            failed = True
            click.echo(f"{'':10} → {problem.todo}")
    sys.exit(ExitCode.BROKEN if failed else ExitCode.DONE)
