"""What an owner may say of a whole series: never ask again, or take that back. Reads and writes the store only."""

from collections.abc import Callable
from datetime import datetime

from followupd.errors import Problem
from followupd.items import By, FollowUp, SeriesAnswer, Status
from followupd.store.rows import NO_APPROVAL
from followupd.store.store import Store


class SeriesDesk:
    """The owner's rules about series, made by answering a question."""

    def __init__(self, store: Store, wake: Callable[[], object]) -> None:
        self._store = store
        self._wake = wake

    def never(self, number: int, now: datetime) -> FollowUp:
        """Say no to a question, and never to the series it comes from. Raises Problem for any other item."""
        item = self._store.followup(number)
        if not (item.asks_of_series and item.series):
            raise Problem(
                f"Item {number} is no question about an event that comes round again.",
                f"Say no to it alone: followupd skip {number}",
            )
        with self._store.transaction():
            self._store.calendars.save_series_answer(item.series, networking=False, now=now)
            self._store.calendars.save_answer(item.occurrence, networking=False)
            why = "you said never for this series"
            skipped = self._store.move(item, Status.SKIPPED, now, By.OWNER, why, NO_APPROVAL)
        self._wake()
        return skipped

    def hear_yes(self, item: FollowUp, now: datetime) -> str:
        """Keep that a yes counts for the whole series, where the question is about one; return what was said, in words."""
        if not (item.asks_of_series and item.series):
            return "you said it was networking"
        self._store.calendars.save_series_answer(item.series, networking=True, now=now)
        return "you said it was networking, and that counts for the whole series"

    def forget(self, item: FollowUp) -> None:
        """Forget what was said of the series a question is about."""
        if item.asks_of_series and item.series:
            self._store.calendars.delete_series_answer(item.series)

    def list(self) -> list[SeriesAnswer]:
        """Return every rule, the oldest first."""
        return self._store.calendars.series_answers()

    def delete(self, place: int) -> SeriesAnswer:
        """Forget a rule by its place in the list, counted from 1; from then on its events are judged by their words."""
        rules = self.list()
        if not 0 < place <= len(rules):
            raise Problem(f"There is no rule {place}.", "See `followupd rules`.")
        self._store.calendars.delete_series_answer(rules[place - 1].uid)
        self._wake()
        return rules[place - 1]
