"""The Gmail API over a Mailbox: developers.google.com/gmail/api/reference/rest."""

from collections.abc import Mapping
from email import message_from_bytes
from email.message import Message as Part
from typing import Any

from servers.google.calls import Call, Handler, without_empty
from servers.google.discovery import read_bytes, write_bytes
from servers.google.mail import Change, Mailbox, Message, parse, read_headers
from servers.google.refusals import Refusal, refuse_argument, refuse_unknown
from servers.google.search import find_messages

_METADATA = "https://www.googleapis.com/auth/gmail.metadata"
_MORE_THAN_METADATA = {
    "https://mail.google.com/",
    "https://www.googleapis.com/auth/gmail.modify",
    "https://www.googleapis.com/auth/gmail.readonly",
}
_SYSTEM_LABELS = ("INBOX", "SENT", "DRAFT", "SPAM", "TRASH", "UNREAD", "STARRED", "IMPORTANT")


def _mailbox(call: Call) -> Mailbox:
    if call.parameters["userId"] not in {"me", call.account.address}:
        raise Refusal(403, "forbidden", f"Delegation denied for {call.account.address}")
    return call.account.mailbox


def _read_raw(call: Call, message: Mapping[str, Any]) -> bytes:
    if call.media is not None:
        return call.media
    if not message.get("raw"):
        raise refuse_argument("Missing draft message")
    return read_bytes(message["raw"])


# --- drafts


def create_draft(call: Call) -> dict[str, Any]:
    message = call.body.get("message", {})
    box = _mailbox(call)
    draft_id = box.create_draft(_read_raw(call, message), message.get("threadId", ""))
    return _tell_draft(draft_id, box.draft(draft_id))


def update_draft(call: Call) -> dict[str, Any]:
    message, draft_id = call.body.get("message", {}), call.parameters["id"]
    box = _mailbox(call)
    box.draft(draft_id)
    return _tell_draft(
        draft_id, box.update_draft(draft_id, _read_raw(call, message), message.get("threadId", ""))
    )


def get_draft(call: Call) -> dict[str, Any]:
    message = _mailbox(call).draft(call.parameters["id"])
    return {
        "id": call.parameters["id"],
        "message": _tell_message(message, call.parameters.get("format", "full"), ()),
    }


def list_drafts(call: Call) -> dict[str, Any]:
    """Without q the list is up to date; with q it is only what the index knows."""
    box, query = _mailbox(call), call.parameters.get("q", "")
    drafts = {message_id: draft_id for draft_id, message_id in box.drafts.items()}
    known = box.indexed() if query else reversed(list(box.messages.values()))
    messages = [message for message in known if message.id in drafts]
    if query:
        messages = find_messages(
            query, messages, spam_and_trash=call.parameters.get("includeSpamTrash", False)
        )
    page, token = call.cut_page(messages, 500)
    drafts_of_page = [{"id": drafts[message.id], "message": _name(message)} for message in page]
    return without_empty({"drafts": drafts_of_page, "nextPageToken": token}) | {
        "resultSizeEstimate": len(messages)
    }


def delete_draft(call: Call) -> None:
    _mailbox(call).delete_draft(call.parameters["id"])


def send_draft(call: Call) -> dict[str, Any]:
    box, message = _mailbox(call), call.body.get("message", {})
    if not call.body.get("id"):
        raise refuse_argument("Missing draft id")
    box.draft(call.body["id"])
    raw = _read_raw(call, message) if message.get("raw") or call.media is not None else None
    return _tell_brief(
        call.account.deliver(box.send_draft(call.body["id"], raw, message.get("threadId", "")))
    )


# --- messages, threads, history


def list_messages(call: Call) -> dict[str, Any]:
    _refuse_metadata_alone(call, "q")
    box, query = _mailbox(call), call.parameters.get("q", "")
    known = list(box.indexed()) if query else list(reversed(box.messages.values()))
    wanted = set(call.parameters.get("labelIds", ()))
    found = find_messages(query, known, spam_and_trash=call.parameters.get("includeSpamTrash", False))
    found = [message for message in found if wanted <= message.labels]
    page, token = call.cut_page(found, 500)
    names = [_name(message) for message in page]
    return without_empty({"messages": names, "nextPageToken": token}) | {"resultSizeEstimate": len(found)}


def get_message(call: Call) -> dict[str, Any]:
    _refuse_metadata_alone(call, "format")
    headers = call.parameters.get("metadataHeaders", ())
    return _tell_message(
        _mailbox(call).message(call.parameters["id"]), call.parameters.get("format", "full"), headers
    )


def send_message(call: Call) -> dict[str, Any]:
    raw = _read_raw(call, call.body)
    return _tell_brief(call.account.deliver(_mailbox(call).send(raw, call.body.get("threadId", ""))))


def get_thread(call: Call) -> dict[str, Any]:
    _refuse_metadata_alone(call, "format")
    box, kind = _mailbox(call), call.parameters.get("format", "full")
    found = [message for message in box.messages.values() if message.thread == call.parameters["id"]]
    if not found:
        raise refuse_unknown()
    messages = [_tell_message(message, kind, call.parameters.get("metadataHeaders", ())) for message in found]
    newest = max(message.history for message in found)
    return {"id": call.parameters["id"], "historyId": str(newest), "messages": messages}


