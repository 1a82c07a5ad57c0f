"""Reads tables of signals: a small bank is traced by FIFO, and single signals of its rows are compared.

    # title
    opening A 300                        balance of an account before the first payment
    account S class supplier, owner Li   classes give the destination class of payments that arrive there
    party Li company, registered 2025-01-10
    loan L 1000 of B                     borrower B; the credit account of its first payment; `of B retail` for a person
    relation B C controller
    guarantor L G
    order L -> S 800
    schedule L 2025-04-03 100
    repaid L 2025-04-05 60

    | id | at     | from | to | amount | note                       |
    | d  | 0d     |      | A  | 1000   | loan L                     |
    | p  | 1d 2h  | A    | S  | 500    | documented, says 货款       |

    | row   | securities_fen | documented | payee_relation |
    | p L   | 0              | yes        | -              |
    | day L 2025-03-05 | 0   |            |                |

Amounts are in yuan, signals that end in `_fen` or hold `_fen_` too; `-` is null; an empty cell is not checked. Time
counts from 2025-03-03 10:00 in Shanghai. `none` in the second column: there is no such row.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from loantrail import trace
from loantrail.early_warning.frames import Frames
from loantrail.early_warning.view import prepare
from loantrail.money import fen_from_text
from loantrail.parameters import shipped_parameters
from loantrail.signals.inputs import Prepared, prepare_count

FOLDER = Path(__file__).parent / "tables"
START = datetime.datetime(2025, 3, 3, 2, tzinfo=datetime.UTC)
LAST_DAY = datetime.date(2025, 12, 31)


@dataclass
class Table:
    """One file: the records of a bank and what is expected of its rows."""

    title: str = ""
    transactions: list[dict[str, Any]] = field(default_factory=list)
    disbursements: list[dict[str, Any]] = field(default_factory=list)
    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    expected: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def add(self, name: str, /, **record: Any) -> None:
        self.records.setdefault(name, []).append(record)

    def frame(self, name: str) -> pl.DataFrame:
        return pl.DataFrame(self.records.get(name, []), infer_schema_length=None)


def instant(text: str) -> datetime.datetime:
    units = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds", "u": "microseconds"}
    return START + sum(
        (datetime.timedelta(**{units[part[-1]]: int(part[:-1])}) for part in text.split()),
        datetime.timedelta(),
    )


def read_table(path: Path) -> Table:
    table = Table()
    heading: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.strip()
        if text.startswith("# ") and not table.title:
            table.title = text[2:]
        elif text.startswith("|"):
            cells = [cell.strip() for cell in text.strip("|").split("|")]
            if cells[0] in ("id", "row"):
                heading = cells
            elif heading[0] == "id":
                _payment(table, dict(zip(heading, cells, strict=True)))
            else:
                wanted = {name: cell for name, cell in zip(heading[1:], cells[1:], strict=True) if cell}
                table.expected.append((cells[0], wanted))
        elif text and not text.startswith("#"):
            kind, rest = text.split(None, 1)
            _RECORDS[kind](table, rest)
    return table


def _payment(table: Table, row: dict[str, str]) -> None:
    payment: dict[str, Any] = {
        "transaction_id": row["id"],
        "booked_at": instant(row["at"]),
        "sequence": len(table.transactions),
        "debit_account": row["from"] or None,
        "credit_account": row["to"] or None,
        "amount_fen": fen_from_text(row["amount"]),
        "purpose_text": None,
        "documented": False,
        "class": None,
    }
    for note in filter(None, (part.strip() for part in row.get("note", "").split(","))):
        kind, _, value = note.partition(" ")
        if kind == "loan":
            table.disbursements.append({"loan_id": value, "transaction_id": row["id"]})
        elif kind == "says":
            payment["purpose_text"] = value
        elif kind == "documented":
            payment["documented"] = True
        elif kind == "class":
            payment["class"] = value
        else:
            raise ValueError(f"cannot read the note {note!r}")
    table.transactions.append(payment)


def _account(table: Table, text: str) -> None:
    account, _, facts = text.partition(" ")
    said = dict(part.strip().split(" ", 1) for part in facts.split(",") if part.strip())
    table.add(
        "accounts", account=account, name=said.get("name", account), owner=said.get("owner"),
        kind=said.get("kind", "settlement"), **{"class": said.get("class")},
    )  # fmt: skip


def _party(table: Table, text: str) -> None:
    party, _, facts = text.partition(" ")
    kind, *more = [part.strip() for part in facts.split(",")]
    said = dict(part.split(" ", 1) for part in more)
    dates = {
        name: datetime.date.fromisoformat(said[name]) if name in said else None
        for name in ("registered", "tax")
    }
    staff = int(said["staff"]) if "staff" in said else None
    table.add(
        "parties", party_id=party, name=said.get("name", party), kind=kind, registered_on=dates["registered"],
        tax_paid_on=dates["tax"], insured_staff_count=staff, industry_code=said.get("industry"),
    )  # fmt: skip


def _loan(table: Table, text: str) -> None:
    loan, amount, _, borrower, *more = text.split()
    retail = "retail" in more
    table.add(
        "loans", loan_id=loan, contract_id=f"C-{loan}", amount_fen=fen_from_text(amount),
        product="consumer_loan" if retail else "working_capital_loan",
        customer_kind="individual" if retail else "company", borrower_party_id=borrower,
        payment_mode="autonomous_payment", purpose="经营周转", grant_kind="new",
    )  # fmt: skip


def _relation(table: Table, text: str) -> None:
    one, other, kind = text.split()
    table.add("relations", from_party_id=one, to_party_id=other, kind=kind, share_ppm=500_000)


def _order(table: Table, text: str) -> None:
    loan, _, payee, amount = text.split()
    table.add("orders", loan_id=loan, payee_account=payee, amount_fen=fen_from_text(amount), document_no=None)


def _guarantor(table: Table, text: str) -> None:
    loan, party = text.split()
    table.add("guarantors", loan_id=loan, guarantor_party_id=party)


def _schedule(table: Table, text: str) -> None:
    loan, due_on, amount = text.split()
    table.add(
        "schedules", loan_id=loan, instalment_no=len(table.records.get("schedules", [])) + 1,
        due_on=datetime.date.fromisoformat(due_on), principal_fen=fen_from_text(amount), interest_fen=0,
    )  # fmt: skip


def _repaid(table: Table, text: str) -> None:
    loan, day, amount = text.split()
    noon = datetime.datetime.fromisoformat(f"{day}T12:00:00+08:00").astimezone(datetime.UTC)
    table.add(
        "repayments", repayment_id=f"R{len(table.records.get('repayments', []))}", loan_id=loan, paid_at=noon,
        principal_fen=fen_from_text(amount), interest_fen=0,
    )  # fmt: skip


def _opening(table: Table, text: str) -> None:
    account, amount = text.split()
    table.add("balances", account=account, balance_fen=fen_from_text(amount))


_RECORDS: dict[str, Callable[[Table, str], None]] = {
    "opening": _opening, "account": _account, "party": _party, "loan": _loan, "relation": _relation,
    "guarantor": _guarantor, "order": _order, "schedule": _schedule, "repaid": _repaid,
}  # fmt: skip


def frames_of(table: Table) -> tuple[Frames, pl.DataFrame]:
    """The frames of the traced bank, and the hops that ended for good."""
    accounts = table.frame("accounts")
    transactions = pl.DataFrame(table.transactions, infer_schema_length=None).with_columns(
        pl.col("class", "purpose_text").cast(pl.String),
        pl.col("debit_account", "credit_account").cast(pl.String),
    )
    orders = table.frame("orders")
    result = trace(
        transactions.drop("class", "documented", "purpose_text"),
        pl.DataFrame(table.disbursements),
        pl.DataFrame(
            table.records.get("balances", []), schema={"account": pl.String, "balance_fen": pl.Int64}
        ),
        "fifo",
        orders=orders if len(orders) else None,
        accounts=accounts.select("account", "name", "owner", "class"),
    )
    assert not result.problems
    assert result.traced is not None
    judged = (
        transactions.join(
            accounts.select("account", "name", "class").rename({"class": "of_account"}),
            left_on="credit_account", right_on="account", how="left", maintain_order="left",
        )
        .with_columns(destination_class=pl.coalesce("class", "of_account", pl.lit("company")), credit_name="name")
    )  # fmt: skip
    first = judged.join(pl.DataFrame(table.disbursements), on="transaction_id").sort("booked_at")
    first = first.unique("loan_id", keep="first", maintain_order=True).select(
        "loan_id", disbursed_at="booked_at", disbursement_account="credit_account"
    )
    loans = (
        table.frame("loans")
        .join(first, on="loan_id", how="left")
        .with_columns(repayment_account="disbursement_account")
    )
    hops = result.hops.join(transactions.select("transaction_id", "booked_at"), on="transaction_id")
    frames = Frames(
        as_of=transactions["booked_at"].max(),  # pyright: ignore[reportArgumentType]
        hops=hops,
        transactions=judged.drop("class", "name", "of_account"),
        loans=loans,
        accounts=accounts,
        parties=table.frame("parties"),
        relations=table.frame("relations"),
        guarantors=table.frame("guarantors"),
        orders=orders,
        schedules=table.frame("schedules"),
        repayments=table.frame("repayments"),
        balances=table.frame("balances"),
    )
    return frames, result.hops.filter(pl.Series(result.traced.hops.ended)).select("hop_id")


def prepared(table: Table) -> Prepared:
    frames, ended = frames_of(table)
    days = (START.date(), LAST_DAY) if any(row.startswith("day ") for row, _ in table.expected) else None
    return prepare_count(frames, prepare(frames, shipped_parameters()), days, ended)


def told(name: str, value: Any) -> str:
    """A signal as tables write it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name.endswith("_fen") or "_fen_" in name:
        yuan, fen = divmod(value, 100)
        return f"{yuan}.{fen:02}" if fen else str(yuan)
    return str(value)
