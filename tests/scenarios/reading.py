"""Reads scenario tables.

    # title
    opening  A 300            balance of an account before the first payment
    account  S class securities, owner Li
    order    L1 -> S 800 document D7

    | id | from | to | amount | note        |
    | d  |      | A  | 700    | loan L      |
    | p1 | A    | P1 | 500    |             |
    | r1 | P1   | A  | 500    | reverses p1 |

    | expect | p1  | left A | use securities |
    | fifo   | 200 | 0      |                |

Amounts are in yuan, so 12.31 is 1,231 fen. An empty from or to is the outside world. Columns of `expect`: a payment
(loan money in it), `p1 L1` (of one loan), `p1 own`, `left A` (still held in A), `left A L1`, `use X` (statement
line), `use X L1`. An empty cell is not checked.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import polars as pl

from loantrail import trace
from loantrail.money import fen_from_text

FOLDER = Path(__file__).parent
_START = datetime.datetime(2024, 3, 1, 9, tzinfo=datetime.UTC)


@dataclass
class Scenario:
    """One table file, as the frames that `loantrail.trace` takes, and what is expected."""

    title: str = ""
    transactions: list[dict[str, object]] = field(default_factory=list)
    disbursements: list[dict[str, str]] = field(default_factory=list)
    balances: list[dict[str, object]] = field(default_factory=list)
    orders: list[dict[str, object]] = field(default_factory=list)
    accounts: list[dict[str, object]] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    expectations: list[tuple[str, dict[str, int]]] = field(default_factory=list)

    def run(self, convention: str):
        """Trace the scenario."""
        return trace(
            pl.DataFrame(self.transactions, infer_schema_length=None),
            pl.DataFrame(self.disbursements),
            pl.DataFrame(self.balances, schema={"account": pl.String, "balance_fen": pl.Int64}),
            convention,
            orders=pl.DataFrame(self.orders, infer_schema_length=None) if self.orders else None,
            accounts=pl.DataFrame(self.accounts, infer_schema_length=None) if self.accounts else None,
        )


def read_scenario(path: Path) -> Scenario:
    """Parse one file."""
    scenario = Scenario()
    heading: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.strip()
        if text.startswith("# ") and not scenario.title:
            scenario.title = text[2:]
        elif text.startswith("|"):
            cells = [cell.strip() for cell in text.strip("|").split("|")]
            if cells[0] in ("id", "expect"):
                heading = cells
                scenario.columns = cells[1:] if cells[0] == "expect" else scenario.columns
            elif heading[0] == "id":
                _payment(scenario, dict(zip(heading, cells, strict=True)))
            else:
                expected = {
                    column: fen_from_text(cell)
                    for column, cell in zip(heading[1:], cells[1:], strict=True)
                    if cell
                }
                scenario.expectations += [(name.strip(), expected) for name in cells[0].split("=")]
        elif text.startswith(("opening ", "account ", "order ")):
            _fact(scenario, text)
        elif text and not text.startswith("#"):
            raise ValueError(f"{path.name}: cannot read {text!r}")
    return scenario


def _payment(scenario: Scenario, row: dict[str, str]) -> None:
    number = len(scenario.transactions)
    scenario.transactions.append(
        {
            "transaction_id": row["id"],
            "booked_at": _START + datetime.timedelta(hours=number),
            "sequence": number,
            "debit_account": row["from"] or None,
            "credit_account": row["to"] or None,
            "amount_fen": fen_from_text(row["amount"]),
            "reverses": None,
            "document_no": None,
        }
    )
    for note in filter(None, (part.strip() for part in row.get("note", "").split(","))):
        kind, value = note.split(" ", 1)
        if kind == "loan":
            scenario.disbursements.append({"loan_id": value, "transaction_id": row["id"]})
        elif kind in ("reverses", "document"):
            scenario.transactions[-1]["document_no" if kind == "document" else kind] = value
        else:
            raise ValueError(f"cannot read the note {note!r}")


def _fact(scenario: Scenario, text: str) -> None:
    kind, rest = text.split(None, 1)
    if kind == "opening":
        account, amount = rest.split()
        scenario.balances.append({"account": account, "balance_fen": fen_from_text(amount)})
    elif kind == "account":
        account, facts = rest.split(None, 1)
        pairs = dict(part.strip().split(" ", 1) for part in facts.split(","))
        scenario.accounts.append(
            {"account": account, "name": None, "owner": pairs.get("owner"), "class": pairs.get("class")}
        )
    else:
        loan, _, payee, amount, *more = rest.split()
        scenario.orders.append(
            {
                "loan_id": loan,
                "payee_account": payee,
                "amount_fen": fen_from_text(amount),
                "document_no": more[1] if more else None,
            }
        )


def measured(scenario: Scenario, result, column: str) -> int:
    """The figure that a column of `expect` names, in fen."""
    words = column.split()
    if words[0] == "left":
        frame = result.positions.filter(pl.col("account") == words[1])
    elif words[0] == "use":
        frame = result.statement.filter(pl.col("use") == words[1])
    else:
        frame = result.hops.filter(pl.col("transaction_id") == words[0])
        if words[1:] == ["own"]:
            total = next(row for row in scenario.transactions if row["transaction_id"] == words[0])
            return int(str(total["amount_fen"])) - int(frame["amount_fen"].sum())
        if len(words) > 1:
            frame = frame.filter(pl.col("loan_id") == words[1])
        return int(frame["amount_fen"].sum())
    if len(words) > 2:
        frame = frame.filter(pl.col("loan_id") == words[2])
    return int(frame["amount_fen"].sum())


def yuan(fen: int) -> Decimal:
    """For messages."""
    return Decimal(fen) / 100
