"""The daemon and single passes, put together from a config file."""

import gc
import os
import resource
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path

from followupd.assemble import (
    build_accounts,
    build_cycle,
    build_mailboxes,
    build_templates,
    open_store,
    read_clock,
)
from followupd.cycle import Report, check_clock
from followupd.daemon import Daemon, Parts
from followupd.errors import ConfigProblem, Problem
from followupd.items import FollowUp
from followupd.last_words import forget_end, tell_unreadable, telling_the_end
from followupd.lock import hold_state
from followupd.logs import set_up_log
from followupd.marks import mark_today
from followupd.notices import Cause
from followupd.paging import LatePage, build_watched, served_beside_daemon
from followupd.render import Renderer
from followupd.settings import Settings, load_settings
from followupd.store.store import Store
from followupd.watching import Watch
from followupd.ways import build_watch_ground


def run_daemon(config_file: Path) -> None:
    """Run until SIGTERM. Raises AlreadyRunning when another one holds the state, and every start-up problem."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold mail and passwords
    set_up_log()
    settings = _load_or_tell(config_file)
    with telling_the_end(settings):
        _run(config_file, settings)


def _run(config_file: Path, settings: Settings) -> None:
    folder = settings.state
    with hold_state(folder), Renderer() as renderer:
        # Kept when settings are read again, and with it the last good version of every template.
        templates = build_templates(settings, renderer)

        def build(settings: Settings) -> Parts:
            store = open_store(folder)
            try:
                store.check()
                accounts = build_accounts(settings)
                boxes = build_mailboxes(settings, accounts)
                cycle = build_cycle(settings, store, templates, mailboxes=boxes, accounts=accounts)
                ground = build_watch_ground(settings, store, boxes, accounts)
                return Parts(cycle, store, settings.poll, ground)
            except BaseException:
                store.close()
                raise

        def rebuild() -> Parts:
            changed = load_settings(config_file)
            if changed.state != folder:
                raise ConfigProblem(
                    "[state] path changed while the daemon runs.", "Restart it to move to another state."
                )
            parts = build(changed)
            page.take(changed)
            return parts

        watch = Watch(read_clock, lambda: mark_today(folder, "hangs"))
        page = LatePage(settings, renderer, lambda: True)
        daemon = Daemon(folder, build(settings), rebuild, watch)
        port = settings.page.port
        with served_beside_daemon(lambda: build_watched(page, watch, renderer), port) as problem:
            watch.note(Cause.PAGE, problem)
            forget_end(folder)
            _look_for_waste()
            daemon.run()


def _load_or_tell(config_file: Path) -> Settings:
    """Return the settings; a mistake in them is told on the desktop where nobody reads the terminal. Raises it all the same."""
    try:
        return load_settings(config_file)
    except Problem as problem:
        if not sys.stderr.isatty():
            tell_unreadable(config_file, problem)
        raise


def _look_for_waste() -> None:
    """Let Python look for waste from here on, and never again in what was loaded to stay."""
    gc.freeze()
    gc.enable()


def run_once(settings: Settings) -> tuple[Report, list[FollowUp]]:
    """Make one pass over the real state; return its report and what waits afterwards."""
    os.umask(0o077)
    check_clock(read_clock())
    with hold_state(settings.state), Renderer() as renderer, closing(open_store(settings.state)) as store:
        store.check()
        report = build_cycle(settings, store, build_templates(settings, renderer)).run_pass()
        return report, _list_queue(store, read_clock())


def try_once(settings: Settings, at: datetime) -> tuple[Report, list[FollowUp]]:
    """Make one pass as of `at` over a copy of the state, with mailboxes that are only read."""
    import tempfile  # noqa: PLC0415 - the daemon makes no copies

    from followupd.adapters.dry import DryMailbox  # noqa: PLC0415

    os.umask(0o077)
    real = build_mailboxes(settings, build_accounts(settings))
    mailboxes = {name: DryMailbox(box) for name, box in real.items()}
    with tempfile.TemporaryDirectory(prefix="followupd-") as copy:
        _copy_state(settings.state, Path(copy))
        with Renderer() as renderer, closing(open_store(Path(copy))) as store:
            store.facts.believe_clock(at)
            templates = build_templates(settings, renderer)
            report = build_cycle(settings, store, templates, lambda: at, mailboxes).run_pass()
            return report, _list_queue(store, at)


def _list_queue(store: Store, now: datetime) -> list[FollowUp]:
    from followupd.desk import Desk  # noqa: PLC0415 - the daemon lists nothing

    return Desk(store, lambda: None).list_queue(now)


def _copy_state(state: Path, target: Path) -> None:
    if state.is_dir():
        with closing(open_store(state)) as store:
            store.copy_to(target)
