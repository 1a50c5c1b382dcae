"""What a log must not hold: secrets at every level, and people's addresses where everybody may read it."""

import re
from collections.abc import Callable

_GONE = "[…]"
#: A step of an address that is too long and too mixed for a word: what makes the address of a feed or a webhook a secret.
_SECRET_STEP = re.compile(r"(?=[^/]*[0-9])[A-Za-z0-9_\-%.~=]{16,}")
_URL = re.compile(r"\b(https?|webcals?)://([^\s/?#\"'<>]*)([^\s\"'<>]*)", re.IGNORECASE)
_EMAIL = re.compile(r"([A-Za-z0-9])[A-Za-z0-9._%+\-]*@([A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+)")
#: Names whose value is a secret, as forms, JSON, headers and Python write them (RFC 6749, 4 to 6; RFC 7617).
_NAMED = re.compile(
    r"\b((?:access|refresh|id)_token|client_secret|code|code_verifier|password|passwd|secret|token|authorization|cookie)"
    r"([\"']?\s*[:=]\s*[\"']?(?:Bearer |Basic )?)([A-Za-z0-9._~+/=\-]{8,})",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"\b(Bearer|Basic) +[A-Za-z0-9._~+/=\-]{8,}", re.IGNORECASE)
#: Google's own: access tokens, refresh tokens, secrets of clients, codes of a consent.
_GOOGLE = re.compile(r"\b(?:ya29\.|1//|GOCSPX-|4/0)[A-Za-z0-9_\-./]{8,}")

_SECRETS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_URL, lambda found: f"{found[1]}://{_hide_user(found[2])}{_hide_target(found[3])}"),
    (_SCHEME, lambda found: f"{found[1]} {_GONE}"),
    (_NAMED, lambda found: f"{found[1]}{found[2]}{_GONE}"),
    (_GOOGLE, lambda _: _GONE),
)


def redact(text: str, *, addresses: bool) -> str:
    """Return a text without tokens, passwords and secret parts of addresses on the web.

    Mail addresses stay recognisable to who knows them ("j…@acme.example") unless `addresses` may be shown.
    """
    for pattern, hide in _SECRETS:
        text = pattern.sub(hide, text)
    return text if addresses else _EMAIL.sub(r"\1…@\2", text)


def _hide_user(place: str) -> str:
    """Return host and port of an address, without a user and password before them."""
    return place.rpartition("@")[2]


def _hide_target(target: str) -> str:
    path, mark, _ = target.partition("?")
    return _SECRET_STEP.sub(_GONE, path) + (f"?{_GONE}" if mark else "")
