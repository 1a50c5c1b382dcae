"""`make demo-google`: Google Calendar and Gmail from the first sign-in to the last decision, with the commands an owner types.

Google is the stand-in on loopback and the clicks in the browser are played; the program is the real one, its daemon
runs as it would for its owner. It is shown twice: without the permission to read mail, and with it.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from accounts import go_back
from house import House, wait_for
from servers.google import Account, Clock, Google

ADA = "ada@example.com"
GUESTS = {
    "Bo Berg": "bo@berg.example",
    "Cy Carlsen": "cy@carlsen.example",
    "Di Duarte": "di@duarte.example",
    "Eve Egger": "eve@egger.example",
}
INIT = (
    "init", "--name", "Ada Example", "--email", ADA, "--timezone", "Europe/Berlin", "--calendar", "~/calendars",
    "--mailbox", "~/Mail/followupd",
)  # fmt: skip
Say = Callable[[str], None]


class RealClock(Clock):
    """The stand-in goes by the time of this computer, as the program does."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


class Showing:
    """One owner, from `init` to the end of the day; `seen` is what became of each guest, in the program's words."""

    def __init__(self, house: House, google: Google, say: Say) -> None:
        self._house = house
        self._google = google
        self._say = say
        self.seen: dict[str, str] = {}

    def show(self, *options: str) -> None:
        ada = self._google.add_account(ADA, "Ada Example")
        self._furnish(ada)
        self._connect(*options)
        self._house.start_daemon()
        self._say(f"$ followupd run &\n   {wait_for(self._house.log, 20, 'the daemon speaks').strip()}")
        wait_for(lambda: len(ada.mailbox.drafts) == len(GUESTS), 30, "the drafts")
        self._say(f"   Gmail now holds {len(ada.mailbox.drafts)} drafts.")
        self._type("queue")
        self._decide(ada)
        if "--read-replies" in options:
            self._let_answer(ada)
        self._explain()

    def _furnish(self, ada: Account) -> None:
        """Let an evening be over in Ada's calendar at Google, and her client's file lie in her downloads."""
        end = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)
        guests = [{"email": ADA, "responseStatus": "accepted"}]
        guests += [
            {"email": email, "displayName": name, "responseStatus": "accepted"}
            for name, email in GUESTS.items()
        ]
        ada.calendar.add(
            (end - timedelta(hours=2)).isoformat(), end.isoformat(), summary="Founders meetup", guests=guests
        )
        (self._house.home / "client_secret.json").write_text(json.dumps(self._google.client_json()))

    def _connect(self, *options: str) -> None:
        self._house.config.unlink()
        self._type(*INIT)
        with self._house.config.open("a") as config:
            # The one difference to an owner's config: the stand-in takes Google's place. A second makes a short demo.
            config.write(
                f'\n[google]\nroot_url = "{self._google.root_url}"\n\n[daemon]\npoll = "1s"\n\n[page]\nport = 0\n'
            )
        words = ("connect", "google", "--client", "client_secret.json", "--no-browser", *options)
        self._say(f"$ followupd {' '.join(words)}")
        with subprocess.Popen(
            self._house.command(*words),
            env=self._house.environment(),
            cwd=self._house.home,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            for line in process.stderr or ():
                self._say(f"   {line.rstrip()}")
                if "code_challenge=" in line:
                    self._say("   (Ada opens the address, ticks every box and presses Continue.)")
                    go_back(self._google.consent(line.strip(), ADA))
        assert process.returncode == 0

    def _decide(self, ada: Account) -> None:
        """Approve one in the terminal; send, delete and edit one each in Gmail."""
        drafts = {ada.mailbox.draft(one).envelope.addresses()[0]: one for one in ada.mailbox.drafts}
        numbers = {item["email"]: item["id"] for item in self._house.queue()}
        bo, cy, di, eve = GUESTS.values()
        self._say(
            "\n   In Gmail, Ada sends the draft to Cy, deletes the one to Di, and adds a line to the one to Eve."
        )
        ada.mailbox.send_in_gmail(drafts[cy])
        ada.mailbox.delete_in_gmail(drafts[di])
        ada.mailbox.edit_in_gmail(drafts[eve], text="Hi Eve,\n\nthe recipe follows on Friday.\n\nAda")
        self._type("approve", str(numbers[bo]), "--now")
        wait_for(lambda: self._statuses()[bo] == "sent", 20, "the approved one is sent")
        wait_for(
            lambda: "drafted" not in {self._statuses()[cy], self._statuses()[di]},
            20,
            "the others are noticed",
        )
        wait_for(
            lambda: "edited" in self._house.run("show", str(numbers[eve])).stdout, 20, "the edit is noticed"
        )

    def _let_answer(self, ada: Account) -> None:
        """Let one guest write back, and a machine for another: a person's answer counts, a machine's does not."""
        sent = {
            one.envelope.addresses()[0]: one for one in ada.mailbox.messages.values() if "SENT" in one.labels
        }
        bo, cy, *_ = GUESTS.values()
        self._say("\n   Bo writes back. Cy is skiing, and a machine says so.")
        ada.mailbox.receive_auto_reply(sent[cy])
        ada.mailbox.receive_reply(sent[bo])
        wait_for(lambda: self._statuses()[bo] == "answered", 30, "the answer is noticed")

    def _statuses(self) -> dict[str, str]:
        return {item["email"]: item["status"] for item in self._house.queue()}

    def _explain(self) -> None:
        self._type("queue", "--all")
        for item in self._house.queue():
            shown = self._house.run("show", str(item["id"]), "--json").stdout
            last = json.loads(shown)["history"][-1]["why"]
            self.seen[item["name"]] = f"{item['status']}: {last}"
            self._say(f"   {item['name']}: {self.seen[item['name']]}")

    def _type(self, *words: str) -> None:
        quoted = " ".join(f'"{word}"' if " " in word else word for word in words)
        self._say(f"\n$ followupd {quoted}")
        done = self._house.run(*words)
        assert done.returncode == 0, done.stderr
        self._say((done.stdout + done.stderr).rstrip())


def play(folder: Path, say: Say, *options: str) -> dict[str, str]:
    """Show it in a throw-away home and return what became of each guest."""
    with Google(RealClock()) as google, House(folder, plain=True) as house:
        showing = Showing(house, google, say)
        showing.show(*options)
    return showing.seen


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    for title, options in (("Without the permission to read mail", ()), ("With it", ("--read-replies",))):
        say(f"\n== {title} ==\n")
        with tempfile.TemporaryDirectory(prefix="followupd-demo-") as folder:
            play(Path(folder), say, *options)


if __name__ == "__main__":
    main()
