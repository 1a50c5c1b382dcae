"""A mailbox that is only read: for `once --dry-run`."""

from followupd.model import Draft, Look, Place, Trace
from followupd.ports import Mailbox


class DryMailbox:
    """Looks into a real mailbox and pretends to write to it."""

    def __init__(self, box: Mailbox) -> None:
        self._box = box
        self.name = box.name
        self.grace = box.grace
        self.sends = box.sends
        self.ready_note = box.ready_note

    def look(self, trace: Trace) -> Look:
        return self._box.look(trace)

    def create(self, raw: bytes) -> Draft:
        return Draft("dry-run", raw)

    def replace(self, draft: Draft, raw: bytes) -> Draft:
        return Draft(draft.id, raw)

    def remove(self, draft: Draft) -> None:
        """Leave it where it is."""

    def hand_over(self, draft: Draft) -> Place:
        del draft
        return Place.SENT if self.sends else Place.READY
