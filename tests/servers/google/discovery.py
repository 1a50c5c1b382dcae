"""What the discovery documents say: which request is which method, and whether it and its answer are well formed.

The documents are those that ship inside google-api-python-client; they are the schema of record.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import unquote

from servers.google.refusals import Refusal, refuse_argument

DOCUMENTS = ("calendar.v3", "gmail.v1", "people.v1")
_BITS = {"int32": (-(2**31), 2**31), "uint32": (0, 2**32), "int64": (-(2**63), 2**63), "uint64": (0, 2**64)}
#: Parameters of every method that an honest client of today has no use for: tokens belong into a header.
_OUTDATED = {"access_token", "oauth_token", "callback"}


class MalformedError(ValueError):
    """A value that its schema does not allow, with the path to it."""


@dataclass(frozen=True, slots=True)
class Method:
    """One method of an API, as its discovery document describes it."""

    id: str
    service: str
    verb: str
    path: str
    """A template (RFC 6570), from the root on."""
    pattern: re.Pattern[str]
    upload: re.Pattern[str] | None
    parameters: Mapping[str, Mapping[str, Any]]
    scopes: frozenset[str]
    request: str
    response: str

    def match(self, verb: str, path: str) -> dict[str, str] | None:
        """Return the parameters in the path, None when the request is for another method."""
        if verb != self.verb:
            return None
        found = self.pattern.fullmatch(path) or (self.upload and self.upload.fullmatch(path))
        return {name: unquote(value) for name, value in found.groupdict().items()} if found else None

    def read_parameters(self, query: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """Return the parameters in their types, defaults filled in. Raises Refusal for what is not allowed."""
        for name in query.keys() - self.parameters.keys():
            raise refuse_argument(
                f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter.'
            )
        defaults = {name: [about["default"]] for name, about in self.parameters.items() if "default" in about}
        given = defaults | dict(query)
        for name, about in self.parameters.items():
            if about.get("required") and name not in given:
                raise Refusal(400, "required", f"Required parameter: {name}")
        return {name: _read_parameter(name, self.parameters[name], texts) for name, texts in given.items()}


def _read_parameter(name: str, about: Mapping[str, Any], texts: Sequence[str]) -> Any:
    if about.get("repeated"):
        return [_read_value(name, about, text) for text in texts]
    if len(texts) > 1:
        raise refuse_argument(f"Invalid value for {name}: it may be given once only.")
    return _read_value(name, about, texts[0])


def _read_value(name: str, about: Mapping[str, Any], text: str) -> Any:
    wrong = refuse_argument(f"Invalid value for {name}: {text}")
    if "enum" in about and text not in about["enum"]:
        raise wrong
    if "pattern" in about and not re.search(about["pattern"], text):
        raise wrong
    if about.get("format") == "date-time":
        return read_instant(name, text)
    if about["type"] == "boolean":
        if text not in {"true", "false"}:
            raise wrong
        return text == "true"
    if about["type"] != "integer":
        return text
    low, high = _BITS[about.get("format", "int32")]
    if not re.fullmatch(r"-?\d+", text) or not max(low, int(about.get("minimum", low))) <= int(text) < high:
        raise wrong
    return int(text)


def read_instant(name: str, text: str) -> datetime:
    """Return an RFC 3339 instant; without an offset it is refused, as Google does."""
    if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", text):
        return datetime.fromisoformat(text)
    raise Refusal(400, "badRequest", f"Bad Request: {name} is no RFC 3339 time with an offset: {text}")


class Schemas:
    """The schemas of one document."""

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        self._schemas = schemas

    def check(self, name: str, value: object) -> None:
        """Raise MalformedError when `value` is not what the schema `name` allows."""
        self._check({"$ref": name}, value, name)

    def properties(self, schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return what an object (or each of a list of them) may hold, None when that is anything."""
        while "$ref" in schema or schema.get("type") == "array":
            schema = self._schemas[schema["$ref"]] if "$ref" in schema else schema["items"]
        found: Mapping[str, Any] | None = schema.get("properties")
        return found

    def named(self, name: str) -> Mapping[str, Any]:
        return {"$ref": name}

    def _check(self, schema: Mapping[str, Any], value: object, place: str) -> None:
        if "$ref" in schema:
            schema = self._schemas[schema["$ref"]]
        kind = schema.get("type", "object")
        if kind == "any":
            return
        if not isinstance(value, _TYPES[kind]) or (kind != "boolean" and isinstance(value, bool)):
            raise MalformedError(f"{place} is {value!r}, which is no {kind}")
        if isinstance(value, dict):
            self._check_object(schema, value, place)
        elif isinstance(value, list):
            for number, item in enumerate(value):
                self._check(schema["items"], item, f"{place}[{number}]")
        else:
            _check_plain(schema, value, place)

    def _check_object(self, schema: Mapping[str, Any], value: Mapping[str, object], place: str) -> None:
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        for name, item in value.items():
            about = known.get(name, others)
            if about is None:
                raise MalformedError(f"{place} has no field {name!r}")
            self._check(about, item, f"{place}.{name}")


_TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float),
}  # fmt: skip


def _check_plain(schema: Mapping[str, Any], value: object, place: str) -> None:
    if "enum" in schema and value not in schema["enum"]:
        raise MalformedError(f"{place} is {value!r}, which is not one of {schema['enum']}")
    try:
        _FORMATS.get(schema.get("format", ""), str)(value)
    except (ValueError, Refusal):
        raise MalformedError(f"{place} is {value!r}, which is no {schema['format']}") from None


def _check_bytes(value: Any) -> None:
    """Accept what RFC 4648, 5 writes, padded or not."""
    if re.search(r"[^A-Za-z0-9_=-]", value):
        raise ValueError(value)
    read_bytes(value)


def read_bytes(text: str) -> bytes:
    """Return the bytes that URL-safe base64 stands for. Raises ValueError."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error


def write_bytes(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


def _check_integer(name: str) -> Any:
    low, high = _BITS[name]

    def check(value: Any) -> None:
        if not low <= int(value) < high:
            raise ValueError(value)

    return check


_FORMATS: Mapping[str, Any] = {
    "byte": _check_bytes,
    "date": date.fromisoformat,
    "date-time": lambda value: read_instant("", value),
    "google-datetime": lambda value: read_instant("", value),
    **{name: _check_integer(name) for name in _BITS},
}


@dataclass(frozen=True, slots=True)
class Document:
    """One API: its methods and its schemas."""

    name: str
    methods: tuple[Method, ...]
    schemas: Schemas


@cache
def load_documents() -> tuple[Document, ...]:
    return tuple(_read_document(name) for name in DOCUMENTS)


def _read_document(name: str) -> Document:
    place = files("googleapiclient") / "discovery_cache" / "documents" / f"{name}.json"
    document = json.loads(place.read_text(encoding="utf-8"))
    methods = tuple(_read_method(about, document) for about in _find_methods(document))
    return Document(name, methods, Schemas(document["schemas"]))


def _find_methods(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from resource.get("methods", {}).values()
    for inner in resource.get("resources", {}).values():
        yield from _find_methods(inner)


def _read_method(about: Mapping[str, Any], document: Mapping[str, Any]) -> Method:
    upload = about.get("mediaUpload", {}).get("protocols", {}).get("simple", {}).get("path")
    own = about.get("parameters", {})
    path = "/" + document["servicePath"] + about["path"]
    common = {name: value for name, value in document["parameters"].items() if name not in _OUTDATED}
    return Method(
        id=about["id"],
        service=document["name"],
        verb=about["httpMethod"],
        path=path,
        pattern=_compile_path(path, own),
        upload=_compile_path(upload, own) if upload else None,
        parameters=common | own,
        scopes=frozenset(about.get("scopes", ())),
        request=about.get("request", {}).get("$ref", ""),
        response=about.get("response", {}).get("$ref", ""),
    )


def _compile_path(template: str, parameters: Mapping[str, Mapping[str, Any]]) -> re.Pattern[str]:
    """Turn a path with {name} and {+name} (RFC 6570) into a pattern."""
    parts = re.split(r"\{(\+?\w+)\}", template)
    patterns = [
        re.escape(part) if number % 2 == 0 else _compile_name(part, parameters)
        for number, part in enumerate(parts)
    ]
    return re.compile("".join(patterns))


def _compile_name(name: str, parameters: Mapping[str, Mapping[str, Any]]) -> str:
    if not name.startswith("+"):
        return f"(?P<{name}>[^/]+)"
    return f"(?P<{name[1:]}>{parameters[name[1:]].get('pattern', '.+').strip('^$')})"


def find_method(verb: str, path: str) -> tuple[Document, Method, dict[str, str]]:
    """Return which method a request is for, with the parameters in its path. Raises Refusal."""
    for document in load_documents():
        for method in document.methods:
            found = method.match(verb, path)
            if found is not None:
                return document, method, found
    raise Refusal(404, "notFound", f"The requested URL {path} was not found on this server.")
