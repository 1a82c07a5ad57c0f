"""The moves of a view of a few loans as plain rows, for looks at them without a join. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

if TYPE_CHECKING:
    from loantrail.early_warning.view import View

FEW_MOVES: Final = 500
"""Of more moves the looks would cost more than they save."""
MILLION: Final = 1_000_000
DAY_US: Final = 86_400_000_000


class Move(NamedTuple):
    """A row of `View.moves`."""

    hop_id: str | None
    parent_hop_id: str | None
    loan_id: str
    transaction_id: str | None
    at_us: int
    parent_at_us: int | None
    amount_fen: int
    transaction_fen: int | None
    loan_fen: int | None
    depth: int
    days: int | None
    use: str | None
    use_before: str | None
    destination_class: str | None
    documented: bool
    ordered: bool
    document_no: str | None
    purpose_text: str | None
    from_account: str | None
    from_owner: str | None
    from_kind: str | None
    from_side: bool
    to_account: str | None
    to_owner: str | None
    to_kind: str | None
    to_side: bool
    payee: str | None
    borrower: str | None

    @property
    def goes_out(self) -> bool:
        """From the borrower's side to others, after the disbursement."""
        return self.from_side and not self.to_side and self.depth > 0


_MOVED: Final = {
    "at_us": pl.col("booked_at").dt.epoch("us"), "borrower": pl.col("borrower_party_id"),
    "parent_at_us": pl.col("parent_booked_at").dt.epoch("us"),
}  # fmt: skip


def is_few(view: View) -> bool:
    """Few moves, each with an id of its own, and no amount or instant is missing."""
    return (
        len(view.moves) <= FEW_MOVES
        and view.moves["hop_id"].n_unique() == len(view.moves)
        and not any(view.moves[name].null_count() for name in ("booked_at", "amount_fen", "depth"))
        and not any(view.transactions[name].null_count() for name in ("booked_at", "amount_fen"))
    )


def moves_of(view: View) -> list[Move]:
    """All moves of a view that `is_few`, made once for it."""
    found = view.plain.get("moves")
    if found is None:
        found = view.plain["moves"] = [
            Move(*row) for row in view.moves.select(columns_of(Move, _MOVED)).rows()
        ]
    return found


def columns_of(row: type[NamedTuple], others: dict[str, pl.Expr]) -> list[pl.Expr]:
    """The columns of the fields of a named tuple; `others`: of those that are called otherwise."""
    return [others.get(name, pl.col(name)).alias(name) for name in row._fields]
