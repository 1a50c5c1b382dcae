"""Signing in: consent, codes with PKCE, tokens that are refreshed, revoked and die (RFC 6749, 7009, 7636, 8252)."""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

TOKEN_LIFE = timedelta(seconds=3599)
CODE_LIFE = timedelta(minutes=10)
TESTING_LIFE = timedelta(days=7)
UNUSED_LIFE = timedelta(days=182)
MOST_REFRESH_TOKENS = 100
_LOOPBACK = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/.*)?")
_GMAIL_SCOPES = ("https://mail.google.com/", "https://www.googleapis.com/auth/gmail")


class DeniedError(Exception):
    """What the token endpoint refuses (RFC 6749, 5.2)."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


@dataclass
class Client:
    """A desktop client, as its owner made it in Google's console."""

    id: str = "1234-desktop.apps.googleusercontent.com"
    secret: str = "GOCSPX-s3cret-of-the-stand-in"
    testing: bool = False
    """Publishing status "Testing": every grant ends after seven days."""


@dataclass
class Grant:
    """What one person allowed one client; revoking anything of it ends all of it."""

    user: str
    scopes: frozenset[str]
    since: datetime
    dead: bool = False
    refreshed: datetime | None = None


@dataclass(frozen=True)
class Request:
    """What a client asks the person for (RFC 6749, 4.1.1)."""

    redirect: str
    scopes: tuple[str, ...]
    state: str
    challenge: str
    offline: bool
    prompt: str


@dataclass
class _Code:
    request: Request
    grant: Grant
    at: datetime
    first: bool
    used: bool = False


