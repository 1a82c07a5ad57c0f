"""What became of a file of a watched folder: as it is said on the terminal, and as the report beside the file keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from loantrail.errors import FileUnreadable, LoantrailError, Place
from loantrail.monitor.model import remedy_of
from loantrail.sources.dry_run import Outcome, RefusedRow
from loantrail.sources.files import Unusable
from loantrail.wording import in_chinese


@dataclass(frozen=True, slots=True)
class TakenFile:
    """A file that was put away; `name` is the one that it was dropped with, counts are of rows."""

    name: str
    accepted: int
    known: int
    refused: int
    is_refused: bool
    """Whether the file, or its rest, could not be used."""
    first_problem: str
    """What was wrong first, in short; empty where all is well."""
    problems: int
    """How much was wrong: refused rows, and what made the file unusable."""
    report: Path
    new_accounts: int = 0
    """Accounts that its lines opened: the books had no record of them."""
    broke_off: bool = False
    """Whether rows may be in the books that are not counted: a defect ended the import."""


def met_a_defect(name: str, problem: BaseException, *, broke_off: bool) -> Outcome:
    """What came of a file that broke the reading, before the first row or (`broke_off`) while it was imported."""
    told = (
        problem
        if isinstance(problem, LoantrailError)
        else FileUnreadable(
            f"the file met a defect of the program ({type(problem).__name__}: {problem})",
            Place(name),
            "Rows before it may be in the books; hand the log of the monitor to its maintainers, and drop the file again once that "
            "is mended; rows that are in the books are known by their keys"
            if broke_off
            else "Hand the log of the monitor to its maintainers, and drop the file again once that is mended",
        )
    )
    return Outcome(unusable=[Unusable(name, told)])


def called(name: str, file: Unusable) -> Unusable:
    """The same under the name that it was dropped with, which its problem tells too."""
    if file.problem.place.file in ("", file.name):
        file.problem.place = replace(file.problem.place, file=name)
    return replace(file, name=name)


def report_of(outcome: Outcome) -> dict[str, Any]:
    """Rows by what became of them, accounts that they opened, what made the file unusable, and the first refused rows, each with the entry of the
    quarantine that keeps it. Chinese is null where a text is none of the product's own."""
    problems = [str(one.problem) for one in outcome.unusable]
    return {
        "accepted": dict(outcome.accepted),
        "duplicate": {name: count for name, count in outcome.duplicate.items() if count},
        "refused": dict(outcome.refused),
        "new_accounts": outcome.new_accounts,
        "first_new_accounts": list(outcome.first_new_accounts),
        "problems": problems,
        "problems_chinese": [in_chinese(one) for one in problems],
        "first_refused": [_row_told(one) for one in outcome.first_refused],
    }


def _row_told(row: RefusedRow) -> dict[str, Any]:
    return {
        "position": row.position,
        "field": row.field,
        "reason": row.reason,
        "message": row.message,
        "message_chinese": in_chinese(row.message),
        "refusal_id": row.refusal_id,
    }


def told_of(name: str, outcome: Outcome, report: Path, *, broke_off: bool = False) -> TakenFile:
    """What is said of the file."""
    problems = [_without_its_file(one) for one in outcome.unusable]
    problems += _of_rows(outcome.first_refused)
    return TakenFile(
        name,
        outcome.accepted.total(),
        outcome.duplicate.total(),
        outcome.refused_total,
        bool(outcome.unusable),
        problems[0] if problems else "",
        len(outcome.unusable) + outcome.refused_total,
        report,
        outcome.new_accounts,
        broke_off,
    )


def _without_its_file(file: Unusable) -> str:
    """The file is named already."""
    problem = file.problem
    where = str(replace(problem.place, file="") if problem.place.file == file.name else problem.place)
    return f"{where}: {problem.problem}" if where else problem.problem


def _of_rows(rows: Sequence[RefusedRow]) -> list[str]:
    return [f"row {one.position}: {remedy_of(one.message)[0]}" for one in rows]
