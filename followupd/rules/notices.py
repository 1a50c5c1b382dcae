"""What the owner is told without asking: what waits, what is at risk, what does not work, and since when.

A title holds our own words, counts and the names in config.toml, for it may leave this computer; what others wrote stands in
the details alone.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from followupd.items import FollowUp, Kind, Status
from followupd.notices import Cause, Notice, Trouble
from followupd.rules.hours import say_moment

#: What may pass by itself is told once it has stood so long: with five minutes between two passes still within the hour.
PATIENCE = timedelta(minutes=45)
#: Since when something does not work is said from here on.
_WORTH_SAYING = timedelta(minutes=2)
_MOST_NAMED = 5
_TO_DECIDE = frozenset({Status.NEEDS_INFO, Status.DRAFTED})
_OVER_THE_NETWORK = frozenset({Cause.CALENDAR, Cause.MAILBOX, Cause.LOOK_UP, Cause.WAY})
_HOW_TO_DECIDE = (
    "Decide on the page (`followupd page`), in the terminal (`followupd review`) or in your mailbox."
)
_PAUSED = "Paused: nothing leaves until `followupd resume`."
_DOCTOR = "`followupd doctor` looks at everything and says what to do."

#: How each kind of item is counted in a sentence, one and many.
_KINDS: Mapping[Kind, tuple[str, str]] = {
    Kind.DRAFT: ("draft", "drafts"),
    Kind.DEBRIEF: ("debrief", "debriefs"),
    Kind.QUESTION: ("question", "questions"),
    Kind.PROBLEM: ("problem", "problems"),
}

#: Cause to its title for one subject and for several; {names}, {count} and {since} are filled in.
_TITLES: Mapping[Cause, tuple[str, str]] = {
    Cause.SIGN_IN: ("Sign in to Google again: account {names}", "Sign in to Google again: accounts {names}"),
    Cause.CALENDAR: (
        "Calendar {names} cannot be read{since}",
        "{count} calendars cannot be read{since}: {names}",
    ),
    Cause.MAILBOX: ("The mailbox does not take what is due{since}",) * 2,
    Cause.SILENCE: ("Nothing has worked{since}",) * 2,
    Cause.TEMPLATE: ("A template has a mistake; its last good version stays in force",) * 2,
    Cause.LOOK_UP: ("Contacts or days off cannot be looked up{since}",) * 2,
    Cause.CLOCK: ("This computer's clock seems to be wrong",) * 2,
    Cause.STATE: ("What followupd remembers cannot be read or written{since}",) * 2,
    Cause.DISK: ("The disk is nearly full",) * 2,
    Cause.BACKUP: ("No backup can be made{since}",) * 2,
    Cause.PAGE: ("The approval page cannot be opened",) * 2,
    Cause.SETTINGS: ("config.toml has a mistake; the settings before it stay in force",) * 2,
    Cause.WAY: ("Notices by {names} do not get through{since}",) * 2,
    Cause.BUG: ("A bug in followupd keeps it from a part of its work{since}",) * 2,
    Cause.WORK: ("A part of the work cannot be done{since}",) * 2,
    Cause.HANG: ("followupd hangs{since}: a pass began and does not end",) * 2,
    Cause.STOP: ("followupd stopped, and nothing is drafted or sent until it runs again",) * 2,
}


def sum_up(items: Iterable[FollowUp], now: datetime, zone: str, *, paused: bool) -> Notice | None:
    """Return the morning's notice of what waits for the owner's decision; None where nothing does."""
    waiting = sorted((item for item in items if item.status in _TO_DECIDE), key=lambda item: item.deadline)
    if not waiting:
        return None
    first = waiting[0].deadline
    whose = "the first" if len(waiting) > 1 else "it"
    due = f"{whose} {'is' if first >= now else 'was'} due {say_moment(first, now, zone)}"
    details = (_HOW_TO_DECIDE, *((_PAUSED,) if paused else ()))
    return Notice(Cause.WAITING, ("",), f"{_count(waiting)}, {due}", details, broken=False)


def say_standing(
    items: Iterable[FollowUp], moment: datetime | None, now: datetime, zone: str, *, paused: bool
) -> str:
    """Return in a line what the daemon waits for and what waits for the owner: "waits for Thursday 18:00: 3 drafts wait".

    At `moment` something comes due next; None where nothing is known to.
    """
    until = say_moment(moment, now, zone) if moment else "the next event"
    waiting = [item for item in items if item.status in _TO_DECIDE]
    own = _count(waiting) if waiting else "nothing waits for you"
    return f"waits for {until}: {own}" + (" (paused: nothing leaves)" if paused else "")


def _count(waiting: Sequence[FollowUp]) -> str:
    counts = Counter(item.kind for item in waiting)
    counted = [f"{counts[kind]} {words[counts[kind] > 1]}" for kind, words in _KINDS.items() if counts[kind]]
    return f"{_join(counted)} {'wait' if len(waiting) > 1 else 'waits'}"


def warn_of_risk(
    items: Iterable[FollowUp], now: datetime, reopening: datetime, zone: str, *, paused: bool
) -> Notice | None:
    """Return the warning of 48 hours that soon end; None where none do.

    What ends before the owner can be told again, at `reopening`, is warned of while there is time.
    """
    ending = sorted(
        (item for item in items if item.deadline > now and _is_ending(item, now, reopening)),
        key=lambda item: item.deadline,
    )
    if not ending:
        return None
    end = say_moment(ending[0].deadline, now, zone)
    title = (
        f"{len(ending)} follow-ups are at risk: the first 48 hours end {end}"
        if len(ending) > 1
        else f"A follow-up is at risk: its 48 hours end {end}"
    )
    details = (_HOW_TO_DECIDE, "`followupd approve ID --now` sends it outside working hours too.")
    numbers = tuple(str(item.id) for item in ending)
    return Notice(Cause.AT_RISK, numbers, title, details + ((_PAUSED,) if paused else ()), broken=False)


def _is_ending(item: FollowUp, now: datetime, reopening: datetime) -> bool:
    if item.status is Status.APPROVED and item.leaves_at is not None and item.leaves_at < item.deadline:
        return False  # it leaves in time without the owner
    return item.is_at_risk(now) or (item.status in _TO_DECIDE and item.deadline <= reopening)


def warn_of_problems(items: Iterable[FollowUp]) -> Notice | None:
    """Return the notice of what stopped and waits for the owner's word; None where nothing does."""
    stopped = [item for item in items if item.kind is Kind.PROBLEM and item.status is Status.NEEDS_INFO]
    if not stopped:
        return None
    many = len(stopped) > 1
    title = f"{len(stopped)} follow-ups stopped and wait" if many else "A follow-up stopped and waits"
    details = [f"Item {item.id}: {item.why}" for item in stopped[:_MOST_NAMED]]
    numbers = tuple(str(item.id) for item in stopped)
    return Notice(Cause.PROBLEM, numbers, f"{title} for your word", (*details, _HOW_TO_DECIDE), broken=False)


