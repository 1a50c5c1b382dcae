"""Partial answers: `fields=items(id,attendees/email),nextPageToken` (developers.google.com/calendar/api/guides/performance)."""

import re
from collections.abc import Mapping
from typing import Any

from servers.google.discovery import Schemas
from servers.google.refusals import Refusal

#: What is wanted of an object: field to what is wanted of that; empty means all of it.
Mask = dict[str, "Mask"]


def read_mask(text: str) -> Mask:
    """Raise Refusal for what is no mask."""
    tokens = re.findall(r"[\w*]+|[(),/]|.", text)
    mask, rest = _read_list(tokens)
    if rest or not mask:
        raise _refuse(text)
    return mask


def _refuse(text: str) -> Refusal:
    return Refusal(400, "invalidParameter", f"Invalid field selection {text}")


def _read_list(tokens: list[str]) -> tuple[Mask, list[str]]:
    mask: Mask = {}
    while True:
        if not tokens or not re.fullmatch(r"[\w*]+", tokens[0]):
            raise _refuse("".join(tokens))
        name, tokens = tokens[0], tokens[1:]
        inner, tokens = _read_inner(tokens)
        mask.setdefault(name, {}).update(inner)
        if tokens[:1] != [","]:
            return mask, tokens
        tokens = tokens[1:]


def _read_inner(tokens: list[str]) -> tuple[Mask, list[str]]:
    if tokens[:1] == ["/"]:
        if len(tokens) < 2:
            raise _refuse("/")
        inner, rest = _read_inner(tokens[2:])
        return {tokens[1]: inner}, rest
    if tokens[:1] != ["("]:
        return {}, tokens
    mask, rest = _read_list(tokens[1:])
    if rest[:1] != [")"]:
        raise _refuse("(")
    return mask, rest[1:]


def check_mask(mask: Mask, schemas: Schemas, schema: Mapping[str, Any]) -> None:
    """Raise Refusal for a field that the answer can never have."""
    known = schemas.properties(schema)
    for name, inner in mask.items():
        if known is None or name == "*":
            continue
        if name not in known:
            raise _refuse(name)
        check_mask(inner, schemas, known[name])


def apply_mask(mask: Mask, value: Any) -> Any:
    """Return what the mask leaves of an answer."""
    if not mask or "*" in mask:
        return value
    if isinstance(value, list):
        return [apply_mask(mask, item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: apply_mask(mask[name], item) for name, item in value.items() if name in mask}
