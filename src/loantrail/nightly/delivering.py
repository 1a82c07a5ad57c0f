"""Writes a bank's records as nightly folders: the first date whole, the next ones as changes. For the demo bank and tests.

The demo bank's files hold a whole year as it ended. A date's delivery says what the bank knew on that date: loans paid
out so far with the balance they had then, lines booked so far.
"""

from __future__ import annotations

import datetime
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl

from loantrail.clock import BUSINESS_ZONE
from loantrail.ledger.intake import LINE, RECORD_TYPES
from loantrail.nightly.model import FLAG, GENERAL_LEDGER, MANIFEST, OPEN_END
from loantrail.records import Kind
from loantrail.sources.files import content_digest

_ZONE: Final = str(BUSINESS_ZONE)
ONE_DAY: Final = datetime.timedelta(days=1)

_BY_LOAN: Final = ("rate_reset", "entrusted_order", "repayment_schedule", "loan_manager")
_BY_CONTRACT: Final = ("contract_payee", "contract_party", "guarantee_contract")
_STEADY: Final = ("organisation_unit", "staff", "party", "account")
"""Tables that the demo bank does not change: delivered whole each night but for the large ones."""
USUAL_MODES: Final[Mapping[str, str]] = {
    "organisation_unit": "full",
    "staff": "full",
    "loan_note": "chain",
}
"""How a table is delivered after the first date; the others come as changes."""


class Delivery:
    """One folder under way: files are added, then it is closed by manifest and flag."""

    def __init__(self, root: Path, day: datetime.date) -> None:
        self.folder = root / f"{day:%Y%m%d}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.day = day
        self._files: list[dict[str, Any]] = []

    def add(
        self,
        table: str,
        mode: str,
        rows: pl.DataFrame,
        form: str = "parquet",
        file: str = "",
        **extra: object,
    ) -> Path:
        """Write a table and declare it; amounts of the record type are summed."""
        path = self.folder / (file or f"{table}.{form}")
        if form == "parquet":
            rows.write_parquet(path)
        else:
            rows.write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%S%:z")
        totals = {
            name: int(rows.get_column(name).sum() or 0) for name in amounts_of(table) if name in rows.columns
        }
        self.declare(path, table, mode, len(rows), totals, **extra)
        return path

    def declare(
        self, path: Path, table: str, mode: str, rows: int, totals: Mapping[str, int], **extra: object
    ) -> None:
        """Declare a file that lies in the folder."""
        self._files.append(
            {
                "file": path.name,
                "table": table,
                "mode": mode,
                "rows": rows,
                "totals": {name: str(fen) for name, fen in totals.items()},
                "sha256": content_digest(path),
                **extra,
            }
        )

    def close(self, **extra: object) -> Path:
        """Write manifest and flag."""
        content = {
            "business_date": f"{self.day:%Y%m%d}", "amount_unit": "fen", **extra, "files": self._files,
        }  # fmt: skip
        (self.folder / MANIFEST).write_text(json.dumps(content, indent=2, ensure_ascii=False))
        (self.folder / FLAG).touch()
        return self.folder


def amounts_of(table: str) -> list[str]:
    """The amount columns of a table."""
    if table == GENERAL_LEDGER:
        return ["balance_fen"]
    return [field.name for field in RECORD_TYPES[table].fields if field.kind is Kind.AMOUNT_FEN]


def deliver(bank: Path, root: Path, days: Sequence[datetime.date]) -> list[Path]:
    """Write the demo bank in `bank` (as `loantrail demo generate` makes it) as one folder per day, ascending; the folders.

    Statement lines are streamed: a bank of any size fits.
    """
    records = {name: _read(bank, name) for name in RECORD_TYPES if name != LINE}
    folders: list[Path] = []
    before: dict[str, pl.DataFrame] = {}
    last: datetime.date | None = None
    for day in days:
        delivery = Delivery(root, day)
        now = _records_on(records, day)
        for name, rows in now.items():
            _add_table(delivery, name, rows, before.get(name), day)
        _add_lines(delivery, bank, last, day)
        delivery.add(GENERAL_LEDGER, "totals", ledger_of(now["loan_note"], now["loan_contract"]), form="csv")
        given = {} if last is None else {"previous_date": f"{last:%Y%m%d}"}
        folders.append(delivery.close(**given))
        before, last = now, day
    return folders


def last_days(bank: Path, count: int) -> list[datetime.date]:
    """The last `count` business dates on which the demo bank in `bank` has statement lines, ascending."""
    lines = pl.scan_parquet(bank / f"{LINE}.parquet")
    days = lines.select(_business_date("booked_at").alias("day")).unique().sort("day").tail(count)
    return days.collect().get_column("day").to_list()


