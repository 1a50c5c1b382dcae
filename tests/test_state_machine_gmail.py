"""The same life of an owner as in test_state_machine.py, with a mailbox at Google whose search index lags behind."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count

import pytest
from gmail_box import GmailBox, HandClock
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test
from servers.google import Google as StandIn
from test_state_machine import EXAMPLES, GUESTS, NUMBERS, STEPS, Life
from week import NOON, guest

from followupd.adapters.google_auth import COMPOSE, READING
from followupd.items import Status
from followupd.mail import Draft
from followupd.ports import Correspondence
from followupd.render import Renderer
from followupd.rules.followups import Limits

_numbers = count(1)


class GmailLife(Life):
    """Days of one owner whose drafts lie in Gmail.

    What is done by hand to a draft between its making and the pass that learns of it leaves no trace from which to know
    that it was ours; nothing can tell it from a draft that was never made. So the owner leaves such a draft alone.
    """

    #: Days are short here, or no life would last until anybody is written to a second time.
    limits = Limits(drafts_per_day=500, days_between=timedelta(hours=20), nudge_after=timedelta(days=1))
    google: StandIn
    clock: HandClock
    scopes: tuple[str, ...]
    lag: timedelta

    def make_box(self) -> GmailBox:
        address = f"ada{next(_numbers)}@example.com"
        self.clock.read, self.clock.wait = self._read_clock, self._wait
        return GmailBox(self.google, self.folder / "google", address, *self.scopes, lag=self.lag)

    def find_letters(self) -> dict[str, Correspondence]:
        self.own_letters: list[tuple[str, datetime]] = []
        self.answers: list[tuple[str, datetime]] = []
        self.began = NOON
        self.seen_drafts: set[str] = set()
        return {"box": self.box}

    def _pass(self, later: timedelta) -> None:
        self.began = self.world.now + later
        super()._pass(later)

    # --- letters

    @rule(name=st.sampled_from(GUESTS))
    def write_by_hand(self, name: str) -> None:
        address = str(guest(name).email)
        self.seen_leaving.add(self.box.owner_writes(address))
        self.own_letters.append((address, self.world.now))

    @rule(number=NUMBERS, how=st.sampled_from(["reply", "auto_reply", "bounce"]))
    def let_arrive(self, number: int, how: str) -> None:
        person = self.box.arrives_for(number, how)
        if how == "reply":
            self.answers.append((person, self.world.now))

    @invariant()
    def nobody_is_drafted_to_whom_the_owner_wrote_or_nudged_who_answered(self) -> None:
        """At the moment a draft is made, as far as the index knew and the owner did not want it all the same."""
        for number, draft in self.box.drafts.items():
            if number in self.seen_drafts:
                continue
            self.seen_drafts.add(number)
            for item in self._items_of(draft) if READING in self.scopes else ():
                since = item.wrote_at or item.due
                letters = self.own_letters + (self.answers if item.is_nudge else [])
                known = [at for to, at in letters if to == item.email and at + self.lag < self.began]
                assert not [at for at in known if at > since + timedelta(seconds=1)], item

    @invariant()
    def an_answer_is_a_persons(self) -> None:
        for item in self.world.store.followups({Status.ANSWERED}):
            assert item.email in {person for person, _ in self.answers}

    @invariant()
    def nobody_is_nudged_twice_or_without_leave(self) -> None:
        nudges = [item for item in self.world.store.followups() if item.is_nudge]
        assert len({item.concerns for item in nudges}) == len(nudges)
        assert not nudges or READING in self.scopes

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
