"""Patterns that look at who the payee is: a shell, or another party than the document names."""

from __future__ import annotations

import polars as pl

from loantrail.early_warning.frames import LEADS
from loantrail.early_warning.handing_on import handed_on
from loantrail.early_warning.near_in_time import by_time_and_amount
from loantrail.early_warning.payments import loan_payments
from loantrail.early_warning.telling import tell, yuan
from loantrail.early_warning.view import (
    View,
    lead,
    least,
    least_share,
    party_name,
    within_days,
    young_on,
)
from loantrail.few_rows import empty


def new_shell_payee(view: View) -> pl.DataFrame:
    """Loan money paid to a company with at least two of three signs: registered shortly before, no insured staff, no
    tax paid. A sign that is not on record does not count; a document excuses an old company, not a young one."""
    rows = (
        _to_shells(view, loan_payments(view).with_columns(transaction_ids=pl.concat_list("transaction_id")))
        .group_by("loan_id", maintain_order=True)
        .agg(
            pl.col("loan_fen", "destination_class").first(),
            pl.col("amount_fen").sum(),
            pl.col("transaction_ids").explode(empty_as_null=True),
        )
    )
    traced = lead(
        rows,
        "NEW_SHELL_PAYEE",
        tell(
            "{} was paid to companies that show signs of a shell",
            "{} 付给了有空壳迹象的公司",
            yuan("amount_fen"),
        ),
    )
    soon = (
        handed_on(view)
        .filter(pl.col("hands") == 0)
        .join(view.accounts.select(credit_account="account", to_owner="owner"), on="credit_account")
        .join(view.loans.select("loan_id", loan_fen="amount_fen"), on="loan_id")
        .with_columns(ordered=pl.lit(value=False))
    )
    return by_time_and_amount(
        traced,
        _to_shells(view, soon),
        view,
        "NEW_SHELL_PAYEE",
        tell(
            "{} was paid soon after disbursement to companies that show signs of a shell: by time and amount; the trace "
            "gives it to own money",
            "{} 在放款后不久付给了有空壳迹象的公司；按时间和金额相符判断，按记账规则计为自有资金",
            yuan("amount_fen"),
        ),
    )


def _to_shells(view: View, payments: pl.DataFrame) -> pl.DataFrame:
    """Per loan and company that shows the signs: loan_fen, destination_class, amount_fen, transaction_ids, of payments
    (to_owner, booked_at, documented, ordered, ...) that are large enough together."""
    companies = view.parties.filter(pl.col("kind") == "company").select(
        "registered_on", "insured_staff_count", "tax_paid_on", to_owner="party_id"
    )
    paid = (
        payments.join(companies, on="to_owner", maintain_order="left")
        .with_columns(
            young=young_on("registered_on", "booked_at", view),
            no_staff=(pl.col("insured_staff_count") == 0).fill_null(value=False),
            # Without a tax date the registry must have answered at all, or nothing is known.
            no_tax=pl.col("tax_paid_on").is_null() & pl.col("insured_staff_count").is_not_null(),
        )
        .with_columns(signs=pl.sum_horizontal("young", "no_staff", "no_tax"))
        .filter(
            least("signs", view, "new_shell_payee_signs")
            & (pl.col("young") | ~(pl.col("documented") | pl.col("ordered")))
        )
    )
    return (
        paid.group_by("loan_id", "to_owner", maintain_order=True)
        .agg(
            pl.col("loan_fen", "destination_class").first(),
            pl.col("amount_fen").sum(),
            pl.col("transaction_ids").explode(empty_as_null=True),
        )
        .filter(
            least("amount_fen", view, "new_shell_payee_fen")
            & least_share("amount_fen", "loan_fen", view, "new_shell_payee_share_ppm")
        )
    )


def payee_mismatch(view: View) -> pl.DataFrame:
    """Money paid to another party than the document names: under a payment order of a contract whose payees are
    known, under an invoice's number, or by entrusted payment past the contract's payees. Another party means another
    identity on record; a spelling of the same name, or a payee not on record, is a task and no lead."""
    if loan_payments(view).is_empty():
        return empty(LEADS)
    identities = view.parties.select(
        party="party_id", identity=pl.coalesce("identity_number", "party_id"), party_key=party_name("name")
    )
    contracts = view.loans.select("loan_id", "contract_id", "payment_mode")
    expected = (
        contracts.join(view.contract_payees.drop_nulls("party_id"), on="contract_id")
        .join(identities, left_on="party_id", right_on="party")
        .select("loan_id", "identity", key=pl.coalesce(party_name("name"), "party_key"))
    )
    # A contract that lists any payee without identity cannot be compared.
    vague = contracts.join(
        view.contract_payees.filter(pl.col("party_id").is_null()), on="contract_id", how="semi"
    )
    complete = expected.select("loan_id").unique().join(vague.select("loan_id"), on="loan_id", how="anti")
    paid = (
        loan_payments(view)
        .filter(pl.col("to_owner").is_not_null())
        .join(identities, left_on="to_owner", right_on="party", how="inner")
        .join(contracts.select("loan_id", "payment_mode"), on="loan_id")
    )
    by_contract = (
        paid.join(complete, on="loan_id", how="semi")
        .filter(
            pl.col("ordered")
            | (
                (pl.col("payment_mode") == "entrusted_payment").fill_null(value=False)
                & ~pl.col("documented")
                & (pl.col("destination_class").is_in(["company", "supplier"])).fill_null(value=False)
                & within_days("days", view, "payee_mismatch_days")
            )
        )
        .join(expected.select("loan_id", "identity"), on=["loan_id", "identity"], how="anti")
        .join(expected.select("loan_id", party_key="key"), on=["loan_id", "party_key"], how="anti")
    )
    sellers = (
        view.invoices.filter((pl.col("state") == "valid").fill_null(value=True))
        .drop_nulls("seller_party_id")
        .join(identities, left_on="seller_party_id", right_on="party")
        .select(
            document_no="invoice_id",
            borrower_party_id="buyer_party_id",
            seller_identity="identity",
            seller_key=pl.coalesce(party_name("seller_name"), "party_key"),
        )
    )
    by_invoice = (
        paid.join(sellers, on=["document_no", "borrower_party_id"])
        .filter(
            (pl.col("identity") != pl.col("seller_identity"))
            & (pl.col("party_key") != pl.col("seller_key")).fill_null(value=True)
        )
        .drop("seller_identity", "seller_key")
    )
    rows = (
        pl.concat([by_contract, by_invoice])
        .unique(["loan_id", "transaction_id"], keep="first", maintain_order=True)
        .group_by("loan_id", maintain_order=True)
        .agg(
            pl.col("loan_fen", "destination_class").first(),
            pl.col("amount_fen").sum(),
            transaction_ids=pl.col("transaction_id"),
        )
        .filter(least_share("amount_fen", "loan_fen", view, "payee_mismatch_share_ppm"))
    )
    return lead(
        rows,
        "PAYEE_MISMATCH",
        tell(
            "{} was paid to another party than the document names",
            "{} 付给了与合同、支付指令或发票所载不同的收款人",
            yuan("amount_fen"),
        ),
    )
