"""Patterns that ask what the money was used for."""

from __future__ import annotations

from typing import Final

import polars as pl

from loantrail.early_warning.debts import LENDER_CLASSES, repays_a_lender
from loantrail.early_warning.near_in_time import with_near_in_time
from loantrail.early_warning.telling import class_words, tell, yuan
from loantrail.early_warning.view import View, lead, least, least_share, within_days

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
BUILDING_PRODUCTS: Final = ("mortgage_loan", "project_finance", "fixed_asset_loan")
REFINANCING_GRANTS: Final = ("rollover_loan", "restructured", "renewal_without_repayment")
SWEEP_CYCLES_LEAST: Final = 3


def _by_loan(arrivals: pl.DataFrame) -> pl.DataFrame:
    """Net amount per loan, the class with the largest part, and the transactions of it."""
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


def _net_arrivals(view: View, classes: tuple[str, ...], days: str | None) -> pl.DataFrame:
    """Arrivals at the classes within the days of the parameter, and every return from them."""
    arrivals = view.arrivals.filter(pl.col("arrived").is_in(classes))
    if days is not None:
        arrivals = arrivals.filter((pl.col("amount_fen") < 0) | within_days("days", view, days))
    return arrivals


_CAME_TO: Final = tell("{} of the loan came to {}", "贷款中 {} 流向{}", yuan("amount_fen"), class_words())


def _sweep_accounts(view: View) -> pl.DataFrame:
    """loan_id, account: money-market accounts that the borrower's side sweeps into and back again and again."""
    both = (
        view.sides.rename({"account": "debit_account"})
        .join(view.transactions, on="debit_account")
        .select("loan_id", account="credit_account", out_fen="amount_fen", back_fen=pl.lit(0, pl.Int64)),
        view.sides.rename({"account": "credit_account"})
        .join(view.transactions, on="credit_account")
        .select("loan_id", account="debit_account", out_fen=pl.lit(0, pl.Int64), back_fen="amount_fen"),
    )
    return (
        pl.concat(both)
        .filter(pl.col("account").is_not_null())
        .group_by("loan_id", "account")
        .agg(
            pl.col("out_fen", "back_fen").sum(),
            outs=(pl.col("out_fen") > 0).sum(),
            backs=(pl.col("back_fen") > 0).sum(),
        )
        .filter(
            (pl.col("outs") >= SWEEP_CYCLES_LEAST)
            & (pl.col("backs") >= SWEEP_CYCLES_LEAST)
            & least_share("back_fen", "out_fen", view, "sweep_return_share_ppm")
        )
        .select("loan_id", "account")
    )


def _final_use_reached(view: View) -> pl.Expr:
    share = least_share("amount_fen", "loan_fen", view, "misuse_final_use_share_ppm")
    retail = least("amount_fen", view, "misuse_final_use_retail_fen") & share
    company = least("amount_fen", view, "misuse_final_use_company_fen") | share
    return pl.when(pl.col("retail")).then(retail).otherwise(company)


def flow_securities(view: View) -> pl.DataFrame:
    """Loan money whose final use is securities, funds, futures, wealth management, investment insurance or virtual
    assets, net of what came back. Automatic sweeps into a money-market account and back do not count."""
    arrivals = _net_arrivals(view, SECURITIES_CLASSES, "misuse_final_use_days")
    sweeps = _sweep_accounts(view).with_columns(arrived=pl.lit("wealth_management"))
    into = arrivals.filter(pl.col("amount_fen") > 0).join(
        sweeps.rename({"account": "to_account"}), on=["loan_id", "to_account", "arrived"], how="anti"
    )
    back = arrivals.filter(pl.col("amount_fen") < 0).join(
        sweeps.rename({"account": "from_account"}), on=["loan_id", "from_account", "arrived"], how="anti"
    )
    rows = _by_loan(pl.concat([into, back])).filter(_final_use_reached(view))
    traced = lead(
        rows,
        "FLOW_SECURITIES",
        _CAME_TO,
    )
    return with_near_in_time(
        traced,
        view,
        "FLOW_SECURITIES",
        SECURITIES_CLASSES,
        _final_use_reached(view),
    )


