"""The People API over contacts: developers.google.com/people/api/rest."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from servers.google.calls import Call, Handler, without_empty
from servers.google.refusals import Refusal, refuse_argument

_TOKEN_LIFE = timedelta(days=7)
_DEFAULT_PAGE, _MOST = 100, 1000
_FREE = {"pageToken", "syncToken", "pageSize", "fields", "alt", "prettyPrint", "key", "quotaUser"}


def list_connections(call: Call) -> dict[str, Any]:
    if call.parameters["resourceName"] != "people/me":
        raise refuse_argument("Resource name must be people/me.")
    return _list(call, call.account.contacts.people, "connections", "personFields")


def list_other_contacts(call: Call) -> dict[str, Any]:
    return _list(call, call.account.contacts.other, "otherContacts", "readMask")


def _list(call: Call, book: Mapping[str, tuple[int, dict[str, Any]]], name: str, mask: str) -> dict[str, Any]:
    if not call.parameters.get(mask):
        raise refuse_argument(f"{mask} mask is required. Please specify one or more valid paths.")
    since = _read_token(call)
    wanted = set(call.parameters[mask].split(","))
    found = [
        _mask(person, wanted)
        for number, person in book.values()
        if number > since and (since >= 0 or not _is_deleted(person))
    ]
    page, token = call.cut_page(found, _MOST, _DEFAULT_PAGE)
    sync = _write_token(call) if call.parameters.get("requestSyncToken") and not token else ""
    totals = {"totalItems": len(found)} if name == "connections" and since < 0 and found else {}
    return without_empty({name: page, "nextPageToken": token, "nextSyncToken": sync}) | totals


def _is_deleted(person: Mapping[str, Any]) -> bool:
    return bool(person.get("metadata", {}).get("deleted"))


def _mask(person: Mapping[str, Any], wanted: set[str]) -> dict[str, Any]:
    kept = wanted | {"resourceName", "etag"} | ({"metadata"} if _is_deleted(person) else set())
    return {name: value for name, value in person.items() if name in kept}


def _mark(call: Call) -> str:
    kept = sorted((name, str(value)) for name, value in call.parameters.items() if name not in _FREE)
    return hashlib.sha256(json.dumps(kept).encode()).hexdigest()[:12]


def _write_token(call: Call) -> str:
    contacts = call.account.contacts
    return json.dumps([contacts.changes, contacts.generation, call.now.isoformat(), _mark(call)])


def _read_token(call: Call) -> int:
    """Return the change from which on to tell, -1 for everything. Raises Refusal."""
    if not call.parameters.get("syncToken"):
        return -1
    try:
        since, generation, at, mark = json.loads(call.parameters["syncToken"])
    except ValueError:
        raise refuse_argument("Invalid sync token.") from None
    if generation != call.account.contacts.generation or call.now - datetime.fromisoformat(at) > _TOKEN_LIFE:
        raise Refusal(
            400,
            "EXPIRED_SYNC_TOKEN",
            "Sync token is expired. Clear local cache and retry call without the sync token.",
        )
    if mark != _mark(call):
        raise refuse_argument("Sync token was made with other parameters.")
    return int(since)


METHODS: dict[str, Handler] = {
    "people.people.connections.list": list_connections,
    "people.otherContacts.list": list_other_contacts,
}
