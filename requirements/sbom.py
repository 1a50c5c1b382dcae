"""Write what followupd is made of at run time, from the lock, as a CycloneDX 1.5 bill of materials (JSON).

The same lock gives the same bytes, so that two builds can be compared. Licences are read from what is installed here.
"""

import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

_PINNED = re.compile(
    r"^(?P<name>[a-z0-9-]+)==(?P<version>[^\s;\\]+)(?: ; (?P<marker>[^\\]+?))? \\$", re.MULTILINE
)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def write_bill(lock: str, version: str) -> str:
    """Return the bill of a lock file in the form of pip's `--require-hashes`."""
    components = list(_list_components(lock))
    own = {"type": "application", "bom-ref": "followupd", "name": "followupd", "version": version}
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, version + lock)}",
        "version": 1,
        "metadata": {"component": own},
        "components": components,
        "dependencies": [{"ref": "followupd", "dependsOn": [one["bom-ref"] for one in components]}],
    }
    return json.dumps(bill, indent=2) + "\n"


def _list_components(lock: str) -> Iterator[dict[str, Any]]:
    found = list(_PINNED.finditer(lock))
    for pinned, end in zip(found, [*(one.start() for one in found[1:]), len(lock)], strict=True):
        name, version, marker = pinned.group("name", "version", "marker")
        address = f"pkg:pypi/{name}@{version}"
        # Of a component that comes as several files, one for each platform, CycloneDX has a hash for none; so each is named.
        files = [{"name": "sha256 of a file", "value": one} for one in _HASH.findall(lock, pinned.end(), end)]
        only = [{"name": "only where", "value": marker}] if marker else []
        component = {"type": "library", "bom-ref": address, "name": name, "version": version, "purl": address}
        yield component | _find_license(name) | {"properties": only + files}


def _find_license(name: str) -> dict[str, Any]:
    """Return the licence a package states; nothing where it states none in a word, or is not installed."""
    try:
        stated = metadata(name)
    except PackageNotFoundError:
        return {}
    if expressions := stated.get_all("License-Expression"):
        return {"licenses": [{"expression": expressions[0]}]}
    classes = [
        line.rpartition(" :: ")[2] for line in stated.get_all("Classifier", []) if "License ::" in line
    ]
    names = classes or [text.splitlines()[0] for text in stated.get_all("License", []) if text]
    return {"licenses": [{"license": {"name": one}} for one in names]} if names else {}


if __name__ == "__main__":
    from followupd import __version__

    lock, target = map(Path, sys.argv[1:])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(write_bill(lock.read_text(), __version__))
    print(target)
