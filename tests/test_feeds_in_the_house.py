"""A feed in the whole program: explain, a pass, a pass on a copy."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from canaries import CliRunner
from click.testing import Result
from servers.web import Site

from followupd.cli import main

SECRET = "s3cret-d00d"
EVENT = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:coffee\r\nSUMMARY:Chamber breakfast\r\n"
    b"DTSTART:20260504T090000Z\r\nDTEND:20260504T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        running.do = lambda call: call.answer(200, EVENT, ETag='"1"')
        yield running


def write_config(folder: Path, site: Site) -> Path:
    file = folder / "config.toml"
    file.write_text(
        f"""
[owner]
name = "Ada Example"
email = "ada@example.com"
timezone = "Europe/Berlin"
[[calendar]]
type = "ics"
url = "http://127.0.0.1:{site.port}/{SECRET}.ics"
allow_private = true
[mailbox]
type = "maildir"
path = "{folder / "mail"}"
[state]
path = "{folder / "state"}"
"""
    )
    file.chmod(0o600)
    return file


def run(config: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--config", str(config), *words])


def test_explain_reads_a_feed_and_keeps_nothing(tmp_path: Path, site: Site) -> None:
    told = run(write_config(tmp_path, site), "explain", "--at", "2026-05-04T12:00:00Z", "--json")
    assert (told.exit_code, "Chamber breakfast" in told.stdout) == (0, True), told.output
    assert {path.name for path in tmp_path.iterdir()} == {"config.toml"}


def test_a_pass_keeps_a_copy_and_a_dry_run_leaves_it_alone(tmp_path: Path, site: Site) -> None:
    config = write_config(tmp_path, site)
    assert run(config, "once").exit_code == 0
    (copy,) = (tmp_path / "state" / "feeds").iterdir()
    before = copy.read_bytes(), copy.stat().st_mtime_ns
    assert run(config, "once", "--dry-run").exit_code == 0
    assert (copy.read_bytes(), copy.stat().st_mtime_ns) == before
    assert ["If-None-Match" in call.headers for call in site.calls] == [False, False]
    assert run(config, "once").exit_code == 0
    assert "If-None-Match" in site.calls[2].headers


def test_a_feed_out_of_reach_is_told_without_its_address(tmp_path: Path, site: Site) -> None:
    site.do = lambda call: call.answer(404)
    config = write_config(tmp_path, site)
    told = run(config, "explain")
    passed = run(config, "once")
    queue = run(config, "queue", "--all")
    assert (told.exit_code, passed.exit_code) == (69, 69)
    for shown in (told.output, passed.output, queue.output):
        assert SECRET not in shown
    assert "no longer there (code 404)" in told.output
