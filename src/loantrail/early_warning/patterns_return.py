"""Patterns of money that comes back: to the borrower, to those close to it, to the guarantor, in a loop."""

from __future__ import annotations

from typing import Final

import polars as pl

from loantrail.early_warning.frames import GUARANTORS, INSTANT, LEADS, T
from loantrail.early_warning.handing_on import handed_on
from loantrail.early_warning.near_in_time import by_time_and_amount
from loantrail.early_warning.related import CLOSE_RELATIONS
from loantrail.early_warning.telling import tell, yuan
from loantrail.early_warning.view import (
    BENIGN_USES,
    HOMECOMING_CLASSES,
    View,
    business_day,
    lead,
    least,
    least_share,
    looked_through,
    made_once,
    related_parties,
    within_days,
)
from loantrail.early_warning.words import REFUND_WORDS, TRADE_WORDS
from loantrail.few_rows import empty

NOT_A_PARTY_KINDS: Final = (
    "bank_internal",
    "pooled",
    "loan_internal",
    "time_deposit",
    "structured_deposit",
    "margin_deposit",
)
_GUARANTORS: Final = {
    **GUARANTORS, "disbursed_at": INSTANT, "disbursement_account": T, "borrower_party_id": T, "loan_fen": pl.Int64,
    "guarantor_name": T,
}  # fmt: skip


@made_once
def coming_back(view: View) -> pl.DataFrame:
    """Moves from a stranger to the borrower's side, or to those close to it."""
    close = related_parties(view).filter(pl.col("relation").is_in(CLOSE_RELATIONS))
    near = view.moves.join(
        close.select("loan_id", to_owner="party_id", to_close=pl.lit(value=True)),
        on=["loan_id", "to_owner"],
        how="left",
        maintain_order="left",
    ).join(
        close.select("loan_id", from_owner="party_id", from_close=pl.lit(value=True)),
        on=["loan_id", "from_owner"],
        how="left",
        maintain_order="left",
    )
    return near.with_columns(pl.col("to_close", "from_close").fill_null(value=False)).filter(
        (pl.col("depth") > 0)
        & pl.col("from_account").is_not_null()
        & (pl.col("to_side") | pl.col("to_close"))
        & ~pl.col("from_side")
        & ~pl.col("from_close")
        & ~pl.col("from_kind").is_in(NOT_A_PARTY_KINDS).fill_null(value=False)
        & ~pl.col("use_before").is_in(HOMECOMING_CLASSES).fill_null(value=False)
    )


def like_refunds(view: View, returns: pl.DataFrame) -> pl.DataFrame:
    """Returns from the payee the borrower paid itself, called a refund or documented by trade: refunds, unless that
    payee hands most of it back within days."""
    parents = view.moves.select(
        parent_hop_id="hop_id",
        paid_by_side="from_side",
        paid_documented=pl.col("documented") | pl.col("ordered"),
    )
    direct = returns.join(parents, on="parent_hop_id", how="inner").filter(pl.col("paid_by_side"))
    named = pl.col("purpose_text").str.contains(REFUND_WORDS).fill_null(value=False)
    return direct.filter(named | pl.col("paid_documented"))


@made_once
def _handed_back_quickly(view: View) -> pl.DataFrame:
    """loan_id, from_account: payees that gave back to the borrower's side most of what they got, within days."""
    days = view.number("handed_on_days")
    received = (
        view.moves.filter(pl.col("from_side") & ~pl.col("to_side") & pl.col("to_account").is_not_null())
        .group_by("loan_id", from_account="to_account")
        .agg(received_fen=pl.col("amount_fen").sum())
    )
    given = (
        view.moves.filter(
            pl.col("to_side")
            & ~pl.col("from_side")
            & (pl.col("booked_at") - pl.col("parent_booked_at") <= pl.duration(days=days))
        )
        .group_by("loan_id", "from_account")
        .agg(given_fen=pl.col("amount_fen").sum())
    )
    return (
        received.join(given, on=["loan_id", "from_account"])
        .filter(least_share("given_fen", "received_fen", view, "handed_on_share_ppm"))
        .select("loan_id", "from_account")
    )


