"""`make demo-google` shows what it says it shows."""

from pathlib import Path

import pytest
from accounts import find_port
from demo_google import play

GONE = "you sent or deleted it; which of the two followupd may not see"


@pytest.mark.parametrize(
    ("options", "bo", "cy", "di"),
    [
        ((), "sent: the server took it", f"handled: {GONE}", f"handled: {GONE}"),
        (
            ("--read-replies",),
            "answered: they wrote back on",
            "handled: it lies in your Sent folder",
            "skipped: you deleted the draft",
        ),
    ],
    ids=["compose alone", "reading too"],
)
def test_what_an_owner_does_in_gmail_is_noticed_and_explained(
    tmp_path: Path, options: tuple[str, ...], bo: str, cy: str, di: str
) -> None:
    told: list[str] = []

    seen = play(tmp_path, told.append, "--port", str(find_port()), *options)

    assert seen.pop("Bo Berg").startswith(bo), "\n".join(told)
    assert seen == {
        "Cy Carlsen": cy,
        "Di Duarte": di,
        "Eve Egger": "drafted: you edited the draft in your mailbox",
    }, "\n".join(told)
