"""Sending by a real mail server on loopback: which bytes leave, to whom, over which line, with which password."""

import logging
import os
import re
import select
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from servers.smtp import Mute, Post, say
from servers.web import make_context
from smtp_house import PASSWORD, USER, SmtpHouse

from followupd.adapters.passwords import read_password
from followupd.adapters.smtp import SmtpMailbox
from followupd.errors import MailboxProblem, Problem, Refused
from followupd.mail import Message, Place, Trace
from followupd.network import MailServer, Secret
from followupd.rules.message import write_message

PATIENCE = 30

HEAD = (
    b"From: Ada Example <ada@example.com>\nTo: Ben <ben@guest.example>\nMessage-ID: <one@followupd.example>\n"
)
LETTER = HEAD + b"\nHello Ben\n"


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> SmtpHouse:
    return SmtpHouse(tmp_path_factory.mktemp("smtp"))


@pytest.fixture
def house(certified: SmtpHouse, tmp_path: Path) -> SmtpHouse:
    certified.maildir = tmp_path / "Mail"
    return certified


@pytest.fixture
def post(house: SmtpHouse) -> Iterator[Post]:
    with house.post() as post:
        yield post


def send(mailbox: SmtpMailbox, raw: bytes = LETTER) -> Place:
    try:
        return mailbox.hand_over(mailbox.create(raw))
    finally:
        mailbox.close()


def refusal(mailbox: SmtpMailbox, raw: bytes = LETTER) -> Problem:
    with pytest.raises(Problem) as caught:
        send(mailbox, raw)
    assert PASSWORD not in str(caught.value)
    return caught.value


# --- which bytes, to whom


@pytest.mark.parametrize(
    ("body", "travels"),
    [
        (b"Hello\n.\n..dots\n. at the start\n", b"Hello\r\n.\r\n..dots\r\n. at the start\r\n"),
        (b"no line end at the end", b"no line end at the end\r\n"),
        (b"CRLF\r\nand CR\rand LF\n", b"CRLF\r\nand CR\r\nand LF\r\n"),
        (b"smuggled\r.\rMAIL FROM:<x@evil.example>\n", b"smuggled\r\n.\r\nMAIL FROM:<x@evil.example>\r\n"),
        (b"\n\n\n", b"\r\n\r\n\r\n"),
    ],
)
def test_the_very_bytes_travel_with_the_line_ends_of_mail(
    house: SmtpHouse, post: Post, body: bytes, travels: bytes
) -> None:
    assert send(house.mailbox(house.server(post)), HEAD + b"\n" + body) is Place.SENT

    [taken] = post.taken
    assert taken.content == HEAD.replace(b"\n", b"\r\n") + b"\r\n" + travels
    assert (taken.sender, taken.recipients) == ("ada@example.com", ("ben@guest.example",))


def test_a_message_of_ours_with_an_odd_name_goes_to_its_address_and_no_other(
    house: SmtpHouse, post: Post
) -> None:
    odd = Message(
        sender_name='Ada "the pen" Example, MBA',
        sender_email="ada@example.com",
        to_name="José Smith, PhD <boss@corp.example>",
        to_email="jose@bücher.example",
        subject="Schön =?utf-8?q?dich?= kennenzulernen",
        text="Hallo José",
        html="<p>Hallo José</p>",
        message_id="<one@followupd.example>",
        date=datetime(2026, 11, 18, tzinfo=UTC),
    )
    raw = write_message(odd)
    send(house.mailbox(house.server(post)), raw)

    [taken] = post.taken
    assert taken.recipients == ("jose@xn--bcher-kva.example",)
    assert taken.content == raw.replace(b"\n", b"\r\n")
    [copy] = house.maildir.glob(".Sent/cur/*:2,S")
    assert copy.read_bytes() == raw