def round_trip(view: View) -> pl.DataFrame:
    """Loan money that strangers sent back to the borrower, its controller or spouse. Refunds, and one's own money
    coming home from a broker, wallet, deposit or pool, do not count; what a documented payee sends back counts only
    where it is looked through."""
    returns = coming_back(view).filter(within_days("days", view, "round_trip_days"))
    if returns.is_empty() and handed_on(view).is_empty():
        return empty(LEADS)
    through = looked_through(view)
    quick = _handed_back_quickly(view)
    open_payees = pl.concat([through.rename({"account": "from_account"}), quick]).unique()
    from_supplier = pl.col("use_before").is_in(BENIGN_USES).fill_null(value=False)
    counted = pl.concat(
        [
            returns.filter(~from_supplier),
            returns.filter(from_supplier).join(open_payees, on=["loan_id", "from_account"], how="semi"),
        ]
    ).join(
        like_refunds(view, returns).join(quick, on=["loan_id", "from_account"], how="anti").select("hop_id"),
        on="hop_id",
        how="anti",
    )
    rows = (
        counted.group_by("loan_id", maintain_order=True)
        .agg(
            gross_fen=pl.col("amount_fen").sum(),
            loan_fen=pl.col("loan_fen").first(),
            transaction_ids=pl.concat_list("transaction_id", "parent_transaction_id").explode(
                empty_as_null=True
            ),
            hours=((pl.col("booked_at") - pl.col("disbursed_at")).dt.total_hours()).max(),
        )
        .with_columns(amount_fen=pl.min_horizontal("gross_fen", "loan_fen"))
        .filter(
            least("amount_fen", view, "round_trip_fen")
            & least_share("amount_fen", "loan_fen", view, "round_trip_share_ppm")
        )
    )
    traced = lead(
        rows,
        "ROUND_TRIP",
        tell(
            "{} came back to the borrower's side within {} days",
            "{} 在 {} 天内回到借款人一方",
            yuan("amount_fen"),
            pl.col("hours") // 24,
        ),
        "own_account",
    )
    return by_time_and_amount(
        traced,
        _handed_back(view),
        view,
        "ROUND_TRIP",
        tell(
            "{} came back to the borrower's side over others who handed on the same amounts: by time and amount",
            "{} 经他人以相近金额转手后回到借款人一方：按时间和金额相符判断",
            yuan("amount_fen"),
        ),
        least("amount_fen", view, "round_trip_fen")
        & least_share("amount_fen", "loan_fen", view, "round_trip_share_ppm"),
    )


def _handed_back(view: View) -> pl.DataFrame:
    """Of `handed_on`: what came from strangers to the borrower's side or those close to it."""
    close = (
        related_parties(view)
        .filter(pl.col("relation").is_in(CLOSE_RELATIONS))
        .join(view.accounts.select("account", party_id="owner"), on="party_id")
        .select("loan_id", "account")
    )
    home = pl.concat([view.sides, close]).unique()
    return (
        handed_on(view)
        .join(home, left_on=["loan_id", "credit_account"], right_on=["loan_id", "account"], how="semi")
        .join(home, left_on=["loan_id", "from_account"], right_on=["loan_id", "account"], how="anti")
        .with_columns(destination_class=pl.lit("own_account"))
    )


@made_once
def guarantors_in_force(view: View) -> pl.DataFrame:
    """Who guaranteed which loan on the day of its disbursement, the borrower apart: loan_id, guarantor_party_id,
    guarantor_name, disbursed_at, disbursement_account, borrower_party_id, loan_fen."""
    if view.guarantors.is_empty():
        return empty(_GUARANTORS)
    names = view.parties.select(guarantor_party_id="party_id", guarantor_name="name")
    return (
        view.guarantors.join(
            view.loans.select(
                "loan_id", "disbursed_at", "disbursement_account", "borrower_party_id", loan_fen="amount_fen"
            ),
            on="loan_id",
        )
        .filter(
            (pl.col("guarantor_party_id") != pl.col("borrower_party_id"))
            & (pl.col("valid_from").is_null() | (pl.col("valid_from") <= business_day("disbursed_at")))
            & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= business_day("disbursed_at")))
        )
        .join(names, on="guarantor_party_id", how="left")
    )


