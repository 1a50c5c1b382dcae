"""The daemon and single passes, put together from a config file."""

import logging
import os
import sys
import tempfile
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from followupd.adapters.dry import DryMailbox
from followupd.assemble import build_cycle, build_mailboxes, open_store, read_clock
from followupd.config import Settings, read_settings
from followupd.cycle import Cycle, Report, check_clock
from followupd.daemon import Daemon
from followupd.errors import ConfigProblem
from followupd.lock import hold_state
from followupd.model import OPEN, FollowUp
from followupd.render import Renderer
from followupd.store.store import Store


def run_daemon(config_file: Path) -> None:
    """Run until SIGTERM. Raises AlreadyRunning when another one holds the state, and every start-up problem."""
    os.umask(0o077)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    folder = read_settings(config_file).state
    with hold_state(folder), Renderer() as renderer:

        def build() -> tuple[Cycle, Store, timedelta]:
            settings = read_settings(config_file)
            if settings.state != folder:
                raise ConfigProblem(
                    "[state] path changed while the daemon runs.", "Restart it to move to another state."
                )
            store = open_store(folder)
            store.check()
            return build_cycle(settings, store, renderer), store, settings.poll

        Daemon(folder, build).run()


def run_once(settings: Settings) -> tuple[Report, list[FollowUp]]:
    """Make one pass over the real state; return its report and what waits afterwards."""
    os.umask(0o077)
    check_clock(read_clock())
    with hold_state(settings.state), Renderer() as renderer, closing(open_store(settings.state)) as store:
        store.check()
        report = build_cycle(settings, store, renderer).run_pass()
        return report, store.followups(OPEN)


def try_once(settings: Settings, at: datetime) -> tuple[Report, list[FollowUp]]:
    """Make one pass as of `at` over a copy of the state, with mailboxes that are only read."""
    os.umask(0o077)
    mailboxes = {name: DryMailbox(box) for name, box in build_mailboxes(settings).items()}
    with tempfile.TemporaryDirectory(prefix="followupd-") as copy:
        _copy_state(settings.state, Path(copy))
        with Renderer() as renderer, closing(open_store(Path(copy))) as store:
            report = build_cycle(settings, store, renderer, lambda: at, mailboxes).run_pass()
            return report, store.followups(OPEN)


def _copy_state(state: Path, target: Path) -> None:
    if state.is_dir():
        with closing(open_store(state)) as store:
            store.copy_to(target)
