"""Mail servers on loopback that take mail, refuse it, lose answers, drip and hang: aiosmtpd in a thread of its own."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

PAUSE = 0.02  # seconds between two bytes of a server that drips
#: The steps at which a server can misbehave: TAKE is before it has taken the data, END when it answers them.
STEPS = ("GREETING", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "TAKE", "END", "RSET")

Act = Callable[["Talk", bytes], Awaitable[None]]
"""What a server does in place of giving an answer."""


def say(words: str) -> Act:
    """Answer something else, with "\\n" between the lines of one answer."""

    async def act(talk: "Talk", _: bytes) -> None:
        await talk.write(words.replace("\n", "\r\n").encode() + b"\r\n")

    return act


async def drop(talk: "Talk", _: bytes) -> None:
    """Cut the connection without an answer."""
    talk.cut()


async def hang(talk: "Talk", _: bytes) -> None:
    """Say nothing more."""
    await talk.post.over.wait()
    talk.cut()


async def drip(talk: "Talk", answer: bytes) -> None:
    """Answer so slowly that every byte is in time and the whole never is."""
    for byte in answer.split(b" ")[0] + b"-" + b"x" * 10_000:
        if talk.post.over.is_set():
            break
        await talk.write(bytes([byte]))
        await asyncio.sleep(PAUSE)
    talk.cut()


async def babble(talk: "Talk", answer: bytes) -> None:
    """Begin an answer of many lines, 5 MB of them."""
    for _ in range(10_000):
        await talk.write(answer[:3] + b"-" + b"and so on " * 50 + b"\r\n")
        await asyncio.sleep(0)
        if talk.is_cut():
            break
    talk.cut()


@dataclass(frozen=True)
class Taken:
    """A message the server took, whatever it said about it."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    options: tuple[str, ...]


class Talk(SMTP):
    """One conversation."""

    def __init__(self, post: "Post", **options: Any) -> None:
        super().__init__(post, **options)
        self.post = post
        self.step = "GREETING"

    async def push(self, status: str | bytes) -> None:
        answer = status if isinstance(status, bytes) else status.encode()
        act = next(self.post.acts.get(self.step, iter(())), None)
        if act is not None:
            await act(self, answer)
            return
        if self.post.steps[-1:] != [self.step]:  # EHLO is answered line by line
            self.post.steps.append(self.step)
        await self.write(answer + b"\r\n")

    async def write(self, raw: bytes) -> None:
        self._writer.write(raw)
        await self._writer.drain()

    def cut(self) -> None:
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()
        raise asyncio.CancelledError

    def is_cut(self) -> bool:
        return self.transport is None or self.transport.is_closing()

    async def smtp_EHLO(self, arg: str) -> None:
        self.step = "EHLO"
        await super().smtp_EHLO(arg)

    async def smtp_STARTTLS(self, arg: str) -> None:
        self.step = "STARTTLS"
        await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:
        self.step = "AUTH"
        await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:
        self.step = "MAIL"
        self.post.mail_args.append(arg or "")
        await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        self.step = "RCPT"
        await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        self.step = "DATA"
        await super().smtp_DATA(arg)

    async def smtp_RSET(self, arg: str) -> None:
        self.step = "RSET"
        await super().smtp_RSET(arg)

    async def smtp_QUIT(self, arg: str) -> None:
        self.step = "QUIT"
        await super().smtp_QUIT(arg)


class Post:
    """A mail server for one test: `post.on("RCPT", say("550 No"))`, then `post.taken`."""

    def __init__(
        self,
        context: ssl.SSLContext | None = None,
        *,
        starttls: bool = False,
        login: tuple[str, str] | None = None,
        without: tuple[str, ...] = (),
        size: int = 33_554_432,
    ) -> None:
        """`context` is its certificate; `login` the only user and password; `without` extensions it does not have."""
        self._context = context
        self._starttls = starttls
        self._login = login
        self._without = without
        self._size = size
        self.acts: dict[str, Iterator[Act]] = {}
        self.taken: list[Taken] = []
        self.mail_args: list[str] = []
        self.steps: list[str] = []
        """The steps that were answered as they should be, in order."""
        self.connections = 0
        self.logins: list[tuple[str, bool]] = []
        self._ready: Future[int] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def on(self, step: str, act: Act, times: int | None = 1) -> None:
        """Misbehave at the next `times` (None: all) answers of a step."""
        assert step in STEPS
        self.acts[step] = repeat(act) if times is None else repeat(act, times)

    def __enter__(self) -> Self:
        self._thread.start()
        self.port = self._ready.result(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self.over.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop, self.over = asyncio.get_running_loop(), asyncio.Event()
        implicit = self._context if self._context and not self._starttls else None
        server = await self._loop.create_server(self._answer, "127.0.0.1", 0, ssl=implicit)
        self._ready.set_result(server.sockets[0].getsockname()[1])
        await self.over.wait()
        server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _answer(self) -> Talk:
        self.connections += 1
        return Talk(
            self,
            loop=self._loop,
            hostname="post.example",
            tls_context=self._context if self._starttls else None,
            data_size_limit=self._size,
            enable_SMTPUTF8="SMTPUTF8" not in self._without,
            authenticator=self._check_login,
            auth_require_tls=self._starttls,
            auth_required=self._login is not None and self._starttls,
        )

    # --- what aiosmtpd asks

    async def handle_EHLO(
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [line for line in responses if line[4:].partition(" ")[0] not in self._without]

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        assert isinstance(server, Talk)
        act = next(self.acts.get("TAKE", iter(())), None)
        if act is not None:
            await act(server, b"")
        assert isinstance(envelope.original_content, bytes)
        assert envelope.mail_from is not None
        people = (envelope.mail_from, tuple(envelope.rcpt_tos))
        self.taken.append(Taken(*people, envelope.original_content, tuple(envelope.mail_options)))
        server.step = "END"
        return "250 2.0.0 Taken"

    def _check_login(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        given = (data.login.decode(), data.password.decode())
        right = given == self._login
        self.logins.append((given[0], right))
        return AuthResult(success=right, handled=False)


class Mute:
    """A port at which connections are taken and nothing is ever said, not even TLS."""

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
