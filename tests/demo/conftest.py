"""One small demo bank that the tests of this folder share."""

from __future__ import annotations

from pathlib import Path

import pytest

from loantrail.demo.generate import generate


@pytest.fixture(scope="session")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bank")
    generate("small", 11, folder)
    return folder
