"""Who is let in: every route under every combination of Host, Origin, method, session and token, with the answer worked out by hand."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest
from visitor import HOST, ORIGIN, build_page, visit, watch_over
from week import JANE, World, meeting, open_world
from werkzeug.test import Client, TestResponse

from followupd.web.app import Page
from followupd.web.door import form_token
from followupd.web.entering import COOKIE

#: As https://www.w3.org/TR/CSP3/ and RFC 9111, 5.2.2.5, write them.
HEADERS = (
    (
        "Content-Security-Policy",
        (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
    ),
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
)
#: What somebody without a session may ask.
OPEN_TO_ALL = {"static", "entering.show_link", "entering.open_page", "entering.prove"}
#: What a program that watches may ask with the token of the state folder.
BY_TOKEN = {"/healthz", "/metrics"}
#: Host to whether it is a name of this computer.
HOSTS = {
    HOST: True,
    "localhost:8458": True,
    "[::1]:8458": True,
    "LOCALHOST:9999": True,
    "127.0.0.1": True,
    "": False,
    "evil.example": False,
    "127.0.0.1.evil.example:8458": False,
    "localhost.evil.example": False,
    "127.0.0.2:8458": False,
    "0.0.0.0:8458": False,
    "2130706433": False,
    "127.1": False,
    "[::]:8458": False,
    "[::ffff:127.0.0.1]:8458": False,
    "localhost:8458@evil.example": False,
    "localhost:8458, evil.example": False,
    "localhost:123456": False,
    "localhost:": False,
    "local host:8458": False,
}
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT")


class Route(NamedTuple):
    """One path of the page."""

    path: str
    methods: frozenset[str]
    open_to_all: bool


class Try(NamedTuple):
    """One request."""

    host: str
    origin: str | None
    method: str
    session: bool
    token: str
    route: Route
    bearer: str | None = None
    """The token of the state folder, as it is brought."""


def origins_for(host: str) -> dict[str | None, bool]:
    """Return origins and whether each is the page's own; None sends none, which only a look may do."""
    return {
        f"http://{host}": True,
        None: False,
        "null": False,
        "http://evil.example": False,
        f"http://{host}.evil.example": False,
        f"http://evil.example@{host}": False,
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as opened:
        opened.set_event(meeting("e1", opened.now - timedelta(hours=1), JANE))
        opened.run()
        yield opened


def routes_of(page: Page) -> Iterator[Route]:
    """Return every route of the page with something that fits in each of its gaps."""
    gaps = {
        "<item:number>": "999",
        "<code>": "x" * 43,
        "<challenge>": "x" * 32,
        "<path:filename>": "page.css",
    }
    for rule in page.flask.url_map.iter_rules():
        path = rule.rule
        for gap, filling in gaps.items():
            path = path.replace(gap, filling)
        yield Route(path, frozenset(rule.methods or ()), rule.endpoint in OPEN_TO_ALL)
    yield from (Route(path, frozenset({"GET", "HEAD"}), open_to_all=True) for path in sorted(BY_TOKEN))


def tries_for(route: Route, right: str, bearer: str) -> Iterator[Try]:
    """Return every combination for one route; a foreign host is refused whatever else is right."""
    bearers = (None, bearer, bearer[:-1], "") if route.path in BY_TOKEN else (None,)
    for host, host_right in HOSTS.items():
        methods = METHODS if host == HOST else ("GET", "POST")
        tickets = ((True, right), (True, "x" * 64), (False, right)) if host_right else ((True, right),)
        for origin, method, (session, token), brought in product(
            origins_for(host), methods, tickets, bearers
        ):
            yield Try(host, origin, method, session, token, route, brought)


def expect(what: Try, right: str, bearer: str) -> int | None:
    """Return the status a request must be refused with; None where it must be let in."""
    own = origins_for(what.host)[what.origin]
    if not HOSTS[what.host]:
        return 421
    if what.method not in {"GET", "HEAD", "POST"}:
        return 405
    if not own and (what.method == "POST" or what.origin is not None):
        return 403
    if what.route.path in BY_TOKEN:
        return 405 if what.method == "POST" else None if what.bearer == bearer else 401
    open_to_all = what.route.open_to_all and what.method in what.route.methods
    if open_to_all or not what.session:
        return None if open_to_all else 401
    return 403 if what.method == "POST" and what.token != right else None


def send(client: Client, what: Try, session: str) -> TestResponse:
    headers = {"Host": what.host} | ({"Origin": what.origin} if what.origin is not None else {})
    if what.session:
        headers["Cookie"] = f"{COOKIE}={session}"
    if what.bearer is not None:
        headers["Authorization"] = f"Bearer {what.bearer}"
    data = {"token": what.token} if what.method == "POST" else None
    answer = client.open(what.route.path, base_url=ORIGIN, method=what.method, headers=headers, data=data)
    answer.close()
    return answer


def is_as_expected(what: Try, answer: TestResponse, expected: int | None) -> bool:
    """Tell whether a request was refused as it should be or let in, and its answer carries what all must."""
    # One wrong token after the other: the same no, in other words.
    status = 401 if what.bearer is not None and answer.status_code == 429 else answer.status_code
    right = status not in {401, 403, 421} if expected is None else status == expected
    return right and {name: answer.headers.get(name) for name, _ in HEADERS} == dict(HEADERS)


def dump(world: World) -> list[str]:
    """Return the whole database as text."""
    with closing(sqlite3.connect(world.store.database.path)) as connection:
        return list(connection.iterdump())


def look_at(world: World) -> tuple[list[str], list[Path]]:
    """Return everything that a request could have changed: the database and the door's files."""
    return dump(world), sorted((world.settings.state / "page").iterdir())


def test_nobody_is_let_in_who_should_not_be(world: World) -> None:
    with visit(world) as visitor:
        right, before = form_token(visitor.session), look_at(world)
        bearer = (world.settings.state / "page" / "token").read_text()
        watched, _ = watch_over(world, visitor.page)
        client, count, wrong = Client(watched, use_cookies=False), 0, []
        for route in routes_of(visitor.page):
            # Signing out would end the session that all the others need; it has a test of its own.
            for what in tries_for(route, right, bearer) if route.path != "/sign-out" else ():
                answer, count = send(client, what, visitor.session), count + 1
                if not is_as_expected(what, answer, expect(what, right, bearer)):
                    wrong.append((what, answer.status_code))
        assert wrong == []
        assert count >= 5_000
        assert look_at(world) == before


def test_every_route_but_those_of_the_door_wants_a_session(world: World) -> None:
    page, _ = build_page(world)
    found = {rule.endpoint for rule in page.flask.url_map.iter_rules()}
    assert found > OPEN_TO_ALL
    assert {"queue.approve", "queue.show_queue", "entering.sign_out"} <= found - OPEN_TO_ALL
