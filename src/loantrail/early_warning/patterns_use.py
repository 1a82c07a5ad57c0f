"""Patterns that ask what the money was used for."""

from __future__ import annotations

from typing import Final

import polars as pl

from loantrail.early_warning.debts import (
    LENDER_CLASSES,
    instalments_with_own_receipt,
    repays_a_lender,
)
from loantrail.early_warning.near_in_time import with_near_in_time
from loantrail.early_warning.telling import class_words, tell, yuan
from loantrail.early_warning.view import View, lead, least, least_share, within_days
from loantrail.early_warning.words import SWEEP_WORDS

SECURITIES_CLASSES: Final = (
    "securities",
    "futures",
    "wealth_management",
    "insurance_investment",
    "virtual_assets",
)
REAL_ESTATE_CLASSES: Final = ("developer", "property_purchase", "mortgage_elsewhere")
OTHER_DEBT_CLASSES: Final = ("other_bank_loan", "card_repayment", "leasing_factoring", "other_debt_repaid")
FORBIDDEN_CLASSES: Final = ("equity_investment", "dividend", "gambling")
CASH_CLASSES: Final = ("cash",)
MARGIN_CLASSES: Final = ("acceptance_margin", "bill_discount")
SAME_NAME_CLASSES: Final = ("same_name_other_bank",)
BUILDING_PRODUCTS: Final = ("mortgage_loan", "project_finance", "fixed_asset_loan")
REFINANCING_GRANTS: Final = ("rollover_loan", "restructured", "renewal_without_repayment")
SWEEP_CYCLES_LEAST: Final = 3
BY_LOAN: Final = {
    "loan_id": pl.String, "amount_fen": pl.Int64, "loan_fen": pl.Int64, "retail": pl.Boolean, "destination_class": pl.String,
    "transaction_ids": pl.List(pl.String), "last_day": pl.Int64,
}  # fmt: skip


def by_loan(arrivals: pl.DataFrame) -> pl.DataFrame:
    """Net amount per loan, the class with the largest part, and the transactions of it."""
    if arrivals.is_empty():
        return pl.DataFrame(schema=BY_LOAN)
    parts = (
        arrivals.group_by("loan_id", "arrived")
        .agg(
            pl.col("amount_fen").sum(),
            pl.col("loan_fen").first(),
            pl.col("retail").first(),
            pl.col("transaction_id").filter(pl.col("amount_fen") > 0).alias("transaction_ids"),
            last_day=pl.col("days").filter(pl.col("amount_fen") > 0).max(),
        )
        .filter(pl.col("amount_fen") > 0)
        .sort("loan_id", "amount_fen", "arrived", descending=[False, True, False])
    )
    return parts.group_by("loan_id", maintain_order=True).agg(
        pl.col("amount_fen").sum(),
        pl.col("loan_fen", "retail").first(),
        pl.col("arrived").first().alias("destination_class"),
        pl.col("transaction_ids").explode(empty_as_null=True),
        pl.col("last_day").max(),
    )


def net_arrivals(view: View, classes: tuple[str, ...], days: str | None) -> pl.DataFrame:
    """Arrivals at the classes within the days of the parameter, and every return from them."""
    arrivals = view.arrivals.filter(pl.col("arrived").is_in(classes))
    if days is not None:
        arrivals = arrivals.filter((pl.col("amount_fen") < 0) | within_days("days", view, days))
    return arrivals


def used_at_last(view: View, classes: tuple[str, ...]) -> pl.DataFrame:
    """Arrivals at the classes, and every return from them. How long the money lay with the borrower does not matter: what its
    side pays is its use. What others do with it counts within `misuse_final_use_days` of when it left the side."""
    arrivals = view.arrivals.filter(pl.col("arrived").is_in(classes))
    in_time = (
        (pl.col("amount_fen") < 0) | pl.col("from_side") | within_days("days", view, "misuse_final_use_days")
    )
    late = arrivals.filter(~in_time.fill_null(value=False))
    if late.is_empty():
        return arrivals
    left = left_the_side(view, late.select("hop_id", "parent_hop_id").unique()).rename(
        {"booked_at": "left_at"}
    )
    soon = (
        late.join(left, on="hop_id")
        .with_columns(held_days=(pl.col("booked_at") - pl.col("left_at")).dt.total_days())
        .filter(within_days("held_days", view, "misuse_final_use_days"))
        .select(arrivals.columns)
    )
    return pl.concat([arrivals.filter(in_time), soon])


