"""`followupd doctor`, on paper."""

import sys

import click

from followupd.app import App, as_json, needs_app, print_json
from followupd.errors import ExitCode


@click.command()
@as_json
@needs_app
def doctor(app: App, as_json: bool) -> None:
    """Look at everything followupd needs, and say what to do where something is wrong. Changes nothing."""
    from followupd.checkup import Health
    from followupd.doctor import examine, finding_to_json, write_finding

    broken = False
    for finding in examine(app.config_file, app.now):
        broken = broken or finding.health is Health.BROKEN
        if as_json:
            print_json([finding_to_json(finding)])
        else:
            click.echo(write_finding(finding))
    sys.exit(ExitCode.BROKEN if broken else ExitCode.DONE)
