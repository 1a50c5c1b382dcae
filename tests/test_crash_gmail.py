"""kill -9 at any moment, as in test_crash.py, while the drafts lie in Gmail and its search index lags behind."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from accounts import keep_sign_in
from gmail_box import ADA, HandClock
from hands import GmailHands, Hands
from servers.google import Account
from servers.google import Google as StandIn
from test_crash import CrashHouse, survive_round

from followupd.adapters.gmail import GmailMailbox
from followupd.adapters.google_auth import COMPOSE, READING


class GmailHouse(CrashHouse):
    """A home whose drafts lie in Gmail; `letters` copies them into a Maildir, to be looked at."""

    def __init__(self, root: Path, google: StandIn, account: Account) -> None:
        self._google = google
        self._account = account
        super().__init__(root)

    def write_config(self, poll: str = "1h", **limits: str | int) -> None:
        super().write_config(poll, **limits)
        text = self.config.read_text()
        box = f'type = "maildir"\npath = "{self.maildir}"'
        assert box in text
        account = '[[account]]\nname = "work"\ntype = "google"\nclient = "client.json"\n'
        google = f'[google]\nroot_url = "{self._google.root_url}"\n'
        self.config.write_text(text.replace(box, 'type = "gmail"\naccount = "work"') + account + google)

    def hire(self, dice: random.Random) -> Hands:
        self._account.mailbox.index_lag = timedelta(seconds=dice.choice([0, 5, 60]))
        return GmailHands(self._account.mailbox)

    def see_mailbox(self) -> list[str]:
        return list(self._account.mailbox.messages)

    def let_pass(self) -> None:
        self.ahead += GmailMailbox.grace.total_seconds() + 1

    def letters(self, folder: str) -> list[Path]:
        box = self._account.mailbox
        drafts = {message: draft_id for draft_id, message in list(box.drafts.items())}
        label = {".Drafts": "DRAFT", ".Sent": "SENT"}.get(folder, "")
        place = self.maildir / folder / "cur"
        place.mkdir(parents=True, exist_ok=True)
        for old in place.iterdir():
            old.unlink()
        for message in list(box.messages.values()):
            if label in message.labels:
                (place / f"{drafts.get(message.id, message.id)}:2,DS").write_bytes(message.raw)
        return sorted(place.iterdir())


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def google(clock: HandClock) -> Iterator[StandIn]:
    with StandIn(clock) as one:
        yield one


@pytest.fixture(params=[(COMPOSE,), (COMPOSE, READING)], ids=["compose alone", "reading too"])
def house(
    request: pytest.FixtureRequest, tmp_path: Path, google: StandIn, clock: HandClock
) -> Iterator[CrashHouse]:
    account = google.add_account(ADA, "Ada Example")
    with GmailHouse(tmp_path, google, account) as one:
        clock.read = lambda: datetime.now(UTC) + timedelta(seconds=one.ahead)
        keep_sign_in(google, one.state / "google", ADA, *request.param)
        one.write_config(drafts_per_day=500, hold="1h", sends_per_day=500)
        yield one


@pytest.mark.parametrize("number", range(2))
def test_forty_kills_at_gmail_lose_double_and_leak_nothing(house: CrashHouse, number: int) -> None:
    survive_round(house, number)


@pytest.mark.soak
@pytest.mark.parametrize("number", range(100))
def test_two_thousand_kills_at_gmail_lose_double_and_leak_nothing(house: CrashHouse, number: int) -> None:
    survive_round(house, number)
