"""Accounts, parties, loans and borrowers of a count by number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from loantrail.early_warning.moves import is_few
from loantrail.early_warning.view import View
from loantrail.few_rows import FewRows
from loantrail.signals.beforehand import Beforehand, borrower_key
from loantrail.tracing.codes import code_texts
from loantrail.tracing.model import Bool, Int32, Int64

FEW_TRANSACTIONS: Final = 4_096
"""Names of so many are numbered one by one where few moves are counted."""


_LOANS: Final = FewRows({"loan": pl.Int32, "loan_id": pl.String, "borrower": pl.Int32})
_SIDES: Final = FewRows({"number": pl.Int32, "borrower": pl.Int32})


@dataclass(frozen=True, slots=True)
class Numbers:
    """Accounts, parties and borrowers by number."""

    accounts: pl.DataFrame  # account, number
    parties: pl.DataFrame  # party, number
    debit: Int32
    credit: Int32
    payer: Int32
    payee: Int32
    loans: pl.DataFrame  # loan_id, loan, borrower
    repayment: Int32  # [loans of the view, the first of `loans`] account, or -1
    side_start: Int32
    side_borrower: Int32
    touched: Bool  # [accounts] have windows from the start, as told beforehand


def numbers_of(view: View, transactions: pl.DataFrame, beforehand: Beforehand) -> Numbers:
    """The numbers of all that the transactions (in the order of the count) and the records of the loans name."""
    (debit, credit, side, repayment), names = code_texts(
        [
            transactions["debit_account"],
            transactions["credit_account"],
            view.sides["account"],
            view.loans["repayment_account"],
        ]
    )
    few = is_few(view)
    parties, payer, payee = (_parties_of_few if few and len(transactions) <= FEW_TRANSACTIONS else _parties)(
        view, transactions, names, (debit, credit)
    )
    loans, sides = (_loans_of_few if few else _loans)(view, beforehand, side)
    touched = beforehand.touched.select("account", "transaction_id").rows()
    from_the_start = pl.Series([account for account, text in touched if text is None], dtype=pl.String)
    return Numbers(
        accounts=pl.DataFrame({"account": names, "number": np.arange(len(names), dtype=np.int32)}),
        parties=pl.DataFrame({"party": parties, "number": np.arange(len(parties), dtype=np.int32)}),
        debit=debit,
        credit=credit,
        payer=payer,
        payee=payee,
        loans=loans,
        repayment=repayment,
        touched=standing(names, from_the_start).to_numpy(),
        side_start=starts(sides["number"].to_numpy(), len(names)).astype(np.int32),
        side_borrower=sides["borrower"].to_numpy().astype(np.int32),
    )


def standing(names: pl.Series, among: pl.Series) -> pl.Series:
    """Whether each name stands among others; null where there is none. Few are looked up one by one."""
    if len(names) > FEW_TRANSACTIONS:
        return names.is_in(among.drop_nulls().implode())
    known = set(among.to_list())
    return pl.Series([None if one is None else one in known for one in names.to_list()], dtype=pl.Boolean)


def _parties(
    view: View, transactions: pl.DataFrame, names: pl.Series, ends: tuple[Int32, Int32]
) -> tuple[pl.Series, Int32, Int32]:
    """The parties, and who paid and was paid in each transaction: the owner of an account, else the account itself; outside of all
    accounts a name. `ends`: the numbers of the accounts (`names`) debited and credited."""
    debit, credit = ends
    owners = view.accounts.select("account", "owner")
    of_account = (
        names.alias("account")
        .to_frame()
        .join(owners, on="account", how="left", maintain_order="left")
        .select(party=pl.coalesce("owner", "account"))["party"]
    )
    outside = [
        transactions.select(
            pl.when(pl.col(f"{side}_account").is_null()).then(pl.col(f"{side}_name"))
        ).to_series()
        for side in ("debit", "credit")
    ]
    (party_of, payer, payee), parties = code_texts([of_account, *outside])
    payer = np.where(debit >= 0, party_of[np.maximum(debit, 0)], payer) if len(party_of) else payer
    payee = np.where(credit >= 0, party_of[np.maximum(credit, 0)], payee) if len(party_of) else payee
    return parties, payer.astype(np.int32), payee.astype(np.int32)


def _parties_of_few(
    view: View, transactions: pl.DataFrame, names: pl.Series, ends: tuple[Int32, Int32]
) -> tuple[pl.Series, Int32, Int32]:
    owner_of = dict(zip(view.accounts["account"].to_list(), view.accounts["owner"].to_list(), strict=True))
    number_of: dict[str, int] = {}
    of_account: list[int] = []
    for name in names.to_list():
        owner = owner_of.get(name)
        of_account.append(number_of.setdefault(name if owner is None else owner, len(number_of)))
    party_of = np.array([*of_account, -1], np.int32)  # one more: outside of all accounts
    found: list[Int32] = []
    for side, numbers in zip(("debit", "credit"), ends, strict=True):
        party = party_of[numbers]
        rows = np.flatnonzero(numbers < 0)
        for row, name in zip(rows.tolist(), transactions[f"{side}_name"].gather(rows).to_list(), strict=True):
            if name is not None:
                party[row] = number_of.setdefault(name, len(number_of))
        found.append(party)
    return pl.Series("name", list(number_of), dtype=pl.String), found[0], found[1]


def _loans(view: View, beforehand: Beforehand, side: Int32) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`loan, loan_id, borrower` of the loans of the view and those told beforehand; and `number, borrower` of the accounts on the side of
    each borrower, ascending. `side`: number of the account of each row of the view's sides."""
    others = beforehand.reached.select("loan_id", "borrower").unique(
        "loan_id", keep="first", maintain_order=True
    )
    loans = (
        pl.concat(
            [
                view.loans.select("loan_id", borrower=borrower_key()),
                others.join(view.loans, on="loan_id", how="anti", maintain_order="left"),
            ]
        )
        .with_row_index("loan")
        .with_columns((pl.col("borrower").rank("dense") - 1).cast(pl.Int32), pl.col("loan").cast(pl.Int32))
    )
    sides = (
        view.sides.select("loan_id", number=pl.Series(side))
        .filter(pl.col("number") >= 0)
        .join(loans, on="loan_id")
        .select("number", "borrower")
        .unique()
        .sort("number", "borrower")
    )
    return loans, sides


