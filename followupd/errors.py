"""What can go wrong, told once and in words: what happened, what to do, and whether it passes by itself."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The codes every command ends with; docs/operating.md lists them for scripts."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    BROKEN = 3
    SOME_SOURCES_FAILED = 4
    ALL_SOURCES_FAILED = 69
    STATE = 74
    ALREADY_RUNNING = 75
    CONFIGURATION = 78


class Problem(Exception):  # noqa: N818 - the word owners read is "problem"
    """Something an owner has to know: what happened, and what to do about it.

    `temporary` problems are tried again by the next pass; the others wait for the owner.
    """

    exit_code = ExitCode.REFUSED
    temporary = False

    def __init__(self, what: str, todo: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo

    def in_one_line(self) -> str:
        """Return what happened and what to do as the log has it."""
        return f"{self.what.rstrip('.')}. {self.todo}".rstrip()

    def __str__(self) -> str:
        return f"{self.what}\n{self.todo}" if self.todo else self.what


class ConfigProblem(Problem):
    """config.toml or the place it names is wrong; nothing was started."""

    exit_code = ExitCode.CONFIGURATION


class TemplateProblem(Problem):
    """A template cannot be used; the last good version stays in force."""

    exit_code = ExitCode.CONFIGURATION


class ClockProblem(Problem):
    """The machine's clock cannot be right, so nothing is done by it."""

    exit_code = ExitCode.CONFIGURATION
    temporary = True


class SourceProblem(Problem):
    """A calendar could not be read; what was known of it stays as it was."""

    exit_code = ExitCode.ALL_SOURCES_FAILED
    temporary = True


class MailboxProblem(Problem):
    """The mailbox refused or cannot be reached, and certainly did not do what was asked."""

    exit_code = ExitCode.STATE
    temporary = True


class NotYet(MailboxProblem):
    """The server will not take this one message now and said that it may later; nothing left."""


class Refused(MailboxProblem):
    """This one message cannot go, now or later, as it stands; nothing left."""

    temporary = False


class Doubt(Problem):
    """A write may or may not have happened; only a look at the mailbox can tell."""

    exit_code = ExitCode.STATE
    temporary = True


class Missing(Problem):
    """There is nothing of that number or name."""


class Changed(Problem):
    """What was about to be written over is no longer what was read."""


class NoticeProblem(Problem):
    """A notice did not get through by one way; the others are used all the same."""

    exit_code = ExitCode.BROKEN
    temporary = True


class StateProblem(Problem):
    """The state folder or its database cannot be used."""

    exit_code = ExitCode.STATE


class StateUnusable(StateProblem):
    """The database is damaged, foreign or newer: nothing is written until the owner decides."""

    exit_code = ExitCode.CONFIGURATION


class StateDamaged(StateUnusable):
    """The database holds what nobody wrote; a backup is the way on."""


class StateBusy(StateProblem):
    """The disk is full or another process holds the database; the next pass tries again."""

    temporary = True


class Bug(Problem):
    """Something in followupd itself went wrong; only what it was about waits, all else goes on."""


def name_bug(about: str, error: Exception) -> Bug:
    """Return an error nobody foresaw as a problem in words."""
    return Bug(
        f"A bug in followupd met {about}: {type(error).__name__}: {error}.",
        "Please report it; the rest goes on.",
    )


class AlreadyRunning(Problem):
    """Another daemon or pass holds this state folder."""

    exit_code = ExitCode.ALREADY_RUNNING
