"""Patterns that look at whom the money was paid to."""

from __future__ import annotations

import datetime
from typing import Final

import polars as pl

from loantrail.early_warning.frames import LEADS
from loantrail.early_warning.handing_on import handed_on
from loantrail.early_warning.payments import NO_PAYEE_KINDS, PUBLIC_CLASSES, loan_payments
from loantrail.early_warning.telling import tell, yuan
from loantrail.early_warning.view import (
    BENIGN_USES,
    View,
    business_day,
    lead,
    least,
    least_share,
    young_on,
)
from loantrail.few_rows import empty
from loantrail.parameters import Parameter
from loantrail.working_days import statutory

LIMIT_OF_PRODUCT: Final = {
    "working_capital_loan": "entrusted_above_working_capital_loan_fen",
    "fixed_asset_loan": "entrusted_above_fixed_asset_loan_fen",
    "project_finance": "entrusted_above_fixed_asset_loan_fen",
    "consumer_loan": "autonomous_up_to_consumer_loan_fen",
    "internet_loan": "autonomous_up_to_consumer_loan_fen",
    "personal_business_loan": "autonomous_up_to_personal_business_loan_fen",
}


def _in_force_or_none(view: View, name: str, on_date: datetime.date) -> Parameter | None:
    for parameter in view.parameters.periods(name):
        if parameter.effective_from <= on_date and (
            parameter.effective_to is None or on_date <= parameter.effective_to
        ):
            return parameter
    return None


def _limits(view: View) -> pl.DataFrame:
    """loan_id, limit_fen: the amount above which a payment must be lender-entrusted, on the day of disbursement."""
    loans = view.loans.select("loan_id", "product", day=business_day("disbursed_at"))
    keys = loans.select("product", "day").drop_nulls().unique(maintain_order=True)
    limits: list[int | None] = []
    for product, day in keys.iter_rows():
        name = LIMIT_OF_PRODUCT.get(product)
        found = _in_force_or_none(view, name, day) if name else None
        limits.append(found.number if found else None)
    return (
        loans.join(keys.with_columns(limit_fen=pl.Series(limits, dtype=pl.Int64)), on=["product", "day"])
        .select("loan_id", "limit_fen")
        .drop_nulls()
    )


def _working_day_number(days: pl.Series) -> pl.Series:
    """A number that grows with every working day of the law."""
    return pl.Series(statutory().numbers(days.to_numpy()))


def _windows(payments: pl.DataFrame, by: list[str], view: View) -> pl.DataFrame:
    """For every payment: the payments of the same group that follow it within the working days, itself included:
    count, sum_fen and their transactions. The largest such window per group is kept."""
    span = view.number("structuring_working_days")
    numbered = payments.with_columns(
        working_day=_working_day_number(payments.select(business_day("booked_at")).to_series())
    ).with_row_index("start")
    later = numbered.select(*by, other_day="working_day", other_fen="transaction_fen", other_traced="amount_fen",
                            other_id="transaction_id")  # fmt: skip
    return (
        numbered.select("start", *by, "working_day", "loan_fen", "limit_fen")
        .join(later, on=by)
        .filter(
            (pl.col("other_day") >= pl.col("working_day"))
            & (pl.col("other_day") - pl.col("working_day") <= span)
        )
        .group_by("start", *by, maintain_order=True)
        .agg(
            pl.col("loan_fen", "limit_fen").first(),
            sum_fen=pl.col("other_fen").sum(),
            amount_fen=pl.col("other_traced").sum(),
            payments=pl.len(),
            transaction_ids=pl.col("other_id"),
        )
        .sort([*by, "sum_fen"], descending=[*[False] * len(by), True])
        .unique(by, keep="first", maintain_order=True)
    )


