"""What `doctor` looks at in the ways to tell the owner something: whether any of them reaches them."""

from collections.abc import Iterator

from followupd.assemble import build_accounts, build_mailboxes
from followupd.checkup import Checkup, Finding, Health
from followupd.ways import build_ways


def check_notices(checkup: Checkup) -> Iterator[Finding]:
    """Yield by which ways the owner can be reached, or that there are none."""
    settings = checkup.settings
    boxes = build_mailboxes(settings, build_accounts(settings)) if settings.notices.draft else {}
    names = {way.name: way.is_there() for way in build_ways(settings, boxes) if way.disturbs}
    names |= {"ping": True} if settings.notices.ping else {}
    reached = [name for name, there in names.items() if there]
    if not reached:
        what = "when drafts wait or something does not work, only the log says so: nobody sees a desktop of yours from here"
        todo = "Name a way that reaches you in [notices]: draft, webhook or ping; `followupd notices test` tries it."
        yield Finding(Health.WARNING, what, todo)
    else:
        yield Finding(Health.OK, f"you are told by {', '.join(reached)}; `followupd notices test` tries it")
