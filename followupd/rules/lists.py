"""Is a calendar a public list? What speaks for it, in a sentence for the owner, who decides; never in silence."""

from collections.abc import Sequence

from followupd.model import Event, Guest, Judgement, Reason
from followupd.rules.events import ASK_FROM

#: Fewer events tell too little about a calendar.
FEWEST = 3
#: What stands in somebody's own calendar and in no public list. Words of office life and whole days stand in both.
OWN_LIFE = frozenset({Reason.PRIVATE, Reason.PERSONAL, Reason.TRAVEL, Reason.INTERVIEW})

_GOOGLES = "calendar.google.com"

Judged = tuple[Event, Judgement, tuple[Guest, ...]]


def suspect_list(judged: Sequence[Judged], *, feed: bool) -> str:
    """Return why a calendar looks like a public list ("none of its 24 events names you, and ..."), or "".

    That no event names the owner is needed and is not enough: entries of one's own have no guests, and what Google
    and Exchange publish leaves them out. Two more signs, each enough with it:

    - others organise half of the events or more: an invitation in one's own calendar names oneself. A site's robot
      counts too, for then the list is the site's;
    - of a feed, half of the titles or more speak of gatherings. A file is the owner's own export as a rule, so there
      titles alone say nothing.

    One entry in ten about private life, travel or kept time speaks against: a chamber has no dentist.
    METHOD:PUBLISH and X-WR-CALNAME tell nothing: every exported calendar has them.
    """
    count = len(judged)
    if count < FEWEST or any(_names_owner(guests) for _, _, guests in judged):
        return ""
    if sum(event.blocked or judgement.reason in OWN_LIFE for event, judgement, _ in judged) * 10 >= count:
        return ""
    organised = sum(_is_organised(guests) for _, _, guests in judged)
    gatherings = sum(judgement.weight >= ASK_FROM for _, judgement, _ in judged)
    if organised * 2 >= count:
        return f"none of its {count} events names you, and others organise {organised} of them"
    if feed and gatherings * 2 >= count:
        return (
            f"none of its {count} events names you, and {gatherings} of them are gatherings by their titles"
        )
    return ""


def _names_owner(guests: Sequence[Guest]) -> bool:
    return any(guest.reason is Reason.OWNER for guest in guests)


def _is_organised(guests: Sequence[Guest]) -> bool:
    """Tell whether somebody outside the owner's company stands as organiser.

    A calendar of Google's stands there in everybody's events, the owner's own included, so it tells nothing.
    """
    return any(
        guest.organizer
        and guest.reason is not Reason.COLLEAGUE
        and not (guest.email or "").endswith(_GOOGLES)
        for guest in guests
    )
