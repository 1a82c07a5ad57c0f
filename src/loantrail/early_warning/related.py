"""Who is related to a borrower, and what is made of a view once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from loantrail.early_warning.view import View

CLOSE_RELATIONS: Final = ("controller", "spouse", "legal_representative", "family")


def made_once(make: Callable[[View], pl.DataFrame]) -> Callable[[View], pl.DataFrame]:
    """What a function makes of a view is made once and kept with the view."""
    name = f"{make.__module__}.{make.__qualname__}"

    @wraps(make)
    def kept(view: View) -> pl.DataFrame:
        found = view.made.get(name)
        if found is None:
            found = view.made[name] = make(view)
        return found

    return kept


def business_day(column: str) -> pl.Expr:
    """The Asia/Shanghai date of an instant."""
    return pl.col(column).dt.convert_time_zone("Asia/Shanghai").dt.date()


@made_once
def related_parties(view: View) -> pl.DataFrame:
    """loan_id, party_id, relation: who is related to a loan's borrower on the day of disbursement.

    Shareholders and holdings from the parameter's share on; controllers and what else they control; spouse (of the controller
    or legal representative too), family, legal representative, same address, phone or agent, group. Guarantors are not.
    """
    share = view.number("related_party_holding_ppm")
    relations = view.relations.filter(
        ~pl.col("kind").is_in(["guarantees", "executive"])
        & ((pl.col("kind") != "shareholder") | (pl.col("share_ppm").fill_null(0) >= share))
    )
    both = pl.concat(
        [
            relations.select(one="from_party_id", other="to_party_id", kind="kind", since="valid_from", until="valid_to"),
            relations.select(one="to_party_id", other="from_party_id", kind="kind", since="valid_from", until="valid_to"),
        ]
    )  # fmt: skip
    when = view.loans.select("loan_id", one="borrower_party_id", day=business_day("disbursed_at"))
    in_force = (pl.col("since").is_null() | (pl.col("since") <= pl.col("day"))) & (
        pl.col("until").is_null() | (pl.col("until") >= pl.col("day"))
    )
    direct = when.join(both, on="one").filter(in_force)
    # What the borrower's controller or large shareholder also holds, and whom the controller is married to.
    onward = (
        direct.filter(pl.col("kind").is_in(["controller", "shareholder", "legal_representative"]))
        .select("loan_id", "day", borrower="one", one="other", first="kind")
        .join(both, on="one")
        .filter(in_force & (pl.col("other") != pl.col("borrower")))
    )
    holds, married = ["controller", "shareholder"], pl.col("kind") == "spouse"
    relation = pl.when(married).then(pl.lit("spouse")).otherwise(pl.lit("same_controller"))
    indirect = onward.filter(
        (married & (pl.col("first") != "shareholder"))
        | (pl.col("kind").is_in(holds) & pl.col("first").is_in(holds))
    ).select("loan_id", party_id="other", relation=relation)
    # Of several relations to one party the closest is kept.
    return (
        pl.concat([direct.select("loan_id", party_id="other", relation="kind"), indirect])
        .sort(pl.col("relation").is_in(CLOSE_RELATIONS), descending=True, maintain_order=True)
        .unique(["loan_id", "party_id"], keep="first", maintain_order=True)
    )
