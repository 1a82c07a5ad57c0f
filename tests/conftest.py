"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest_plugins = ["tests.postgres_fixtures"]


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
