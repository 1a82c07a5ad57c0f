"""Fixtures that every test may use."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

# Before polars is imported. Tests run beside each other, one on each core, and a second thread of each would only wait for the
# others' cores: of the live step's tests some took half as long again. CI runs the heavy tests with several.
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import pytest

from loantrail.collecting import collect_seldom
from loantrail.monitor import pauses

collect_seldom()

# Commands speak the language of their environment: tests meet it in English unless they set another.
for language in ("LC_ALL", "LC_MESSAGES"):
    os.environ.pop(language, None)
os.environ["LANG"] = "C.UTF-8"

pytest_plugins = ["tests.postgres_fixtures"]


def pytest_collection_finish() -> None:
    """Thousands of tests are there to stay: the collector of garbage need not look at each of them again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def pauses_as_they_come() -> Iterator[None]:
    """States of the live step are built for many a test, and each would have all objects of this process looked at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pauses, "keep_pauses_short", lambda: None)
        yield


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data; tests that need it are skipped where it is absent, but must run in CI."""
    repository = Path(__file__).resolve().parent.parent
    folder = Path(os.environ.get("LOANTRAIL_REAL_DATA", repository.parent / "shared" / "data"))
    if not folder.is_dir():
        message = "the folder of real data is not beside the repository"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{message}: in CI these tests must run")
        pytest.skip(message)
    return folder
