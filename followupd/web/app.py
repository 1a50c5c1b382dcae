"""The page put together: who may see it, what goes wrong in words, and the rooms with its routes."""

import hmac
import logging
from collections.abc import Iterable
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask, Response, render_template, request
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, Map
from werkzeug.wrappers import Response as AnyResponse

from followupd.errors import (
    Changed,
    Missing,
    Problem,
    StateBusy,
    StateDamaged,
    StateProblem,
    StateUnusable,
    name_bug,
)
from followupd.store.backups import advise_restore
from followupd.web import entering, looking_back, meeting, queue, wording
from followupd.web.door import Door, form_token
from followupd.web.entering import COOKIE
from followupd.web.ground import Ground, Holder, close_store, ground, holder, now
from followupd.web.guard import Guard
from followupd.web.queue import NUMBER_MAX
from followupd.web.serving import BODY_MAX
from followupd.web.showing import FILTERS, HELD
from followupd.web.tries import WINDOW

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = logging.getLogger("followupd")

#: What is answered without a session: how to get one, and what a stranger learns nothing from.
_OPEN_TO_ALL = frozenset({"static", "entering.show_link", "entering.open_page", "entering.prove"})
_BY_LINK = frozenset({"entering.show_link", "entering.open_page"})
_ROOMS = (
    ("queue.show_queue", "Queue"),
    ("wording.show_templates", "Templates"),
    ("looking_back.show_left_out", "Why not?"),
    ("looking_back.show_activity", "Activity"),
)
#: How a session or a link that does not fit is answered.
_KEY_IS_WRONG = frozenset({401, 410})
_PROBLEM_STATUS = {Missing: 404, StateUnusable: 503, StateBusy: 503, StateProblem: 503, Changed: 409}


class Page:
    """The whole page as one WSGI application, the guard around it."""

    def __init__(self, first: Ground, door: Door) -> None:
        self._held = Holder(first, door)
        self.flask = _build_flask(self._held)
        self._guarded = Guard(self.flask.wsgi_app, lambda: self._held.ground.settings.page.trusted_host)

    def stand_on(self, other: Ground) -> None:
        """Take another ground from the next request on."""
        self._held.ground = other

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return self._guarded(environ, start_response)


def _build_flask(held: Holder) -> Flask:
    app = Flask("followupd.web", template_folder="pages")
    app.extensions["followupd"] = held
    app.config.update(
        MAX_CONTENT_LENGTH=BODY_MAX,
        MAX_FORM_MEMORY_SIZE=BODY_MAX,
        MAX_FORM_PARTS=2_000,
        PROPAGATE_EXCEPTIONS=False,
    )
    app.url_map.converters["item"] = _ItemNumber
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters |= FILTERS
    app.before_request(_check_session)
    app.after_request(_slow_guesses)
    app.teardown_request(close_store)
    app.context_processor(_give_all_pages)
    app.register_error_handler(Problem, _tell_problem)
    app.register_error_handler(HTTPException, _tell_http)
    app.register_error_handler(Exception, _tell_bug)
    for blueprint in (entering.pages, queue.pages, meeting.pages, looking_back.pages, wording.pages):
        app.register_blueprint(blueprint)
    return app


class _ItemNumber(IntegerConverter):
    """A number the store can hold; a larger one is no item's."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=NUMBER_MAX)


def _check_session() -> AnyResponse | tuple[str, int] | None:
    """Let in whoever came through the door, and take only the forms this page made for them."""
    if request.endpoint in _OPEN_TO_ALL:
        return None
    session = request.cookies.get(COOKIE, "")
    if not holder().door.admits(session, now()):
        return render_template("signed-out.html"), 401
    given = request.form.get("token", "") or request.headers.get("X-Token", "")
    if request.method == "POST" and not hmac.compare_digest(given.encode(), form_token(session).encode()):
        return _tell(
            403, "This form is not one of this page as it is now.", "Load the page again, then decide."
        )
    return None


def _slow_guesses(answer: Response) -> Response:
    """Have whoever brings one wrong cookie or link after the other wait."""
    if answer.status_code not in _KEY_IS_WRONG or not _brings_key() or not holder().tries.count_wrong(now()):
        return answer
    wait = str(int(WINDOW.total_seconds()))
    words = "That is one wrong key after the other. `followupd page` makes one that fits.\n"
    return Response(words, 429, {"Retry-After": wait, "Content-Type": "text/plain; charset=utf-8"})


def _brings_key() -> bool:
    """Tell whether this request brought a link or a cookie to be let in by."""
    if request.endpoint in _OPEN_TO_ALL:
        return request.endpoint in _BY_LINK
    return bool(request.cookies.get(COOKIE))


def _give_all_pages() -> dict[str, object]:
    return {"hidden": _write_token, "now": now(), "zone": ground().zone, "rooms": _ROOMS, "reasons": HELD}


def _write_token() -> Markup:
    """Return what makes a form one of this session's."""
    token = form_token(request.cookies.get(COOKIE, ""))
    return Markup('<input type="hidden" name="token" value="{}">').format(token)


def _tell_problem(problem: Problem) -> tuple[str, int]:
    if isinstance(problem, StateDamaged):
        with suppress(Problem):
            problem.todo = advise_restore(ground().settings.state)
    status = next((code for kind, code in _PROBLEM_STATUS.items() if isinstance(problem, kind)), 400)
    return _tell(status, problem.what, problem.todo)


def _tell_http(error: HTTPException) -> tuple[str, int]:
    return _tell(error.code or 500, error.name + ".", "The queue shows everything there is to do.")


def _tell_bug(error: Exception) -> tuple[str, int]:
    # By the route's name: the path of a link is a secret, and other paths hold what somebody typed.
    log.error("a bug in followupd met the page at %s", request.endpoint, exc_info=error)
    bug = name_bug("the page", error)
    return _tell(500, bug.what, bug.todo)


def _tell(status: int, what: str, todo: str) -> tuple[str, int]:
    number = (request.view_args or {}).get("number") if status == HTTPStatus.CONFLICT else None
    return render_template("problem.html", what=what, todo=todo, status=status, number=number), status
