"""`followupd demo --page`: the approval page and the real daemon over the demo's week, to play with until Ctrl-C."""

import socket
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from followupd.assemble import build_cycle, build_templates, open_store, read_clock
from followupd.demo import Clock, Demo, find_home, furnish_home
from followupd.opening import PRINTED
from followupd.render import Renderer
from followupd.running import run_daemon
from followupd.settings import Settings
from followupd.web.door import Door


def show_demo_page(keep: Path | None) -> None:
    """Print a link to the demo's page and serve it until Ctrl-C. Raises ConfigProblem for a used folder."""
    with find_home(keep) as home:
        port = _find_port()
        settings = furnish_home(home, port)
        _remember(settings)
        link = f"http://127.0.0.1:{port}/open/{Door(settings.state).make_link(PRINTED, read_clock())}"
        click.echo(
            "Ada's week waits for her decisions. Open this once, within ten minutes; Ctrl-C ends it:",
            err=True,
        )
        click.echo(link)
        run_daemon(settings.file)


def _remember(settings: Settings) -> None:
    """Let Ada have met Tom three weeks ago, and the daemon have been there since."""
    clock = Clock(datetime.now(UTC))
    with Renderer() as renderer, closing(open_store(settings.state)) as store:
        cycle = build_cycle(settings, store, build_templates(settings, renderer), clock)
        Demo(settings, store, cycle, clock, Console(quiet=True)).remember_tom()


def _find_port() -> int:
    """Return a port nobody uses: the owner's own page may be at the usual one."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
