"""The ways to tell the owner: a real notify-send's place taken by a script, real mailboxes, real servers on loopback."""

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from desktop import Desktop
from memory import MemoryMailbox
from servers.web import Call, Names, Site, make_context

from followupd.adapters.maildir import MaildirMailbox
from followupd.adapters.notices import DesktopNotices, DraftNotices, LogNotices, clean_line
from followupd.adapters.webhooks import Hook, PingSwitch, Webhook
from followupd.errors import NoticeProblem
from followupd.network import Network, UnfitError
from followupd.notices import Cause, Notice, Sign

WAITS = Notice(
    Cause.WAITING, ("",), "3 drafts wait, the first is due Thursday 18:00", ("Decide.",), broken=False
)
HOSTILE = Notice(
    Cause.CALENDAR,
    ("work",),
    "Calendar 'work' cannot be read",
    ("left out <a href='http://evil.example'>win & <b>", "\\x41 \\n \x1b[31m\r\nfake line"),
)

# --- the desktop


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desktop:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    return Desktop(tmp_path)


def test_the_desktop_shows_title_and_details(desktop: Desktop) -> None:
    way = DesktopNotices()
    assert way.is_there()
    way.tell(WAITS, "")
    assert desktop.words == ["--app-name=followupd", "--urgency=normal", "--", WAITS.title, "Decide."]


def test_what_others_wrote_is_no_markup_no_escape_and_no_line(desktop: Desktop) -> None:
    DesktopNotices().tell(HOSTILE, "")
    assert desktop.words[1] == "--urgency=critical"
    # notify-send makes one backslash of two; the desktop makes "<" of "&lt;".
    assert desktop.words[-1] == (
        "left out &lt;a href='http://evil.example'&gt;win &amp; &lt;b&gt;~\\\\x41 \\\\n  [31m  fake line"
    )


def test_a_desktop_that_refuses_is_a_problem_in_words(desktop: Desktop) -> None:
    (desktop.folder / "code").write_text("3")
    with pytest.raises(NoticeProblem, match=r"on the desktop: code 3\."):
        DesktopNotices().tell(WAITS, "")


def test_without_a_session_or_the_program_nobody_is_there(
    desktop: Desktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(desktop.folder))
    assert not DesktopNotices().is_there()
    (desktop.folder / "bus").touch()  # where systemd puts the session's
    assert DesktopNotices().is_there()
    monkeypatch.setenv("PATH", str(desktop.folder / "empty"))
    assert not DesktopNotices().is_there()


# --- the log


def test_the_log_has_one_line_of_our_own_words(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "followupd"):
        LogNotices().tell(HOSTILE, "")
        LogNotices().tell(WAITS, "")
    broken, waiting = caplog.records
    assert (broken.levelname, waiting.levelname) == ("ERROR", "INFO")
    assert (broken.message, waiting.message) == (HOSTILE.title, WAITS.title)


def test_a_clean_line_has_no_letter_that_steers() -> None:
    assert clean_line("a\x00b\u2028c\u202ed\te") == "a b c d e"


# --- a draft to oneself


def draft_way(box: MemoryMailbox | MaildirMailbox) -> DraftNotices:
    def write(notice: Notice) -> bytes:
        name = f"<notice-{notice.cause}@example.com>"
        head = f"From: ada@example.com\nTo: ada@example.com\nSubject: {notice.title}\nMessage-ID: {name}\n"
        return f"{head}Date: Wed, 18 Nov 2026 12:00:00 +0000\n\n{notice.title}\n".encode()

    return DraftNotices(box, write, lambda notice: f"<notice-{notice.cause}@example.com>")


@pytest.mark.parametrize("kind", ["memory", "maildir"])
def test_the_last_notice_of_a_cause_is_replaced_unless_the_owner_touched_it(
    kind: str, tmp_path: Path
) -> None:
    box = MemoryMailbox() if kind == "memory" else MaildirMailbox("box", tmp_path)
    way = draft_way(box)
    first = way.tell(WAITS, "")
    four = Notice(Cause.WAITING, ("",), "4 drafts wait", broken=False)
    second = way.tell(four, first)
    assert subjects(box, tmp_path) == ["4 drafts wait"]
    way.tell(HOSTILE, "")
    assert subjects(box, tmp_path) == ["4 drafts wait", "Calendar 'work' cannot be read"]
    way.tell(WAITS, "another than the last")  # what lies there is no longer what we wrote
    assert second in {way.tell(four, ""), second}
    assert "3 drafts wait, the first is due Thursday 18:00" in subjects(box, tmp_path)


def subjects(box: MemoryMailbox | MaildirMailbox, folder: Path) -> list[str]:
    if isinstance(box, MemoryMailbox):
        raws = [draft.raw for draft in box.drafts.values()]
    else:
        raws = [path.read_bytes() for path in (folder / ".Drafts").glob("*/[!.]*")]
    return sorted(line[9:].decode() for raw in raws for line in raw.splitlines() if line[:9] == b"Subject: ")


