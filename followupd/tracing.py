"""Finding a draft again, and what the store keeps of it."""

from typing import Any

from followupd.items import FollowUp
from followupd.mail import Draft, Look, Trace
from followupd.rules.reading import read_message


def trace_of(item: FollowUp, subject: str) -> Trace:
    """Return what is known of an item's draft; without a subject only its id and Message-ID count."""
    return Trace(item.draft_id, item.message_id, item.email or "", subject, item.due)


def pick_draft(look: Look, digest: str | None) -> Draft | None:
    """Return the draft with exactly these bytes among those found."""
    return next((draft for draft in look.drafts if draft.hash == digest), None)


def draft_columns(draft: Draft) -> dict[str, Any]:
    """Return what the store keeps of a draft as the mailbox has it."""
    subject = read_message(draft.raw).subject
    return {"draft_id": draft.id, "raw": draft.raw, "placed_hash": draft.hash, "subject": subject}


def say_edited(item: FollowUp, draft: Draft, otherwise: str) -> str:
    """Keep in the history what the owner wrote at the desk and the mailbox never got."""
    if not item.edited or item.hash in {item.placed_hash, draft.hash}:
        return otherwise
    theirs = read_message(item.raw or b"").text
    return f"you changed it in two places; the text in your mailbox stands. The other one was: {theirs}"
