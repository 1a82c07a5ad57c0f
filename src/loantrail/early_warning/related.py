"""Who is related to a borrower, and what is made of a view once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Final

import polars as pl

from loantrail.few_rows import FewRows

if TYPE_CHECKING:
    import datetime

    from loantrail.early_warning.view import View

FEW_RELATIONS: Final = 1_000
"""So few are looked at one by one, as joins cost more."""
_HOLDS: Final = ("controller", "shareholder")
_RELATED: Final = FewRows({"loan_id": pl.String, "party_id": pl.String, "relation": pl.String})
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
    if len(view.relations) <= FEW_RELATIONS and len(view.loans) <= FEW_RELATIONS:
        return _of_few(view, share)
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


def _of_few(view: View, share_ppm: int) -> pl.DataFrame:
    """`related_parties`, of few relations."""
    told = view.relations.select(
        "from_party_id", "to_party_id", "kind", "share_ppm", "valid_from", "valid_to"
    ).rows()
    known = [
        row
        for row in told
        if row[2] not in (None, "guarantees", "executive")
        and (row[2] != "shareholder" or (row[3] or 0) >= share_ppm)
    ]
    both: dict[str, list[tuple[str | None, str, datetime.date | None, datetime.date | None]]] = {}
    for one, other, kind, _, since, until in known:
        both.setdefault(one, []).append((other, kind, since, until))
    for one, other, kind, _, since, until in known:
        both.setdefault(other, []).append((one, kind, since, until))
    found: dict[tuple[str, str | None], str] = {}
    for loan, borrower, day in view.loans.select(
        "loan_id", "borrower_party_id", business_day("disbursed_at")
    ).rows():

        def of(party: str | None, day: datetime.date | None = day) -> list[tuple[str | None, str]]:
            """Who is related to the party on the day of disbursement."""
            return [
                (other, kind)
                for other, kind, since, until in (both.get(party, ()) if party is not None else ())
                if (since is None or (day is not None and since <= day))
                and (until is None or (day is not None and until >= day))
            ]

        direct = of(borrower)
        indirect = [
            (other, "spouse" if kind == "spouse" else "same_controller")
            for party, first in direct
            if first in (*_HOLDS, "legal_representative")
            for other, kind in of(party)
            if other is not None
            and other != borrower
            and ((kind == "spouse" and first != "shareholder") or (kind in _HOLDS and first in _HOLDS))
        ]
        for party, relation in (*direct, *indirect):
            before = found.get((loan, party))
            if before is None or (before not in CLOSE_RELATIONS and relation in CLOSE_RELATIONS):
                found[loan, party] = relation
    rows = [(loan, party, relation) for (loan, party), relation in found.items()]
    return _RELATED.frame(rows)