def test_a_mailbox_that_refuses_is_told_and_an_unanswered_one_counts_as_told() -> None:
    box = MemoryMailbox()
    box.faults = [("create", "refused")]
    with pytest.raises(NoticeProblem, match="No draft of a notice could be made"):
        draft_way(box).tell(WAITS, "")
    box.faults = [("create", "lost")]
    assert draft_way(box).tell(WAITS, "") == ""
    assert len(box.drafts) == 1


# --- a webhook and a dead-man's switch


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as one:
        yield one


def hook(site: Site, path: str = "/secret-token?key=secret-key", seconds: float = 10.0) -> Hook:
    address = f"http://127.0.0.1:{site.port}{path}"
    return Hook(address, Network(proxy=""), allow_private=True, seconds=seconds)


def test_a_webhook_takes_the_title_as_chats_do_and_no_details(site: Site) -> None:
    Webhook(hook(site), plain=False).tell(HOSTILE, "")
    (call,) = site.calls
    assert (call.method, call.path) == ("POST", "/secret-token?key=secret-key")
    assert call.headers["Content-Type"] == "application/json"
    assert json.loads(call.body) == {
        "text": "followupd: Calendar 'work' cannot be read.",
        "cause": "calendar",
        "broken": True,
    }


def test_a_webhook_takes_plain_text_as_ntfy_does(site: Site) -> None:
    Webhook(hook(site), plain=True).tell(WAITS, "")
    assert site.calls[0].body == b"followupd: 3 drafts wait, the first is due Thursday 18:00."


def test_a_switch_is_pinged_as_healthchecks_wants_it(site: Site) -> None:
    switch = PingSwitch(hook(site, "/ping/5f0c?create=1"))
    switch.ping(Sign.START, "")
    switch.ping(Sign.OK, "")
    switch.ping(Sign.FAIL, "The disk is nearly full")
    assert [(call.path, call.body) for call in site.calls] == [
        ("/ping/5f0c/start?create=1", b""),
        ("/ping/5f0c?create=1", b""),
        ("/ping/5f0c/fail?create=1", b"The disk is nearly full"),
    ]


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500])
def test_any_answer_but_a_good_one_is_a_problem_that_keeps_the_address_secret(
    site: Site, status: int
) -> None:
    site.do = lambda call: call.answer(status, Location="http://127.0.0.1:1/elsewhere")
    with pytest.raises(NoticeProblem) as caught:
        Webhook(hook(site), plain=True).tell(WAITS, "")
    assert caught.value.what == f"127.0.0.1 did not take a notice (code {status})."
    assert "secret" not in str(caught.value)
    assert len(site.calls) == 1


def drip(call: Call) -> None:
    call.drip(b"HTTP/1.1 200 OK\r\n" * 10_000)


def cut(call: Call) -> None:
    call.send(b"HTTP/1.1 2")


@pytest.mark.parametrize("behave", [Call.stay_silent, drip, cut], ids=["silent", "drip", "cut"])
def test_a_hook_that_hangs_or_breaks_off_ends_within_its_time(site: Site, behave: object) -> None:
    site.do = behave  # type: ignore[assignment]
    with pytest.raises(NoticeProblem, match=r"^127\.0\.0\.1 did not take a notice: ") as caught:
        Webhook(hook(site, seconds=0.3), plain=True).tell(WAITS, "")
    assert "secret" not in str(caught.value)
    assert len(site.calls) == 1  # never twice


def test_the_way_outside_is_https_to_public_machines_only(site: Site) -> None:
    with pytest.raises(UnfitError, match="https"):
        Hook("http://hooks.example/x", Network(), allow_private=False)
    names = Names({"hooks.example": ["127.0.0.1"]})
    inside = Hook("https://hooks.example/x", Network(proxy=""), allow_private=False, resolver=names)
    with pytest.raises(NoticeProblem, match="private or reserved network"):
        Webhook(inside, plain=True).tell(WAITS, "")
    assert site.calls == []


def test_over_https_the_certificate_is_checked(tmp_path: Path) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    for trusted, right in ((authority, True), (stranger, False)):
        trusted.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        network = Network(proxy="", ca_file=tmp_path / "ca.pem")
        with Site(make_context(authority, "hooks.example")) as site:
            names = Names({"hooks.example": ["127.0.0.1"]})
            address = f"https://hooks.example:{site.port}/x"
            way = Webhook(Hook(address, network, allow_private=True, resolver=names), plain=True)
            if right:
                way.tell(WAITS, "")
                assert site.calls[0].body.startswith(b"followupd: 3 drafts")
            else:
                with pytest.raises(NoticeProblem, match="certificate is not to be trusted"):
                    way.tell(WAITS, "")
