"""A clock that goes on only when a test says so."""

from datetime import UTC, datetime, timedelta


class Clock:
    """The stand-in's time (UTC)."""

    def __init__(self, start: datetime = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)) -> None:
        self._now = start

    def __call__(self) -> datetime:
        return self._now

    def go_on(self, by: timedelta) -> None:
        """Let `by` pass."""
        self._now += by

    def set(self, now: datetime) -> None:
        self._now = now
