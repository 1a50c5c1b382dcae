"""What the page stands on: the settings in force and the ways to the state; assemble.py builds it, a reload swaps it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import current_app, g

from followupd.debriefing import Debriefing
from followupd.desk import Desk
from followupd.items import Via
from followupd.model import Judge
from followupd.rules.advice import Caution
from followupd.settings import Settings
from followupd.store.store import Store
from followupd.template_files import Templates
from followupd.web.door import Door
from followupd.web.tries import Tries
from followupd.writer import Writer


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything one request needs, taken whole at its beginning."""

    settings: Settings
    judge: Judge
    writer: Writer
    templates: Templates
    cautions: tuple[Caution, ...]
    open_store: Callable[[], Store]
    open_debriefing: Callable[[Store], Debriefing]
    wake: Callable[[], None]
    clock: Callable[[], datetime]
    is_running: Callable[[], bool]
    """Whether a daemon carries out what is decided."""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.owner.timezone)


@dataclass
class Holder:
    """The ground in force; the door and who tried it in vain, which stay the same."""

    ground: Ground
    door: Door
    tries: Tries = field(default_factory=Tries)


def holder() -> Holder:
    """Return what this process serves its page from."""
    found: Holder = current_app.extensions["followupd"]
    return found


def ground() -> Ground:
    """Return the ground as it was when this request began."""
    if "ground" not in g:
        g.ground = holder().ground
    found: Ground = g.ground
    return found


def now() -> datetime:
    """Return the moment of this request (UTC)."""
    if "now" not in g:
        g.now = ground().clock()
    moment: datetime = g.now
    return moment


def store() -> Store:
    """Return this request's own connection to the state; SQLite's belong to one thread."""
    if "store" not in g:
        g.store = ground().open_store()
    found: Store = g.store
    return found


def desk() -> Desk:
    return Desk(store(), ground().wake, Via.PAGE)


def debriefing() -> Debriefing:
    return ground().open_debriefing(store())


def close_store(_error: BaseException | None = None) -> None:
    """Close this request's connection, if it opened one."""
    if "store" in g:
        g.store.close()
