"""Secrets and addresses are taken out of what is logged; all else stays as it was."""

import pytest

from followupd.rules.redaction import redact

#: A text as libraries and servers write it, and what of it may stand in a log.
SECRETS = {
    "Authorization: Bearer ya29.a0AfH6SMBx-3": "Authorization: Bearer […]",
    "send: b'authorization: Basic YWRhOnNlY3JldA=='": "send: b'authorization: Basic […]'",
    "grant_type=refresh_token&refresh_token=1//0gABCDEF-x&x=1": "grant_type=refresh_token&refresh_token=[…]&x=1",
    '{"access_token": "abcdefgh12", "expires_in": 3599}': '{"access_token": "[…]", "expires_in": 3599}',
    "client_secret='GOCSPX-abcdefgh12'": "client_secret='[…]'",
    "found ya29.a0AfH6SMBx-3 there": "found […] there",
    "code=4/0AdLIrYdabcdefg": "code=[…]",
    "password: hunter2hunter2": "password: […]",
    "GET https://calendar.example/ical/ada/private-1f2e3d4c5b6a7988/basic.ics": (
        "GET https://calendar.example/ical/ada/[…]/basic.ics"
    ),
    "https://hooks.example/services/T00000000/B00000000/XXXXXXXXXXXX1234XXXX": (
        "https://hooks.example/services/T00000000/B00000000/[…]"
    ),
    "https://feed.example/a.ics?key=s3cret": "https://feed.example/a.ics?[…]",
    "through http://ada:s3cret@proxy.example:3128/": "through http://proxy.example:3128/",
}
PLAIN = (
    "calendar 'work': The feed calendar.google.com (1f2e3d4c) could not be read.",
    "/home/ada/.local/state/followupd/backups/2026-11-25T080000Z.sqlite3: No space left on device.",
    "Remove the app's access yourself at https://myaccount.google.com/connections.",
    "templates/after-a-coffee-or-call.md, line 3: there is no fact 'frist_name'",
    "The answer had code 503; a token is renewed.",
)


@pytest.mark.parametrize("text", SECRETS)
@pytest.mark.parametrize("addresses", [True, False])
def test_secrets_are_gone_at_every_level(text: str, addresses: bool) -> None:
    assert redact(text, addresses=addresses) == SECRETS[text]


@pytest.mark.parametrize("text", PLAIN)
def test_all_else_stays(text: str) -> None:
    assert redact(text, addresses=False) == text


def test_addresses_stay_recognisable_to_who_knows_them() -> None:
    text = "The message to jane.doe+x@acme.example and <bob@sub.acme.example> was refused."
    assert (
        redact(text, addresses=False)
        == "The message to j…@acme.example and <b…@sub.acme.example> was refused."
    )
    assert redact(text, addresses=True) == text
