"""Commands about accounts at Google. What they need is imported when they run."""

from pathlib import Path
from typing import Any

import click

from followupd.app import App, needs_app


@click.group()
def connect() -> None:
    """Sign in to an account."""


@click.group()
def disconnect() -> None:
    """End a sign-in, here and at the other side."""


account_option = click.option("--account", help="What the account is called in config.toml; else the first.")


@connect.command("google")
@account_option
@click.option("--client", type=click.Path(path_type=Path), help="The JSON file of your own OAuth client.")
@click.option("--contacts", is_flag=True, help="Also read your contacts, to greet people as you know them.")
@click.option(
    "--read-replies",
    is_flag=True,
    help="Also read your mail: who answered, whom you wrote to yourself, your signature.",
)
@click.option("--no-browser", is_flag=True, help="The browser is on another computer.")
@click.option(
    "--port", type=click.IntRange(1024, 65535), help="Where Google's answer comes back; else any free one."
)
@click.option(
    "--calendar", "calendars", multiple=True, help="The name of a calendar to read; may be repeated."
)
@needs_app
def connect_google(app: App, /, no_browser: bool, **given: Any) -> None:
    """Sign in to Google, choose calendars, and let drafts lie in Gmail.

    Leads through Google's console first where there is no client file yet; docs/google-setup.md shows every step.
    """
    from followupd.connecting import Wishes, connect_google

    connect_google(app.settings, Wishes(browser=not no_browser, **given))


@disconnect.command("google")
@account_option
@needs_app
def disconnect_google(app: App, account: str | None) -> None:
    """Revoke the sign-in at Google and delete it from this computer."""
    from followupd.connecting import disconnect_google

    disconnect_google(app.settings, account)
