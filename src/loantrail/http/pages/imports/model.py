"""What the import page is told, and what it may ask for."""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from loantrail.http.pages.model import Answer, Failing, Fen, Priced, Refusing

Printable = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$")]


class Stage(StrEnum):
    """How far an upload has come."""

    OPEN = "open"
    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTING = "importing"
    INTERRUPTED = "interrupted"
    FINISHED = "finished"
    FAILED = "failed"


class ImportOptions(Answer):
    """How to read files that do not tell all by themselves."""

    format: Printable = Field("", max_length=64, description="Name of an adapter; empty: recognised.")
    mapping: Printable = Field("", max_length=64, description="Name of a shipped mapping; empty: none.")
    account: Printable = Field("", max_length=64, description="Account of lines whose file does not name it.")

    def given(self) -> dict[str, str]:
        """The options that are set."""
        return {name: value for name, value in self.model_dump().items() if value}


class Nothing(Answer):
    """The body of a request that says nothing but that it is meant: `{}`. Another site's form cannot send it."""


class UploadedFile(Answer):
    name: str
    size_bytes: int
    sha256: str


class RecordCounts(Answer):
    """Records of one type in a file."""

    record_type: str
    read: int
    accepted: int
    duplicate: int


class RefusedRow(Refusing):
    """A row that would be refused."""

    position: int = Field(description="Number of the record in the file, 0 for the file as a whole.")
    field: str
    reason: str


class CheckedFile(Failing):
    """What reading a file without the books came to. `problem` says why the file, or its rest, cannot be used."""

    name: str
    format: str | None = Field(description="Adapter that reads it; null when none does.")
    records: list[RecordCounts]
    refused: dict[str, int] = Field(description="Reason -> rows.")
    refused_rows: list[RefusedRow] = Field(description="The first of them.")
    accounts_reconciled: int
    accounts_without_balances: int
    differences: int = Field(description="Accounts whose running balances do not add up within this file.")


class ImportTotals(Answer):
    """What an import came to, over all its files."""

    records: list[RecordCounts]
    refused: dict[str, int]
    accounts_reconciled: int
    accounts_without_balances: int
    differences: int


class UploadNote(Answer):
    """What is kept of an upload beside its files."""

    import_id: str
    created_at: datetime.datetime
    stage: Stage = Stage.OPEN
    interrupted_in: Stage | None = None
    options: ImportOptions = Field(default_factory=lambda: ImportOptions(format="", mapping="", account=""))
    files: list[UploadedFile] = Field(default_factory=list[UploadedFile])
    checked: list[CheckedFile] = Field(default_factory=list[CheckedFile])
    bytes_done: dict[str, int] = Field(default_factory=dict[str, int])
    started_at: datetime.datetime | None = None
    ended_at: datetime.datetime | None = None
    problem: str | None = None
    totals: ImportTotals | None = None


class ImportFile(Answer):
    """One file of an import, and how far it has come."""

    name: str
    book_name: str = Field(description="How the books and the refusals call it.")
    size_bytes: int
    bytes_done: int
    state: str = Field(description="`waiting`, `running`, `finished` or `failed`.")
    rows_read: int
    rows_accepted: int
    rows_duplicate: int
    rows_refused: int
    refused: dict[str, int] = Field(description="Reason -> rows that are refused and not settled.")
    imported_before_at: datetime.datetime | None = Field(
        description="When the same content was imported already."
    )
    check: CheckedFile | None


class Import(Failing):
    """Files handed over through the page."""

    import_id: str
    created_at: datetime.datetime
    stage: Stage
    interrupted_in: Stage | None = Field(description="What was going on when the server ended.")
    waiting: bool = Field(description="Whether another import has to end first.")
    options: ImportOptions
    files: list[ImportFile]
    started_at: datetime.datetime | None
    ended_at: datetime.datetime | None
    totals: ImportTotals | None


class FormatName(Answer):
    name: str
    chinese: str


class ImportOverview(Answer):
    """Uploads that are kept, newest first, and what an upload may be."""

    items: list[Import]
    formats: list[FormatName]
    mappings: list[str]
    file_bytes_max: int
    files_max: int


class RunFile(Failing):
    file_id: int
    name: str
    adapter: str
    size_bytes: int
    bytes_committed: int
    state: str
    rows_read: int
    rows_accepted: int
    rows_duplicate: int
    rows_refused: int
    started_at: datetime.datetime
    finished_at: datetime.datetime | None


class ImportRun(Failing):
    """One run of an import, whoever started it."""

    run_id: str
    started_at: datetime.datetime
    finished_at: datetime.datetime | None
    state: str
    files: list[RunFile]


class ImportHistory(Answer):
    items: list[ImportRun]
    total_count: int
    offset: int
    limit: int


class OpenLine(Priced):
    """A statement line without partner."""

    line_id: str
    booked_at: datetime.datetime
    account: str
    direction: str
    amount_fen: Fen
    counterparty_account: str | None
    counterparty_name: str | None
    purpose_text: str | None
    reference: str | None
    document_no: str | None
    source_file: str
    position: int


class UnpairedLine(OpenLine):
    ambiguous: bool = Field(description="Whether several lines would fit it.")


class UnpairedLines(Answer):
    items: list[UnpairedLine]
    total_count: int
    offset: int
    limit: int


class AmbiguousGroup(Answer):
    group_id: str
    reason: str
    lines: list[OpenLine]


class AmbiguousGroups(Answer):
    items: list[AmbiguousGroup]
    total_count: int
    offset: int
    limit: int


class BalanceCheck(Priced):
    """Whether the running balances of an account add up."""

    account: str
    account_name: str | None
    state: str
    line_count: int
    balance_count: int
    difference_count: int
    first_line: str | None = Field(description="Line where a difference starts.")
    first_source_file: str | None
    first_position: int | None
    first_booked_at: datetime.datetime | None
    expected_fen: Fen | None
    actual_fen: Fen | None
    checked_at: datetime.datetime


class BalanceChecks(Answer):
    counts: dict[str, int] = Field(description="State -> accounts.")
    items: list[BalanceCheck]
    total_count: int
    offset: int
    limit: int
