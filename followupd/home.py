"""Where things lie: the config file, the state folder, the templates. Light on purpose: `queue` waits for it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from followupd.errors import ConfigProblem

APP = "followupd"


def find_config(given: Path | None) -> Path:
    """Return the config file: the one given, $FOLLOWUPD_CONFIG, or the one in the platform's config folder."""
    if given is not None:
        return given
    named = os.environ.get("FOLLOWUPD_CONFIG")
    return _expand(named) if named else find_usual_config()


def find_usual_config() -> Path:
    """Return where the config lies when nobody says otherwise."""
    return _find_usual("config") / "config.toml"


def find_state(config_file: Path, tables: Mapping[str, Any]) -> Path:
    """Return the state folder: $FOLLOWUPD_STATE, [state] path, or the one in the platform's state folder.

    Raises ConfigProblem when [state] path is there and names none.
    """
    named = os.environ.get("FOLLOWUPD_STATE")
    if named:
        return _expand(named)
    if "state" not in tables:
        return _find_usual("state")
    state = tables["state"]
    path = state.get("path") if isinstance(state, dict) else None
    if not isinstance(path, str) or not path or "\0" in path:
        # Never another folder instead: an empty state there would look as if nothing waited.
        raise ConfigProblem(
            f"{config_file}: [state] path must be the name of a folder.", "Mend it and try again."
        )
    return resolve(config_file, path)


def _find_usual(kind: Literal["config", "state"]) -> Path:
    """Return the platform's folder for our config or state."""
    import platformdirs  # noqa: PLC0415 - it takes a third as long as all else here, and a place that is named needs none

    return platformdirs.user_config_path(APP) if kind == "config" else platformdirs.user_state_path(APP)


def resolve(config_file: Path, path: str) -> Path:
    """Return a path of config.toml: `~` is the home folder, a relative one is beside the config file."""
    return config_file.parent / _expand(path)


def _expand(path: str) -> Path:
    # Unlike Path.expanduser this never raises: the home of an unknown user stays as it is written.
    return Path(os.path.expanduser(path))  # noqa: PTH111


def owner_templates(config_file: Path) -> Path:
    return config_file.parent / "templates"


def read_tables(config_file: Path) -> dict[str, Any]:
    """Return config.toml as tables. Raises ConfigProblem when it is missing, unreadable or no TOML."""
    import tomllib  # noqa: PLC0415 - `--version` and `--help` read nothing

    try:
        return tomllib.loads(config_file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigProblem(
            f"There is no config file at {config_file}.",
            "Write one with `followupd init`, or name yours with --config or $FOLLOWUPD_CONFIG.",
        ) from None
    except OSError as error:
        raise ConfigProblem(f"{config_file}: {error.strerror}.", "Make it a file you can read.") from error
    except UnicodeDecodeError as error:
        raise ConfigProblem(
            f"{config_file} is not UTF-8 text (byte {error.start}).", "Save it as UTF-8."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigProblem(
            f"{config_file} is not valid TOML: {error}.", "Mend that line; texts need quotes."
        ) from error
    except RecursionError:
        raise ConfigProblem(f"{config_file} is nested too deeply.", "A config needs two levels.") from None