def structuring(view: View) -> pl.DataFrame:
    """Payments split so that none needs lender-entrusted payment: several to one payee within working days, each up
    to the limit, together above it; or several just under the limit to payees that no document names."""
    payments = (
        loan_payments(view)
        .filter(~pl.col("ordered"))
        .join(_limits(view), on="loan_id")
        .filter(pl.col("transaction_fen") <= pl.col("limit_fen"))
    )
    if payments.is_empty():
        return empty(LEADS)
    fewest = least("payments", view, "structuring_payments")
    one_payee = _windows(payments.filter(pl.col("payee").is_not_null()), ["loan_id", "payee"], view).filter(
        fewest & (pl.col("sum_fen") > pl.col("limit_fen"))
    )
    near = payments.filter(
        ~pl.col("documented")
        & (pl.col("transaction_fen") < pl.col("limit_fen"))
        & least_share("transaction_fen", "limit_fen", view, "structuring_near_limit_least_ppm")
    )
    just_under = _windows(near, ["loan_id"], view).filter(fewest)
    columns = ["loan_id", "loan_fen", "limit_fen", "amount_fen", "payments", "transaction_ids"]
    rows = (
        pl.concat([one_payee.select(columns), just_under.select(columns)])
        .sort("loan_id", "amount_fen", descending=[False, True])
        .unique("loan_id", keep="first", maintain_order=True)
        .with_columns(amount_fen=pl.min_horizontal("amount_fen", "loan_fen"))
    )
    return lead(
        rows,
        "STRUCTURING",
        tell(
            "{} payments within days, each up to {}, together above it",
            "数日内分 {} 笔支付，每笔均未超过 {}，合计超过这一限额",
            "payments",
            yuan("limit_fen"),
        ),
        "",
    )


def rapid_in_out(view: View) -> pl.DataFrame:
    """A payee's account passes on nearly all the loan money it got within hours and is left nearly empty. Payments
    under a payment order and pooled or internal accounts do not count."""
    hours = view.number("rapid_in_out_hours")
    into = (
        loan_payments(view)
        .filter(
            pl.col("to_account").is_not_null()
            & ~pl.col("ordered")
            & least("amount_fen", view, "rapid_in_out_fen")
        )
        .with_columns(until=pl.col("booked_at") + pl.duration(hours=hours))
        .with_row_index("arrival")
    )
    if into.is_empty():
        return empty(LEADS)
    accounts = into.select(account="to_account").unique()
    lines = pl.concat(
        [
            view.transactions.join(accounts, left_on="debit_account", right_on="account", how="semi").select(
                account="debit_account", at="booked_at", change=-pl.col("amount_fen"), out_fen="amount_fen",
                other="transaction_id",
            ),
            view.transactions.join(accounts, left_on="credit_account", right_on="account", how="semi").select(
                account="credit_account", at="booked_at", change="amount_fen", out_fen=pl.lit(0, pl.Int64),
                other=pl.lit(None, pl.String),
            ),
        ]
    ).sort("account", "at", maintain_order=True)  # fmt: skip
    lines = lines.with_columns(running=pl.col("change").cum_sum().over("account"))
    # Where no opening balance is known: the least that never overdraws the account.
    opening = (
        lines.group_by("account")
        .agg(least_opening=(-pl.col("running").min()).clip(lower_bound=0))
        .join(view.balances, on="account", how="left")
        .select("account", opening=pl.coalesce("balance_fen", "least_opening"))
    )
    lines = lines.join(opening, on="account").with_columns(balance=pl.col("running") + pl.col("opening"))
    rows = (
        into.join(lines, left_on="to_account", right_on="account")
        .filter((pl.col("at") >= pl.col("booked_at")) & (pl.col("at") <= pl.col("until")))
        .sort("arrival", "at", maintain_order=True)
        .group_by("arrival", maintain_order=True)
        .agg(
            pl.col(
                "loan_id", "loan_fen", "amount_fen", "transaction_fen", "transaction_id", "destination_class"
            ).first(),
            pl.col("out_fen").sum(),
            pl.col("balance").last(),
            others=pl.col("other"),
        )
        .filter(
            least_share("out_fen", "transaction_fen", view, "rapid_in_out_share_ppm")
            & (
                pl.col("balance").cast(pl.Int128) * 1_000_000
                <= pl.col("transaction_fen").cast(pl.Int128) * view.number("rapid_in_out_end_balance_ppm")
            )
        )
        .group_by("loan_id", maintain_order=True)
        .agg(
            pl.col("loan_fen", "destination_class").first(),
            pl.col("amount_fen").sum(),
            transaction_ids=pl.concat_list(
                pl.col("others").explode(empty_as_null=True).implode(), pl.col("transaction_id").implode()
            ).explode(empty_as_null=True),
        )
    )
    return lead(
        rows,
        "RAPID_IN_OUT",
        tell(
            "payees passed {} on within {} hours and kept next to nothing",
            "收款方转出 {}，在 {} 小时之内，账上几乎不留",
            yuan("amount_fen"),
            pl.lit(hours),
        ),
    )


