"""`followupd service` with a stand-in for systemctl that notes what it is told; the real one is in `make test-systemd`."""

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import SCRIPT, House

#: Answers as systemctl(1) does for a unit that runs; what it was told is noted beside it.
_SYSTEMCTL = """#!/bin/sh
echo "$@" >> {notes}
case "$*" in
  *is-system-running) echo "${{SYSTEM:-running}}";;
  *show*) cat {answer};;
esac
"""
_ANSWER = """LoadState=loaded
ActiveState={active}
SubState=running
UnitFileState=enabled
Result={result}
StatusText=waits for Thursday 18:00: 3 drafts wait
MainPID=4711
NRestarts=0
ExecMainStatus={code}
ActiveEnterTimestamp=Wed 2026-11-25 07:00:00 UTC
FragmentPath={file}
DropInPaths=
NeedDaemonReload=no
"""


class Desk:
    """A home whose PATH holds the stand-in."""

    def __init__(self, house: House, folder: Path) -> None:
        self.house = house
        self.notes = folder / "notes"
        self.answer_file = folder / "answer"
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.unit = house.home / ".config/systemd/user/followupd.service"
        script = _SYSTEMCTL.format(
            notes=shlex.quote(str(self.notes)), answer=shlex.quote(str(self.answer_file))
        )
        self.put("systemctl", script)
        self.put("loginctl", "#!/bin/sh\necho no\n")
        self.answer()

    def put(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def answer(self, active: str = "active", result: str = "success", code: int = 0) -> None:
        file = self.unit if self.unit.exists() else ""
        self.answer_file.write_text(_ANSWER.format(active=active, result=result, code=code, file=file))

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        self.notes.write_text("")
        path = f"{self.bin}:{os.environ['PATH']}"
        return self.house.run("service", *words, env={"PATH": path, **env})

    def told(self) -> list[str]:
        """Return what systemctl was told to change by the last command."""
        asking = ("is-system-running", "show")
        return [
            line for line in self.notes.read_text().splitlines() if not any(word in line for word in asking)
        ]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with House(tmp_path) as house:
        yield Desk(house, tmp_path)


def test_install_puts_the_unit_of_this_program_in_place_and_starts_it(desk: Desk) -> None:
    done = desk.run("install")
    assert done.returncode == 0, done.stderr
    assert f"ExecStart={SCRIPT} --config {desk.house.config} run\n" in desk.unit.read_text()
    assert desk.told() == [
        "--user daemon-reload",
        "--user enable followupd.service",
        "--user restart followupd.service",
    ]
    assert "To keep it running: loginctl enable-linger" in done.stderr


def test_a_second_install_changes_no_file_and_starts_the_program_of_now(desk: Desk) -> None:
    desk.run("install")
    before = desk.unit.stat()
    assert desk.run("install").returncode == 0
    assert desk.unit.stat().st_mtime_ns == before.st_mtime_ns
    assert desk.told() == ["--user enable followupd.service", "--user restart followupd.service"]


def test_a_unit_the_owner_changed_stays_until_they_say_so_and_is_kept_then(desk: Desk) -> None:
    desk.run("install")
    own = desk.unit.read_text().replace("RestartSec=30", "RestartSec=5")
    desk.unit.write_text(own)
    refused = desk.run("install")
    assert refused.returncode == 1
    assert "was changed since. It stays as it is." in refused.stderr
    assert desk.unit.read_text() == own
    assert desk.run("install", "--force").returncode == 0
    assert "RestartSec=30" in desk.unit.read_text()
    assert desk.unit.with_name("followupd.service.kept").read_text() == own


def test_a_unit_of_an_older_version_is_replaced(desk: Desk) -> None:
    desk.run("install", FOLLOWUPD_STATE=str(desk.house.root / "old state"))
    assert f'Environment="FOLLOWUPD_STATE={desk.house.root}/old state"' in desk.unit.read_text()
    assert desk.run("install").returncode == 0
    assert "FOLLOWUPD_STATE" not in desk.unit.read_text()


def test_a_dry_run_prints_the_unit_and_changes_nothing(desk: Desk) -> None:
    shown = desk.run("install", "--dry-run")
    assert (shown.returncode, desk.unit.exists(), desk.told()) == (0, False, [])
    assert "\n[Service]\nType=notify\n" in shown.stdout
    assert shown.stderr.splitlines()[0] == f"would write {desk.unit}"


def test_uninstall_takes_away_what_install_brought_and_says_what_stays(desk: Desk) -> None:
    desk.run("install")
    done = desk.run("uninstall")
    assert done.stderr == "The service is stopped and starts no more. Config and state stay.\n"
    assert desk.told() == ["--user disable --now followupd.service", "--user daemon-reload"]
    assert not desk.unit.exists()
    again = desk.run("uninstall")
    assert (again.returncode, desk.told()) == (0, [])
    assert "There is no service to take away" in again.stderr


def test_uninstall_leaves_a_unit_of_the_owners_own(desk: Desk) -> None:
    desk.unit.parent.mkdir(parents=True)
    desk.unit.write_text("[Service]\nExecStart=/bin/true\n")
    done = desk.run("uninstall")
    assert f"{desk.unit} stays, for it is yours" in done.stderr
    assert desk.unit.exists()


@pytest.mark.parametrize("words", ["offline", ""])
def test_without_a_systemd_that_listens_it_says_what_to_do_instead(desk: Desk, words: str) -> None:
    desk.put("systemctl", f"#!/bin/sh\necho {words}\n")
    done = desk.run("install")
    assert (done.returncode, desk.unit.exists()) == (1, False)
    said = {"offline": "systemd does not run here, as in most containers.", "": "Log in as yourself"}
    assert said[words] in done.stderr


def test_a_broken_config_is_told_before_anything_is_done(desk: Desk) -> None:
    desk.house.config.write_text("[owner]\n")
    done = desk.run("install")
    assert (done.returncode, desk.unit.exists()) == (78, False)


def test_status_tells_what_it_waits_for_in_words_and_as_json(desk: Desk) -> None:
    desk.run("install")
    desk.answer()
    told = desk.run("status")
    assert told.returncode == 0
    assert told.stdout.splitlines()[0] == (
        "runs since 2026-11-25T07:00:00Z; waits for Thursday 18:00: 3 drafts wait"
    )
    found = json.loads(desk.run("status", "--json").stdout)
    assert (found["active"], found["enabled"], found["pid"], found["lingers"]) == (
        "active",
        True,
        4711,
        False,
    )
    assert (found["file"], found["changed"]) == (str(desk.unit), False)


def test_status_of_a_service_that_gave_up_says_why_and_where_its_log_is(desk: Desk) -> None:
    desk.run("install")
    desk.answer("failed", "exit-code", 78)
    told = desk.run("status")
    assert told.returncode == 3
    assert told.stdout.splitlines()[:2] == [
        "does not run: failed (exit-code, code 78)",
        "Its log: journalctl --user -u followupd.service",
    ]


def test_the_system_service_is_for_an_account_that_is_not_root(desk: Desk) -> None:
    for account, said in (("root", "not read as root"), ("nobody-at-all", "There is no account")):
        done = desk.run("install", "--system", "--user", account, "--dry-run")
        assert done.returncode == 1
        assert said in done.stderr


def test_the_unit_of_the_system_starts_the_program_that_runs_now(desk: Desk) -> None:
    shown = desk.run("install", "--system", "--user", "daemon", "--dry-run")
    if "lies in a home folder" in shown.stderr:
        pytest.skip("this checkout lies in a home folder, where a system service finds no program")
    assert f"ExecStart={SCRIPT} run\n" in shown.stdout
    assert "would write /etc/systemd/system/followupd@.service" in shown.stderr


def test_names_with_spaces_and_signs_of_systemd_are_written_so_that_it_reads_them_as_they_are(
    tmp_path: Path,
) -> None:
    with House(tmp_path / 'a "b" %h') as house:
        (tmp_path / "stand-in").mkdir()
        shown = Desk(house, tmp_path / "stand-in").run("install", "--dry-run")
        assert f'--config "{tmp_path}/a \\"b\\" %%h/config/config.toml" run' in shown.stdout