def left_the_side(view: View, hops: pl.DataFrame) -> pl.DataFrame:
    """hop_id, booked_at: of these hops (hop_id, parent_hop_id) when their money last left the borrower's side before; none
    where the way there is not known."""
    way = view.moves.select(
        parent_hop_id="hop_id", before="parent_hop_id", from_side="from_side", booked_at="booked_at"
    )
    found: list[pl.DataFrame] = [
        pl.DataFrame(schema={"hop_id": pl.String, "booked_at": view.moves.schema["booked_at"]})
    ]
    open_ = hops
    while not open_.is_empty():
        stepped = open_.join(way, on="parent_hop_id")
        found.append(stepped.filter("from_side").select("hop_id", "booked_at"))
        open_ = stepped.filter(~pl.col("from_side")).select("hop_id", parent_hop_id="before")
    return pl.concat(found)


CAME_TO: Final = tell("{} of the loan came to {}", "贷款中 {} 流向{}", yuan("amount_fen"), class_words())


def _sweep_accounts(view: View) -> pl.DataFrame:
    """loan_id, account, arrived: accounts that the borrower's side sweeps into and back: money-market accounts again and
    again; brokers' too by payments called automatic, from the first time on."""
    paid = view.transactions.with_columns(
        called=pl.col("purpose_text").str.contains(SWEEP_WORDS).fill_null(value=False)
    )
    zero = pl.lit(0, pl.Int64)
    both = pl.concat(
        [
            view.sides.rename({"account": "debit_account"})
            .join(paid, on="debit_account")
            .select("loan_id", "called", account="credit_account", out_fen="amount_fen", back_fen=zero),
            view.sides.rename({"account": "credit_account"})
            .join(paid, on="credit_account")
            .select("loan_id", "called", account="debit_account", out_fen=zero, back_fen="amount_fen"),
        ]
    ).filter(pl.col("account").is_not_null())

    def come_back(payments: pl.DataFrame, cycles: int, classes: tuple[str, ...]) -> pl.DataFrame:
        return (
            payments.group_by("loan_id", "account")
            .agg(
                pl.col("out_fen", "back_fen").sum(),
                outs=(pl.col("out_fen") > 0).sum(),
                backs=(pl.col("back_fen") > 0).sum(),
            )
            .filter(
                (pl.col("outs") >= cycles)
                & (pl.col("backs") >= cycles)
                & least_share("back_fen", "out_fen", view, "sweep_return_share_ppm")
            )
            .select("loan_id", "account", arrived=pl.lit(list(classes)))
            .explode("arrived", empty_as_null=True)
        )

    return pl.concat(
        [
            come_back(both, SWEEP_CYCLES_LEAST, ("wealth_management",)),
            come_back(both.filter("called"), 1, ("wealth_management", "securities")),
        ]
    ).unique()


def final_use_reached(view: View) -> pl.Expr:
    share = least_share("amount_fen", "loan_fen", view, "misuse_final_use_share_ppm")
    retail = least("amount_fen", view, "misuse_final_use_retail_fen") & share
    company = least("amount_fen", view, "misuse_final_use_company_fen") | share
    return pl.when(pl.col("retail")).then(retail).otherwise(company)