def _may_pool(view: View) -> pl.Expr:
    """A payee who is a person or a young company."""
    return (
        (pl.col("owner_kind") == "individual").fill_null(value=False)
        | (pl.col("owner_kind").is_null() & (pl.col("destination_class") == "individual")).fill_null(
            value=False
        )
        | young_on("owner_registered", "booked_at", view)
    )


def _handed_into(view: View, parties: pl.DataFrame) -> pl.DataFrame:
    """Of `handed_on`: what came to persons and young companies, of a loan of which it is a large part."""
    return (
        handed_on(view)
        .filter(~pl.col("documented"))
        .rename({"credit_account": "to_account"})
        .join(view.accounts.select(to_account="account", to_owner="owner"), on="to_account", how="left")
        .join(parties, on="to_owner", how="left")
        .filter(_may_pool(view))
        .join(view.loans.select("loan_id", "borrower_party_id", loan_fen="amount_fen"), on="loan_id")
        .filter(least_share("amount_fen", "loan_fen", view, "near_in_time_share_ppm"))
        .with_columns(amount_fen=pl.min_horizontal("amount_fen", "loan_fen"))
    )


def multi_borrower_pool(view: View) -> pl.DataFrame:
    """Loan money of many borrowers that meets within days in the account of one person or young company. Documented
    payees, public bodies and those whom everyone pays do not count."""
    days = view.number("multi_borrower_pool_days")
    parties = view.parties.select(to_owner="party_id", owner_kind="kind", owner_registered="registered_on")
    into = (
        view.moves.filter(
            pl.col("to_account").is_not_null()
            & ~pl.col("to_side")
            & (pl.col("depth") > 0)
            & ~pl.col("documented")
            & ~pl.col("ordered")
            & ~pl.col("use_before").is_in(BENIGN_USES).fill_null(value=False)
            & ~pl.col("use").is_in(PUBLIC_CLASSES).fill_null(value=False)
            & ~pl.col("destination_class").is_in(PUBLIC_CLASSES).fill_null(value=False)
            & ~pl.col("to_kind").is_in(NO_PAYEE_KINDS).fill_null(value=False)
        )
        .join(parties, on="to_owner", how="left", maintain_order="left")
        .filter(_may_pool(view))
    )
    # A borrower whose loan hardly touched the account is no member of the pool.
    given = into.group_by("loan_id", "to_account").agg(pl.col("amount_fen").sum(), pl.col("loan_fen").first())
    into = into.join(
        given.filter(least_share("amount_fen", "loan_fen", view, "multi_borrower_pool_share_ppm")),
        on=["loan_id", "to_account"],
        how="semi",
        maintain_order="left",
    )
    columns = [
        "to_account",
        "booked_at",
        "borrower_party_id",
        "loan_id",
        "loan_fen",
        "amount_fen",
        "transaction_ids",
        "entry",
    ]
    traced = into.with_columns(transaction_ids=pl.concat_list("transaction_id")).select(columns[:-1])
    by_amount = _handed_into(view, parties).join(traced, on=["loan_id", "to_account"], how="anti")
    into = (
        pl.concat([traced, by_amount.select(columns[:-1])])
        .sort("to_account", "booked_at", maintain_order=True)
        .with_row_index("entry")
    )
    if into.is_empty():
        return empty(LEADS)
    members = (
        into.select("to_account", start="booked_at")
        .unique(maintain_order=True)
        .join(into.select(columns), on="to_account")
        .filter(
            (pl.col("booked_at") >= pl.col("start"))
            & (pl.col("booked_at") <= pl.col("start") + pl.duration(days=days))
        )
    )
    pools = (
        members.group_by("to_account", "start")
        .agg(borrowers=pl.col("borrower_party_id").n_unique())
        .filter(least("borrowers", view, "multi_borrower_pool_borrowers"))
    )
    rows = (
        members.join(pools, on=["to_account", "start"])
        .unique("entry", keep="first", maintain_order=True)
        .group_by("loan_id", maintain_order=True)
        .agg(
            pl.col("loan_fen").first(),
            pl.col("amount_fen").sum(),
            pl.col("borrowers").max(),
            pl.col("transaction_ids").explode(empty_as_null=True),
        )
        .sort("loan_id")
    )
    return lead(
        rows,
        "MULTI_BORROWER_POOL",
        tell(
            "loan money of {} borrowers met in one account within {} days",
            "{} 位借款人的贷款资金在 {} 天内汇入同一账户",
            "borrowers",
            pl.lit(days),
        ),
        "individual",
    )
