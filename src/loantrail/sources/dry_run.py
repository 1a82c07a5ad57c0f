"""`loantrail import --dry-run`: files in, checked rows and refusals out, no database."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from loantrail.errors import ConfigurationError, InputError, Place
from loantrail.ledger.reconcile import REPORT_COLUMNS, reconcile
from loantrail.sources.canonical import RECORD_TYPES
from loantrail.sources.files import Opened, Unusable, content_digest, read_batches
from loantrail.sources.model import Refusal
from loantrail.sources.spool import Spool, disk_failures_named

REFUSED_COLUMNS: Final = ("source_file", "position", "field", "reason", "message")
FIRST_REFUSED_MOST: Final = 20
FIRST_NEW_MOST: Final = 20
RECONCILED_AT_ONCE: Final = 2_000_000
"""Lines whose balances are checked at one time; more are taken account by account in parts."""
_FOR_RECONCILING: Final = (
    "account", "currency", "booked_at", "sequence", "source_file", "position", "direction", "amount_fen",
    "balance_fen",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that the books refused, and the entry of the quarantine that keeps it. `position`: as a Refusal has it."""

    refusal_id: str
    position: int
    field: str
    reason: str
    message: str


@dataclass(slots=True)
class Outcome:
    """What came of an import, for the closing table."""

    read: Counter[str] = field(default_factory=Counter[str])
    """Record type -> records read, accepted, duplicate."""
    accepted: Counter[str] = field(default_factory=Counter[str])
    duplicate: Counter[str] = field(default_factory=Counter[str])
    refused: Counter[str] = field(default_factory=Counter[str])
    """Reason -> records."""
    first_refused: list[RefusedRow] = field(default_factory=list[RefusedRow])
    """Of an import into the books: the first that were refused, at most FIRST_REFUSED_MOST."""
    new_accounts: int = 0
    """Of an import into the books: accounts that lines opened, as neither a record nor a line of theirs was there."""
    first_new_accounts: list[str] = field(default_factory=list[str])
    """Their numbers: at most FIRST_NEW_MOST, of the first rows."""
    formats: dict[str, str] = field(default_factory=dict[str, str])
    """File -> adapter that read it."""
    unusable: list[Unusable] = field(default_factory=list[Unusable])
    accounts_reconciled: int = 0
    accounts_without_balances: int = 0
    differences: list[dict[str, object]] = field(default_factory=list[dict[str, object]])
    """Accounts whose running balances do not add up: rows of `reconcile.REPORT_COLUMNS`."""

    @property
    def refused_total(self) -> int:
        return sum(self.refused.values())


def output_name(record_type: str) -> str:
    """The file that holds the accepted records of a type."""
    return "rows.parquet" if record_type == "statement_line" else f"{record_type}.parquet"