def list_history(call: Call) -> dict[str, Any]:
    box = _mailbox(call)
    if not call.parameters.get("startHistoryId", "").isdigit():
        raise refuse_argument("Missing or invalid startHistoryId")
    start = int(call.parameters["startHistoryId"])
    if start < box.oldest_history + 1000:
        raise refuse_unknown()
    kinds = [_HISTORY_KINDS[kind] for kind in call.parameters.get("historyTypes", ())]
    changes = [
        change for change in box.changes if change.id > start and change.kind in (kinds or [change.kind])
    ]
    page, token = call.cut_page([_tell_change(change, box) for change in changes], 500)
    return without_empty({"history": page, "nextPageToken": token}) | {"historyId": str(box.history_id)}


_HISTORY_KINDS = {
    "messageAdded": "messagesAdded",
    "messageDeleted": "messagesDeleted",
    "labelAdded": "labelsAdded",
    "labelRemoved": "labelsRemoved",
}


def _tell_change(change: Change, box: Mailbox) -> dict[str, Any]:
    found = box.messages.get(change.message)
    name: dict[str, Any] = {"id": change.message, "threadId": change.thread}
    entry: dict[str, Any] = {"message": name | ({"labelIds": sorted(found.labels)} if found else {})}
    if change.labels:
        entry["labelIds"] = list(change.labels)
    return {"id": str(change.id), "messages": [name], change.kind: [entry]}


# --- the rest


def get_profile(call: Call) -> dict[str, Any]:
    box = _mailbox(call)
    threads = {message.thread for message in box.messages.values()}
    counts = {"messagesTotal": len(box.messages), "threadsTotal": len(threads)}
    return {"emailAddress": box.address, "historyId": str(box.history_id)} | counts


def list_labels(call: Call) -> dict[str, Any]:
    own = [{"id": key, "name": name, "type": "user"} for key, name in _mailbox(call).user_labels.items()]
    return {"labels": [{"id": name, "name": name, "type": "system"} for name in _SYSTEM_LABELS] + own}


def list_send_as(call: Call) -> dict[str, Any]:
    return {"sendAs": list(_mailbox(call).aliases.values())}


def get_send_as(call: Call) -> dict[str, Any]:
    aliases = _mailbox(call).aliases
    if call.parameters["sendAsEmail"] not in aliases:
        raise refuse_unknown()
    return aliases[call.parameters["sendAsEmail"]]


def _refuse_metadata_alone(call: Call, parameter: str) -> None:
    """Who may see metadata alone may neither search nor read bodies."""
    if call.scopes & _MORE_THAN_METADATA or _METADATA not in call.scopes:
        return
    value = call.parameters.get(parameter)
    if (parameter == "q" and value) or value in {"full", "raw"}:
        raise Refusal(403, "forbidden", f"Metadata scope does not support '{parameter}' parameter")


# --- how messages are told


def _name(message: Message) -> dict[str, Any]:
    return {"id": message.id, "threadId": message.thread}


def _tell_brief(message: Message) -> dict[str, Any]:
    return _name(message) | {"labelIds": sorted(message.labels)}


def _tell_draft(draft_id: str, message: Message) -> dict[str, Any]:
    return {"id": draft_id, "message": _tell_brief(message)}


def _tell_message(message: Message, kind: str, headers: Any) -> dict[str, Any]:
    told = _tell_brief(message) | {
        "historyId": str(message.history),
        "internalDate": str(int(message.at.timestamp() * 1000)),
        "sizeEstimate": len(message.raw),
        "snippet": _tell_snippet(message),
    }
    if kind == "raw":
        return told | {"raw": write_bytes(message.raw)}
    parsed = message_from_bytes(message.raw)
    if kind == "full":
        return told | {"payload": _tell_part(parsed, "")}
    if kind == "metadata":
        wanted = {name.casefold() for name in headers}
        lines = [line for line in _tell_headers(parsed) if not wanted or line["name"].casefold() in wanted]
        return told | {"payload": {"mimeType": parsed.get_content_type(), "headers": lines}}
    return told


def _tell_snippet(message: Message) -> str:
    body = parse(message.raw).get_body(("plain",))
    return " ".join(str(body.get_content()).split())[:100] if body else ""


def _tell_headers(part: Part) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in read_headers(part)]


def _tell_part(part: Part, number: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "partId": number,
        "mimeType": part.get_content_type(),
        "filename": part.get_filename() or "",
        "headers": _tell_headers(part),
    }
    inner = part.get_payload()
    if isinstance(inner, list):
        parts = [item for item in inner if isinstance(item, Part)]
        told_parts = [_tell_part(item, f"{number}.{at}".lstrip(".")) for at, item in enumerate(parts)]
        return told | {"body": {"size": 0}, "parts": told_parts}
    data = part.get_payload(decode=True)
    raw = data if isinstance(data, bytes) else b""
    return told | {"body": {"size": len(raw), "data": write_bytes(raw)}}


METHODS: dict[str, Handler] = {
    f"gmail.users.{name}": handler
    for name, handler in {
        "drafts.create": create_draft,
        "drafts.update": update_draft,
        "drafts.get": get_draft,
        "drafts.list": list_drafts,
        "drafts.delete": delete_draft,
        "drafts.send": send_draft,
        "messages.list": list_messages,
        "messages.get": get_message,
        "messages.send": send_message,
        "threads.get": get_thread,
        "history.list": list_history,
        "labels.list": list_labels,
        "getProfile": get_profile,
        "settings.sendAs.list": list_send_as,
        "settings.sendAs.get": get_send_as,
    }.items()
}
