"""The routes that need no session: a link becomes one, and this program proves who it is."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from followupd.web.ground import holder, now

pages = Blueprint("entering", __name__)

COOKIE = "followupd"


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
