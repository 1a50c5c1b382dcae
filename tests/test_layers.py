"""Imports point one way (docs/design.md, "The path through the house")."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "followupd"

#: Room to the rooms it may import from. A name ending in "." stands for everything in that folder.
ALLOWED: dict[str, set[str]] = {
    "__init__": set(),
    "errors": set(),
    "model": set(),
    "durations": {"errors"},
    "home": {"errors"},
    "lock": {"errors"},
    "logs": {"rules."},
    "marks": set(),
    "network": set(),
    "waking": set(),
    "systemd": set(),
    "signals": {"systemd"},
    "mail": set(),
    "items": {"mail", "model"},
    "met": {"model"},
    "notices": set(),
    "ports": {"mail", "model", "notices"},
    "rules.": {"durations", "mail", "met", "items", "model", "notices", "errors", "rules."},
    "store.": {"mail", "met", "items", "model", "errors", "store."},
    "adapters.": {"child", "mail", "met", "model", "notices", "errors", "ports", "network", "adapters."},
    "child": set(),
    "render": {"child", "errors"},
    "sandbox": {"child", "render"},
    "template_files": {"errors", "render"},
    "template_shelf": {"errors", "template_files"},
    "settings": {"model", "errors", "network", "rules."},
    "options": {"durations", "errors", "network", "rules."},
    "config": {"model", "errors", "home", "network", "options", "rules.", "settings"},
    "writer": {"items", "mail", "model", "errors", "rules.", "render", "template_files"},
    "problems": {"items", "model", "store."},
    "withdrawing": {"items", "model", "store."},
    "attending": {"items", "model", "rules.", "store.", "withdrawing"},
    "forgetting": {"model", "rules.", "store."},
    "tracing": {"items", "mail", "rules."},
    "mailing": {"items", "mail", "model", "errors", "ports", "store.", "problems", "tracing"},
    "noticing": {"items", "mail", "model", "errors", "store.", "mailing", "problems", "tracing"},
    "corresponding": {"errors", "items", "mail", "mailing", "model", "ports", "problems", "rules.", "store.", "withdrawing"},
    "placing": {"items", "mail", "model", "errors", "rules.", "mailing", "tracing"},
    "renewing": {"errors", "items", "mailing", "rules.", "store."},
    "sending": {"items", "mail", "model", "errors", "ports", "rules.", "store.", "mailing", "problems"},
    "timing": {"items", "model", "errors", "ports", "rules.", "store."},
    "recognising": {"items", "model", "rules.", "store."},
    "planning": {"attending", "recognising", "items", "model", "errors", "rules.", "store.", "withdrawing"},
    "cycle": {
        "__init__", "corresponding", "forgetting", "items", "model", "errors", "ports", "rules.", "store.", "mailing", "noticing", "placing", "planning", "recognising", "renewing",
        "sending", "timing", "writer",
    },
    "meeting": {"items", "met", "model", "errors", "rules.", "store."},
    "debriefing": {"items", "meeting", "met", "model", "errors", "rules.", "store."},
    "desk_series": {"items", "model", "errors", "store."},
    "desk_people": {"items", "model", "errors", "rules.", "store."},
    "desk": {"items", "meeting", "met", "model", "errors", "problems", "rules.", "store.", "timing", "desk_people", "desk_series"},
    "explain": {"model", "errors", "durations", "ports", "rules."},
    "listing": {"items", "met", "model", "durations", "rules."},
    "telling": {"errors", "notices", "ports", "rules.", "store."},
    "troubles": {"cycle", "errors", "notices"},
    "watching": {"cycle", "errors", "notices", "rules.", "store.", "telling", "troubles"},
    "daemon": {"errors", "cycle", "notices", "signals", "store.", "systemd", "waking", "watching"},
    "web.": {
        "__init__", "debriefing", "desk", "durations", "errors", "items", "mail", "met", "model", "render", "rules.", "settings", "store.", "template_files", "template_shelf", "watching", "web.", "writer",
    },
    "assemble": {
        "adapters.", "corresponding", "cycle", "debriefing", "errors", "explain", "items", "model", "network", "ports", "render", "rules.", "settings", "store.", "template_files", "timing",
        "waking", "web.", "writer",
    },
}  # fmt: skip
#: Above assemble: what the command line is made of. Nothing below may import these.
TOP = {
    "app", "checkup", "checkup_google", "checkup_ways", "cli", "cli_data", "cli_desk", "cli_doctor", "cli_google", "cli_met", "cli_notices", "cli_people", "cli_service", "cli_templates", "config_tables",
    "connecting", "demo", "demo_page", "demo_week", "doctor", "explaining", "exporting", "last_words", "met_session", "opening", "paging", "review", "running", "service", "setup", "single_keys",
    "ways",
}  # fmt: skip


def rooms() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield ".".join(path.relative_to(PACKAGE).with_suffix("").parts), path


def imports_of(path: Path) -> Iterator[str]:
    """Every room of ours a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "followupd":
            yield node.module.partition(".")[2] or "__init__"
        elif isinstance(node, ast.Import):
            yield from (
                alias.name.partition(".")[2] for alias in node.names if alias.name.startswith("followupd.")
            )


def key_of(room: str) -> str:
    folder, dot, _ = room.partition(".")
    return folder + dot if dot else room if room not in {"rules", "store", "adapters", "web"} else room + "."


@pytest.mark.parametrize(("room", "path"), list(rooms()))
def test_a_room_imports_only_from_below(room: str, path: Path) -> None:
    key = key_of(room)
    if key in TOP:
        return
    assert key in ALLOWED, f"{room} is a new room: say here what it may import"
    wrong = {name for name in imports_of(path) if key_of(name) not in ALLOWED[key]}
    assert not wrong, f"{room} imports {sorted(wrong)}"


@pytest.mark.parametrize("room", ["store", "adapters"])
def test_store_and_adapters_never_import_each_other_or_rules(room: str) -> None:
    found = {key_of(name) for path in (PACKAGE / room).glob("*.py") for name in imports_of(path)}
    assert not found & ({"store.", "adapters.", "rules."} - {f"{room}."})


def test_rules_do_nothing_but_think() -> None:
    forbidden = {
        "os",
        "pathlib",
        "socket",
        "subprocess",
        "time",
        "random",
        "secrets",
        "sqlite3",
        "urllib",
        "http",
    }
    for path in (PACKAGE / "rules").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & forbidden, path.name
            if isinstance(node, ast.Attribute):
                assert node.attr not in {"now", "today", "utcnow"}, f"{path.name}:{node.lineno} asks a clock"


def test_only_assemble_and_the_command_line_know_an_adapter() -> None:
    for room, path in rooms():
        if key_of(room) not in TOP | {"assemble", "adapters."}:
            assert not {name for name in imports_of(path) if name.startswith("adapters")}, room
