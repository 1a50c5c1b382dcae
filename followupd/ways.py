"""The owner's ways to be told, and what the daemon's watch stands on, from a config."""

import html
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from followupd.adapters import HOOK, WAYS, load
from followupd.assemble import build_accounts, build_mailboxes, read_clock
from followupd.errors import NoticeProblem
from followupd.mail import Message
from followupd.notices import Cause, Notice, Sign
from followupd.ports import Mailbox, Notifier, Switch
from followupd.rules.drafts import message_id
from followupd.rules.message import write_message
from followupd.settings import Settings
from followupd.store.store import Store
from followupd.telling import Telling
from followupd.troubles import Found, Lookout, look_at_disk
from followupd.watching import Ground, Spending

_ABOUT = "followupd wrote this for you. It is a draft, and nothing sends it: delete it when you have read it."


def build_ways(settings: Settings, mailboxes: Mapping[str, Mailbox]) -> list[Notifier]:
    """Return the ways that config.toml names; those over the network load what they need with the first of them."""
    notices = settings.notices
    ways: list[Notifier] = [load(WAYS[way])() for way in ("log", "desktop") if getattr(notices, way)]
    if notices.draft and mailboxes:
        first = mailboxes[settings.mailboxes[0].name]
        ways.append(load(WAYS["draft"])(first, partial(write_to_owner, settings), partial(_name, settings)))
    if notices.webhook:
        plain = notices.webhook_body == "text"
        ways.append(load(WAYS["webhook"])(_open_hook(settings, notices.webhook), plain=plain))
    return ways


def build_switch(settings: Settings) -> Switch | None:
    ping = settings.notices.ping
    switch: Switch | None = load(WAYS["ping"])(_open_hook(settings, ping)) if ping else None
    return switch


def _open_hook(settings: Settings, address: str) -> Any:
    return load(HOOK)(address, settings.network, allow_private=settings.notices.allow_private)


def write_to_owner(settings: Settings, notice: Notice) -> bytes:
    """Return a notice as a message from the owner to themselves."""
    owner = settings.owner
    paragraphs = [f"{notice.title}.", *notice.details, _ABOUT]
    message = Message(
        sender_name=owner.name,
        sender_email=owner.email,
        to_name=owner.name,
        to_email=owner.email,
        subject=f"followupd: {notice.title}",
        text="\n\n".join(paragraphs),
        # Not as Markdown: what others wrote must not become a link.
        html="\n".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in paragraphs),
        message_id=_name(settings, notice),
        date=read_clock(),
    )
    return write_message(message)


def _name(settings: Settings, notice: Notice) -> str:
    return message_id(f"notice|{notice.cause}", settings.owner.email)


def build_telling(
    settings: Settings,
    store: Store | None,
    mailboxes: Mapping[str, Mailbox],
    clock: Callable[[], datetime] = read_clock,
) -> Telling:
    """Return what tells the owner; without a store it remembers for itself alone."""
    return Telling(store, build_ways(settings, mailboxes), build_switch(settings), settings.hours, clock)


def build_watch_ground(
    settings: Settings, store: Store, mailboxes: Mapping[str, Mailbox], accounts: Mapping[str, Any]
) -> Ground:
    """Return what the watch over the daemon stands on."""
    lookouts = (look_at_disk(settings.state), look_at_sign_ins(accounts))
    telling = build_telling(settings, store, mailboxes)
    return Ground(
        store, telling, lookouts, settings.owner.timezone, settings.poll, partial(list_spending, accounts)
    )


def list_spending(accounts: Mapping[str, Any]) -> list[Spending]:
    """Return what every account has asked of Google so far, by API; safe beside a pass that goes on asking."""
    return [
        Spending(name, api, account.pace.calls[api], account.pace.spent[api])
        for name, account in accounts.items()
        for api in sorted(account.pace.spent)
    ]


def try_ways(settings: Settings) -> Iterator[tuple[str, str, NoticeProblem | None]]:
    """Send a notice by every way, now, and yield its name, how it went in words, and the problem where it did not."""
    mailboxes = build_mailboxes(settings, build_accounts(settings)) if settings.notices.draft else {}
    notice = Notice(
        Cause.TEST, ("",), "This is a test, and you see it", ("Nothing is to be done.",), broken=False
    )
    for way in build_ways(settings, mailboxes):
        if not way.is_there():
            yield way.name, "not here now: nobody would see it", None
            continue
        yield way.name, *_try(lambda way=way: way.tell(notice, ""))  # type: ignore[misc]
    switch = build_switch(settings)
    if switch is not None:
        yield "ping", *_try(lambda: switch.ping(Sign.OK, ""))


def _try(tell: Callable[[], object]) -> tuple[str, NoticeProblem | None]:
    try:
        tell()
    except NoticeProblem as problem:
        return problem.what, problem
    return "sent", None


def look_at_sign_ins(accounts: Mapping[str, Any]) -> Lookout:
    """Return a look at the sign-ins to accounts: those that ended, and those that soon will."""

    def look(_: datetime) -> Iterator[Found]:
        for name, account in accounts.items():
            worry = account.access.find_worry()
            if worry is not None:
                yield Found(Cause.SIGN_IN, name, worry)

    return look