def flow_real_estate(view: View) -> pl.DataFrame:
    """Loan money whose final use is a developer, a purchase of property or a mortgage elsewhere. Mortgage loans are
    meant for it; a corporate loan's documented payment is its purpose."""
    arrivals = _net_arrivals(view, REAL_ESTATE_CLASSES, "misuse_final_use_days").filter(
        (pl.col("product") != "mortgage_loan").fill_null(value=True)
        & ~((pl.col("documented") | pl.col("ordered")) & (~pl.col("retail") | pl.col("product").is_in(BUILDING_PRODUCTS)))
    )  # fmt: skip
    rows = _by_loan(arrivals).filter(_final_use_reached(view))
    traced = lead(
        rows,
        "FLOW_REALESTATE",
        _CAME_TO,
    )
    return with_near_in_time(
        traced,
        view,
        "FLOW_REALESTATE",
        REAL_ESTATE_CLASSES,
        _final_use_reached(view),
        (pl.col("product") == "mortgage_loan")
        | (pl.col("documented") & (~pl.col("retail") | pl.col("product").is_in(BUILDING_PRODUCTS))),
    )


def rollover_other_debt(view: View) -> pl.DataFrame:
    """Loan money that repaid another bank's loan, a card, a lease, a lender or another loan here. A loan granted to
    refinance is meant for it."""
    refinancing = view.loans.filter(pl.col("grant_kind").is_in(REFINANCING_GRANTS)).select("loan_id")
    arrivals = (
        _net_arrivals(view, (*OTHER_DEBT_CLASSES, *LENDER_CLASSES), "misuse_final_use_days")
        .filter(~pl.col("arrived").is_in(LENDER_CLASSES) | repays_a_lender("arrived"))
        .join(refinancing, on="loan_id", how="anti")
    )
    reached = pl.when(pl.col("retail")).then(
        least("amount_fen", view, "rollover_other_debt_retail_fen")
    ).otherwise(least("amount_fen", view, "rollover_other_debt_company_fen")) & least_share(
        "amount_fen", "loan_fen", view, "rollover_other_debt_share_ppm"
    )
    rows = _by_loan(arrivals).filter(reached)
    traced = lead(
        rows,
        "ROLLOVER_OTHER_DEBT",
        tell("{} of the loan repaid {}", "贷款中 {} 用于归还{}", yuan("amount_fen"), class_words()),
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
    arrivals = _net_arrivals(view, FORBIDDEN_CLASSES, "misuse_final_use_days").filter(
        ~((pl.col("arrived") == "equity_investment") & (pl.col("product") == "acquisition_loan")).fill_null(value=False)
    )  # fmt: skip
    rows = _by_loan(arrivals).filter(_final_use_reached(view))
    traced = lead(
        rows,
        "FORBIDDEN_USE",
        _CAME_TO,
    )
    return with_near_in_time(
        traced,
        view,
        "FORBIDDEN_USE",
        FORBIDDEN_CLASSES,
        _final_use_reached(view),
        (pl.col("destination_class") == "equity_investment") & (pl.col("product") == "acquisition_loan"),
    )


def private_lending(view: View) -> pl.DataFrame:
    """Loan money at lenders, guarantee companies and pawn shops; or regular interest-like payments to several
    persons. The fee of a guarantee company that a document names is no lending, and what pays a lender back is other debt."""
    arrivals = _net_arrivals(view, LENDER_CLASSES, None).filter(
        ((pl.col("arrived") != "guarantee_pawn") | ~(pl.col("documented") | pl.col("ordered")))
        & ~repays_a_lender("arrived")
    )
    rows = _by_loan(arrivals).filter(least("amount_fen", view, "private_lending_fen"))
    traced = lead(
        rows,
        "PRIVATE_LENDING",
        _CAME_TO,
    )
    traced = with_near_in_time(
        traced,
        view,
        "PRIVATE_LENDING",
        LENDER_CLASSES,
        allowed=pl.col("documented") | repays_a_lender("destination_class"),
    )
    interest = _interest_like(view).join(traced.select("loan_id"), on="loan_id", how="anti")
    return pl.concat(
        [
            traced,
            lead(
                interest,
                "PRIVATE_LENDING",
                tell(
                    "interest-like payments to {} persons month after month",
                    "按月向 {} 人支付类似利息的款项",
                    "payees",
                ),
                "individual",
            ),
        ]
    )


def _interest_like(view: View) -> pl.DataFrame:
    """Per loan: even payments of the borrower's side to persons, months in a row, called interest or following a
    larger sum from the same person."""
    paid = (
        view.sides.rename({"account": "debit_account"})
        .join(view.transactions, on="debit_account")
        .filter(
            pl.col("destination_class").is_in(["individual", "lender"])
            & pl.col("credit_account").is_not_null()
        )
        .join(view.loans.select("loan_id", "disbursed_at", loan_fen="amount_fen"), on="loan_id")
        .filter(pl.col("booked_at") >= pl.col("disbursed_at"))
        .with_columns(
            month=pl.col("booked_at").dt.convert_time_zone("Asia/Shanghai").dt.truncate("1mo"),
            called=pl.col("purpose_text").str.contains("息").fill_null(value=False),
        )
    )
    regular = (
        paid.group_by("loan_id", "credit_account")
        .agg(
            pl.col("amount_fen").sum(),
            pl.col("loan_fen").first(),
            pl.col("transaction_id").alias("transaction_ids"),
            pl.col("called").all(),
            months=pl.col("month").n_unique(),
            smallest=pl.col("amount_fen").min(),
            largest=pl.col("amount_fen").max(),
            first_at=pl.col("booked_at").min(),
        )
        .filter(
            least("months", view, "private_lending_regular_months")
            & (pl.col("largest") * 20 <= pl.col("smallest") * 21)
        )
    )
    lent = (
        view.sides.rename({"account": "credit_account"})
        .join(view.transactions, on="credit_account")
        .select("loan_id", credit_account="debit_account", lent_fen="amount_fen", lent_at="booked_at")
        .join(
            regular.select("loan_id", "credit_account", "first_at", "largest"),
            on=["loan_id", "credit_account"],
        )
        .filter((pl.col("lent_at") < pl.col("first_at")) & (pl.col("lent_fen") >= 5 * pl.col("largest")))
        .select("loan_id", "credit_account")
    )
    like = pl.concat(
        [
            regular.filter(pl.col("called")),
            regular.filter(~pl.col("called")).join(lent, on=["loan_id", "credit_account"], how="semi"),
        ]
    )
    return (
        like.group_by("loan_id", maintain_order=True)
        .agg(
            pl.col("amount_fen").sum(),
            pl.col("loan_fen").first(),
            pl.col("transaction_ids").explode(empty_as_null=True),
            payees=pl.len(),
        )
        .filter(least("payees", view, "private_lending_regular_payees"))
    )


def acceptance_margin(view: View) -> pl.DataFrame:
    """Loan money turned into margin for acceptance bills, or into their discount, soon after disbursement."""
    arrivals = _net_arrivals(view, ("acceptance_margin", "bill_discount"), "acceptance_margin_days")
    rows = _by_loan(arrivals.filter(pl.col("product") != "bank_advance")).filter(
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
        ("acceptance_margin", "bill_discount"),
        allowed=pl.col("product") == "bank_advance",
    )


def cash_out(view: View) -> pl.DataFrame:
    """Loan money drawn in cash: a large part, or several withdrawals just under the reporting threshold."""
    drawn = view.arrivals.filter((pl.col("arrived") == "cash") & (pl.col("amount_fen") > 0))
    rows = _by_loan(drawn)
    large = rows.filter(
        least("amount_fen", view, "cash_out_fen")
        & (~pl.col("retail") | least_share("amount_fen", "loan_fen", view, "cash_out_retail_share_ppm"))
    )
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
    return pl.concat(
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
    rows = _by_loan(_net_arrivals(view, ("same_name_other_bank",), "misuse_final_use_days")).filter(reached)
    traced = lead(
        rows,
        "SAME_NAME_OUT",
        tell(
            "{} of the loan went to the borrower's account at another bank",
            "贷款中 {} 转到借款人在他行的同名账户",
            yuan("amount_fen"),
        ),
    )
    return with_near_in_time(traced, view, "SAME_NAME_OUT", ("same_name_other_bank",), reached)