def flow_securities(view: View) -> pl.DataFrame:
    """Loan money whose final use is securities, funds, futures, wealth management, investment insurance or virtual
    assets, net of what came back. Automatic sweeps into a money-market account and back do not count."""
    arrivals = used_at_last(view, SECURITIES_CLASSES)
    sweeps = _sweep_accounts(view)
    into = arrivals.filter(pl.col("amount_fen") > 0).join(
        sweeps.rename({"account": "to_account"}), on=["loan_id", "to_account", "arrived"], how="anti"
    )
    back = arrivals.filter(pl.col("amount_fen") < 0).join(
        sweeps.rename({"account": "from_account"}), on=["loan_id", "from_account", "arrived"], how="anti"
    )
    rows = by_loan(pl.concat([into, back])).filter(final_use_reached(view))
    traced = lead(
        rows,
        "FLOW_SECURITIES",
        CAME_TO,
    )
    return with_near_in_time(
        traced,
        view,
        "FLOW_SECURITIES",
        SECURITIES_CLASSES,
        final_use_reached(view),
    )


def flow_real_estate(view: View) -> pl.DataFrame:
    """Loan money whose final use is a developer, a purchase of property or a mortgage elsewhere. Mortgage loans are
    meant for it; a corporate loan's documented payment is its purpose."""
    arrivals = used_at_last(view, REAL_ESTATE_CLASSES).filter(
        (pl.col("product") != "mortgage_loan").fill_null(value=True)
        & ~((pl.col("documented") | pl.col("ordered")) & (~pl.col("retail") | pl.col("product").is_in(BUILDING_PRODUCTS)))
    )  # fmt: skip
    rows = by_loan(arrivals).filter(final_use_reached(view))
    traced = lead(
        rows,
        "FLOW_REALESTATE",
        CAME_TO,
    )
    return with_near_in_time(
        traced,
        view,
        "FLOW_REALESTATE",
        REAL_ESTATE_CLASSES,
        final_use_reached(view),
        (pl.col("product") == "mortgage_loan")
        | (pl.col("documented") & (~pl.col("retail") | pl.col("product").is_in(BUILDING_PRODUCTS))),
    )


def rollover_other_debt(view: View) -> pl.DataFrame:
    """Loan money that repaid another bank's loan, a card, a lease, a lender or another loan here. A loan granted to
    refinance is meant for it; an instalment here for which its money came in just before is paid from that."""
    refinancing = view.loans.filter(pl.col("grant_kind").is_in(REFINANCING_GRANTS)).select("loan_id")
    arrivals = (
        used_at_last(view, (*OTHER_DEBT_CLASSES, *LENDER_CLASSES))
        .filter(~pl.col("arrived").is_in(LENDER_CLASSES) | repays_a_lender("arrived"))
        .join(refinancing, on="loan_id", how="anti")
        .join(instalments_with_own_receipt(view), on=["loan_id", "transaction_id"], how="anti")
    )
    reached = pl.when(pl.col("retail")).then(
        least("amount_fen", view, "rollover_other_debt_retail_fen")
    ).otherwise(least("amount_fen", view, "rollover_other_debt_company_fen")) & least_share(
        "amount_fen", "loan_fen", view, "rollover_other_debt_share_ppm"
    )
    rows = by_loan(arrivals).filter(reached)
    traced = lead(
        rows,
        "ROLLOVER_OTHER_DEBT",
        tell(
            "{} of the loan repaid debt ({})", "贷款中 {} 用于偿债（{}）", yuan("amount_fen"), class_words()
        ),
    )
    return with_near_in_time(
        traced,
        view,
        "ROLLOVER_OTHER_DEBT",
        OTHER_DEBT_CLASSES,
        reached,
        pl.col("grant_kind").is_in(REFINANCING_GRANTS),
    )


def forbidden_use(view: View) -> pl.DataFrame:
    """Loan money whose final use is an equity investment (but for acquisition loans), a dividend or gambling."""
    arrivals = used_at_last(view, FORBIDDEN_CLASSES).filter(
        ~((pl.col("arrived") == "equity_investment") & (pl.col("product") == "acquisition_loan")).fill_null(value=False)
    )  # fmt: skip
    rows = by_loan(arrivals).filter(final_use_reached(view))
    traced = lead(
        rows,
        "FORBIDDEN_USE",
        CAME_TO,
    )
    return with_near_in_time(
        traced,
        view,
        "FORBIDDEN_USE",
        FORBIDDEN_CLASSES,
        final_use_reached(view),
        (pl.col("destination_class") == "equity_investment") & (pl.col("product") == "acquisition_loan"),
    )


