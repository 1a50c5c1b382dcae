"""A home whose calendars and mailbox are at the stand-in for Google, and the command line in it."""

import json
from pathlib import Path

from accounts import keep_sign_in
from canaries import CliRunner
from servers.google import Google

from followupd.cli import main

ADA = "ada@example.com"


class GoogleHome:
    """A config with these calendars of one account, which is signed in, and its Gmail as the mailbox."""

    def __init__(self, google: Google, folder: Path, *calendars: str) -> None:
        self.state = folder / "state"
        keep_sign_in(google, self.state / "google", ADA)
        tables = "".join(
            f'[[calendar]]\ntype = "google"\naccount = "work"\nid = "{name}"\n' for name in calendars
        )
        self.config = folder / "config.toml"
        self.config.write_text(
            f'[owner]\nname = "Ada Example"\nemail = "{ADA}"\ntimezone = "Europe/Berlin"\n'
            f'[[account]]\nname = "work"\ntype = "google"\nclient = "client.json"\n{tables}'
            f'[mailbox]\ntype = "gmail"\naccount = "work"\n[google]\nroot_url = "{google.root_url}"\n'
            f'[state]\npath = "{self.state}"\n'
        )
        self.config.chmod(0o600)

    def run(self, *words: str) -> str:
        told = CliRunner().invoke(main, ["--config", str(self.config), *words])
        assert told.exit_code == 0, told.output
        return told.stdout

    def queue(self) -> list[tuple[str, str]]:
        """Return kind and status of all items."""
        items = map(json.loads, self.run("queue", "--all", "--json").splitlines())
        return [(item["kind"], item["status"]) for item in items]
