"""`followupd page`: a link to the page, or the page itself where no daemon serves it."""

import os
import secrets
import webbrowser
from datetime import timedelta
from hmac import compare_digest
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import click

from followupd.assemble import read_clock
from followupd.errors import Problem
from followupd.paging import LatePage
from followupd.render import Renderer
from followupd.settings import Settings
from followupd.waking import is_listening
from followupd.web.door import Door, write_opener
from followupd.web.serving import PageServer

#: How long the link counts that is opened at once, and the one that is printed.
OPENED, PRINTED = timedelta(seconds=60), timedelta(minutes=10)
_ANSWER_WITHIN = 5.0
_ANSWER_MAX = 200


def show_page(settings: Settings, *, browse: bool) -> None:
    """Open and print a link to the page; where no daemon serves it, serve it until Ctrl-C.

    Raises Problem when the port is another program's: then nothing secret was said to it.
    """
    os.umask(0o077)
    port, door = settings.page.port, Door(settings.state)
    if not port:
        raise Problem("The page is switched off.", "Give it a port: [page] port = 8458 in config.toml.")
    if _is_served(door, port):
        _give_links(door, port, browse=browse)
    elif is_listening(settings.state):
        raise Problem(
            f"The daemon runs, but not with a page at port {port}.",
            "Restart it; where the port was taken by another program, its log says so.",
        )
    else:
        _serve(settings, door, browse=browse)


def sign_out_everywhere(state: Path) -> None:
    """End every session and every link of the page."""
    Door(state).close_all()
    click.echo("Every session of the page has ended; `followupd page` opens a new one.", err=True)


def _serve(settings: Settings, door: Door, *, browse: bool) -> None:
    port = settings.page.port
    with Renderer() as renderer:
        page = LatePage(settings, renderer, lambda: is_listening(settings.state))
        server = PageServer(page, port)
        _give_links(door, port, browse=browse)
        click.echo("No daemon runs, so this serves the page until Ctrl-C; what you decide", err=True)
        click.echo("is kept and carried out by the next `followupd run` or `followupd once`.", err=True)
        server.serve()


def _give_links(door: Door, port: int, *, browse: bool) -> None:
    if browse and _has_screen():
        webbrowser.open(write_opener(door, _write_link(door, port, OPENED)).as_uri())
    click.echo("Opens the page once, within ten minutes:", err=True)
    click.echo(_write_link(door, port, PRINTED))


def _write_link(door: Door, port: int, valid: timedelta) -> str:
    return f"http://127.0.0.1:{port}/open/{door.make_link(valid, read_clock())}"


def _has_screen() -> bool:
    """Tell whether a browser can show itself; without a screen one would take over the terminal."""
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _is_served(door: Door, port: int) -> bool:
    """Tell whether our page answers at the port; False when nobody does. Raises Problem when somebody else does."""
    challenge = secrets.token_urlsafe(24)
    try:
        answer = _ask(port, f"/identity/{challenge}")
    except ConnectionRefusedError:
        return False
    except (OSError, HTTPException):
        answer = ""
    if not compare_digest(answer.encode(), door.prove(challenge, port).encode()):
        raise Problem(
            f"Something answers at port {port}, and it is not the page of this followupd.",
            "Nothing was said to it. Name another port: [page] port in config.toml, then restart the daemon.",
        )
    return True


def _ask(port: int, path: str) -> str:
    connection = HTTPConnection("127.0.0.1", port, timeout=_ANSWER_WITHIN)
    try:
        connection.request("GET", path)
        return connection.getresponse().read(_ANSWER_MAX).decode("ascii", "replace")
    finally:
        connection.close()