def acceptance_margin(view: View) -> pl.DataFrame:
    """Loan money turned into margin for acceptance bills, or into their discount, soon after disbursement."""
    arrivals = net_arrivals(view, MARGIN_CLASSES, "acceptance_margin_days")
    rows = by_loan(arrivals.filter(pl.col("product") != "bank_advance")).filter(
        least_share("amount_fen", "loan_fen", view, "acceptance_margin_share_ppm")
    )
    traced = lead(
        rows,
        "ACCEPTANCE_MARGIN",
        tell(
            "{} of the loan became {} within {} days",
            "贷款中 {} 转为{}，在 {} 天内",
            yuan("amount_fen"),
            class_words(),
            "last_day",
        ),
    )
    return with_near_in_time(
        traced,
        view,
        "ACCEPTANCE_MARGIN",
        MARGIN_CLASSES,
        allowed=pl.col("product") == "bank_advance",
        over_others=False,
    )


def cash_out(view: View) -> pl.DataFrame:
    """Loan money drawn in cash: a large part, or several withdrawals just under the reporting threshold."""
    drawn = view.arrivals.filter((pl.col("arrived") == "cash") & (pl.col("amount_fen") > 0))
    rows = by_loan(drawn)
    large_enough = least("amount_fen", view, "cash_out_fen") & (
        ~pl.col("retail") | least_share("amount_fen", "loan_fen", view, "cash_out_retail_share_ppm")
    )
    large = rows.filter(large_enough)
    limit = view.number("large_value_cash_fen")
    days = view.number("cash_out_near_limit_days")
    near = (
        drawn.unique(["loan_id", "transaction_id"], maintain_order=True)
        .with_columns(limit_fen=pl.lit(limit, pl.Int64))
        .filter(
            (pl.col("transaction_fen") < limit)
            & least_share("transaction_fen", "limit_fen", view, "cash_out_near_limit_least_ppm")
        )
        .sort("loan_id", "booked_at")
    )
    together = (
        near.rolling("booked_at", period=f"{days}d", group_by="loan_id", closed="both")
        .agg(count=pl.len())
        .filter(least("count", view, "cash_out_near_limit_count"))
        if not near.is_empty()
        else near
    )
    clustered = rows.join(together.select("loan_id").unique(), on="loan_id", how="semi").join(
        large.select("loan_id"), on="loan_id", how="anti"
    )
    found = pl.concat(
        [
            lead(
                large,
                "CASH_OUT",
                tell("{} of the loan was drawn in cash", "贷款中 {} 被提取现金", yuan("amount_fen")),
            ),
            lead(
                clustered,
                "CASH_OUT",
                tell(
                    "several cash withdrawals just under the reporting threshold",
                    "多次提取略低于报告起点的现金",
                ),
            ),
        ]
    )
    return with_near_in_time(found, view, "CASH_OUT", CASH_CLASSES, large_enough)


def same_name_out(view: View) -> pl.DataFrame:
    """Loan money moved to an account of the same name at another bank, where it is lost from sight."""
    reached = (
        pl.when(pl.col("retail"))
        .then(
            least("amount_fen", view, "same_name_out_retail_fen")
            & least_share("amount_fen", "loan_fen", view, "same_name_out_retail_share_ppm")
        )
        .otherwise(
            least("amount_fen", view, "same_name_out_company_fen")
            & least_share("amount_fen", "loan_fen", view, "same_name_out_company_share_ppm")
        )
    )
    # What others move between their own accounts is not the borrower's.
    own = used_at_last(view, SAME_NAME_CLASSES).filter(pl.col("from_side") | (pl.col("amount_fen") < 0))
    rows = by_loan(own).filter(reached)
    traced = lead(
        rows,
        "SAME_NAME_OUT",
        tell(
            "{} of the loan went to the borrower's account at another bank",
            "贷款中 {} 转到借款人在他行的同名账户",
            yuan("amount_fen"),
        ),
    )
    return with_near_in_time(traced, view, "SAME_NAME_OUT", SAME_NAME_CLASSES, reached, over_others=False)