@pytest.mark.parametrize(
    "head",
    [
        b"From: ada@example.com\nTo: ben@guest.example, eve@guest.example\n",
        b"From: ada@example.com\nTo: ben@guest.example\nCc: eve@guest.example\n",
        b"From: ada@example.com\nTo: ben@guest.example\nBcc: eve@guest.example\n",
        b"From: ada@example.com\nTo: ben@guest.example\nbCC : eve@guest.example\n",
        b"From: ada@example.com\nTo: ben@guest.example\nTo: eve@guest.example\n",
        b"From: ada@example.com\nTo: ben@guest.example\nResent-To: eve@guest.example\n",
        b"From: ada@example.com, eve@example.com\nSender: eve@example.com\nTo: ben@guest.example\n",
        b"From: ada@example.com\nTo: friends: ben@guest.example, eve@guest.example;\n",
        b"From: ada@example.com\nTo: undisclosed-recipients:;\n",
        b'From: ada@example.com\nTo: "ben@guest.example> SIZE=1 <eve"@guest.example\n',
        b"From: ada@example.com\nTo: ben@guest.example\x00, eve@guest.example\n",
        b"From: ada@example.com\nTo: (((((" + b"(" * 20_000 + b"ben@guest.example\n",
        b"To: ben@guest.example\n",
        b"From: ada@example.com\n",
    ],
)
def test_a_message_that_could_reach_anybody_else_is_not_sent(
    house: SmtpHouse, post: Post, head: bytes
) -> None:
    problem = refusal(house.mailbox(house.server(post)), head + b"\nHello\n")

    assert isinstance(problem, Refused)
    assert "one sender to one recipient alone" in problem.what or "NUL" in problem.what
    assert (post.taken, post.mail_args) == ([], [])
    assert list(house.maildir.glob(".Drafts/cur/*")) != []


BEYOND = HEAD.replace(b"Ben", "Bén".encode()) + b"\nHello\n"
EIGHT_BITS = HEAD + "\nSchön\n".encode()


@pytest.mark.parametrize(
    ("raw", "without", "told"),
    [
        (BEYOND, ("SMTPUTF8",), "letters beyond ASCII in its headers or addresses (SMTPUTF8)"),
        (EIGHT_BITS, ("8BITMIME",), "letters beyond ASCII that are not encoded (8BITMIME)"),
        (HEAD + b"\n" + b"x" * 999 + b"\n", (), "a line of more than 998 bytes"),
        (HEAD + b"\nnul\0\n", (), "a NUL"),
        (HEAD + b"\n" + b"x\n" * 150_000, (), "it takes up to 292 kB"),
    ],
)
def test_what_the_server_cannot_take_is_refused_before_it_is_offered(
    house: SmtpHouse, raw: bytes, without: tuple[str, ...], told: str
) -> None:
    with house.post(without=without, size=300_000) as post:
        problem = refusal(house.mailbox(house.server(post)), raw)

    assert isinstance(problem, Refused)
    assert told in problem.what
    assert "send it from your mail program" in problem.todo
    assert post.mail_args == []


@pytest.mark.parametrize(
    ("raw", "options"),
    [(BEYOND, ["BODY=8BITMIME", "SMTPUTF8"]), (EIGHT_BITS, ["BODY=8BITMIME"]), (LETTER, [])],
)
def test_a_server_that_can_take_it_is_told_what_comes(
    house: SmtpHouse, post: Post, raw: bytes, options: list[str]
) -> None:
    send(house.mailbox(house.server(post)), raw)

    assert [arg.split()[2:] for arg in post.mail_args] == [options]
    assert post.taken[0].content == raw.replace(b"\n", b"\r\n")


# --- the line


