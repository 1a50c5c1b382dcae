"""An owner's account at the stand-in for Google, signed in as `followupd connect google` leaves it."""

import socket
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from servers.google import Google as StandIn

from followupd.adapters.google_auth import NEEDED, open_account
from followupd.adapters.google_tokens import SignIn, TokenFile
from followupd.adapters.google_transport import Google
from followupd.network import Network


def keep_sign_in(
    google: StandIn,
    folder: Path,
    address: str,
    *scopes: str,
    account: str = "work",
    dies: timedelta | None = None,
) -> TokenFile:
    """Let the person allow `scopes`, or all that is needed, and keep the sign-in in `folder`."""
    given = google.grant(address, *(scopes or NEEDED))
    now = google.clock()
    file = TokenFile(folder, account)
    file.write(
        SignIn(
            client_id=given["client_id"],
            client_secret=given["client_secret"],
            refresh_token=given["refresh_token"],
            access_token=given["token"],
            expires=now + timedelta(hours=1),
            scopes=frozenset(given["scopes"]),
            since=now,
            dies=now + dies if dies else None,
        )
    )
    return file


def open_google(google: StandIn, folder: Path, account: str = "work") -> Google:
    """Return the way to an account that is signed in, on the stand-in's clock, which goes on while somebody waits."""
    return open_account(
        account,
        folder,
        Network(""),
        google.root_url,
        google.clock,
        lambda seconds: google.clock.go_on(timedelta(seconds=seconds)),
    )


def find_port() -> int:
    """Return a port of loopback that is free at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def go_back(address: str) -> None:
    """Do what a browser does with the address Google sends it back to."""
    place = urlsplit(address)
    line = HTTPConnection(place.hostname or "", place.port, timeout=10)
    line.request("GET", f"{place.path}?{place.query}")
    line.getresponse().read()
    line.close()
