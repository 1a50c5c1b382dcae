"""A busy machine makes no example wrong: no generated test has a deadline. A test in which a secret gets out fails."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from canaries import find_leaks, listen, take_heard
from hypothesis import settings

settings.register_profile("followupd", deadline=None)
settings.load_profile("followupd")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "teardown":
        for _, said in report.sections:
            listen(said)
        heard = [f"A secret was said:\n{said}" for said in take_heard()]
        heard += [f"A secret lies in {path}" for path in find_leaks(_folder_of(item))]
        if heard and report.passed:
            report.outcome, report.longrepr = "failed", "\n".join(heard)
    return report


def _folder_of(item: Any) -> Path:
    folder: Path = (
        item.funcargs.get("tmp_path", Path("/nonexistent")) if item.funcargs else Path("/nonexistent")
    )
    return folder
