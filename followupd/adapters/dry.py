"""A mailbox that is only read: for `once --dry-run`."""

from followupd.mail import Draft, Look, Place, Trace
from followupd.ports import Mailbox


class DryMailbox:
    """Looks into a real mailbox and remembers what it pretended to write there."""

    def __init__(self, box: Mailbox) -> None:
        self._box = box
        self._pretended: dict[str, Look] = {}
        self.name = box.name
        self.grace = box.grace
        self.sends = box.sends
        self.tells_unsent = box.tells_unsent
        self.ready_note = box.ready_note

    def begin_pass(self) -> None:
        self._box.begin_pass()

    def look(self, trace: Trace) -> Look:
        if trace.draft_id in self._pretended:
            return self._pretended[trace.draft_id]
        return self._box.look(trace)

    def create(self, raw: bytes) -> Draft:
        return self._pretend(Draft(f"dry-run-{len(self._pretended)}", raw))

    def replace(self, draft: Draft, raw: bytes) -> Draft:
        return self._pretend(Draft(draft.id, raw))

    def remove(self, draft: Draft) -> None:
        self._pretended[draft.id] = Look(Place.TRASH)

    def hand_over(self, draft: Draft) -> Place:
        place = Place.SENT if self.sends else Place.READY
        self._pretended[draft.id] = Look(place)
        return place

    def open(self) -> None:
        """Do nothing: nothing will be handed over."""

    def settle(self, draft: Draft, place: Place) -> None:
        self._pretended[draft.id] = Look(place, (draft,) if place is Place.DRAFTS else ())

    def close(self) -> None:
        """Do nothing, as `open` did."""

    def _pretend(self, draft: Draft) -> Draft:
        self._pretended[draft.id] = Look(Place.DRAFTS, (draft,))
        return draft
