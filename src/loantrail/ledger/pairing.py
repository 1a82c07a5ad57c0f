"""Which two statement lines are one transfer. Pure: frames in, frames out.

A transfer between two of our accounts shows once in each statement. Two lines can pair when they have the same amount
and currency and opposite directions, stand in different accounts, do not name a counterparty other than each other,
and lie within a window of working days. They are looked for in this order, each step among the lines that the
steps before left over:

1. by reference: the same reference on both lines;
2. by amount, mutual: each line names the other's account;
3. by amount, one-sided: the debit names the account of the credit, the credit names nobody;
4. by amount, one-sided: the credit names the account of the debit, the debit names nobody.

Within a step, lines that cannot be told apart (same accounts, same amount) form clusters that no gap longer than the
window divides. Where a cluster has as many debits as credits, the first pairs with the first, and so on: whichever
way one takes them, the same money moves. Else the same is tried within each business date, then within each instant, then
with what is left. Debits and credits that still face each other in unequal numbers are ambiguous: they are
reported and stay unpaired.

The result depends on the set of lines alone, not on the order or the files they came in. No pair crosses
(currency, amount), so that the lines of one amount can be paired without looking at any other.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from loantrail.ledger.clusters import (
    clustered,
    facing,
    match_sides,
    no_pairs,
    none_ambiguous,
    without,
    working_days,
)
from loantrail.ledger.few import FEW
from loantrail.ledger.identity import is_masked
from loantrail.ledger.pairing_few import pair_few
from loantrail.ledger.pairing_model import (
    NO_REFERENCE,
    SHARED_REFERENCE_MAX,
    Pairing,
    PairingParameters,
)

BUSINESS_ZONE: Final = "Asia/Shanghai"

NEEDED: Final = (
    "account",
    "direction",
    "amount_fen",
    "currency",
    "booked_at",
    "sequence",
    "counterparty_account",
)
OPTIONAL: Final = {"reference": pl.String, "counterparty_elsewhere": pl.Boolean}
"""`counterparty_elsewhere`: the counterparty's number equals that of one of our accounts, its institution does not."""
_ELSEWHERE: Final = 2**31


def pair_lines(
    lines: pl.DataFrame, parameters: PairingParameters | None = None, tie: str | None = None
) -> Pairing:
    """Pair the lines of one or many accounts.

    `lines` has `NEEDED` and may have `OPTIONAL`; accounts are keys as `identity` makes them. `tie` names a column
    that orders lines equal in booking time and sequence (a stable identity of the line); without it the row
    number does. Lines with a null account or amount never pair.
    """
    limits = parameters or PairingParameters()
    pairing = pair_few(lines, limits, tie) if len(lines) <= FEW else None
    return pairing or pair_many(lines, limits, tie)


def pair_many(lines: pl.DataFrame, limits: PairingParameters, tie: str | None = None) -> Pairing:
    """`pair_lines` of lines of any number, by frames."""
    prepared, row_numbers = _prepared(lines, tie)
    found: list[pl.DataFrame] = []
    doubtful: list[pl.DataFrame] = []
    left = prepared
    for step in (_by_reference, _mutual, _debit_names_credit, _credit_names_debit):
        if left.is_empty():
            break
        pairs, unclear = step(left, limits)
        if len(pairs):
            found.append(pairs)
            left = without(left, pairs)
        if len(unclear):
            doubtful.append(unclear)
    pairs = pl.concat(found) if found else no_pairs()
    ambiguous = pl.concat(doubtful) if doubtful else none_ambiguous()
    # A later step may have found a clear partner after all.
    paired = pl.concat([pairs.get_column("debit"), pairs.get_column("credit")])
    ambiguous = (
        ambiguous.filter(~pl.col("row").is_in(paired.implode()))
        .unique("row", keep="first", maintain_order=True)
        .sort("group", "row")
    )
    return Pairing(
        pairs.sort("debit").with_columns(
            _renumbered("debit", row_numbers), _renumbered("credit", row_numbers)
        ),
        ambiguous.with_columns(_renumbered("row", row_numbers), _renumbered("group", row_numbers)),
    )


