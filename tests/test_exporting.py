"""An export is everything, as plain files, and goes back byte for byte."""

import json
import os
import tarfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from week import JANE, NOON, TOM, World, guest, meeting, open_world

from followupd.errors import Problem
from followupd.exporting import export_all, restore_export
from followupd.items import Status
from followupd.store.database import FILE_NAME

HOUR = timedelta(hours=1)
CONFIG = """\
# my config
[owner]
name = "Ada Example"
[[calendar]]
url = "https://cal.example/private-s3cret/basic.ics"  # mine
[network]
proxy = "http://ada:s3cret@proxy.example:3128"
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A state with drafts, notes, a public list, a skip, an approval, and somebody forgotten; a template and a config."""
    with open_world(tmp_path) as opened:
        opened.run()
        opened.now += timedelta(days=10)
        opened.set_event(
            meeting("e1", opened.now - HOUR, JANE, TOM, guest("Kim Lang"), title="Founders\u2028meetup")
        )
        opened.set_event(meeting("mixer", opened.now - HOUR, title="Chamber mixer"), listed=True)
        opened.run()
        opened.desk.skip(opened.item("Tom Miller").id, opened.now)
        opened.desk.people.forget("Kim Lang", opened.now)
        opened.run(minutes=1)
        opened.approve("Jane Doe")
        (tmp_path / "templates").mkdir()
        (tmp_path / "templates" / "late.md").write_bytes("Subject: Später\r\n\r\nHallo\n".encode())
        config(opened).write_text(CONFIG)
        yield opened


def config(world: World) -> Path:
    return world.folder / "config.toml"


def write(world: World, name: str) -> Path:
    target = world.folder / name
    assert export_all(config(world), world.folder / "state", target)
    return target


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_export_is_plain_text_for_its_owner_alone(world: World) -> None:
    before = os.umask(0)
    try:
        folder = write(world, "export")
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in [folder, *folder.glob("*/")] if path.is_dir()} == {0o700}
    people = [json.loads(line) for line in (folder / "state" / "people.jsonl").read_text().splitlines()]
    assert [(person["name"], person["email"]) for person in people] == [
        ("Jane Doe", "jane.doe@acme.example"),
        ("Tom Miller", "tom.miller@acme.example"),
    ]
    assert (folder / "templates" / "late.md").read_bytes() == "Subject: Später\r\n\r\nHallo\n".encode()


def test_no_secret_of_the_config_is_in_it(world: World) -> None:
    folder = write(world, "export")
    text = (folder / "config.toml").read_text()
    assert "# my config" in text
    assert 'url = "left-out"  # mine' in text
    assert 'proxy = "left-out"' in text
    assert all(b"s3cret" not in data for data in contents(folder).values())


@pytest.mark.parametrize(
    "more", ["[broken", '[[calendar]]\nurl = "https://cal.example/\\u0073econd-s3cret"\n']
)
def test_a_config_whose_secrets_cannot_be_told_is_left_out(world: World, more: str) -> None:
    config(world).write_text(CONFIG + more)
    target = world.folder / "export"
    assert not export_all(config(world), world.folder / "state", target)
    assert not (target / "config.toml").exists()


@pytest.mark.parametrize("name", ["export", "export.tar"])
def test_export_then_restore_gives_the_same_rows_and_templates_byte_for_byte(world: World, name: str) -> None:
    world.desk.undo(world.item("Jane Doe").id, world.now)  # a restore takes approvals back, and says so
    target, plain = write(world, name), contents(write(world, "plain"))
    world.store.close()
    (world.folder / "state" / FILE_NAME).unlink()
    (world.folder / "templates" / "late.md").unlink()
    kept, taken_back = restore_export(target, config(world), world.folder / "state", world.now)
    assert (kept, taken_back) == (None, 0)
    assert contents(write(world, "again")) == plain
    world.open()
    assert not (world.folder / "state" / "exported.sqlite3").exists()
    world.store.check()


def test_after_a_restore_the_world_goes_on_without_a_second_draft(world: World) -> None:
    target = write(world, "export.tar")
    world.store.close()
    kept, taken_back = restore_export(target, config(world), world.folder / "state", world.now)
    assert (kept is not None, taken_back) == (True, 1)
    world.open()
    world.run(hours=1)
    assert (world.status("Jane Doe"), world.status("Tom Miller")) == (Status.DRAFTED, Status.SKIPPED)
    assert {item.name for item in world.store.followups() if item.email} == {"Jane Doe", "Tom Miller"}


def test_a_template_that_differs_is_kept_under_another_name(world: World) -> None:
    target = write(world, "export")
    late = world.folder / "templates" / "late.md"
    late.write_text("mine by now")
    world.store.close()
    restore_export(target, config(world), world.folder / "state", NOON)
    world.open()
    assert late.read_bytes().startswith(b"Subject: Sp")
    assert late.with_name("late.md.kept-2026-11-18T120000Z").read_text() == "mine by now"


def lose_a_row(folder: Path) -> None:
    file = folder / "state" / "followups.jsonl"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[1:]))


def add_a_column(folder: Path) -> None:
    file = folder / "state" / "facts.jsonl"
    file.write_text('{"name": "x", "value": "y", "value) VALUES (1); --": 1}\n')


def make_newer(folder: Path) -> None:
    (folder / "export.json").write_text('{"format": 1, "schema": 99, "followupd": "9"}')


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "export.json").unlink(), "is no export of followupd"),
        (lambda folder: (folder / "export.json").write_text("[]"), "is no export of followupd"),
        (lambda folder: (folder / "state" / "people.jsonl").write_text("{"), "damaged"),
        (lambda folder: (folder / "state" / "people.jsonl").write_text("[1]"), "damaged"),
        (lose_a_row, "damaged: a row of"),
        (add_a_column, "damaged: facts has no"),
        (make_newer, "newer followupd"),
    ],
    ids=["no card", "odd card", "cut", "list", "loose row", "column", "newer"],
)
def test_what_is_no_whole_export_is_refused_and_changes_nothing(
    world: World, spoil: Callable[[Path], object], words: str
) -> None:
    target = write(world, "export")
    spoil(target)
    before = [item.id for item in world.store.followups()]
    with pytest.raises(Problem, match=words):
        restore_export(target, config(world), world.folder / "state", world.now)
    assert [item.id for item in world.store.followups()] == before
    assert not (world.folder / "state" / "exported.sqlite3").exists()


def test_a_hostile_archive_writes_nowhere_else(world: World) -> None:
    target = write(world, "export.tar")
    with tarfile.open(target, "a") as archive:
        for name in ("templates/../../late.md", "/tmp/followupd-evil.md", "templates/sub/evil.md", "evil.md"):
            archive.addfile(tarfile.TarInfo(name))
        link = tarfile.TarInfo("templates/link.md")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    before = set(world.folder.rglob("*.md"))
    world.store.close()
    restore_export(target, config(world), world.folder / "state", world.now)
    world.open()
    assert set(world.folder.rglob("*.md")) == before
    assert not Path("/tmp/followupd-evil.md").exists()


def test_nothing_is_written_over(world: World) -> None:
    target = write(world, "export")
    with pytest.raises(Problem, match="is there already"):
        write(world, target.name)
