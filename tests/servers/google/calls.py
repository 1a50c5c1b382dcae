"""One call of one API method, as the handlers of the APIs see it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from servers.google.accounts import Account
from servers.google.refusals import refuse_argument


@dataclass(frozen=True)
class Call:
    """A call that is well formed and allowed: all that is left is to do it."""

    account: Account
    parameters: Mapping[str, Any]
    body: Mapping[str, Any]
    now: datetime
    scopes: frozenset[str]
    """What the person allowed the caller."""
    media: bytes | None = field(default=None, repr=False)
    """What was uploaded beside the body."""
    if_match: str = ""

    def cut_page(self, items: list[Any], most: int, default: int | None = None) -> tuple[list[Any], str]:
        """Return one page of a list and the token of the next, "" after the last."""
        size = min(
            self.parameters.get("maxResults") or self.parameters.get("pageSize") or default or most, most
        )
        token = self.parameters.get("pageToken", "")
        if token and not token.isdigit():
            raise refuse_argument("Invalid pageToken")
        start = int(token or 0)
        rest = len(items) > start + size
        return items[start : start + size], str(start + size) if rest else ""


#: What does the work of a method: a call to the answer's JSON, None for an empty one.
Handler = Callable[[Call], Any]


def without_empty(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is empty, as Google does with lists and tokens."""
    return {name: value for name, value in answer.items() if value not in ("", [], None)}
