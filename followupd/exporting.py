"""Everything of one owner as plain files, in a folder or a .tar: the state, their templates, their config without secrets."""

import io
import json
import os
import tarfile
import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from followupd import __version__
from followupd.errors import Problem
from followupd.home import owner_templates
from followupd.store.backups import restore_backup
from followupd.store.copying import make_folder
from followupd.store.exports import build_database, read_rows
from followupd.template_files import find_templates

FORMAT = 1
_CARD, _CONFIG = "export.json", "config.toml"
_STATE, _TEMPLATES = "state/", "templates/"
_LEFT_OUT = "left-out"


def export_all(config_file: Path, state: Path, target: Path) -> bool:
    """Write the export to `target`, a new folder or a new .tar, for its owner's eyes alone.

    Returns False when the config had to be left out, because it cannot be told what in it is secret. Raises Problem
    when something is there already, and what reading the state raises.
    """
    if target.exists():
        raise Problem(f"{target} is there already.", "Name a new folder, or a new .tar.")
    schema, tables = read_rows(state)
    card = {"format": FORMAT, "schema": schema, "followupd": __version__}
    files = {_CARD: json.dumps(card).encode() + b"\n"}
    files |= {f"{_STATE}{table}.jsonl": text.encode() for table, text in tables.items()}
    files |= {f"{_TEMPLATES}{path.name}": path.read_bytes() for path in _list_templates(config_file)}
    config = _read_config(config_file)
    files |= {_CONFIG: config.encode()} if config is not None else {}
    if target.suffix == ".tar":
        _write_tar(target, files)
    else:
        _write_folder(target, files)
    return config is not None


def restore_export(source: Path, config_file: Path, state: Path, now: datetime) -> tuple[Path | None, int]:
    """Put an export in the place of the state and its templates beside the config; as `restore_backup` otherwise.

    A template that is there and differs is kept under another name. The config is left as it is.
    """
    files = _read_folder(source) if source.is_dir() else _read_tar(source)
    try:
        card = json.loads(files[_CARD])
        schema = int(card["schema"]) if card["format"] == FORMAT else 0
    except (KeyError, ValueError, TypeError):
        raise Problem(f"{source} is no export of followupd.", f"An export holds {_CARD}.") from None
    tables = {
        name.removeprefix(_STATE).removesuffix(".jsonl"): text.decode()
        for name, text in files.items()
        if name.startswith(_STATE)
    }
    built = state / "exported.sqlite3"
    built.unlink(missing_ok=True)
    try:
        os.close(os.open(built, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW, 0o600))
        build_database(built, schema, tables)
        done = restore_backup(state, built, now, gap=0)  # moved, not lost: the numbers go on as they were
    finally:
        built.unlink(missing_ok=True)
    _restore_templates(owner_templates(config_file), files, now)
    return done


def is_export(path: Path) -> bool:
    return path.is_dir() or path.suffix == ".tar"


# --- templates and config


def _list_templates(config_file: Path) -> list[Path]:
    return [paths[-1] for paths in find_templates([owner_templates(config_file)]).values()]


def _restore_templates(folder: Path, files: Mapping[str, bytes], now: datetime) -> None:
    for name, text in files.items():
        if name.startswith(_TEMPLATES):
            make_folder(folder)
            place = folder / Path(name).name
            if place.exists() and place.read_bytes() != text:
                place.replace(place.with_name(f"{place.name}.kept-{now:%Y-%m-%dT%H%M%SZ}"))
            place.write_bytes(text)


def _read_config(file: Path) -> str | None:
    """Return the config with every secret left out, comments and all; None when that cannot be done for sure."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        for secret in list(_find_secrets(tomllib.loads(text))):
            text = text.replace(secret, _LEFT_OUT).replace(
                json.dumps(secret, ensure_ascii=False)[1:-1], _LEFT_OUT
            )
        return None if any(_find_secrets(tomllib.loads(text))) else text
    except (OSError, ValueError):
        return None


def _find_secrets(tables: Any, key: str = "") -> Iterator[str]:
    """Yield the addresses of feeds and of proxies, which may hold a password; other passwords never stand in the config."""
    if isinstance(tables, dict):
        for name, value in tables.items():
            yield from _find_secrets(value, name)
    elif isinstance(tables, list):
        for value in tables:
            yield from _find_secrets(value, key)
    elif (
        isinstance(tables, str)
        and tables != _LEFT_OUT
        and (key == "url" or (key == "proxy" and "@" in tables))
    ):
        yield tables


# --- folders and archives


def _write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        place = folder / name
        make_folder(folder)
        make_folder(place.parent)
        with os.fdopen(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as opened:
            opened.write(data)


def _write_tar(file: Path, files: Mapping[str, bytes]) -> None:
    descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as opened, tarfile.open(fileobj=opened, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o600
            archive.addfile(member, io.BytesIO(data))


def _read_folder(folder: Path) -> dict[str, bytes]:
    places = [
        folder / _CARD,
        *sorted(folder.glob(f"{_STATE}*.jsonl")),
        *sorted(folder.glob(f"{_TEMPLATES}*.md")),
    ]
    return {str(place.relative_to(folder)): place.read_bytes() for place in places if place.is_file()}


def _read_tar(file: Path) -> dict[str, bytes]:
    """Read the members an export has; nothing is unpacked, so none of them can lead elsewhere."""
    found = {}
    try:
        with tarfile.open(file) as archive:
            for member in archive:
                opened = archive.extractfile(member) if member.isfile() else None
                if opened is not None and _is_ours(member.name):
                    found[member.name] = opened.read()
    except tarfile.TarError as error:
        raise Problem(
            f"{file} is no .tar that can be read: {error}.", "Take another export, or a backup."
        ) from error
    return found


def _is_ours(name: str) -> bool:
    folder, _, rest = name.rpartition("/")
    endings = {"": (_CARD,), _STATE[:-1]: (".jsonl",), _TEMPLATES[:-1]: (".md",)}
    return rest.endswith(endings.get(folder, ("\0",)))
