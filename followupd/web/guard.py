"""What stands before every route: which requests are let through at all, and what every answer carries."""

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: What a browser may load and do here (https://www.w3.org/TR/CSP3/): nothing inline, nothing from elsewhere, in no frame.
_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)
#: Carried by every answer, errors included.
HEADERS = (
    ("Content-Security-Policy", "; ".join(_POLICY)),
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_LOOPBACK = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?", re.IGNORECASE | re.ASCII)
_PORT = re.compile(r":[0-9]{1,5}\Z", re.ASCII)
_READS = frozenset({"GET", "HEAD"})
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


class Guard:
    """A WSGI application around another: refuses what did not come from the page itself, before any routing."""

    def __init__(self, app: "WSGIApplication", trusted_host: Callable[[], str]) -> None:
        self._app = app
        self._trusted_host = trusted_host

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start_response(status, add_headers(headers), *more)

        refusal = find_refusal(environ, self._trusted_host())
        if refusal is None:
            return self._app(environ, start)
        status, words = refusal
        start(status, [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(words)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [words]


def add_headers(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return an answer's headers with ours, which win."""
    ours = {name.lower() for name, _ in HEADERS}
    return [*(pair for pair in headers if pair[0].lower() not in ours), *HEADERS]


def find_refusal(environ: "WSGIEnvironment", trusted_host: str) -> tuple[str, bytes] | None:
    """Return status and words for a request that is not let through, or None.

    A foreign Host is DNS rebinding (CVE-2018-5702); a foreign Origin is another site's form or script.
    """
    host = environ.get("HTTP_HOST", "")
    if not _is_ours(host, trusted_host):
        return "421 Misdirected Request", b"followupd answers only under the name of this computer itself.\n"
    if environ["REQUEST_METHOD"] not in _READS | {"POST"}:
        return "405 Method Not Allowed", b"followupd knows GET, HEAD and POST.\n"
    if not _is_from_page(environ, host):
        return "403 Forbidden", b"This request came from another site, so nothing was done.\n"
    if environ["REQUEST_METHOD"] == "POST" and _content_type(environ) not in _FORMS:
        return "415 Unsupported Media Type", b"followupd takes forms only.\n"
    return None


def _is_ours(host: str, trusted_host: str) -> bool:
    """Take a loopback name with any port, for `ssh -L` may lead here from any; or the one name the owner trusts."""
    if _LOOPBACK.fullmatch(host):
        return True
    return bool(trusted_host) and _PORT.sub("", host).lower() == trusted_host.lower()


def _is_from_page(environ: "WSGIEnvironment", host: str) -> bool:
    origin = environ.get("HTTP_ORIGIN")
    if origin is None:
        return environ["REQUEST_METHOD"] in _READS
    if origin == "null":
        # What a browser says of a plain form under no-referrer (https://fetch.spec.whatwg.org/#origin-header);
        # where it came from it then tells in a header no page can set.
        return bool(environ.get("HTTP_SEC_FETCH_SITE") == "same-origin")
    return _host_of(origin) == host.lower()


def _host_of(origin: str) -> str | None:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    whole = origin == f"{parts.scheme}://{parts.netloc}" and parts.scheme in {"http", "https"}
    return parts.netloc.lower() if whole else None


def _content_type(environ: "WSGIEnvironment") -> str:
    return str(environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()