def _read(bank: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(bank / f"{name}.parquet")


def _business_date(column: str) -> pl.Expr:
    return pl.col(column).dt.convert_time_zone(_ZONE).dt.date()


def _records_on(records: Mapping[str, pl.DataFrame], day: datetime.date) -> dict[str, pl.DataFrame]:
    """Every table as it was at the end of a day."""
    loans = loans_on(records["loan_note"], records["repayment"], day)
    contracts = records["loan_contract"].join(
        loans.select("contract_id").unique(), on="contract_id", how="semi"
    )
    found = {name: records[name] for name in _STEADY}
    found["party_relation"] = records["party_relation"].filter(pl.col("valid_from") <= day)
    found["bank_capital"] = records["bank_capital"].filter(pl.col("effective_from") <= day)
    found["loan_contract"], found["loan_note"] = contracts, loans
    for name in _BY_CONTRACT:
        found[name] = records[name].join(contracts.select("contract_id"), on="contract_id", how="semi")
    for name in _BY_LOAN:
        found[name] = records[name].join(loans.select("loan_id"), on="loan_id", how="semi")
    guarantees = found["guarantee_contract"].select("guarantee_id")
    found["collateral"] = records["collateral"].join(guarantees, on="guarantee_id", how="semi")
    found["disbursement"] = records["disbursement"].filter(_business_date("booked_at") <= day)
    found["repayment"] = records["repayment"].filter(_business_date("paid_at") <= day)
    found["invoice"] = records["invoice"].filter(pl.col("issued_on") <= day)
    return {name: found[name] for name in RECORD_TYPES if name in found}


def loans_on(loans: pl.DataFrame, repayments: pl.DataFrame, day: datetime.date) -> pl.DataFrame:
    """Loan notes issued until a day, with the balance and state that they had then: what was repaid later is owed still."""
    later = (
        repayments.filter(_business_date("paid_at") > day)
        .group_by("loan_id")
        .agg(pl.col("principal_fen").sum().alias("_later_fen"))
    )
    owed = pl.col("balance_fen") + pl.col("_later_fen").fill_null(0)
    return (
        loans.filter(pl.col("issued_on") <= day)
        .join(later, on="loan_id", how="left", maintain_order="left")
        .with_columns(
            owed.alias("balance_fen"),
            pl.when((pl.col("state") == "settled") & (owed > 0))
            .then(pl.lit("outstanding"))
            .otherwise("state")
            .alias("state"),
        )
        .drop("_later_fen")
    )


def ledger_of(loans: pl.DataFrame, contracts: pl.DataFrame) -> pl.DataFrame:
    """General-ledger totals that agree with these loans: `subject, unit_id, currency, balance_fen`."""
    return (
        loans.filter(pl.col("state").is_in(["outstanding", "overdue"]))
        .join(contracts.select("contract_id"), on="contract_id", how="semi")
        .group_by("unit_id", "currency")
        .agg(pl.col("balance_fen").sum())
        .sort("unit_id", "currency")
        .select(pl.lit("1303").alias("subject"), "unit_id", "currency", "balance_fen")
    )


def _add_table(
    delivery: Delivery, name: str, rows: pl.DataFrame, before: pl.DataFrame | None, day: datetime.date
) -> None:
    if before is None:
        delivery.add(name, "full", rows)
        return
    mode = USUAL_MODES.get(name, "incremental")
    if mode == "full":
        delivery.add(name, "full", rows)
    elif mode == "chain":
        delivery.add(name, "chain", chain_of(name, before, rows, day), form="csv")
    else:
        delivery.add(name, "incremental", changes_of(name, before, rows))


def changes_of(name: str, before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """What an incremental table says of two states: `op` I, U or D and the whole record."""
    key = list(RECORD_TYPES[name].key)
    columns = now.columns
    new = now.join(before, on=key, how="anti", nulls_equal=True)
    changed = now.join(before, on=columns, how="anti", nulls_equal=True).join(
        new, on=key, how="anti", nulls_equal=True
    )
    gone = before.join(now, on=key, how="anti", nulls_equal=True)
    parts = [
        part.with_columns(pl.lit(op).alias("op")) for part, op in ((new, "I"), (changed, "U"), (gone, "D"))
    ]
    return pl.concat(parts).select("op", *columns)


def chain_of(name: str, before: pl.DataFrame, now: pl.DataFrame, day: datetime.date) -> pl.DataFrame:
    """What a history chain says of the change from one state to the next: the ended rows, then the open ones."""
    changes = changes_of(name, before, now)
    key = list(RECORD_TYPES[name].key)
    touched = changes.select(key)
    ended = before.join(touched, on=key, how="semi", nulls_equal=True).with_columns(
        start_date=pl.lit(day - ONE_DAY), end_date=pl.lit(day)
    )
    opened = (
        changes.filter(pl.col("op") != "D")
        .drop("op")
        .with_columns(start_date=pl.lit(day), end_date=pl.lit(OPEN_END))
    )
    return pl.concat([ended, opened])


def _add_lines(delivery: Delivery, bank: Path, after: datetime.date | None, until: datetime.date) -> None:
    """The lines booked after one day until another, streamed from file to file."""
    path = delivery.folder / f"{LINE}.parquet"
    date = _business_date("booked_at")
    lines = pl.scan_parquet(bank / f"{LINE}.parquet").filter(date <= until)
    if after is not None:
        lines = lines.filter(date > after)
    lines.sink_parquet(path, maintain_order=True)
    counted = pl.scan_parquet(path).select(pl.len(), pl.col("amount_fen").sum()).collect()
    rows, total = counted.row(0)
    delivery.declare(path, LINE, "append", int(rows), {"amount_fen": int(total or 0)})