def _renumbered(column: str, row_numbers: pl.Series) -> pl.Expr:
    """From the place in time order back to the caller's row number."""
    return pl.col(column).map_batches(row_numbers.gather, return_dtype=pl.UInt32)


def _prepared(lines: pl.DataFrame, tie: str | None) -> tuple[pl.DataFrame, pl.Series]:
    """What pairing looks at, accounts and references as numbers, in an order that is the lines' own; and the
    caller's row number for each place in it. `row` is the place: the smaller, the earlier."""
    frame = lines.select(
        *NEEDED,
        *[
            pl.col(name) if name in lines.columns else pl.lit(None, kind).alias(name)
            for name, kind in OPTIONAL.items()
        ],
        (pl.col(tie) if tie else pl.int_range(pl.len())).alias("tie"),
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"),
    ).filter(pl.col("account").is_not_null(), pl.col("amount_fen").is_not_null())
    cleaned = pl.col("reference").str.strip_chars()
    placeholder = cleaned.str.to_uppercase().is_in(NO_REFERENCE)
    frame = frame.with_columns(
        pl.when(~is_masked("counterparty_account") & (pl.col("counterparty_account") != ""))
        .then("counterparty_account")
        .alias("counterparty_account"),
        pl.when(~placeholder).then(cleaned).alias("reference"),
        (pl.col("direction") == "debit").alias("is_debit"),
    )
    accounts = pl.concat([frame.get_column("account"), frame.get_column("counterparty_account")])
    codes = _codes(accounts)
    date = frame.get_column("booked_at").dt.convert_time_zone(BUSINESS_ZONE).dt.date().alias("date")
    frame = frame.with_columns(
        codes[: len(frame)].alias("account"),
        codes[len(frame) :].alias("other"),
        _codes(frame.get_column("reference")).alias("reference"),
        _codes(frame.get_column("currency")).alias("currency"),
        date,
        working_days(date),
    )
    elsewhere = pl.col("counterparty_elsewhere").fill_null(value=False)
    frame = frame.with_columns(
        pl.when(elsewhere)
        .then(pl.col("other") + _ELSEWHERE)
        .otherwise("other")
        .cast(pl.UInt32)
        .alias("other")
    ).sort("booked_at", "sequence", "tie", maintain_order=True)
    row_numbers = frame.get_column("row")
    return frame.select(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"),
        *("account", "other", "is_debit", "amount_fen", "currency", "booked_at", "date", "day"),
        "reference",
    ), row_numbers


def _codes(texts: pl.Series) -> pl.Series:
    """A number per distinct text, null for null. Only equality of the numbers means anything."""
    distinct = texts.drop_nulls().unique()
    table = pl.DataFrame({"text": distinct}).with_row_index("code")
    return (
        pl.DataFrame({"text": texts})
        .join(table, on="text", how="left", maintain_order="left")
        .get_column("code")
    )


# The steps ---------------------------------------------------------------------------------------------------


