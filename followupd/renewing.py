"""Writes a waiting draft anew when its note, promise, template or event's time changed, while it is still ours.

A draft the owner edited keeps their text and gets a hint in its history. The next step puts the new text into the mailbox,
where it replaces exactly the bytes that were placed and nothing else.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from followupd.errors import Problem
from followupd.items import By, FollowUp, Status
from followupd.mailing import Mailing
from followupd.rules.reading import read_message
from followupd.rules.recipes import Recipe, name_changes, read_recipe
from followupd.store.rows import NO_APPROVAL


class Renewing:
    """Keeps drafts in step with what they were written from."""

    def __init__(
        self,
        mailing: Mailing,
        write: Callable[[FollowUp], Mapping[str, Any]],
        find_recipe: Callable[[FollowUp], Recipe | None],
    ) -> None:
        """`write` returns the columns of a new message; `find_recipe` what one would be written from by now."""
        self._mailing = mailing
        self._store = mailing.store
        self._clock: Callable[[], datetime] = mailing.clock
        self._write = write
        self._find_recipe = find_recipe

    def renew_drafts(self, problems: list[Problem]) -> None:
        """Look at every waiting draft; one that is written anew after it was approved needs a new yes."""
        busy = self._mailing.list_busy()
        for item in self._store.followups({Status.DRAFTED, Status.APPROVED}):
            if item.id not in busy:
                self._mailing.attempt(item, self._renew, problems)

    def _renew(self, item: FollowUp) -> None:
        recipe = self._find_recipe(item)
        known = read_recipe(item.recipe)
        if recipe is None or recipe == known:
            return
        if known is None:  # drafted before recipes were kept
            self._store.update(item, recipe=recipe.write())
        elif item.edited:
            self._give_hint(item, known, recipe)
        else:
            self._write_anew(item, known, recipe)

    def _give_hint(self, item: FollowUp, known: Recipe, recipe: Recipe) -> None:
        changed = name_changes(known, recipe)
        if known.event == recipe.event or item.status is not Status.APPROVED:
            why = f"{changed} changed; you edited the draft, so your text stays"
            self._store.note_step(item, self._clock(), By.DAEMON, why, {"recipe": recipe.write()})
            return
        why = f"{changed} changed after you edited and approved the draft; your text stays, look at it again"
        changes = NO_APPROVAL | {"recipe": recipe.write()}
        self._store.move(item, Status.DRAFTED, self._clock(), By.DAEMON, why, changes)

    def _write_anew(self, item: FollowUp, known: Recipe, recipe: Recipe) -> None:
        columns = dict(self._write(item))
        if _say_same(item.raw or b"", columns["raw"]):
            self._store.update(item, recipe=recipe.write())
            return
        why = f"{name_changes(known, recipe)} changed, so it was written anew"
        if item.status is Status.APPROVED:
            why += "; it needs a new yes"
            self._store.move(item, Status.DRAFTED, self._clock(), By.DAEMON, why, NO_APPROVAL | columns)
        else:
            self._store.note_step(item, self._clock(), By.DAEMON, why, columns)


def _say_same(raw: bytes, other: bytes) -> bool:
    """Tell whether two messages say the same; when they were written does not count."""
    one, two = read_message(raw), read_message(other)
    return (one.subject, one.text, one.html) == (two.subject, two.text, two.html)
