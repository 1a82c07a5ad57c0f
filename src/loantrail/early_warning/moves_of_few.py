"""What `moves_made.py` gives, of few hops and loans: one by one, as joining small frames costs more than that. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

import polars as pl

from loantrail.early_warning.moves import DAY_US, FEW_MOVES
from loantrail.few_rows import FewRows

_FEW_ROWS: Final = 8_192
"""A frame of so few is looked through one by one."""
FEW_LOANS: Final = 100
_SAID: Final = {
    "purpose_text": "purpose_text", "document_no": "document_no", "destination_class": "destination_class",
    "documented": "documented", "credit_name": "credit_name", "transaction_fen": "amount_fen",
}  # fmt: skip
_LENT: Final = {
    "disbursed_at": "disbursed_at", "retail": "retail", "product": "product", "borrower_party_id": "borrower_party_id",
    "borrower_name": "borrower_name", "loan_fen": "amount_fen",
}  # fmt: skip
_SIDES: Final = FewRows({"loan_id": pl.String, "account": pl.String})
_PARENT: Final = {
    "use_before": "use", "parent_transaction_id": "transaction_id", "parent_booked_at": "booked_at",
}  # fmt: skip


def are_few(hops: pl.DataFrame, loans: pl.DataFrame) -> bool:
    """Whether hops can be done here: few, each with an id of its own."""
    return (
        len(hops) <= FEW_MOVES
        and len(loans) <= FEW_LOANS
        and hops.get_column("hop_id").n_unique() == len(hops)
    )


def rows_by(frame: pl.DataFrame, key: str, asked: Iterable[str | None]) -> dict[str | None, int]:
    """The row of each of a few texts that a column has at most once; null has none."""
    texts = set(asked) - {None}
    if not texts:
        return {}
    if len(frame) <= _FEW_ROWS:
        told = enumerate(frame.get_column(key).to_list())
    else:
        named = pl.Series(sorted(text for text in texts if text is not None), dtype=pl.String)
        found = frame.get_column(key).is_in(named.implode()).arg_true()
        told = zip(found.to_list(), frame.get_column(key).gather(found).to_list(), strict=True)
    return {text: row for row, text in told if text in texts}


def sides_of_few(loans: pl.DataFrame, accounts: pl.DataFrame, declared: pl.DataFrame) -> pl.DataFrame:
    """As `moves_made.sides_made`."""
    lent = list(_rows(loans, "loan_id", "borrower_party_id", "disbursement_account"))
    borrowers = {borrower for _, borrower, _ in lent} - {None}
    owned: defaultdict[str, list[str | None]] = defaultdict(list)
    for account, owner in _rows(accounts, "account", "owner"):
        if owner in borrowers:
            owned[owner].append(account)
    found: dict[tuple[str | None, str | None], None] = {}
    for loan, borrower, _ in lent:
        found |= {(loan, account): None for account in owned.get(borrower, ())}
    found |= {(loan, account): None for loan, _, account in lent if loan is not None and account is not None}
    found |= dict.fromkeys(_rows(declared, "loan_id", "account"))
    return _SIDES.frame(list(found))


def moves_of_few(
    hops: pl.DataFrame,
    transactions: pl.DataFrame,
    loans: pl.DataFrame,
    accounts: pl.DataFrame,
    sides: pl.DataFrame,
    orders: pl.DataFrame,
) -> pl.DataFrame:
    """As `moves_made.moves_made`; the hops `are_few`."""
    loan_row = rows_by(loans, "loan_id", hops.get_column("loan_id").to_list())
    known = [row for row, loan in enumerate(hops.get_column("loan_id").to_list()) if loan in loan_row]
    if len(known) < len(hops):
        hops = hops[known]
    told: dict[str, list[Any]] = {name: hops.get_column(name).to_list() for name in hops.columns}
    columns: dict[str, pl.Series] = {name: hops.get_column(name) for name in hops.columns}
    every_hop = rows_by(hops, "hop_id", told["parent_hop_id"])

    def put(name: str, values: list[Any], dtype: pl.DataType | type[pl.DataType]) -> None:
        told[name] = values
        columns[name] = pl.Series(name, values, dtype=dtype)

    def beside(frame: pl.DataFrame, rows: list[int | None], names: Mapping[str, str]) -> None:
        for name, of_frame in names.items():
            source = frame.get_column(of_frame)
            if source.dtype.is_temporal():
                # Instants stay numbers, as telling them one by one costs more.
                physical = source.cast(pl.Int64)
                found = [None if row is None else physical[row] for row in rows]
                columns[name] = pl.Series(name, found, dtype=pl.Int64).cast(source.dtype)
            else:
                put(name, [None if row is None else source[row] for row in rows], source.dtype)

    beside(hops, [every_hop.get(one) for one in told["parent_hop_id"]], _PARENT)
    transaction_row = rows_by(transactions, "transaction_id", told["transaction_id"])
    beside(transactions, [transaction_row.get(one) for one in told["transaction_id"]], _SAID)
    beside(loans, [loan_row[one] for one in told["loan_id"]], _LENT)
    on_side = set(_rows(sides, "loan_id", "account"))
    account_row = rows_by(accounts, "account", [*told["from_account"], *told["to_account"]])
    for end in ("from", "to"):
        of_end = told[f"{end}_account"]
        names = {f"{end}_{name}": name for name in accounts.columns if name != "account"}
        beside(accounts, [account_row.get(one) for one in of_end], names)
        ends = zip(told["loan_id"], of_end, strict=True)
        put(f"{end}_side", [one[1] is not None and one in on_side for one in ends], pl.Boolean)
    ordered = set(_rows(orders, "loan_id", "payee_account"))
    ends = zip(told["loan_id"], told["to_account"], strict=True)
    put("ordered", [one[1] is not None and one in ordered for one in ends], pl.Boolean)
    put("documented", [bool(one) for one in told["documented"]], pl.Boolean)
    instants = (columns[name].cast(pl.Int64).to_list() for name in ("booked_at", "disbursed_at"))
    put("days", [_days(at, since) for at, since in zip(*instants, strict=True)], pl.Int64)
    payees = zip(told["to_owner"], told["to_account"], told["credit_name"], strict=True)
    put("payee", [next((one for one in each if one is not None), None) for each in payees], pl.String)
    return pl.DataFrame(list(columns.values()))


def _days(at_us: int | None, since_us: int | None) -> int | None:
    """Whole days of 24 hours from one instant to the other, cut toward zero."""
    if at_us is None or since_us is None:
        return None
    days = abs(at_us - since_us) // DAY_US
    return days if at_us >= since_us else -days


def _rows(frame: pl.DataFrame, *columns: str) -> Iterable[tuple[Any, ...]]:
    return zip(*(frame.get_column(name).to_list() for name in columns), strict=True)
