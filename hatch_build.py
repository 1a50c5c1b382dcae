"""What the wheel gets that is made from the command line itself, and so never lags behind it: man page and completion."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from click.shell_completion import get_completion_class
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: Shell to where it looks for completion, under a prefix such as /usr/local.
_COMPLETIONS: Mapping[str, str] = {
    "bash": "share/bash-completion/completions/followupd",
    "zsh": "share/zsh/site-functions/_followupd",
    "fish": "share/fish/vendor_completions.d/followupd.fish",
}
_FILES = r"""
.SH FILES
.TP
.I ~/.config/followupd/config.toml
The config; $FOLLOWUPD_CONFIG names another.
.TP
.I ~/.config/followupd/templates/
Your templates; a file of the same name takes the place of the one that comes with followupd.
.TP
.I ~/.local/state/followupd/
What it remembers, and its backups; $FOLLOWUPD_STATE names another.
.SH EXIT STATUS
0 done; 1 it cannot be done as things stand; 2 the command was not understood; 3 something was found broken; 4 some
calendar failed and the rest was done; 69 all calendars failed; 74 the disk, the state or the mailbox refused; 75 already
running; 78 the config, a template, the state file or the clock is wrong.
.SH SEE ALSO
.BR systemctl (1),
.BR journalctl (1)
"""


class Pages(BuildHookInterface[Any]):
    """Adds the files to what a wheel lays under its prefix."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write them into a folder of their own (Hatch, "Build hook plugins"); `version` is that of the kind of wheel."""
        del version
        sys.path.insert(0, self.root)
        from followupd.cli import main  # noqa: PLC0415 - it can be imported from here on

        self._folder = Path(tempfile.mkdtemp())
        pages = {"share/man/man1/followupd.1": write_manual(main, self.metadata.version)}
        pages |= {place: write_completion(main, shell) for shell, place in _COMPLETIONS.items()}
        for number, (place, text) in enumerate(pages.items()):
            file = self._folder / str(number)
            file.write_text(text, encoding="utf-8")
            build_data["shared_data"][str(file)] = place

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Delete what the wheel holds by now."""
        del version, build_data, artifact_path
        shutil.rmtree(self._folder)


def write_completion(main: click.Command, shell: str) -> str:
    """Return what makes a shell complete the commands."""
    kind = get_completion_class(shell)
    assert kind is not None, shell  # noqa: S101 - click knows all of _COMPLETIONS
    return kind(main, {}, "followupd", "_FOLLOWUPD_COMPLETE").source()


def write_manual(main: click.Group, version: str) -> str:
    """Return the man page (man(7)): every command with its help and its options."""
    lines = [
        f'.TH FOLLOWUPD 1 "" "followupd {version}" "User Commands"',
        ".SH NAME",
        "followupd \\- drafts a follow-up for everyone you met",
        ".SH SYNOPSIS",
        ".B followupd",
        "[\\-\\-config FILE] COMMAND ...",
        ".SH DESCRIPTION",
        _plain(main.help or ""),
        ".SH OPTIONS",
        *_list_options(main),
        ".SH COMMANDS",
    ]
    for command, words in _walk(main, "followupd"):
        lines += [f".SS {_plain(words)}", _plain(command.help or "")]
        lines += _list_options(command)
    return "\n".join(lines) + _FILES


def _walk(group: click.Group, words: str) -> Iterator[tuple[click.Command, str]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from _walk(command, f"{words} {name}")
        else:
            context = click.Context(command, info_name=name)
            yield command, " ".join([words, name, *command.collect_usage_pieces(context)])


def _list_options(command: click.Command) -> Iterator[str]:
    context = click.Context(command)
    for parameter in command.params:
        words, meaning = parameter.get_help_record(context) or ("", "")
        if meaning:
            yield from (".TP", f".B {_plain(words)}", _plain(meaning))


def _plain(text: str) -> str:
    """Return a text in which nothing means anything to man."""
    lines = (line.strip().replace("\\", "\\e").replace("-", "\\-") for line in text.strip().splitlines())
    return "\n".join(f"\\&{line}" if line.startswith((".", "'")) else line or ".PP" for line in lines)
