"""The page beside the daemon: its thread, and what it stands on."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from followupd.assemble import build_ground, build_templates, open_store, read_clock
from followupd.errors import Problem
from followupd.render import Renderer
from followupd.settings import Settings
from followupd.watching import Watch

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from followupd.web.app import Page
    from followupd.web.ground import Ground
    from followupd.web.serving import PageServer

log = logging.getLogger("followupd")


class LatePage:
    """The page, loaded when somebody first looks at it: a daemon nobody looks at holds no Flask."""

    def __init__(
        self,
        settings: Settings,
        renderer: Renderer,
        is_running: Callable[[], bool],
    ) -> None:
        self.settings = settings
        self._renderer = renderer
        self._is_running = is_running
        self._loading = Lock()
        self._page: Page | None = None

    def take(self, settings: Settings) -> None:
        """Stand on new settings from the next request on; another port needs a new start."""
        with self._loading:
            self.settings = settings
            if self._page is not None:
                self._page.stand_on(self._build_ground())

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return self._load()(environ, start_response)

    def _load(self) -> "Page":
        with self._loading:
            if self._page is None:
                from followupd.web.app import Page  # noqa: PLC0415 - as the class says
                from followupd.web.door import Door  # noqa: PLC0415 - as above

                self._page = Page(self._build_ground(), Door(self.settings.state))
            return self._page

    def _build_ground(self) -> "Ground":
        templates = build_templates(self.settings, self._renderer)
        return build_ground(self.settings, templates, self._is_running)


def build_watched(page: LatePage, watch: Watch, renderer: Renderer) -> "WSGIApplication":
    """Return the page with what a program that watches may ask before it; makes the token it has to bring."""
    from followupd.web.door import Door  # noqa: PLC0415 - a daemon without a page loads nothing of it
    from followupd.web.watched import Watched  # noqa: PLC0415 - as above

    state = page.settings.state
    return Watched(
        page,
        Door(state),
        watch,
        renderer,
        lambda: open_store(state),
        read_clock,
        lambda: page.settings.page.trusted_host,
    )


@contextmanager
def served_beside_daemon(build: "Callable[[], WSGIApplication]", port: int) -> Iterator[Problem | None]:
    """Serve the page in a thread while the daemon runs. Yields what keeps it from being served, which stops no follow-up."""
    try:
        server = _start_server(build(), port) if port else None
    except Problem as problem:
        log.warning("%s", problem.in_one_line())
        yield problem
        return
    try:
        yield None
    finally:
        if server is not None:
            server.close()


def _start_server(page: "WSGIApplication", port: int) -> "PageServer":
    from followupd.web.serving import PageServer  # noqa: PLC0415 - a daemon without a page loads no server

    server = PageServer(page, port)
    server.start()
    log.info("the page is at port %d; `followupd page` opens it", port)
    return server