def return_to_guarantor(view: View) -> pl.DataFrame:
    """Payments from the loan-receiving account to a guarantor, or loan money that reaches one, within days of
    disbursement, between the two shares of the loan (regulator's model)."""
    days = view.number("return_to_guarantor_days")
    guarantors = guarantors_in_force(view)
    if guarantors.is_empty():
        return empty(LEADS)
    owners = view.accounts.select(credit_account="account", payee_party="owner")
    debits = view.transactions.rename({"debit_account": "disbursement_account"}).join(
        owners, on="credit_account", how="left"
    )
    direct = (
        guarantors.join(debits, on="disbursement_account")
        .filter(
            (pl.col("payee_party") == pl.col("guarantor_party_id")).fill_null(value=False)
            | (pl.col("credit_name") == pl.col("guarantor_name")).fill_null(value=False)
        )
        .select(
            "loan_id",
            "guarantor_party_id",
            "loan_fen",
            "disbursed_at",
            "booked_at",
            "amount_fen",
            "transaction_id",
        )
    )
    reached = (
        view.moves.filter(pl.col("to_account").is_not_null() & ~pl.col("from_side") & (pl.col("depth") > 1))
        .join(
            guarantors.select("loan_id", "guarantor_party_id", to_owner="guarantor_party_id"),
            on=["loan_id", "to_owner"],
        )
        .filter((pl.col("from_owner") != pl.col("to_owner")).fill_null(value=True))
        .select(
            "loan_id",
            "guarantor_party_id",
            "loan_fen",
            "disbursed_at",
            "booked_at",
            "amount_fen",
            "transaction_id",
        )
    )
    below = view.number("return_to_guarantor_share_most_ppm")
    rows = (
        pl.concat([direct, reached])
        .filter(
            (pl.col("booked_at") >= pl.col("disbursed_at"))
            & (pl.col("booked_at") <= pl.col("disbursed_at") + pl.duration(days=days))
        )
        .group_by("loan_id", "guarantor_party_id", maintain_order=True)
        .agg(
            pl.col("amount_fen").sum(),
            pl.col("loan_fen").first(),
            pl.col("transaction_id").alias("transaction_ids"),
        )
        .filter(
            least_share("amount_fen", "loan_fen", view, "return_to_guarantor_share_least_ppm")
            & (pl.col("amount_fen").cast(pl.Int128) * 1_000_000 < pl.col("loan_fen").cast(pl.Int128) * below)
        )
        .group_by("loan_id", maintain_order=True)
        .agg(
            pl.col("amount_fen").sum(),
            pl.col("loan_fen").first(),
            pl.col("transaction_ids").explode(empty_as_null=True),
        )
    )
    return lead(
        rows,
        "RETURN_TO_GUARANTOR",
        tell(
            "{} reached a guarantor within {} days of disbursement",
            "{} 在放款后 {} 天内到达保证人",
            yuan("amount_fen"),
            pl.lit(days),
        ),
        "guarantor",
    )


@made_once
def staying_with_related(view: View) -> pl.DataFrame:
    """Loan money that parties related to the borrower got without a contract (`amount_fen` > 0), and what they passed on
    to a use of the business or gave back (< 0, no `transaction_id`): hop_id, loan_id, loan_fen, amount_fen,
    transaction_id. A person has no business of their own: what a related one pays a company for goods is the borrower's."""
    related = related_parties(view)
    persons = view.parties.filter(pl.col("kind") == "individual").select(
        from_owner="party_id", from_person=pl.lit(value=True)
    )
    into = (
        view.moves.join(related.rename({"party_id": "to_owner"}), on=["loan_id", "to_owner"])
        .join(related.select("loan_id", from_owner="party_id"), on=["loan_id", "from_owner"], how="anti")
        .filter(
            ~pl.col("to_side")
            # From a stranger to the controller or spouse is a round trip, and told there.
            & (pl.col("from_side") | ~pl.col("relation").is_in(CLOSE_RELATIONS))
            & ~(pl.col("documented") | pl.col("ordered"))
            & ~pl.col("use").is_in([*BENIGN_USES, "group_cash_pool", "pooled"]).fill_null(value=False)
            & ~pl.col("to_kind").is_in(("pooled",)).fill_null(value=False)
        )
        .select("hop_id", "loan_id", "loan_fen", "amount_fen", "transaction_id")
    )
    out = (
        view.moves.join(
            related.select("loan_id", from_owner="party_id"), on=["loan_id", "from_owner"], how="semi"
        )
        .join(persons, on="from_owner", how="left", maintain_order="left")
        .filter(
            ~pl.col("from_side")
            & (
                pl.col("to_side")
                | pl.col("use").is_in(BENIGN_USES).fill_null(value=False)
                | (
                    pl.col("from_person").fill_null(value=False)
                    & (pl.col("destination_class") == "company").fill_null(value=False)
                    & pl.col("purpose_text").str.contains(TRADE_WORDS).fill_null(value=False)
                )
            )
        )
        .filter(~pl.col("use_before").is_in(BENIGN_USES).fill_null(value=False))
        .select(
            "hop_id",
            "loan_id",
            "loan_fen",
            -pl.col("amount_fen"),
            pl.lit(None, pl.String).alias("transaction_id"),
        )
    )
    return pl.concat([into, out])