@dataclass
class SignIn:
    """Google's authorisation server for one client."""

    clock: Callable[[], datetime]
    client: Client = field(default_factory=Client)
    grants: list[Grant] = field(default_factory=list)
    _codes: dict[str, _Code] = field(default_factory=dict)
    _access: dict[str, tuple[Grant, datetime]] = field(default_factory=dict)
    _refresh: dict[str, Grant] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    # --- consent

    def read_request(self, query: str) -> Request:
        """Return what the authorisation page is asked for. Raises DeniedError: then the page only shows the error."""
        given = dict(parse_qsl(query))
        if given.get("client_id") != self.client.id:
            raise DeniedError("invalid_client", "The OAuth client was not found.", 401)
        redirect = given.get("redirect_uri", "")
        if redirect.startswith("urn:ietf:wg:oauth:2.0:oob"):
            raise DeniedError("invalid_request", "The out-of-band (OOB) flow has been blocked.")
        if not _LOOPBACK.fullmatch(redirect):
            raise DeniedError("redirect_uri_mismatch", "The redirect URI does not match a desktop client.")
        if given.get("response_type") != "code" or not given.get("scope"):
            raise DeniedError("invalid_request", "Required parameter is missing: response_type or scope")
        if given.get("code_challenge") and given.get("code_challenge_method") != "S256":
            raise DeniedError("invalid_request", "Only S256 is taken for code_challenge_method")
        return Request(
            redirect,
            tuple(given["scope"].split()),
            given.get("state", ""),
            given.get("code_challenge", ""),
            given.get("access_type") == "offline",
            given.get("prompt", ""),
        )

    def consent(self, request: Request, user: str, ticked: frozenset[str]) -> str:
        """Return where the browser is sent once the person has ticked what they allow; nothing is a refusal."""
        allowed = ticked & frozenset(request.scopes)
        if not allowed:
            return _add_query(request.redirect, {"error": "access_denied", "state": request.state})
        first = all(grant.dead or grant.user != user for grant in self.grants)
        grant = Grant(user, allowed, self.clock())
        self.grants.append(grant)
        code = self._make_word("4/s3cret-code")
        self._codes[code] = _Code(request, grant, self.clock(), first)
        return _add_query(
            request.redirect, {"state": request.state, "code": code, "scope": " ".join(sorted(allowed))}
        )

    # --- tokens

    def answer_token(self, authorization: str, form: Mapping[str, str]) -> dict[str, object]:
        """Return tokens for a code or a refresh token. Raises DeniedError."""
        self._check_client(authorization, form)
        kind = form.get("grant_type")
        if kind == "authorization_code":
            return self._redeem(form)
        if kind == "refresh_token":
            return self._renew(form)
        raise DeniedError("unsupported_grant_type", f"Invalid grant_type: {kind}")

    def _check_client(self, authorization: str, form: Mapping[str, str]) -> None:
        given = f"{form.get('client_id')}:{form.get('client_secret')}"
        if authorization.startswith("Basic "):
            given = unquote(base64.b64decode(authorization.removeprefix("Basic ")).decode())
        if given != f"{self.client.id}:{self.client.secret}":
            raise DeniedError("invalid_client", "The provided client secret is invalid.", 401)

    def _redeem(self, form: Mapping[str, str]) -> dict[str, object]:
        code = self._codes.get(form.get("code", ""))
        if code is None or code.used or self.clock() - code.at > CODE_LIFE:
            raise DeniedError("invalid_grant", "Malformed auth code.")
        if form.get("redirect_uri") != code.request.redirect:
            raise DeniedError("redirect_uri_mismatch", "Bad Request")
        if code.request.challenge and not _fits(form.get("code_verifier", ""), code.request.challenge):
            raise DeniedError("invalid_grant", "Invalid code verifier.")
        code.used = True
        answer = self._make_access(code.grant)
        if code.request.offline and (code.first or "consent" in code.request.prompt):
            answer["refresh_token"] = self.make_refresh_token(code.grant)
            if self.client.testing:
                answer["refresh_token_expires_in"] = int(TESTING_LIFE.total_seconds()) - 1
        return answer

    def _renew(self, form: Mapping[str, str]) -> dict[str, object]:
        grant = self._refresh.get(form.get("refresh_token", ""))
        if grant is None or self._is_dead(grant):
            raise DeniedError("invalid_grant", "Token has been expired or revoked.")
        grant.refreshed = self.clock()
        asked = set(form.get("scope", "").split())
        if not asked <= grant.scopes:
            raise DeniedError("invalid_scope", "Some requested scopes were invalid.")
        return self._make_access(grant)

    def _make_access(self, grant: Grant) -> dict[str, object]:
        token = self.make_access_token(grant)
        seconds = int(TOKEN_LIFE.total_seconds())
        return {
            "access_token": token,
            "expires_in": seconds,
            "scope": " ".join(sorted(grant.scopes)),
            "token_type": "Bearer",
        }

    def make_access_token(self, grant: Grant) -> str:
        token = self._make_word("ya29.s3cret")
        self._access[token] = (grant, self.clock() + TOKEN_LIFE)
        return token

    def make_refresh_token(self, grant: Grant) -> str:
        """Return a new refresh token; the oldest of too many dies without a word."""
        token = self._make_word("1//s3cret")
        self._refresh[token] = grant
        own = [word for word, other in self._refresh.items() if other.user == grant.user]
        for word in own[:-MOST_REFRESH_TOKENS]:
            del self._refresh[word]
        return token

    def _make_word(self, stem: str) -> str:
        number = next(self._numbers)
        return f"{stem}-{number}-{hashlib.sha256(f'{stem}{number}'.encode()).hexdigest()[:24]}"

    # --- what ends a grant

    def _is_dead(self, grant: Grant) -> bool:
        now = self.clock()
        unused = now - (grant.refreshed or grant.since) > UNUSED_LIFE
        return grant.dead or unused or (self.client.testing and now - grant.since >= TESTING_LIFE)

    def find_grant(self, token: str) -> Grant | None:
        """Return what an access token allows now, None when it allows nothing."""
        grant, until = self._access.get(token, (None, self.clock()))
        return grant if grant and self.clock() < until and not self._is_dead(grant) else None

    def answer_revoke(self, token: str) -> None:
        """End the grant a token belongs to. Raises DeniedError when there is none."""
        grant = self._refresh.get(token) or self._access.get(token, (None,))[0]
        if grant is None or self._is_dead(grant):
            raise DeniedError("invalid_token", "Token expired or revoked")
        self.revoke(grant.user)

    def revoke(self, user: str) -> None:
        """End all that a person allowed."""
        for grant in self.grants:
            grant.dead = grant.dead or grant.user == user

    def change_password(self, user: str) -> None:
        """End what Gmail was part of, as a new password does."""
        for grant in self.grants:
            has_gmail = any(scope.startswith(_GMAIL_SCOPES) for scope in grant.scopes)
            grant.dead = grant.dead or (grant.user == user and has_gmail)

    def expire_access_tokens(self) -> None:
        """Let every access token be too old; refresh tokens live on."""
        self._access.clear()


def _fits(verifier: str, challenge: str) -> bool:
    digest = hashlib.sha256(verifier.encode()).digest()
    return hmac.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), challenge)


def _add_query(address: str, values: Mapping[str, str]) -> str:
    glue = "&" if urlsplit(address).query else "?"
    return address + glue + urlencode({name: value for name, value in values.items() if value})