def _loans_of_few(view: View, beforehand: Beforehand, side: Int32) -> tuple[pl.DataFrame, pl.DataFrame]:
    keys = view.loans.select("loan_id", "borrower_party_id", "disbursement_account").rows()
    told = [
        (loan, party if party is not None else account if account is not None else loan)
        for loan, party, account in keys
    ]
    known = {loan for loan, _ in told}
    others = dict(reversed(beforehand.reached.select("loan_id", "borrower").rows()))
    told += [
        (loan, others[loan])
        for loan in dict.fromkeys(beforehand.reached["loan_id"].to_list())
        if loan not in known
    ]
    rank = {borrower: number for number, borrower in enumerate(sorted({borrower for _, borrower in told}))}
    borrower_of = {loan: rank[borrower] for loan, borrower in told}
    loans = _LOANS.frame([(number, loan, rank[borrower]) for number, (loan, borrower) in enumerate(told)])
    pairs = {
        (number, borrower_of[loan])
        for loan, number in zip(view.sides["loan_id"].to_list(), side.tolist(), strict=True)
        if number >= 0 and loan in borrower_of
    }
    sides = _SIDES.frame(sorted(pairs))
    return loans, sides


def starts(places: np.ndarray, count: int) -> Int64:
    """[count + 1] where the rows of each place begin; `places` is sorted."""
    begins = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(places.astype(np.int64), minlength=count), out=begins[1:])
    return begins
