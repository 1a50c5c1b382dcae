"""What does not work, sorted by its cause: from the report of a pass, and from looks at what no pass meets."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from followupd.cycle import Report
from followupd.errors import (
    Bug,
    Changed,
    ClockProblem,
    Doubt,
    MailboxProblem,
    NotYet,
    Problem,
    Refused,
    SourceProblem,
    StateProblem,
    TemplateProblem,
)
from followupd.notices import Cause, Trouble

#: Free space under which the state soon cannot grow.
LITTLE_SPACE = 200 * 1024**2
#: A clock that is further off makes due times and sign-ins wrong.
MOST_DRIFT = timedelta(minutes=5)


class Found(NamedTuple):
    """One thing that does not work, as it was found in a pass."""

    cause: Cause
    subject: str
    """Which of its kind, as config.toml calls it; "" where there is only one."""
    problem: Problem


#: Looks at one thing that no pass meets.
Lookout = Callable[[datetime], Iterable[Found]]


def sort_report(report: Report) -> Iterator[Found]:
    """Yield what a pass met, by cause."""
    for name, problem in (report.failed | report.half_read).items():
        yield Found(Cause.CALENDAR, name, problem)
    yield from (Found(name_cause(problem), "", problem) for problem in report.problems)
    yield from _find_drift(report)
    down = [*report.failed.values(), *(one for one in report.problems if isinstance(one, MailboxProblem))]
    if not report.read and len(down) > 1 and all(one.temporary for one in down):
        yield Found(Cause.SILENCE, "", _say_silence())


def _say_silence() -> Problem:
    problem = SourceProblem(
        "No calendar can be read, and whatever else goes over the network fails too.",
        "Look whether this computer is online. Nothing is lost: what is due is made up for.",
    )
    problem.temporary = True
    return problem


def drop_echoes(found: Iterable[Found]) -> list[Found]:
    """Leave out what is the same problem once more: a sign-in that ended stops a calendar and the mailbox too."""
    causes: dict[str, Cause] = {}
    in_order = sorted(found, key=lambda one: list(Cause).index(one.cause))
    return [one for one in in_order if causes.setdefault(one.problem.what, one.cause) is one.cause]


def look_at_disk(
    folder: Path, measure: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free
) -> Lookout:
    """Return a look at the free space where the state lies."""

    def look(_: datetime) -> Iterator[Found]:
        free = measure(folder)
        if free < LITTLE_SPACE:
            what = f"{free / 1024**2:.0f} MB are free where {folder} lies."
            yield Found(Cause.DISK, "", Problem(what, "Free some: a full disk stops drafting."))

    return look


def _find_drift(report: Report) -> Iterator[Found]:
    for name, drift in report.drifts.items():
        if abs(drift) > MOST_DRIFT:
            side = "ahead of" if drift > timedelta(0) else "behind"
            what = f"This computer's clock is {abs(drift).total_seconds() / 60:.0f} minutes {side} the server of calendar '{name}'."
            yield Found(
                Cause.CLOCK,
                "drift",
                Problem(what, "Let the time be set from the network: timedatectl set-ntp true"),
            )


#: The first kind that fits says what a problem is about.
_CAUSES: tuple[tuple[type[Problem] | tuple[type[Problem], ...], Cause], ...] = (
    (ClockProblem, Cause.CLOCK),
    (StateProblem, Cause.STATE),
    (TemplateProblem, Cause.TEMPLATE),
    ((Refused, NotYet, Changed), Cause.WORK),
    ((MailboxProblem, Doubt), Cause.MAILBOX),
    (SourceProblem, Cause.LOOK_UP),
    (Bug, Cause.BUG),
    (Problem, Cause.WORK),
)
#: What is about one item ends in the queue, or is over with the next pass.
_PASSING = frozenset({Cause.WORK, Cause.BUG})


def name_cause(problem: Problem) -> Cause:
    return next(cause for kinds, cause in _CAUSES if isinstance(problem, kinds))


def date_trouble(found: Found, since: datetime) -> Trouble:
    cause, subject, problem = found
    passes = (problem.temporary or cause in _PASSING) and cause is not Cause.CLOCK
    return Trouble(cause, subject, since, problem.what, problem.todo, passes)
