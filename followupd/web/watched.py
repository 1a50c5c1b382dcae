"""What a program that watches may ask, with the token of the state folder: /healthz and /metrics.

They stand beside the page, not on it: a daemon that is asked every minute, and never looked at, loads no Flask for it.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from followupd.durations import write_utc
from followupd.errors import Problem
from followupd.render import Renderer
from followupd.store.store import Store
from followupd.watching import Watch
from followupd.web.door import Door
from followupd.web.guard import Guard
from followupd.web.metrics import CONTENT_TYPE, measure, write_metrics
from followupd.web.tries import WINDOW, Tries

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Status, content type, body, and whether a wait is asked for.
Answer = tuple[str, str, str]
_TEXT, _JSON = "text/plain; charset=utf-8", "application/json"
_OK, _DOWN = "200 OK", "503 Service Unavailable"
_BRING_TOKEN = "Bring the token: Authorization: Bearer, then what page/token in the state folder holds.\n"  # noqa: S105 - words about one
_TOO_MANY = "That is one wrong token after the other. The right one lies in page/token in the state folder.\n"


class Watched:
    """A WSGI application before the page's: it answers its two paths and hands all others on."""

    def __init__(
        self,
        page: "WSGIApplication",
        door: Door,
        watch: Watch,
        renderer: Renderer,
        open_store: Callable[[], Store],
        clock: Callable[[], datetime],
        trusted_host: Callable[[], str],
    ) -> None:
        self._page = page
        self._door = door
        self._watch = watch
        self._renderer = renderer
        self._open_store = open_store
        self._clock = clock
        self._tries = Tries()
        self._guarded = Guard(self._answer, trusted_host)
        self._paths = {"/healthz": self._tell_health, "/metrics": self._tell_metrics}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        ours = environ.get("PATH_INFO") in self._paths
        return (self._guarded if ours else self._page)(environ, start_response)

    def _answer(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        status, kind, words = self._refuse(environ) or self._tell(environ["PATH_INFO"])
        body = words.encode()
        headers = [("Content-Type", kind), ("Content-Length", str(len(body)))]
        if words is _TOO_MANY:
            headers.append(("Retry-After", f"{WINDOW.total_seconds():.0f}"))
        start_response(status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _refuse(self, environ: "WSGIEnvironment") -> Answer | None:
        """Return the answer to whoever did not bring the token, or wants to change something; None for all others."""
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return "405 Method Not Allowed", _TEXT, "This is only to be looked at.\n"
        brought = environ.get("HTTP_AUTHORIZATION", "")
        scheme, _, token = brought.partition(" ")
        if scheme == "Bearer" and self._door.has_token(token):
            return None
        if brought and self._tries.count_wrong(self._clock()):
            return "429 Too Many Requests", _TEXT, _TOO_MANY
        return "401 Unauthorized", _TEXT, _BRING_TOKEN

    def _tell(self, path: str) -> Answer:
        try:
            return self._paths[path]()
        except Problem as problem:
            return _DOWN, _JSON, json.dumps({"status": "failing", "why": problem.what}) + "\n"

    def _tell_health(self) -> Answer:
        """Say whether work is done: 503, with the reason, when no good pass was made for three beats."""
        health = self._watch.find_health()
        with self._opened() as store:
            trouble = store.calendars.source_problems()
        told = {
            "status": "ok" if health.good else "failing",
            "why": health.why,
            "last_good_pass": write_utc(health.last_good) if health.last_good else None,
            "calendars_in_trouble": sorted(trouble),
        }
        return _OK if health.good else _DOWN, _JSON, json.dumps(told) + "\n"

    def _tell_metrics(self) -> Answer:
        with self._opened() as store:
            return (
                _OK,
                CONTENT_TYPE,
                write_metrics(measure(store, self._watch, self._renderer, self._clock())),
            )

    @contextmanager
    def _opened(self) -> Iterator[Store]:
        """Open the state for this request: SQLite's connections belong to one thread."""
        with closing(self._open_store()) as store:
            yield store
