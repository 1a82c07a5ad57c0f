"""What each move of loan money means for the sums of its loan: moves in, actions of the kernel out."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from loantrail.early_warning.debts import LENDER_CLASSES, repays_a_lender
from loantrail.early_warning.patterns_return import (
    coming_back,
    guarantors_in_force,
    like_refunds,
    staying_with_related,
)
from loantrail.early_warning.patterns_use import (
    FORBIDDEN_CLASSES,
    OTHER_DEBT_CLASSES,
    REAL_ESTATE_CLASSES,
    SECURITIES_CLASSES,
)
from loantrail.early_warning.view import BENIGN_USES, GENERIC_CLASSES, View, direct_arrivals
from loantrail.signals import kernel_state as k
from loantrail.signals.kernel_lineage import lineage

SUMS_OF_CLASS: Final[dict[str, str]] = {
    **dict.fromkeys(SECURITIES_CLASSES, "securities"),
    **dict.fromkeys(REAL_ESTATE_CLASSES, "property"),
    **dict.fromkeys(OTHER_DEBT_CLASSES, "other_debt"),
    **dict.fromkeys(LENDER_CLASSES, "private_lending"),
    **dict.fromkeys(FORBIDDEN_CLASSES, "forbidden"),
    "cash": "cash",
    "acceptance_margin": "acceptance_margin",
    "bill_discount": "acceptance_margin",
    "time_deposit": "time_deposit",
    "same_name_other_bank": "same_name_out",
    "supplier": "documented",
}
ENDED_USES: Final = ("overdraft_repaid", "relent")
ACTIONS: Final = {
    "hop": pl.Int64, "kind": pl.UInt8, "fen": pl.Int64, "loan_id": pl.String, "account": pl.String,
    "payee": pl.String, "sum": pl.String, "pair_sum": pl.UInt8, "gate": pl.UInt8,
}  # fmt: skip
"""One row per action: `hop` is a row of `view.moves`; `sum` names a sum of the loan; `account` is that of a pair, of
what is held or reached."""


def actions_of(view: View, ended: pl.DataFrame | None = None) -> pl.DataFrame:
    """Actions of all moves (ACTIONS), in the order of hops and kinds. `ended` (`hop_id`): hops that came to rest for
    good, where the trace says so; else their use tells."""
    moves = _with_lineage(view)
    if ended is None:
        over = pl.col("use").is_in(ENDED_USES).fill_null(value=False)
    else:
        over = pl.col("hop_id").is_in(ended["hop_id"].implode())
    days = view.number("handed_on_days")
    quickly = pl.col("booked_at") - pl.col("parent_booked_at") <= pl.duration(days=days)
    began = (pl.col("began") == pl.col("hop")) & (pl.col("use") == "supplier")
    parts = [
        _actions(
            moves.filter(began & pl.col("to_account").is_not_null()), k.PAIR, "to_account", pair_sum=k.SUPPLIED
        ),
        _handed_on(moves, quickly),
        _actions(
            moves.filter(pl.col("from_side") & ~pl.col("to_side") & pl.col("to_account").is_not_null()),
            k.PAIR, "to_account", pair_sum=k.PAID,
        ),
        _actions(
            moves.filter(pl.col("to_side") & ~pl.col("from_side") & pl.col("from_account").is_not_null() & quickly),
            k.PAIR, "from_account", pair_sum=k.GAVE_BACK,
        ),
        *_uses(view, moves),
        _passed(moves),
        _returned(view, moves),
        _close_parties(view, moves),
        *_plain_payees(view, moves),
        _actions(moves.filter(pl.col("to_account").is_not_null() & ~over), k.HOLD, "to_account"),
        _actions(
            moves.filter(pl.col("from_account").is_not_null() & (pl.col("depth") != 0)),
            k.HOLD, "from_account", sign=-1,
        ),
        _actions(moves.filter(pl.col("to_side") & pl.col("use").is_null()), k.IDLE),
        _actions(moves.filter(pl.col("from_side") & pl.col("use_before").is_null() & (pl.col("depth") != 0)), k.IDLE, sign=-1),
        _actions(
            moves.filter(~pl.col("to_side") & pl.col("to_account").is_not_null() & (pl.col("depth") > 0)),
            k.REACH, "to_account",
        ),
        _actions(moves.filter(pl.col("from_side") & ~pl.col("to_side") & (pl.col("depth") > 0) & pl.col("payee").is_not_null()), k.PAYEE),
    ]  # fmt: skip
    return pl.concat(parts).sort("hop", "kind", maintain_order=True)


def _with_lineage(view: View) -> pl.DataFrame:
    """view.moves + hop, began (the hop that set the use), passed (the hop that paid the payee it passed through)."""
    moves = view.moves.with_row_index("hop").with_columns(pl.col("hop").cast(pl.Int64))
    parents = moves.select(parent_hop_id="hop_id", parent="hop")
    moves = moves.join(parents, on="parent_hop_id", how="left", maintain_order="left")
    uses = pl.concat([moves["use"], moves["use_before"]]).drop_nulls().unique(maintain_order=True)
    codes = {use: code for code, use in enumerate(uses.to_list())}

    def coded(column: str) -> np.ndarray:
        coded = moves[column].replace_strict(codes, default=-1, return_dtype=pl.Int32).fill_null(-1)
        return coded.to_numpy().copy()  # arrays that cannot be written to would be compiled for anew

    stops = moves.select((~pl.col("destination_class").is_in(GENERIC_CLASSES)).fill_null(value=False))
    began = np.zeros(len(moves), np.int32)
    passed = np.zeros(len(moves), np.int32)
    lineage(
        moves["parent"].fill_null(-1).cast(pl.Int32).to_numpy().copy(),
        coded("use"),
        coded("use_before"),
        codes.get("supplier", -2),
        stops.to_series().to_numpy().copy(),
        began,
        passed,
    )
    return moves.with_columns(
        began=pl.Series(began, dtype=pl.Int64),
        passed=pl.Series(passed, dtype=pl.Int64),
    )


def _actions(
    rows: pl.DataFrame,
    kind: int,
    account: str | None = None,
    *,
    sums: pl.Expr | None = None,
    pair_sum: int = 0,
    gate: pl.Expr | None = None,
    sign: int = 1,
) -> pl.DataFrame:
    if rows.is_empty():
        return pl.DataFrame(schema=ACTIONS)
    return rows.select(
        "hop",
        pl.lit(kind, pl.UInt8).alias("kind"),
        (pl.col("amount_fen") * sign).alias("fen"),
        "loan_id",
        (pl.lit(None, pl.String) if account is None else pl.col(account)).alias("account"),
        (pl.col("payee") if kind == k.PAYEE else pl.lit(None, pl.String)).alias("payee"),
        (pl.lit(None, pl.String) if sums is None else sums).alias("sum"),
        pl.lit(pair_sum, pl.UInt8).alias("pair_sum"),
        (pl.lit(k.ALWAYS, pl.UInt8) if gate is None else gate.cast(pl.UInt8)).alias("gate"),
    )


def _handed_on(moves: pl.DataFrame, quickly: pl.Expr) -> pl.DataFrame:
    """What documented payees handed on within days of receiving it."""
    payees = moves.filter((pl.col("began") == pl.col("hop")) & (pl.col("use") == "supplier")).select(
        parent="hop", paid_account="to_account"
    )
    onward = moves.filter((pl.col("use_before") == "supplier") & quickly).join(payees, on="parent")
    return _actions(
        onward.filter(pl.col("paid_account").is_not_null()), k.PAIR, "paid_account", pair_sum=k.HANDED_ON
    )


def _sum_of(column: str) -> pl.Expr:
    by_class = pl.col(column).replace_strict(SUMS_OF_CLASS, default=None, return_dtype=pl.String)
    return pl.when(repays_a_lender(column)).then(pl.lit("other_debt")).otherwise(by_class)


def _uses(view: View, moves: pl.DataFrame) -> list[pl.DataFrame]:
    """Arrivals at a use, and what came back from one. The documented part is that whose arrival was documented."""
    origin = moves.select(began="hop", origin_documented=pl.col("documented") | pl.col("ordered"))
    numbers = moves.select("hop_id", "hop", "began", "parent")
    parents = moves.select(parent="hop", parent_began="began")
    arrivals = (
        direct_arrivals(view)
        .select("hop_id", "loan_id", "amount_fen", "arrived", "documented", "ordered", "purpose_text")
        .join(numbers, on="hop_id")
        .join(parents, on="parent", how="left")
        .with_columns(
            began=pl.when(pl.col("amount_fen") < 0).then("parent_began").otherwise("began"),
        )
        .join(origin, on="began", how="left")
        .with_columns(
            pl.col("origin_documented").fill_null(pl.col("documented") | pl.col("ordered")),
            sum=_sum_of("arrived"),
        )
        .filter(pl.col("sum").is_not_null())
    )
    documented = arrivals.filter(
        pl.col("origin_documented")
        & ((pl.col("sum") == "property") | (pl.col("arrived") == "guarantee_pawn"))
    )
    return [
        _actions(arrivals, k.ADD, sums=pl.col("sum")),
        _actions(documented, k.ADD, sums=pl.col("sum") + "_documented"),
    ]


def _passed(moves: pl.DataFrame) -> pl.DataFrame:
    """Arrivals through a documented payee, which count once that payee is looked through."""
    payees = moves.select(passed="hop", paid_account="to_account")
    rows = (
        moves.filter(pl.col("passed") >= 0)
        .join(payees, on="passed")
        .with_columns(sum=_sum_of("destination_class"))
        .filter(pl.col("sum").is_not_null() & pl.col("paid_account").is_not_null())
    )
    return _actions(rows, k.ADD, "paid_account", sums=pl.col("sum"), gate=pl.lit(k.OPEN))


def _returned(view: View, moves: pl.DataFrame) -> pl.DataFrame:
    """Money that came back. From a documented payee it counts once that is looked through or gives back most of what it
    got within days; what looks like a refund counts only for the latter."""
    returns = coming_back(view)
    if returns.is_empty():
        return pl.DataFrame(schema=ACTIONS)
    refunds = like_refunds(view, returns).select("hop_id", refund=pl.lit(value=True)).unique("hop_id")
    rows = (
        returns.select("hop_id", "loan_id", "amount_fen", "from_account", "use_before")
        .join(moves.select("hop_id", "hop"), on="hop_id")
        .join(refunds, on="hop_id", how="left")
    )
    gate = (
        pl.when(pl.col("refund").fill_null(value=False))
        .then(k.QUICK)
        .when(pl.col("use_before").is_in(BENIGN_USES).fill_null(value=False))
        .then(k.OPEN_OR_QUICK)
        .otherwise(k.ALWAYS)
    )
    return _actions(rows, k.ADD, "from_account", sums=pl.lit("returned"), gate=gate)


def _close_parties(view: View, moves: pl.DataFrame) -> pl.DataFrame:
    """Money that stays with related parties, and money that reaches guarantors."""
    numbers = moves.select("hop_id", "hop")
    related = _actions(
        staying_with_related(view).drop("loan_fen").join(numbers, on="hop_id"),
        k.ADD,
        sums=pl.lit("related_party"),
    )
    guarantors = guarantors_in_force(view).select("loan_id", to_owner="guarantor_party_id").unique()
    reached = moves.filter(
        ~pl.col("to_side")
        & (pl.col("depth") > 0)
        & (pl.col("from_owner") != pl.col("to_owner")).fill_null(value=True)
    ).join(guarantors, on=["loan_id", "to_owner"], how="semi")
    return pl.concat([related, _actions(reached, k.ADD, sums=pl.lit("guarantor"))])


def _plain_payees(view: View, moves: pl.DataFrame) -> list[pl.DataFrame]:
    """Money without a use yet that was paid to individuals, or by the borrower's side to nobody knows whom."""
    persons = view.parties.filter(pl.col("kind") == "individual").select(from_owner="party_id")
    outward = moves.filter(~pl.col("to_side") & (pl.col("depth") > 0) & pl.col("use_before").is_null())
    individuals = outward.filter(pl.col("destination_class") == "individual")
    by_side = individuals.filter(pl.col("from_side"))
    by_others = individuals.filter(~pl.col("from_side")).join(persons, on="from_owner", how="anti")
    unknown = outward.filter(
        pl.col("from_side") & pl.col("destination_class").is_in(("unknown", "company")).fill_null(value=True)
    )
    return [
        _actions(pl.concat([by_side, by_others]), k.ADD, sums=pl.lit("individual")),
        _actions(unknown, k.ADD, sums=pl.lit("unknown")),
    ]