def test_starttls_comes_before_the_login_and_the_mail(house: SmtpHouse) -> None:
    with house.post(starttls=True) as post:
        send(house.mailbox(house.server(post, "starttls")))

    steps = ["GREETING", "EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "END", "QUIT"]
    assert post.steps == steps


def test_a_server_that_offers_no_starttls_gets_neither_login_nor_mail(house: SmtpHouse) -> None:
    with Post(login=(USER, PASSWORD)) as post:
        problem = refusal(house.mailbox(house.server(post, "starttls")))

    assert problem.what == "localhost offers no STARTTLS, so the line would stay open to all."
    assert not problem.temporary
    assert (post.logins, post.taken) == ([], [])


def make_bad_context(house: SmtpHouse, kind: str) -> Post:
    stranger, yesterday = trustme.CA(), datetime.now(UTC) - timedelta(days=1)
    contexts = {
        "foreign": make_context(stranger, "localhost"),
        "other name": make_context(house.authority, "smtp.example.com"),
        "expired": make_context(house.authority, "localhost", yesterday),
    }
    return Post(contexts[kind], login=(USER, PASSWORD))


@pytest.mark.parametrize("kind", ["foreign", "other name", "expired"])
def test_a_certificate_that_is_not_the_servers_ends_it(house: SmtpHouse, kind: str) -> None:
    with make_bad_context(house, kind) as post:
        problem = refusal(house.mailbox(house.server(post)))

    assert problem.what.startswith("localhost shows a certificate that is not to be trusted: ")
    assert (post.logins, post.taken) == ([], [])


def test_tls_at_a_port_that_speaks_none_says_which_ports_are_usual(house: SmtpHouse) -> None:
    with Post() as post:
        problem = refusal(house.mailbox(house.server(post)))

    assert problem.what == f"localhost makes no secure connection on port {post.port}."
    assert "465" in problem.todo


def test_a_relay_on_this_computer_may_be_spoken_to_openly(house: SmtpHouse) -> None:
    with Post() as post:
        assert send(house.mailbox(house.server(post, "none", user=""))) is Place.SENT

    assert (len(post.taken), post.logins) == (1, [])


def test_an_open_line_to_another_computer_is_refused_whatever_its_name_says(house: SmtpHouse) -> None:
    server = MailServer("192.0.2.1", 25, "none")
    problem = refusal(house.mailbox(server, 0.5))

    assert problem.what == "192.0.2.1 is another computer, and nothing is sent there over an open line."


@pytest.mark.parametrize(
    ("host", "told"),
    [("no-such-host.invalid", "is not known here by that name"), ("127.0.0.1", "cannot be reached")],
)
def test_a_server_that_is_not_there_is_told_in_words(house: SmtpHouse, host: str, told: str) -> None:
    with Mute() as gone:
        pass
    problem = refusal(house.mailbox(MailServer(host, gone.port, "tls"), 2.0))

    assert told in problem.what
    assert problem.temporary


def test_a_port_that_never_says_a_word_is_given_up_in_time(house: SmtpHouse) -> None:
    with Mute() as mute:
        problem = refusal(house.mailbox(MailServer("localhost", mute.port, "tls"), 0.3))

    assert problem.what == "localhost did not answer within 0.3 seconds."


# --- the login


def test_a_refused_login_rests_until_the_password_is_another_one(house: SmtpHouse, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("wrong\n")
    file.chmod(0o600)
    with house.post() as post:
        mailbox = house.mailbox(house.server(post, secret=Secret(file=file)))
        for _ in range(3):
            problem = refusal(mailbox)
            assert problem.what.startswith('localhost refuses the login of ada@example.com: "535 ')
        assert post.logins == [(USER, False)]
        file.write_text(f"{PASSWORD}\n")
        assert send(mailbox) is Place.SENT
        assert post.logins == [(USER, False), (USER, True)]


def test_a_server_that_repeats_the_password_is_not_quoted(house: SmtpHouse, post: Post) -> None:
    post.on("AUTH", say(f"535 5.7.8 {PASSWORD} is wrong"))
    assert refusal(house.mailbox(house.server(post))).what == (
        'localhost refuses the login of ada@example.com: "535".'
    )


def test_the_servers_words_cannot_break_a_line_or_a_terminal(house: SmtpHouse, post: Post) -> None:
    post.on("RCPT", say("550-\x1b[31mred\u202e\n550 " + "long " * 400))
    problem = refusal(house.mailbox(house.server(post)))

    assert problem.what.startswith('localhost refused it: "550 [31mred long long')
    assert len(problem.what) < 250
    assert problem.what.isprintable()


def test_a_limit_of_the_day_puts_off_even_where_the_code_says_never(house: SmtpHouse, post: Post) -> None:
    post.on("RCPT", say("550 5.4.5 Daily user sending limit exceeded"))
    problem = refusal(house.mailbox(house.server(post)))

    assert not isinstance(problem, Refused)
    assert problem.temporary


def test_neither_password_nor_login_stands_in_any_log(
    house: SmtpHouse, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        send(house.mailbox(house.server(post)))

    ours = [record.getMessage() for record in caplog.records if record.name != "mail.log"]
    assert [line for line in ours if PASSWORD in line] == []


# --- the copy in Sent


def test_a_copy_that_cannot_be_filed_is_no_reason_to_call_a_sent_message_unsent(
    house: SmtpHouse, post: Post
) -> None:
    house.maildir.mkdir(parents=True)
    (house.maildir / ".Sent").write_text("a file where a folder belongs")
    mailbox = house.mailbox(house.server(post))

    assert send(mailbox) is Place.SENT
    trace = Trace(None, "<one@followupd.example>", "ben@guest.example", "", datetime(2020, 1, 1, tzinfo=UTC))
    (house.maildir / ".Sent").unlink()
    look = mailbox.look(trace)
    assert look.place is Place.SENDING
    mailbox.settle(look.drafts[0], Place.SENT)
    assert mailbox.look(trace).place is Place.SENT
    assert len(post.taken) == 1


# --- where the password lies


def write_secret(folder: Path, mode: int = 0o600) -> Path:
    file = folder / "secret"
    file.write_text("word for word\nand a second line\n")
    file.chmod(mode)
    return file


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_private_file_gives_its_first_line(tmp_path: Path, mode: int) -> None:
    assert read_password(Secret(file=write_secret(tmp_path, mode))) == "word for word"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_file_that_others_can_get_at_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(MailboxProblem, match="Other users of this machine can get at the password") as caught:
        read_password(Secret(file=write_secret(tmp_path, mode)))
    assert "chmod 600" in caught.value.todo


def test_a_link_a_folder_and_a_pipe_are_no_password_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(write_secret(tmp_path))
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in ("link", "pipe", ".", "nowhere"):
        with pytest.raises(MailboxProblem, match=re.escape(str(tmp_path))) as caught:
            read_password(Secret(file=tmp_path / name))
        assert not caught.value.temporary


def test_a_credential_of_systemd_is_found_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_secret(tmp_path, stat.S_IRUSR | stat.S_IRGRP)  # as systemd makes them
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(MailboxProblem, match="systemd gave no credential 'secret'"):
        read_password(Secret(credential="secret"))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_password(Secret(credential="secret")) == "word for word"


def run_python(code: str) -> Secret:
    return Secret(command=(sys.executable, "-c", code))


def test_a_command_gives_the_first_line_it_prints() -> None:
    assert read_password(run_python("print('wörd\\n2')")) == "wörd"


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        (run_python("import sys; print('s3cret', file=sys.stderr); sys.exit(3)"), "failed with code 3"),
        (run_python("pass"), "gives no password: its first line is empty"),
        (Secret(command=("no-such-program-here",)), "could not be run: no-such-program-here"),
    ],
)
def test_a_command_that_gives_none_is_told_without_what_it_said(secret: Secret, told: str) -> None:
    with pytest.raises(MailboxProblem) as caught:
        read_password(secret)
    assert told in caught.value.what
    assert "s3cret" not in str(caught.value)


def test_a_command_that_waits_for_ever_is_ended_with_its_children(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import subprocess, sys, pathlib;"
        f"child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)']);"
        f"pathlib.Path({str(note)!r}).write_text(str(child.pid)); child.wait()"
    )
    with pytest.raises(MailboxProblem, match="gave no password within 1 seconds"):
        read_password(run_python(code), seconds=1.0)
    with suppress(ProcessLookupError):  # gone already
        child = os.pidfd_open(int(note.read_text()))
        with os.fdopen(child):
            assert select.select([child], [], [], PATIENCE)[0], "the command's child still lives"
