"""A quiet day is no old delivery, and half a delivery is none either."""

from __future__ import annotations

import dataclasses

from tests.nightly.bank import DAY, NEXT

from loantrail.nightly.decide import check
from loantrail.nightly.model import Declared, FoundFile, FoundFolder, Known, Loaded, Manifest

UNITS = Loaded(DAY, "units.csv", "organisation_unit", "full", "same", 3)
LOANS = Loaded(DAY, "loans.csv", "loan_note", "full", "loans", 30)
BEFORE = Known(dates=(DAY,), files=(UNITS, LOANS))


def _file(loaded: Loaded, **more: object) -> FoundFile:
    declared = Declared(loaded.file, loaded.record_type, loaded.mode, loaded.rows)
    found = FoundFile(declared, exists=True, sha256=loaded.content_hash, rows=loaded.rows)
    return dataclasses.replace(found, **more)  # type: ignore[arg-type]  named fields


def _codes(*files: FoundFile) -> list[str]:
    manifest = Manifest(NEXT, tuple(one.declared for one in files), previous_date=DAY)
    found = FoundFolder(NEXT, exists=True, has_flag=True, has_manifest=True, manifest=manifest, files=files)
    return [alarm.code for alarm in check(found, BEFORE)]


def _no_lines() -> FoundFile:
    declared = Declared("lines.csv", "statement_line", "append", 0)
    return FoundFile(declared, exists=True, sha256="head alone")


def test_a_day_without_lines_may_have_the_same_full_tables() -> None:
    assert _codes(_file(UNITS), _file(LOANS), _no_lines()) == []


def test_full_tables_alone_that_are_all_those_of_another_day_are_that_delivery_again() -> None:
    assert _codes(_file(UNITS), _file(LOANS)) == ["repeated_delivery", "repeated_delivery"]


def test_a_file_that_is_cut_off_is_told_alone() -> None:
    """What the others say then is nothing about the delivery."""
    cut = _file(LOANS, sha256="cut", rows=0, problem="cut off")
    assert _codes(_file(UNITS), cut) == ["file_unreadable"]
