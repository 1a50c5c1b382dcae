"""A conversation with the owner's mail server: TLS, log in, offer an envelope, give the data (RFC 5321, 6409).

Until the line that ends the data has left, nothing can have been sent; from then on only the server's answer tells.
"""

import ipaddress
import re
import smtplib
import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NoReturn

from followupd.adapters.deadline import Deadline, dial
from followupd.adapters.passwords import read_password
from followupd.errors import Doubt, MailboxProblem, NotYet, Refused
from followupd.network import MailServer

#: Instead of this computer's name, which is nobody's business (RFC 5321, 4.1.3).
_OUR_NAME = "[127.0.0.1]"
#: After the data a server may look for viruses; it gets this many times as long as for anything else.
_AFTER_DATA = 3
_GOODBYE_SECONDS = 1.0
#: A refused login is not tried again with the same password: servers lock accounts for that.
_LOGIN_REST_SECONDS = 3600.0
#: A server that says more than this in one connection is not talking mail.
_MOST_WORDS = 1024**2
_MOST_QUOTED = 200

#: RFC 5321, 4.2.3, and RFC 4954, 4 and 6.
_READY, _LOGGED_IN, _GO_ON, _START_DATA, _CLOSING = 220, 235, 334, 354, 421
_YES, _LATER_CODES, _NEVER = range(200, 300), range(400, 500), range(500, 600)
_LOGIN_CODES = frozenset({530, 534, 535, 538})
#: The sender's limit of the day is reached (RFC 3463, 3.5). Some servers say so with a code that means "never".
_LIMIT = re.compile(r"\b[45]\.4\.5\b")

_LATER = "The next pass tries again."
_CHECK = "Check [mailbox.smtp] in config.toml."
_TRUST = (
    "In a café or hotel, log in to its network first. If its certificate is from your own authority, name that in "
    "[network] ca_file."
)
_CORRECT = "Correct the draft in your mail program and have it tried again, or reach them another way."


