"""`followupd service`: the daemon started with your session or with the computer, by systemd."""

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from followupd.app import App, as_json, needs_app, print_json
from followupd.errors import AlreadyRunning, ExitCode, Problem

if TYPE_CHECKING:
    from followupd.service import Step, Unit


@click.group()
def service() -> None:
    """Have systemd run the daemon: with your session, or (--system) with the computer."""


def _of_unit(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say whose service is meant."""
    account = click.option(
        "--user", "account", help="With --system: the account it is for; else who called sudo."
    )
    system = click.option("--system", is_flag=True, help="The service of a server, for one account.")
    return system(account(command))


def _find_unit(system: bool, account: str | None) -> "Unit":
    from followupd.service import Unit, require_account

    if account and not system:
        raise click.UsageError("--user goes with --system.")
    if not system and os.geteuid() == 0 and "SUDO_USER" in os.environ:
        raise click.UsageError("For your own session leave sudo out; for a server add --system.")
    return Unit(require_account(account or os.environ.get("SUDO_USER", ""))) if system else Unit()


@service.command()
@_of_unit
@click.option("--dry-run", is_flag=True, help="Print the unit, and say what would be done; change nothing.")
@click.option("--force", is_flag=True, help="Write over a unit of your own; it is kept beside the new one.")
@needs_app
def install(app: App, /, system: bool, account: str | None, dry_run: bool, force: bool) -> None:
    """Put the service in place and start it. Do so again after an upgrade: it starts anew, by the program of now."""
    from followupd.service import plan_install, require_systemd, write_unit

    unit = _find_unit(system, account)
    config = _find_config(app, unit)
    text = write_unit(unit, config, os.environ.get("FOLLOWUPD_STATE", ""))
    if dry_run:
        click.echo(text, nl=False)
        _tell_plan(plan_install(unit, text, force=force))
        return
    require_systemd(unit)
    _require_root(unit)
    _require_fit(app, unit)
    _take(plan_install(unit, text, force=force))
    click.echo(
        f"followupd runs, and will start with {'the computer' if system else 'your session'}.", err=True
    )
    _tell_rest(unit)


def _find_config(app: App, unit: "Unit") -> Path | None:
    """Return the config a unit has to name; None for the one in its usual place."""
    from followupd.home import find_usual_config

    file = app.config_file.absolute()
    return None if unit.account or file == find_usual_config() else file


def _require_root(unit: "Unit") -> None:
    if unit.account and os.geteuid() != 0:
        raise Problem("Only root may change the services of a computer.", "Put `sudo` before the command.")


def _require_fit(app: App, unit: "Unit") -> None:
    """Raise Problem where the service could not start: no good config, or a daemon that runs already."""
    from followupd.service import ask_unit, check_config
    from followupd.waking import is_listening

    if unit.account:
        check_config(unit.account)
        _tell_hidden(unit)
    elif is_listening(app.settings.state) and ask_unit(unit)["ActiveState"] != "active":
        raise AlreadyRunning(
            f"followupd is already running on {app.settings.state}, started by hand.",
            "Stop it (Ctrl-C where it runs), then install the service.",
        )


def _tell_hidden(unit: "Unit") -> None:
    from followupd.service import SYSTEM_STATE, find_hidden

    hidden = find_hidden(unit.account)
    if hidden:
        click.echo(
            f"The service sees no home folder, but its config names {', '.join(hidden)}. Move what lies there to "
            f"{SYSTEM_STATE / unit.account}, or let it in: {unit.say('edit', unit.name)}, with the lines [Service], "
            "ProtectHome=tmpfs and BindPaths=FOLDER.",
            err=True,
        )


def _tell_plan(steps: Iterable["Step"]) -> None:
    for step in steps:
        click.echo(f"would {step.what}", err=True)


def _take(steps: Iterable["Step"]) -> None:
    for step in steps:
        step.do()


def _tell_rest(unit: "Unit") -> None:
    """Say what else an owner has to know now."""
    from followupd.service import SYSTEM_CONFIG, SYSTEM_STATE, lingers

    if unit.account:
        config = SYSTEM_CONFIG / unit.account / "config.toml"
        click.echo(
            f"As {unit.account}: export FOLLOWUPD_CONFIG={config} FOLLOWUPD_STATE={SYSTEM_STATE / unit.account}\n"
            "Then `followupd queue` and all other commands mean this service.",
            err=True,
        )
    elif lingers() is False:
        click.echo(
            "It stops when you log out, and starts when you log in. To keep it running: loginctl enable-linger",
            err=True,
        )


@service.command()
@_of_unit
@click.option("--dry-run", is_flag=True, help="Say what would be done; change nothing.")
@click.option("--force", is_flag=True, help="Delete a unit of your own too.")
def uninstall(*, system: bool, account: str | None, dry_run: bool, force: bool) -> None:
    """Stop the service and take it away. Config and state stay."""
    from followupd.service import plan_uninstall, require_systemd

    unit = _find_unit(system, account)
    steps = list(plan_uninstall(unit, force=force))
    if dry_run:
        _tell_plan(steps)
        return
    if not steps:
        click.echo(f"There is no service to take away: {unit.file} is not there.", err=True)
        return
    require_systemd(unit)
    _require_root(unit)
    _take(steps)
    kept = f"; {unit.file} stays, for it is yours or another account's" if unit.file.exists() else ""
    click.echo(f"The service is stopped and starts no more{kept}. Config and state stay.", err=True)


@service.command()
@_of_unit
@as_json
def status(*, system: bool, account: str | None, as_json: bool) -> None:
    """Say how the service is, and what it waits for. Ends with code 3 when it does not run."""
    from followupd.service import ask_unit, require_systemd

    unit = _find_unit(system, account)
    require_systemd(unit)
    found = _describe(unit, ask_unit(unit))
    if as_json:
        print_json([found])
    else:
        click.echo(_say_status(unit, found))
    sys.exit(ExitCode.DONE if found["active"] == "active" else ExitCode.BROKEN)


def _describe(unit: "Unit", asked: Mapping[str, str]) -> dict[str, Any]:
    from followupd.service import is_ours, lingers, read_time

    since = read_time(asked["ActiveEnterTimestamp"])
    file = asked["FragmentPath"]
    ours = is_ours(Path(file).read_text(encoding="utf-8")) if file else None
    return {
        "unit": unit.name,
        "installed": asked["LoadState"] == "loaded",
        "enabled": asked["UnitFileState"] == "enabled",
        "active": asked["ActiveState"],
        "status": asked["StatusText"],
        "since": f"{since:%Y-%m-%dT%H:%M:%SZ}" if since else None,
        "pid": int(asked["MainPID"] or 0) or None,
        "restarts": int(asked["NRestarts"] or 0),
        "result": asked["Result"],
        "exit_code": int(asked["ExecMainStatus"] or 0),
        "file": file or None,
        "changed": None if ours is None else not ours or bool(asked["DropInPaths"]),
        "reread": asked["NeedDaemonReload"] == "yes",
        "lingers": None if unit.account else lingers(),
    }


def _say_status(unit: "Unit", found: Mapping[str, Any]) -> str:
    if not found["installed"]:
        return "There is no service. Put it in place: followupd service install"
    if found["active"] == "active":
        lines = [f"runs since {found['since']}; {found['status'] or 'it says nothing yet'}"]
    else:
        why = f" ({found['result']}, code {found['exit_code']})" if found["result"] != "success" else ""
        lines = [
            f"does not run: {found['active']}{why}",
            f"Its log: {unit.say('-u', unit.name, program='journalctl')}",
        ]
    if found["restarts"]:
        lines.append(f"systemd started it anew {found['restarts']} times since.")
    if not found["enabled"]:
        lines.append(f"It does not start by itself: {unit.say('enable', unit.name)}")
    if found["reread"]:
        lines.append(f"Its unit changed and was not read yet: {unit.say('daemon-reload')}")
    if found["lingers"] is False:
        lines.append("It stops when you log out; to keep it running: loginctl enable-linger")
    return "\n".join(lines)


@service.command()
@_of_unit
@click.option("-n", "--lines", default=100, show_default=True, help="How many of the last lines.")
@click.option("-f", "--follow", is_flag=True, help="Go on showing what comes, until Ctrl-C.")
def logs(*, system: bool, account: str | None, lines: int, follow: bool) -> None:
    """Show what the daemon said, from the journal."""
    unit = _find_unit(system, account)
    # Not --system: the journal keeps what an account's programs say in that account's own file.
    unit_of = ["--unit" if unit.account else "--user-unit", unit.name]
    command = ["journalctl", *unit_of, "--lines", str(lines), "--follow" if follow else "--no-pager"]
    try:
        os.execvp(command[0], command)  # noqa: S606 - our own words; journalctl is what PATH finds
    except FileNotFoundError:
        raise Problem("There is no journal here.", "What the daemon says is where its stderr goes.") from None
