"""The one tree of errors.

    LoantrailError
    ├── InputError            a file, row or field that cannot be used
    │   ├── FileUnreadable    missing, empty, truncated, wrong encoding, wrong format
    │   ├── ColumnMissing     a required column is not there
    │   └── ValueRefused      one value that breaks a rule
    ├── ConfigurationError    settings, mapping files, environment
    ├── DatabaseUnavailable   the server cannot be reached or stopped
    ├── StorageExhausted      disk full
    ├── ConservationBroken    money appeared or vanished: a defect of ours, never the user's
    └── LimitExceeded         more than this machine or a stated limit can take

Every message says what was wrong, where (file, row, field) and what to do.
Rows that are merely refused are values (`Refusal`), not exceptions.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a file, a 1-based row (record) in it, a field. Any may be empty."""

    file: str = ""
    row: int | None = None
    field: str = ""

    def __str__(self) -> str:
        parts = [self.file] if self.file else []
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.field:
            parts.append(f"field {self.field}")
        return ", ".join(parts)


class LoantrailError(Exception):
    """Root of the tree. `code` is stable and machine-readable; `remedy` says what to do."""

    code = "error"
    exit_status = 1

    def __init__(self, problem: str, place: Place | None = None, remedy: str = "") -> None:
        self.problem = problem
        self.place = place or Place()
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        where = str(self.place)
        text = f"{where}: {self.problem}" if where else self.problem
        return f"{text}. {self.remedy}" if self.remedy else text


def in_one_line(problem: BaseException) -> str:
    """What an exception says, for a line of a log; its kind where it says nothing."""
    return " ".join(str(problem).split()) or type(problem).__name__


def unforeseen(problem: Exception) -> str:
    """What is told of an exception that nobody foresaw; its traceback goes to the log."""
    return f"the server met an error that it did not foresee ({type(problem).__name__}: {problem})"


class Stopping(LoantrailError):
    """This process is being stopped: what was asked is still to be done by the next one."""

    code = "stopping"


class InputError(LoantrailError):
    code = "input"


class FileUnreadable(InputError):
    code = "file_unreadable"


class ColumnMissing(InputError):
    code = "column_missing"


class ValueRefused(InputError):
    code = "value_refused"


class ConfigurationError(LoantrailError):
    code = "configuration"
    exit_status = 2


class DatabaseUnavailable(LoantrailError):
    code = "database_unavailable"


class StorageExhausted(LoantrailError):
    code = "storage_exhausted"


class ConservationBroken(LoantrailError):
    code = "conservation_broken"


class LimitExceeded(LoantrailError):
    code = "limit_exceeded"