class Submission:
    """One connection at a time to one server; every step has a time limit, however slowly the server talks."""

    def __init__(self, server: MailServer, ca_file: Path | None, seconds: float) -> None:
        self._server = server
        self._ca_file = ca_file
        self._seconds = seconds
        self._client: smtplib.SMTP | None = None
        self._handle: socket.socket | None = None
        self._clean = False
        """Connected, and nothing offered since."""
        self._turned_away: tuple[str, float, MailboxProblem] | None = None
        """The password that was refused, until when it rests (time.monotonic), and what was said."""

    @property
    def extensions(self) -> dict[str, str]:
        """What the server says it can do (RFC 5321, 4.1.1.1), in small letters; empty while nothing is open."""
        return self._client.esmtp_features if self._client else {}

    def open(self) -> None:
        """Connect and log in, or make sure that the last connection still works.

        Raises MailboxProblem in words that hold no password; nothing was sent.
        """
        if self._clean or self._is_alive():
            self._clean = True
            return
        self.close()
        try:
            self._connect()
            self._clean = True
        except BaseException:
            self.close()
            raise

    def offer(self, sender: str, recipient: str, options: list[str]) -> None:
        """Ask whether the server takes a message; the next `open` forgets the offer.

        Raises NotYet or Refused about the message, MailboxProblem about the server.
        """
        self._clean = False
        with self._before_sending(self._seconds) as client:
            self._judge(*client.docmd("MAIL", " ".join((f"FROM:<{sender}>", *options))))
            self._judge(*client.docmd("RCPT", f"TO:<{recipient}>"))

    def deliver(self, body: bytes) -> None:
        """Send what was offered, as it travels but for the line that ends it.

        Raises as `offer` when it was not taken, Doubt when no answer came that can be understood.
        """
        with self._before_sending(self._seconds) as client:
            code, words = client.docmd("DATA")
            if code != _START_DATA:
                self._judge(code, words)
                raise self._say(f"answers DATA with code {code}", _LATER)
            client.send(body)
        self._judge(*self._end_data())

    def close(self) -> None:
        """Say goodbye if the server listens; never raises."""
        self._clean = False
        client, self._client = self._client, None
        handle, self._handle = self._handle, None
        if client is not None and handle is not None:
            with suppress(Exception), Deadline(min(self._seconds, _GOODBYE_SECONDS)) as deadline:
                deadline.watch(handle)
                client.docmd("QUIT")
            client.close()
        if handle is not None:
            handle.close()

    # -- connecting ------------------------------------------------------------------------------------

    def _is_alive(self) -> bool:
        """Take back what was said before; a server may have hung up meanwhile."""
        with suppress(MailboxProblem), self._before_sending(self._seconds) as client:
            return client.docmd("RSET")[0] in _YES
        return False

    def _connect(self) -> None:
        password = self._read_password()
        with Deadline(self._seconds) as deadline, self._in_words(deadline):
            line = dial(self._find_places(), self._server.port, deadline)
            self._handle = line.dup()
            client = self._client = smtplib.SMTP(local_hostname=_OUR_NAME, timeout=self._seconds)
            client.command_encoding = (
                "utf-8"  # an address beyond ASCII is refused before, or the server can take it
            )
            self._listen_to(client, self._wrap(line) if self._server.security == "tls" else line)
            self._expect(_READY, *client.getreply())
            self._greet(client)
            if self._server.security == "starttls":
                self._start_tls(client, line)
            if self._server.user:
                self._log_in(client, password)

    def _find_places(self) -> list[str]:
        """Return the server's addresses; an open line is only for this computer itself."""
        found = socket.getaddrinfo(self._server.host, self._server.port, type=socket.SOCK_STREAM)
        places = list(dict.fromkeys(str(place[4][0]) for place in found))
        if self._server.security == "none" and not all(map(_is_here, places)):
            raise self._say(
                "is another computer, and nothing is sent there over an open line", _CHECK, temporary=False
            )
        return places

    def _wrap(self, line: socket.socket) -> ssl.SSLSocket:
        try:
            trust = ssl.create_default_context(cafile=self._ca_file)
        except OSError:  # ssl.SSLError is one too: a file that is no PEM
            what = f"{self._ca_file} holds no certificates to read."
            raise _problem(
                what, "Check `ca_file` in [network]: a file of certificates in PEM form."
            ) from None
        return trust.wrap_socket(line, server_hostname=self._server.host)

    def _listen_to(self, client: smtplib.SMTP, line: socket.socket) -> None:
        """Let the client talk over `line`; what was said before, and heard but not read, counts no more."""
        client.sock = line
        client.file = _Ear(line.makefile("rb"))
        client.esmtp_features = {}

    def _greet(self, client: smtplib.SMTP) -> None:
        code, words = client.ehlo()
        if code not in _YES:
            raise self._say(f"does not answer EHLO as mail servers do: {_quote(code, words)}", _LATER)

    def _start_tls(self, client: smtplib.SMTP, line: socket.socket) -> None:
        if not client.has_extn("starttls"):
            todo = 'Say security = "tls" with its port, often 465, in [mailbox.smtp].'
            raise self._say("offers no STARTTLS, so the line would stay open to all", todo, temporary=False)
        self._expect(_READY, *client.docmd("STARTTLS"))
        self._listen_to(client, self._wrap(line))
        self._greet(client)

    # -- logging in ------------------------------------------------------------------------------------

    def _read_password(self) -> str:
        if not self._server.user:
            return ""
        password = read_password(self._server.secret)
        if self._turned_away is not None:
            refused, until, problem = self._turned_away
            if password == refused and time.monotonic() < until:
                raise problem
        return password

    def _log_in(self, client: smtplib.SMTP, password: str) -> None:
        """Log in by PLAIN (RFC 4616) or LOGIN, in UTF-8; the line is closed to others by now, so no puzzle is needed."""
        user = self._server.user
        offered = client.esmtp_features.get("auth", "").upper().split()
        if "PLAIN" in offered:
            both = _encode(f"\0{user}\0{password}")
            answer = client.docmd("AUTH", f"PLAIN {both}")
        elif "LOGIN" in offered:
            answer = client.docmd("AUTH", "LOGIN")
            for word in (user, password):
                answer = client.docmd(_encode(word)) if answer[0] == _GO_ON else answer
        else:
            raise self._say(
                "offers no way to log in that followupd knows (PLAIN, LOGIN)", _CHECK, temporary=False
            )
        if answer[0] != _LOGGED_IN:
            self._turn_away(password, *answer)

    def _turn_away(self, password: str, code: int, words: bytes) -> NoReturn:
        if code not in _NEVER:
            raise self._say(f"could not check the login: {_quote(code, b'')}", _LATER)
        # An odd server may repeat what it was sent.
        said = words if password.encode() not in words and _encode(password).encode() not in words else b""
        todo = "Check `user` and the password. It is tried again in an hour, or as soon as the password is another one."
        problem = self._say(
            f"refuses the login of {self._server.user}: {_quote(code, said)}", todo, temporary=False
        )
        self._turned_away = (password, time.monotonic() + _LOGIN_REST_SECONDS, problem)
        raise problem

    # -- what the answers mean -------------------------------------------------------------------------

    def _end_data(self) -> tuple[int, bytes]:
        """Send the line that ends the data and return the answer; without one, whether it was sent is unknown."""
        try:
            with self._timed(self._seconds * _AFTER_DATA) as client:
                client.send(b".\r\n")
                code, words = client.getreply()
        except (smtplib.SMTPException, OSError, ValueError):
            self.close()
            code, words = 0, b""
        if code in _YES or code in _LATER_CODES or code in _NEVER:
            return code, words
        raise Doubt(
            f"{self._server.host} was given a message and did not say whether it took it.",
            "The next pass asks you about it; nothing is sent twice by itself.",
        )

    def _judge(self, code: int, words: bytes) -> None:
        """Raise what an answer about one message means, unless it is a yes."""
        if code in _YES:
            return
        said = _quote(code, words)
        if code == _CLOSING:
            self.close()
            raise self._say(f"is closing: {said}", _LATER)
        if code in _LOGIN_CODES:
            raise self._say(f"wants a login first: {said}", _CHECK, temporary=False)
        if code in _LATER_CODES or _LIMIT.search(said):
            raise NotYet(f"{self._server.host} does not take it yet: {said}", "It is tried again later.")
        if code in _NEVER:
            raise Refused(f"{self._server.host} refused it: {said}", _CORRECT)
        raise self._say(f"gives an answer that makes no sense: {said}", _LATER)

    def _expect(self, wanted: int, code: int, words: bytes) -> None:
        if code != wanted:
            raise self._say(f"does not serve: {_quote(code, words)}", _LATER)

    def _say(self, what: str, todo: str, *, temporary: bool = True) -> MailboxProblem:
        return _problem(f"{self._server.host} {what}.", todo, temporary=temporary)

    # -- time ------------------------------------------------------------------------------------------

    @contextmanager
    def _timed(self, seconds: float) -> Iterator[smtplib.SMTP]:
        """Cut the connection when the time is over."""
        if self._client is None or self._handle is None:
            raise smtplib.SMTPServerDisconnected
        with Deadline(seconds) as deadline:
            deadline.watch(self._handle)
            yield self._client

    @contextmanager
    def _before_sending(self, seconds: float) -> Iterator[smtplib.SMTP]:
        """Take one step before anything was sent; a connection that broke is let go."""
        try:
            with Deadline(seconds) as deadline, self._in_words(deadline):
                if self._client is None or self._handle is None:
                    raise smtplib.SMTPServerDisconnected
                deadline.watch(self._handle)
                yield self._client
        except MailboxProblem as problem:
            if not isinstance(problem, NotYet | Refused):
                self.close()
            raise

    @contextmanager
    def _in_words(self, deadline: Deadline) -> Iterator[None]:
        """Say in words what the network and the library raise; none of it is quoted, so no secret is."""
        try:
            yield
        except (smtplib.SMTPException, OSError, ValueError) as error:
            if deadline.passed:
                raise self._say(f"did not answer within {self._seconds:g} seconds", _LATER) from None
            raise self._name_failure(error) from None

    def _name_failure(self, error: Exception) -> MailboxProblem:
        if isinstance(error, ssl.SSLCertVerificationError):
            why = error.verify_message.rstrip(".")
            return self._say(f"shows a certificate that is not to be trusted: {why}", _TRUST, temporary=False)
        if isinstance(error, ssl.SSLError):
            todo = 'Usually security = "tls" goes with port 465 and "starttls" with port 587.'
            return self._say(f"makes no secure connection on port {self._server.port}", todo)
        if isinstance(error, socket.gaierror):
            return self._say("is not known here by that name", f"{_CHECK} Without a network, wait for it.")
        if isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException):
            return self._say(f"cannot be reached: {error.strerror or 'no answer'}", _LATER)
        return self._say("hung up", _LATER)


class _Ear:
    """A file to hear a server by, who may not talk without end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = _MOST_WORDS

    def readline(self, size: int) -> bytes:
        line = self._file.readline(size)
        self._left -= len(line)
        if self._left < 0:
            raise OSError
        return line

    def close(self) -> None:
        self._file.close()


def _problem(what: str, todo: str, *, temporary: bool = False) -> MailboxProblem:
    problem = MailboxProblem(what, todo)
    problem.temporary = temporary
    return problem


def _quote(code: int, words: bytes) -> str:
    """Return a server's own words as one line that can stand in a log, a page or a terminal."""
    text = "".join(letter if letter.isprintable() else " " for letter in words.decode("utf-8", "replace"))
    return f'"{" ".join([str(code), *text.split()])[:_MOST_QUOTED]}"'


def _encode(word: str) -> str:
    return b64encode(word.encode()).decode()


def _is_here(place: str) -> bool:
    return ipaddress.ip_address(place.partition("%")[0]).is_loopback
