"""Ways to tell the owner on their own computer: the log, the desktop, a draft to themselves."""

import html
import logging
import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from followupd.errors import Changed, Doubt, MailboxProblem, NoticeProblem
from followupd.mail import Place, Trace
from followupd.notices import Notice
from followupd.ports import Mailbox

log = logging.getLogger("followupd")

_DESKTOP_SECONDS = 10.0
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
#: What a desktop shows of a notice.
_MOST_LETTERS = 400


class LogNotices:
    """Notices in the daemon's log, a line for each; their details stand there already."""

    name = "log"
    disturbs = False
    writes_mail = False

    def is_there(self) -> bool:
        return True

    def tell(self, notice: Notice, _: str) -> str:
        level = logging.ERROR if notice.broken else logging.INFO
        log.log(level, "%s", clean_line(notice.title))
        return ""


class DesktopNotices:
    """Notices on the desktop of whoever runs this, by notify-send (package libnotify-bin)."""

    name = "desktop"
    disturbs = True
    writes_mail = False

    def is_there(self) -> bool:
        """Tell whether notify-send is installed and a session listens (D-Bus specification, "Well-known Message Bus Instances")."""
        runtime = os.environ.get("XDG_RUNTIME_DIR")
        session = "DBUS_SESSION_BUS_ADDRESS" in os.environ or bool(
            runtime and (Path(runtime) / "bus").exists()
        )
        return session and _find_program() is not None

    def tell(self, notice: Notice, _: str) -> str:
        urgency = "critical" if notice.broken else "normal"
        command = [_find_program() or "notify-send", "--app-name=followupd", f"--urgency={urgency}", "--"]
        try:
            done = subprocess.run(  # noqa: S603 - what PATH finds, and text that is no option
                [*command, clean_line(notice.title), write_body(notice)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_DESKTOP_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _no_desktop(type(error).__name__) from error
        if done.returncode != 0:
            raise _no_desktop(clean_line(done.stderr.decode("utf-8", "replace")) or f"code {done.returncode}")
        return ""


def _find_program() -> str | None:
    return shutil.which("notify-send")


def _no_desktop(why: str) -> NoticeProblem:
    return NoticeProblem(
        f"No notice could be shown on the desktop: {why}.", "Try it by hand: notify-send hello"
    )


def clean_line(text: str) -> str:
    """Return a text as one line without anything that steers a terminal, a log or a screen reader."""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()


def write_body(notice: Notice) -> str:
    r"""Return the details as desktops read them: with markup (Desktop Notifications Specification, "Markup"), of which none of ours is.

    notify-send undoes "\n" and its like first, so a backslash is written twice.
    """
    text = "\n".join(map(clean_line, notice.details))
    short = text if len(text) <= _MOST_LETTERS else f"{text[:_MOST_LETTERS]}…"
    return html.escape(short, quote=False).replace("\\", r"\\")


class DraftNotices:
    """Notices as drafts to the owner in their own mailbox, which nothing ever sends. The last of each cause is replaced."""

    name = "draft"
    disturbs = True
    writes_mail = True

    def __init__(
        self, mailbox: Mailbox, write: Callable[[Notice], bytes], name: Callable[[Notice], str]
    ) -> None:
        """`write` makes the message, `name` its Message-ID: the same for every notice of one cause."""
        self._mailbox = mailbox
        self._write = write
        self._name = name

    def is_there(self) -> bool:
        return True

    def tell(self, notice: Notice, earlier: str) -> str:
        """Put it into Drafts, in place of the last one if that is still as we wrote it (`earlier` is its hash)."""
        raw = self._write(notice)
        trace = Trace(None, self._name(notice), "", "", _LONG_AGO)
        try:
            look = self._mailbox.look(trace)
            drafts = look.drafts if look.place is Place.DRAFTS else ()
            last = next((draft for draft in drafts if draft.hash == earlier), None)
            return (self._mailbox.replace(last, raw) if last else self._mailbox.create(raw)).hash
        except Doubt:
            return ""  # it may be there; a second one would be told twice
        except (MailboxProblem, Changed) as problem:
            raise NoticeProblem(
                f"No draft of a notice could be made: {problem.what}", problem.todo
            ) from problem
