"""A bank of one branch, three borrowers and three loans that delivers its nightly files; amounts in whole yuan."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from loantrail.ledger.intake import LINE, RECORD_TYPES
from loantrail.nightly.delivering import Delivery
from loantrail.nightly.model import OPEN_END
from loantrail.records import Kind
from loantrail.sources.columns import polars_schema

DAY = datetime.date(2026, 3, 2)
NEXT = DAY + datetime.timedelta(days=1)
THIRD = DAY + datetime.timedelta(days=2)
YUAN = 100


def records(name: str, *rows: Mapping[str, object]) -> pl.DataFrame:
    """Records of a type; what a row leaves out is null or the default."""
    kind = RECORD_TYPES[name]
    filled: list[dict[str, object]] = []
    for row in rows:
        one = {item.name: row.get(item.name, item.default) for item in kind.fields}
        for item in kind.fields:
            if item.kind is Kind.BOOLEAN and one[item.name] is not None:
                one[item.name] = bool(one[item.name])
        filled.append(one)
    return pl.DataFrame(filled, schema=polars_schema(kind))


def loan(number: int, yuan: int = 1000, **more: object) -> dict[str, object]:
    """A loan note of borrower `number`."""
    return {
        "loan_id": f"JJ{number}", "contract_id": f"HT{number}", "disbursement_account": f"620{number}",
        "amount_fen": 1000 * YUAN, "issued_on": DAY, "matures_on": datetime.date(2027, 3, 2), "rate_ppm": 43500,
        "balance_fen": yuan * YUAN, "unit_id": "U1", **more,
    }  # fmt: skip


def line(
    day: datetime.date, number: int, account: str, direction: str, yuan: int, to: str = ""
) -> dict[str, object]:
    """A statement line at ten o'clock, `number` minutes later."""
    at = datetime.datetime.combine(day, datetime.time(2, number), datetime.UTC)
    return {
        "source_file": "core", "position": number, "booked_at": at, "sequence": number, "account": account,
        "direction": direction, "amount_fen": yuan * YUAN, "counterparty_account": to or None,
        "reference": f"R{day:%d}{number}", "currency": "CNY",
    }  # fmt: skip


@dataclass(slots=True)
class Bank:
    """What the bank knows, and the folder that it delivers to."""

    root: Path
    parties: list[dict[str, object]] = field(
        default_factory=lambda: [
            {"party_id": f"P{n}", "unit_id": "U1", "kind": "company", "name": f"甲{n}公司"} for n in (1, 2, 3)
        ]
    )
    loans: list[dict[str, object]] = field(default_factory=lambda: [loan(1), loan(2), loan(3)])
    ledger_yuan: int | None = None
    """What the general ledger says; None is what the loans sum to."""

    def tables(self) -> dict[str, pl.DataFrame]:
        """Every table but lines and ledger, whole."""
        unit = {"unit_id": "U1", "name": "测试支行", "kind": "sub_branch"}
        numbers = range(1, len(self.parties) + 1)
        return {
            "organisation_unit": records("organisation_unit", unit),
            "party": records("party", *self.parties),
            "account": records(
                "account",
                *(
                    {"account": f"620{n}", "party_id": f"P{n}", "kind": "settlement", "unit_id": "U1"}
                    for n in numbers
                ),
            ),
            "loan_contract": records(
                "loan_contract",
                *(
                    {
                        "contract_id": f"HT{n}", "borrower_party_id": f"P{n}", "product": "working_capital_loan",
                        "purpose_text": "采购", "payment_mode": "autonomous_payment", "amount_fen": 1000 * YUAN,
                        "signed_on": DAY, "unit_id": "U1",
                    }
                    for n in numbers
                ),
            ),
            "loan_note": records("loan_note", *self.loans),
            "disbursement": records(
                "disbursement",
                *(
                    {
                        "disbursement_id": f"FK{n}", "loan_id": f"JJ{n}", "account": f"620{n}",
                        "amount_fen": 1000 * YUAN, "booked_at": datetime.datetime.combine(DAY, datetime.time(2, n), datetime.UTC),
                        "reference": f"R02{n}", "payment_mode": "autonomous_payment", "unit_id": "U1",
                    }
                    for n in numbers
                ),
            ),
        }  # fmt: skip

    def lines(self, day: datetime.date) -> pl.DataFrame:
        """Money paid out on the first day; on every later one each borrower pays another."""
        if day == DAY:
            told = [line(day, n, f"620{n}", "credit", 1000) for n in (1, 2, 3)]
        else:
            told = []
            for n in (1, 2, 3):
                other = n % 3 + 1
                told.append(line(day, n, f"620{n}", "debit", 10 * day.day + n, f"620{other}"))
                told.append(line(day, n + 10, f"620{other}", "credit", 10 * day.day + n, f"620{n}"))
        return records(LINE, *told)

    def ledger(self) -> pl.DataFrame:
        owed = sum(
            int(str(one["balance_fen"]))
            for one in self.loans
            if one.get("state", "outstanding") == "outstanding"
        )
        fen = owed if self.ledger_yuan is None else self.ledger_yuan * YUAN
        return pl.DataFrame(
            {"subject": ["1303"], "unit_id": ["U1"], "currency": ["CNY"], "balance_fen": [fen]}
        )

    def begin(self, day: datetime.date) -> Delivery:
        return Delivery(self.root, day)

    def deliver(self, day: datetime.date, form: str = "parquet", **given: object) -> Path:
        """The whole delivery of a day, every table whole."""
        delivery = self.begin(day)
        for name, rows in self.tables().items():
            delivery.add(name, "full", rows, form)
        delivery.add(LINE, "append", self.lines(day), form)
        delivery.add("general_ledger", "totals", self.ledger(), "csv")
        return delivery.close(**given)

    def deliver_loans(self, day: datetime.date, mode: str, rows: pl.DataFrame) -> Path:
        """A delivery whose loan notes come as changes, all else as usual."""
        delivery = self.begin(day)
        for name, table in self.tables().items():
            if name != "loan_note":
                delivery.add(name, "full", table)
        delivery.add("loan_note", mode, rows, "csv")
        delivery.add(LINE, "append", self.lines(day))
        delivery.add("general_ledger", "totals", self.ledger(), "csv")
        return delivery.close()


def chain(*rows: tuple[dict[str, object], datetime.date, datetime.date | None]) -> pl.DataFrame:
    """Rows of a history chain: record, valid from, valid to (None is the open end)."""
    table = records("loan_note", *(row for row, _, _ in rows))
    return table.with_columns(
        pl.Series("start_date", [start for _, start, _ in rows], dtype=pl.Date),
        pl.Series("end_date", [end or OPEN_END for _, _, end in rows], dtype=pl.Date),
    )


def changes(*rows: tuple[str, dict[str, object]]) -> pl.DataFrame:
    """Rows of an incremental table: operation, record."""
    table = records("loan_note", *(row for _, row in rows))
    return table.with_columns(pl.Series("op", [op for op, _ in rows], dtype=pl.String))