def has_to_be_told(trouble: Trouble, now: datetime) -> bool:
    """Tell whether a trouble is one for the owner; what may pass by itself gets its time to do so."""
    return not trouble.passes or now - trouble.since >= PATIENCE


def write_notices(troubles: Collection[Trouble], now: datetime, zone: str) -> list[Notice]:
    """Return what is to be told of everything that does not work: one notice for one cause, however much it stopped."""
    told = _fold_outage([trouble for trouble in troubles if has_to_be_told(trouble, now)])
    return [_write_notice(cause, alike, now, zone) for cause, alike in _group(told)]


def _fold_outage(troubles: Sequence[Trouble]) -> list[Trouble]:
    """Let one notice stand for all that goes over the network when all of it went together."""
    if not any(trouble.cause is Cause.SILENCE for trouble in troubles):
        return list(troubles)
    return [trouble for trouble in troubles if trouble.cause not in _OVER_THE_NETWORK]


def _group(troubles: Sequence[Trouble]) -> Iterator[tuple[Cause, list[Trouble]]]:
    for cause in Cause:
        alike = [trouble for trouble in troubles if trouble.cause is cause]
        if alike:
            yield cause, alike


def _write_notice(cause: Cause, alike: Sequence[Trouble], now: datetime, zone: str) -> Notice:
    subjects = tuple(dict.fromkeys(trouble.subject for trouble in alike))
    since = min(trouble.since for trouble in alike)
    title = _TITLES[cause][len(subjects) > 1].format(
        names=_name(subjects),
        count=len(subjects),
        since=f" since {say_moment(since, now, zone)}" if now - since >= _WORTH_SAYING else "",
    )
    lines = [line for trouble in alike for line in (trouble.what, trouble.todo) if line]
    return Notice(cause, subjects, title, (*dict.fromkeys(lines), _DOCTOR))


def _name(subjects: Sequence[str]) -> str:
    named = ", ".join(f"'{subject}'" for subject in subjects[:_MOST_NAMED])
    more = len(subjects) - _MOST_NAMED
    return f"{named} and {more} more" if more > 0 else named


def _join(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]
