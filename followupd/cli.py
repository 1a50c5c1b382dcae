"""The command line. Data on stdout, talk on stderr; docs/operating.md lists the exit codes."""

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from followupd import __version__, cli_data, cli_desk
from followupd.app import App, Commands, Duration, Moment, as_json, needs_app, print_queue
from followupd.cli_doctor import doctor
from followupd.cli_google import connect, disconnect
from followupd.cli_met import met
from followupd.cli_notices import notices
from followupd.cli_people import people
from followupd.cli_service import service
from followupd.cli_templates import templates

if TYPE_CHECKING:
    from followupd.cycle import Report


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="followupd")
@click.option("--config", type=click.Path(path_type=Path), help="The config file; else $FOLLOWUPD_CONFIG.")
@click.pass_context
def main(ctx: click.Context, config: Path | None) -> None:
    """Keep the 48-hour rule: a warm, personal follow-up for everyone you met; nothing leaves without your yes."""
    ctx.obj = App(config)


# --- set up


@main.command()
@click.option("--name", help="Your name, as it stands under your mails.")
@click.option("--email", help="Your mail address.")
@click.option("--calendar", help="An .ics file, a folder of them, or the https address of a feed.")
@click.option("--mailbox", type=click.Path(path_type=Path), help="The Maildir for drafts.")
@click.option("--timezone", help="Such as Europe/Berlin; else this computer's.")
@click.option("--alias", "aliases", multiple=True, help="Another address that is you; may be repeated.")
@click.option(
    "--company-domain",
    "domains",
    multiple=True,
    help="Where your colleagues have their mail; may be repeated.",
)
@click.option(
    "--language",
    "languages",
    multiple=True,
    help="A language you write in: en, de, fr, es; the first is the fallback.",
)
@click.option("--force", is_flag=True, help="Write over a config that is there.")
@needs_app
def init(app: App, /, force: bool, **answers: Any) -> None:
    """Write a config that runs at once. Asks for what the options leave out."""
    from followupd.setup import write_config

    file = write_config(app.config_file, answers, force=force)
    click.echo(
        f"Wrote {file}. Next: `followupd explain` shows what your calendar holds; `followupd run` starts here and now, "
        "`followupd service install` with your session.",
        err=True,
    )


@main.command()
@click.option("--svg", type=click.Path(path_type=Path), help="Also save the picture of the demo here.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the demo's home in this (new) folder.")
@click.option(
    "--page", is_flag=True, help="Serve the approval page over that week, to play with until Ctrl-C."
)
def demo(svg: Path | None, keep: Path | None, page: bool) -> None:
    """Show a believable week in a throw-away home.

    From the calendar to an approved follow-up, in the real program; it touches nothing of yours.
    """
    if page:
        from followupd.demo_page import show_demo_page

        show_demo_page(keep)
        return
    from followupd.demo import show_demo

    show_demo(svg, keep)


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what has your SHELL complete commands and options at the Tab key.

    For bash: followupd completion bash > ~/.local/share/bash-completion/completions/followupd
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is not None:
        click.echo(kind(main, {}, "followupd", "_FOLLOWUPD_COMPLETE").source())


# --- the daemon and single passes


@main.command()
@needs_app
def run(app: App) -> None:
    """Run the daemon. It looks at the calendars, drafts what is due and carries out what you decide."""
    import gc

    gc.disable()  # what is loaded here stays: looking for waste in it would take a tenth of the start
    from followupd.running import run_daemon

    run_daemon(app.config_file)


@main.command()
@click.option("--no-browser", is_flag=True, help="Only print the link.")
@click.option("--sign-out", is_flag=True, help="End every session and every link, everywhere.")
@needs_app
def page(app: App, no_browser: bool, sign_out: bool) -> None:
    """Open the approval page in your browser.

    The link that is printed works once, within ten minutes. The daemon serves the page; where none runs, this does.
    """
    from followupd.opening import show_page, sign_out_everywhere

    if sign_out:
        sign_out_everywhere(app.state)
        return
    show_page(app.settings, browse=not no_browser)


@main.command()
@click.option("--dry-run", is_flag=True, help="Do it on a copy of the state; change nothing.")
@click.option("--at", type=Moment(), help="With --dry-run: as if it were that time.")
@needs_app
def once(app: App, dry_run: bool, at: datetime | None) -> None:
    """Make one pass, as the daemon does. It drafts what is due and carries out what you decided."""
    from followupd.running import run_once, try_once

    if at and not dry_run:
        raise click.UsageError("--at goes with --dry-run.")
    report, items = try_once(app.settings, at or app.now) if dry_run else run_once(app.settings)
    _tell_report(report)
    print_queue(app, items, at or app.now)
    sys.exit(report.exit_code)


def _tell_report(report: "Report") -> None:
    for line in report.say():
        click.echo(line, err=True)


# --- judging, without state


@main.command()
@click.option("--at", type=Moment(), help="As if it were that time.")
@click.option("--since", type=Duration(), default="7d", show_default=True, help="How far to look back.")
@click.option("--until", type=Duration(), default="60d", show_default=True, help="How far to look ahead.")
@as_json
@needs_app
def explain(app: App, at: datetime | None, since: timedelta, until: timedelta, as_json: bool) -> None:
    """Say what is made of every event, and why.

    Everybody in it is listed too, with what they would get or why nothing. Changes nothing.
    """
    from followupd.explaining import print_explained

    sys.exit(print_explained(app.settings, at or app.now, since, until, as_json=as_json))


main.add_command(doctor)
main.add_command(notices)
main.add_command(templates)
main.add_command(connect)
main.add_command(disconnect)
main.add_command(met)
main.add_command(people)
main.add_command(service)
for command in (*cli_desk.COMMANDS, *cli_data.COMMANDS):
    main.add_command(command)