class DryRun:
    """Collects batches into the output folder. Use: `take` each file, then `finish`."""

    def __init__(self, out: Path, on_progress: Callable[[str, int], None]) -> None:
        self._out = out
        self._on_progress = on_progress
        self._outcome = Outcome()
        self._spools: dict[str, Spool] = {}
        self._digests: dict[tuple[int, str], str] = {}
        self._sizes: dict[int, Opened] = {}
        with disk_failures_named(out):
            out.mkdir(parents=True, exist_ok=True)
            self._refused_part = out / ".refused.csv.part"
            self._refused_stream = self._refused_part.open("w", encoding="utf-8", newline="")
        self._refused = csv.writer(self._refused_stream, lineterminator="\n")
        self._refused.writerow(REFUSED_COLUMNS)
        self._spool("statement_line")

    def take(self, file: Opened | Unusable) -> None:
        """Read one file into the output. A file that cannot be used is noted; what came before in it is kept."""
        if isinstance(file, Unusable):
            self._note(file)
            return
        name = file.source.name
        self._outcome.formats[name] = file.adapter.name
        try:
            repeats = self._repeated(file)
            for batch in read_batches(file):
                self._outcome.read[batch.record_type] += batch.records_read
                self._write_refusals(batch.refusals)
                if repeats:
                    self._outcome.duplicate[batch.record_type] += len(batch.rows)
                else:
                    broken = self._spool(batch.record_type).add(batch, name)
                    self._outcome.accepted[batch.record_type] += len(batch.rows) - len(broken)
                    self._write_refusals(broken)
                self._on_progress(name, batch.bytes_read)
        except InputError as problem:
            self._note(Unusable(name, problem))
        self._on_progress(name, file.bytes_total)

    def finish(self) -> Outcome:
        """Write the files and say what came of it."""
        for record_type, spool in self._spools.items():
            duplicate_count, conflicts = spool.finish()
            self._outcome.duplicate[record_type] += duplicate_count
            self._outcome.accepted[record_type] -= duplicate_count + len(conflicts)
            self._write_refusals(conflicts)
        with disk_failures_named(self._refused_part):
            self._refused_stream.close()
            self._refused_part.replace(self._out / "refused.csv")
        self._remove_stale()
        self._reconcile()
        return self._outcome

    def _remove_stale(self) -> None:
        """Files of an earlier run that this one has nothing for would be mistaken for its own."""
        for record_type in RECORD_TYPES:
            if record_type not in self._spools:
                (self._out / output_name(record_type)).unlink(missing_ok=True)

    def abandon(self) -> None:
        """Leave no unfinished file behind."""
        for spool in self._spools.values():
            spool.discard()
        self._refused_stream.close()
        self._refused_part.unlink(missing_ok=True)

    def _spool(self, record_type: str) -> Spool:
        if record_type not in self._spools:
            self._spools[record_type] = Spool(RECORD_TYPES[record_type], self._out / output_name(record_type))
        return self._spools[record_type]

    def _note(self, file: Unusable) -> None:
        self._outcome.unusable.append(file)
        place = file.problem.place
        self._write_refusals(
            [Refusal(file.name, place.row or 0, place.field, file.problem.code, str(file.problem), b"")],
            counted=False,
        )

    def _write_refusals(self, refusals: Iterable[Refusal], *, counted: bool = True) -> None:
        with disk_failures_named(self._refused_part):
            for refusal in refusals:
                self._refused.writerow(
                    (refusal.source_file, refusal.position, refusal.field, refusal.reason, refusal.message)
                )
                if counted:
                    self._outcome.refused[refusal.reason] += 1

    def _repeated(self, file: Opened) -> bool:
        """Whether a file taken before has the same content. Only files of one size are compared."""
        earlier = self._sizes.setdefault(file.bytes_total, file)
        if earlier is file:
            return False
        known = self._digests
        first = (file.bytes_total, content_digest(earlier.source.path))
        known.setdefault(first, earlier.source.name)
        this = (file.bytes_total, content_digest(file.source.path))
        return known.setdefault(this, file.source.name) != file.source.name

    def _reconcile(self) -> None:
        path = self._out / output_name("statement_line")
        parts = self._spools["statement_line"].height // RECONCILED_AT_ONCE + 1
        lines = pl.scan_parquet(path).select(_FOR_RECONCILING)
        reports: list[pl.DataFrame] = []
        for part in range(parts):
            some = lines.filter(pl.col("account").hash() % parts == part) if parts > 1 else lines
            reports.append(reconcile(some.collect()))
        report = pl.concat(reports).sort("account", "currency") if reports else pl.DataFrame()
        self._outcome.accounts_reconciled = int((report["state"] == "reconciled").sum())
        self._outcome.accounts_without_balances = int((report["state"] == "no_balances").sum())
        differing = report.filter(pl.col("state") == "differs")
        self._outcome.differences = differing.to_dicts()
        with disk_failures_named(path):
            report.select(REPORT_COLUMNS).write_csv(self._out / "reconciliation.csv")


def dry_run(
    files: Iterable[Opened | Unusable],
    out: Path,
    on_progress: Callable[[str, int], None],
) -> Outcome:
    """Parse and check `files`, write into the folder `out`: `rows.parquet` (statement lines), one Parquet file per
    other record type, `refused.csv` and `reconciliation.csv`. `on_progress` gets (file, bytes read so far)."""
    files = list(files)
    written = {(out / output_name(record_type)).absolute() for record_type in RECORD_TYPES}
    for file in files:
        if isinstance(file, Opened) and file.source.path.absolute() in written:
            raise ConfigurationError(
                "the dry run would write over what it reads",
                Place(file.source.name),
                "Give another folder as --out",
            )
    run = DryRun(out, on_progress)
    try:
        for file in files:
            run.take(file)
        return run.finish()
    except BaseException:
        run.abandon()
        raise


def record_types_in_order(outcome: Outcome) -> Sequence[str]:
    """The record types that were met, statement lines last."""
    return [name for name in RECORD_TYPES if outcome.read[name] or outcome.accepted[name]]
