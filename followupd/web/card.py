"""One item with everything an owner wants to know before deciding: who, where, why, what was before, the whole text."""

from dataclasses import dataclass

from followupd.errors import Problem
from followupd.items import FollowUp, Kind, Offer, Step
from followupd.model import Event
from followupd.rules.choosing import Chosen, language_of
from followupd.store.history import Touch
from followupd.web.ground import debriefing, desk, ground, now, store
from followupd.web.showing import Letter, is_saving, list_acts, read_letter


@dataclass(frozen=True, slots=True)
class Card:
    """What the page shows of one item."""

    item: FollowUp
    steps: list[Step]
    event: Event | None
    """None when it is gone from its calendar."""
    letter: Letter | None
    chosen: Chosen | None
    """Which template the rules take, and why."""
    templates: list[str]
    touches: list[Touch]
    alike: str | None
    """Whom of the people the owner knows this one looks like without being them."""
    acts: frozenset[str]
    saving: bool
    lost_approval: bool
    offers: tuple[Offer, ...]
    """For the question about public lists: its events."""
    listed: int
    """So many people stand on the event's guest list, to be picked from; 0 where nobody asks for people."""
    met: list[tuple[FollowUp, Letter | None]]
    """For a question about people: whom the owner named so far, and what each of them gets."""


def build_card(number: int) -> Card:
    """Gather what is known of one item. Raises Problem when there is none of that number."""
    item, steps = desk().show(number)
    event = store().calendars.event(item.occurrence)
    acts = list_acts(item, now())
    return Card(
        item=item,
        steps=steps,
        event=event,
        letter=read_letter(item.raw) if item.raw is not None else None,
        chosen=_choose(item, event),
        templates=_list_templates(item) if "template" in acts else [],
        touches=store().past.touches_of(item.person) if item.person else [],
        alike=desk().find_alike(item),
        acts=acts,
        saving=is_saving(item),
        lost_approval=item.id in store().past.lost_approvals(),
        offers=desk().list_offers(number) if item.asks_where else (),
        listed=_count_listed(item, acts),
        met=_list_met(item, event),
    )


def _choose(item: FollowUp, event: Event | None) -> Chosen | None:
    if item.kind is not Kind.DRAFT or event is None or item.email is None:
        return None
    known = store().last_touch(item.person or "", item.id) is not None
    judgement, _ = ground().judge(event)
    return ground().writer.choose(item, event, judgement, known=known, now=now())


def _list_templates(item: FollowUp) -> list[str]:
    """Return what else the message can be written from, those in its language first."""
    language = language_of(item.template or "")
    return sorted(ground().templates.list_messages(), key=lambda name: (language_of(name) != language, name))


def _count_listed(item: FollowUp, acts: frozenset[str]) -> int:
    """Return how many people can be picked from: the calendar's guests only where there are too many to write to."""
    if "debrief" in acts:
        return len(debriefing().see_guests(item.id))
    return len(store().guest_lists.list(item.occurrence)) if "question" in acts else 0


def _list_met(item: FollowUp, event: Event | None) -> list[tuple[FollowUp, Letter | None]]:
    if item.kind not in {Kind.DEBRIEF, Kind.QUESTION} or event is None:
        return []
    named = [other for other in store().followups_of(item.occurrence) if other.by_owner]
    return [(other, _foresee(other, event)) for other in named]


def _foresee(item: FollowUp, event: Event) -> Letter | None:
    """Return the message somebody gets, as it is or as the next pass will write it; None where it cannot be written."""
    if item.raw is not None:
        return read_letter(item.raw)
    if item.email is None:
        return None
    judgement, _ = ground().judge(event)
    known = store().last_touch(item.person or "", item.id) is not None
    try:
        return read_letter(ground().writer.write(item, event, judgement, known=known, now=now()).raw)
    except Problem:
        return None  # the pass tells it, as a problem in the queue
