"""The same life of an owner as in test_state_machine.py, with a mailbox at Google whose search index lags behind."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count

import pytest
from gmail_box import GmailBox, HandClock
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from servers.google import Google as StandIn
from test_state_machine import EXAMPLES, STEPS, Life
from week import NOON

from followupd.adapters.google_auth import COMPOSE, READING
from followupd.mail import Draft
from followupd.render import Renderer

_numbers = count(1)


class GmailLife(Life):
    """Days of one owner whose drafts lie in Gmail.

    What is done by hand to a draft between its making and the pass that learns of it leaves no trace from which to know
    that it was ours; nothing can tell it from a draft that was never made. So the owner leaves such a draft alone.
    """

    google: StandIn
    clock: HandClock
    scopes: tuple[str, ...]
    lag: timedelta

    def make_box(self) -> GmailBox:
        address = f"ada{next(_numbers)}@example.com"
        self.clock.read, self.clock.wait = self._read_clock, self._wait
        return GmailBox(self.google, self.folder / "google", address, *self.scopes, lag=self.lag)

    def _read_clock(self) -> datetime:
        return self.world.now if hasattr(self, "world") else NOON

    def _wait(self, by: timedelta) -> None:
        self.world.now += by

    def _draft(self, number: int) -> Draft | None:
        busy = {intent.followup for intent in self.world.store.open_intents()}
        settled = {item.draft_id for item in self.world.store.followups() if item.id not in busy}
        drafts = [draft for draft in self.box.drafts.values() if draft.id in settled]
        return drafts[number % len(drafts)] if drafts else None


@pytest.fixture(scope="module")
def google() -> Iterator[StandIn]:
    with StandIn(HandClock()) as one:
        yield one


@pytest.mark.parametrize("lag", [0, 60])
@pytest.mark.parametrize("scopes", [(COMPOSE,), (COMPOSE, READING)], ids=["compose alone", "reading too"])
def test_nothing_a_life_with_gmail_does_breaks_the_promises(
    google: StandIn, scopes: tuple[str, ...], lag: int
) -> None:
    with Renderer() as renderer:
        own = {"renderer": renderer, "google": google, "clock": google.clock, "scopes": scopes}
        kind = type("Life", (GmailLife,), own | {"lag": timedelta(seconds=lag)})
        run_state_machine_as_test(
            kind,
            settings=settings(
                max_examples=max(EXAMPLES // 4, 1),
                stateful_step_count=STEPS,
                deadline=None,
                print_blob=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
