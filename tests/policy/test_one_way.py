"""Whoever has a connection judges by the numbers in force: the shipped ones alone are asked for where there is no bank."""

from __future__ import annotations

from pathlib import Path

import loantrail

SOURCE = Path(loantrail.__file__).parent
BASE = {
    "parameters.py",
    # What the bank decided is laid over them there.
    "policy/reading.py",
    "policy/approving.py",
    "policy/routes.py",
    "http/pages/administration/routes.py",
    # Files of any bank, traced without a database.
    "destinations/arrival.py",
}


def test_the_shipped_numbers_alone_are_asked_for_where_there_is_no_bank() -> None:
    asking = {
        file.relative_to(SOURCE).as_posix()
        for file in SOURCE.rglob("*.py")
        if "shipped_parameters" in file.read_text("utf-8")
    }
    assert asking <= BASE
