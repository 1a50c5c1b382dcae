"""What an owner installs: the wheel alone is all of the program, and the bill of materials is all of the lock."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
from importlib.metadata import PackageNotFoundError, PackagePath, files
from pathlib import Path

import click
import pytest

from followupd.cli import main

CHECKOUT = Path(__file__).parent.parent
LOCK = CHECKOUT / "requirements" / "run.txt"


def run(*command: str | Path, home: Path) -> str:
    """Return what a command prints, run where there is no checkout."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "COLUMNS": "200"}
    done = subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own with the wheel; what it depends on comes from the one the tests run in."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    run(
        *pip,
        "wheel",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "--wheel-dir",
        folder,
        CHECKOUT,
        home=folder,
    )
    [wheel] = folder.glob("*.whl")
    environment = folder / "environment"
    venv.create(environment)
    [packages] = environment.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    python = environment / "bin" / "python"
    run(*pip, "--python", python, "install", "--no-deps", "--no-index", wheel, home=folder)
    return environment


@pytest.fixture
def followupd(installed: Path) -> Path:
    return installed / "bin" / "followupd"


def test_the_wheel_runs_without_the_checkout(installed: Path, followupd: Path, tmp_path: Path) -> None:
    where = "import followupd; print(followupd.__file__)"
    assert run(installed / "bin" / "python", "-c", where, home=tmp_path).startswith(str(installed))
    assert "Now yours: followupd init" in run(followupd, "demo", home=tmp_path)


def test_the_wheel_makes_a_config_that_finds_the_templates(followupd: Path, tmp_path: Path) -> None:
    run(followupd, "init", "--name", "Ada", "--email", "ada@example.com", "--calendar", tmp_path / "calendars",
        "--mailbox", tmp_path / "Mail", "--timezone", "Europe/Berlin", home=tmp_path)  # fmt: skip
    assert "new-acquaintance" in run(followupd, "templates", "list", home=tmp_path)


def test_the_wheel_makes_a_unit_that_starts_it(followupd: Path, tmp_path: Path) -> None:
    unit = run(followupd, "service", "install", "--dry-run", home=tmp_path)
    assert f"\nExecStart={followupd} run\n" in unit


@pytest.mark.parametrize(
    "name", ["config.example.toml", "systemd/followupd.service", "systemd/followupd@.service"]
)
def test_the_wheel_holds_what_an_owner_copies(installed: Path, name: str) -> None:
    [packages] = installed.glob("lib/python*/site-packages")
    assert (packages / "followupd" / name).read_bytes() == (CHECKOUT / name).read_bytes()


def words_of(group: click.Group, before: str) -> set[str]:
    found = set()
    for name, command in group.commands.items():
        words = f"{before} {name}"
        found |= words_of(command, words) if isinstance(command, click.Group) else {words}
    return found


def test_the_man_page_tells_every_command_and_its_options(installed: Path) -> None:
    page = (installed / "share/man/man1/followupd.1").read_text()
    told = {
        line.removeprefix(".SS ").partition(" [")[0] for line in page.splitlines() if line.startswith(".SS ")
    }
    assert told == words_of(main, "followupd")
    assert ".B \\-\\-hash TEXT\nOnly if the text is still the one with this hash (see show).\n" in page
    assert "\n\\&.ics" not in page  # a line that begins with a dot would be a command to man


def test_no_line_of_the_man_page_is_taken_for_a_request_by_mistake(installed: Path) -> None:
    page = (installed / "share/man/man1/followupd.1").read_text()
    requests = {line.split()[0] for line in page.splitlines() if line.startswith((".", "'"))}
    assert requests == {".TH", ".SH", ".SS", ".TP", ".PP", ".B", ".I", ".BR"}


@pytest.mark.parametrize(
    ("shell", "file", "sign"),
    [
        ("bash", "bash-completion/completions/followupd", "complete -o nosort -F"),
        ("zsh", "zsh/site-functions/_followupd", "#compdef followupd"),
        ("fish", "fish/vendor_completions.d/followupd.fish", "complete --no-files --command followupd"),
    ],
)
def test_completion_comes_with_it_and_is_printed(
    installed: Path, followupd: Path, tmp_path: Path, shell: str, file: str, sign: str
) -> None:
    text = (installed / "share" / file).read_text()
    assert sign in text
    assert run(followupd, "completion", shell, home=tmp_path).strip() == text.strip()


def test_a_shell_completes_a_command(followupd: Path, tmp_path: Path) -> None:
    asked = {"_FOLLOWUPD_COMPLETE": "bash_complete", "COMP_WORDS": "followupd app", "COMP_CWORD": "1"}
    settings = (f"{name}={value}" for name, value in asked.items())
    assert run("env", *settings, followupd, home=tmp_path) == "plain,approve\n"


def test_nothing_it_needs_runs_code_at_every_start_of_python() -> None:
    """Lines of .pth files are run by each Python of an environment, whether it has to do with followupd or not."""
    names = re.findall(r"^([a-z0-9-]+)==", LOCK.read_text(), re.MULTILINE)
    assert "icalendar" in names
    hooks = [(name, file.name) for name in names for file in files_of(name) if file.suffix == ".pth"]
    assert hooks == []


def files_of(name: str) -> list[PackagePath]:
    """Return the files of a package; none where this Python or this system does without it."""
    try:
        return files(name) or []
    except PackageNotFoundError:
        return []


def test_the_bill_names_every_locked_package_with_the_hashes_of_its_files(tmp_path: Path) -> None:
    target = tmp_path / "build" / "sbom.json"
    run(sys.executable, CHECKOUT / "requirements" / "sbom.py", LOCK, target, home=tmp_path)
    bill = json.loads(target.read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    lines = LOCK.read_text().splitlines()
    pinned = {line.split()[0].replace("==", "@") for line in lines if line and not line[0].isspace()}
    assert {one["purl"] for one in bill["components"]} == {f"pkg:pypi/{one}" for one in pinned}
    hashes = {value for line in lines for value in re.findall(r"sha256:(\w{64})", line)}
    files = [
        one["value"] for each in bill["components"] for one in each["properties"] if "sha256" in one["name"]
    ]
    assert sorted(files) == sorted(hashes)
    assert [one["name"] for one in bill["components"] if "licenses" not in one] == []
