"""The routes that need no session: a link becomes one, this program proves who it is, another asks how it does."""

from datetime import timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from followupd.durations import write_utc
from followupd.web.ground import ground, holder, now, store

pages = Blueprint("entering", __name__)

COOKIE = "followupd"
#: A pass is late when it did not come this long after its beat; a slow feed may take that long.
_SLACK = timedelta(minutes=5)


@pages.get("/open/<code>")
def show_link(code: str) -> tuple[str, int]:
    """Offer to open the page; looking takes nothing, so that a mail scanner or a preview uses no link up."""
    known = holder().door.knows_link(code, now())
    return render_template("open.html", code=code, known=known), 200 if known else 410


@pages.post("/open")
def open_page() -> Response | tuple[str, int]:
    session = holder().door.open(request.form.get("code", ""), now())
    if session is None:
        return render_template("open.html", code="", known=False), 410
    answer = redirect(url_for("queue.show_queue"), 303)
    answer.set_cookie(COOKIE, session, httponly=True, samesite="Strict", path="/")
    return answer


@pages.post("/sign-out")
def sign_out() -> Response:
    holder().door.close_all()
    answer = redirect(url_for("queue.show_queue"), 303)
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="Strict")
    return answer


@pages.get("/identity/<challenge>")
def prove(challenge: str) -> tuple[str, dict[str, str]]:
    """Answer as only a program can that reads the owner's files: the command line asks before it makes a link."""
    proof = holder().door.prove(challenge, int(request.environ["SERVER_PORT"]))
    return proof, {"Content-Type": "text/plain"}


@pages.get("/healthz")
def tell_health() -> tuple[dict[str, object], int]:
    """Say when a whole pass was last made, to a program that brings the token of the state folder."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not holder().door.has_token(token):
        return {
            "error": "Bring the token: Authorization: Bearer, then what page/token in the state folder holds."
        }, 401
    last = ground().last_pass()
    late = last is None or now() - last > ground().settings.poll + _SLACK
    problems = store().calendars.source_problems()
    return {
        "status": "late" if late else "trouble" if problems else "ok",
        "last_pass": write_utc(last) if last else None,
        "calendars_in_trouble": sorted(problems),
    }, 503 if late else 200