def _by_reference(frame: pl.DataFrame, limits: PairingParameters) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Lines that share a reference. First those that name each other, then those of which one names nobody."""
    common = ["reference", "currency", "amount_fen"]
    with_reference = facing(frame.filter(pl.col("reference").is_not_null()), common)
    if with_reference.is_empty():
        return no_pairs(), none_ambiguous()
    window = limits.reference_window_days
    sure, unclear = match_sides(_sides(with_reference), [*common, "payer", "payee"], window, limits.lead_days)
    left = clustered(without(with_reference, sure), common, window)
    common.append("cluster")
    # Which debit could go with which credit of the same reference: few, so they are laid side by side.
    side = pl.len().over([*common, "is_debit"])
    few = left.filter((side <= SHARED_REFERENCE_MAX).all().over(common))
    debits = few.filter("is_debit").select(*common, "row", "account", "other")
    credits = few.filter(~pl.col("is_debit")).select(debits.columns)
    possible = (
        debits.join(credits, on=common, suffix="_credit")
        .filter(
            pl.col("account") != pl.col("account_credit"),
            pl.col("other").is_null() | (pl.col("other") == pl.col("account_credit")),
            pl.col("other_credit").is_null() | (pl.col("other_credit") == pl.col("account")),
        )
        .select(
            pl.col("row").alias("debit"), pl.col("row_credit").alias("credit"), "account", "account_credit"
        )
    )
    # One pair of accounts only, on either side: then counting decides as in any cluster.
    clear = possible.filter(
        pl.col("account_credit").n_unique().over("debit") == 1,
        pl.col("account").n_unique().over("credit") == 1,
    )
    accounts = {"account": "payer", "account_credit": "payee"}
    sides = pl.concat(
        [clear.select(pl.col(end).alias("row"), *accounts).rename(accounts) for end in ("debit", "credit")]
    ).unique("row")
    more, more_unclear = match_sides(
        left.join(sides, on="row", how="inner", maintain_order="left"),
        [*common, "payer", "payee"],
        window,
        limits.lead_days,
    )
    contested = possible.join(clear, on=["debit", "credit"], how="anti")
    several = (
        pl.concat([contested.select(pl.col(end).alias("row"), "debit") for end in ("debit", "credit")])
        .group_by("row")
        .agg(pl.col("debit").min().alias("group"), pl.lit("reference_shared").alias("reason"))
    )
    pairs = pl.concat([sure, more]).with_columns(pl.lit("reference").alias("basis"))
    return pairs, pl.concat([unclear, more_unclear, several])


def _sides(frame: pl.DataFrame) -> pl.DataFrame:
    """Lines that name a counterparty, with `payer` and `payee` as the line tells them."""
    return frame.filter(pl.col("other").is_not_null(), pl.col("other") != pl.col("account")).with_columns(
        pl.when("is_debit").then("account").otherwise("other").alias("payer"),
        pl.when("is_debit").then("other").otherwise("account").alias("payee"),
    )


def _mutual(frame: pl.DataFrame, limits: PairingParameters) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Lines that name each other's accounts."""
    keys = ["payer", "payee", "currency", "amount_fen"]
    return _with_basis(match_sides(_sides(frame), keys, limits.window_days, limits.lead_days))


def _debit_names_credit(frame: pl.DataFrame, limits: PairingParameters) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The debit says where its money went, the credit does not say where it came from."""
    naming = _sides(frame.filter("is_debit")).with_columns(
        pl.col("payee").alias("at"), pl.col("payer").alias("from")
    )
    silent = frame.filter(~pl.col("is_debit"), pl.col("other").is_null())
    return _one_sided(naming, silent, limits)


def _credit_names_debit(frame: pl.DataFrame, limits: PairingParameters) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The credit says where its money came from, the debit does not say where it went."""
    naming = _sides(frame.filter(~pl.col("is_debit"))).with_columns(
        pl.col("payer").alias("at"), pl.col("payee").alias("from")
    )
    silent = frame.filter("is_debit", pl.col("other").is_null())
    return _one_sided(naming, silent, limits)


def _one_sided(
    naming: pl.DataFrame, silent: pl.DataFrame, limits: PairingParameters
) -> tuple[pl.DataFrame, pl.DataFrame]:
    columns = [
        "row",
        "at",
        "from",
        "is_debit",
        "amount_fen",
        "currency",
        "booked_at",
        "date",
        "day",
    ]
    silent = silent.with_columns(pl.col("account").alias("at"), pl.lit(None, pl.UInt32).alias("from"))
    both = pl.concat([naming.select(columns), silent.select(columns)]).sort("row")
    return _with_basis(
        match_sides(
            both, ["at", "currency", "amount_fen"], limits.window_days, limits.lead_days, one_source="from"
        )
    )


def _with_basis(result: tuple[pl.DataFrame, pl.DataFrame]) -> tuple[pl.DataFrame, pl.DataFrame]:
    pairs, unclear = result
    return pairs.with_columns(pl.lit("amount_window").alias("basis")), unclear
