"""A small bank for pattern tests: loans, moves of loan money, other payments; amounts in 10,000 yuan (万)."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from loantrail.early_warning.frames import Frames
from loantrail.early_warning.patterns import find_leads
from loantrail.parameters import shipped_parameters

WAN = 1_000_000  # fen
START = datetime.datetime(2025, 3, 3, 2, 0, tzinfo=datetime.UTC)  # a Monday, 10:00 in Shanghai


def at(day: float) -> datetime.datetime:
    return START + datetime.timedelta(days=day)


@dataclass
class Bank:
    """Every method adds records and gives the id of what it added."""

    end_day: float = 120
    hops: list[dict[str, Any]] = field(default_factory=list)
    transactions: list[dict[str, Any]] = field(default_factory=list)
    loans: list[dict[str, Any]] = field(default_factory=list)
    accounts: list[dict[str, Any]] = field(default_factory=list)
    parties: list[dict[str, Any]] = field(default_factory=list)
    relations: list[dict[str, Any]] = field(default_factory=list)
    guarantors: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    contract_payees: list[dict[str, Any]] = field(default_factory=list)
    invoices: list[dict[str, Any]] = field(default_factory=list)
    repayments: list[dict[str, Any]] = field(default_factory=list)
    balances: list[dict[str, Any]] = field(default_factory=list)

    def account(
        self, account: str, owner: str | None = None, kind: str = "settlement", name: str = ""
    ) -> str:
        self.accounts.append(
            {"account": account, "owner": owner, "kind": kind, "name": name or owner or account}
        )
        return account

    def party(self, party_id: str, kind: str = "company", **known: Any) -> str:
        self.parties.append({"party_id": party_id, "kind": kind, "name": party_id, **known})
        return party_id

    def loan(
        self,
        wan: float,
        *,
        loan: str = "L",
        borrower: str = "B",
        retail: bool = False,
        mode: str = "autonomous_payment",
        **more: Any,
    ) -> str:
        """A loan paid out on day 0 into the account `<borrower>.main`; gives the hop of the disbursement."""
        if not any(entry["account"] == f"{borrower}.main" for entry in self.accounts):
            self.account(f"{borrower}.main", borrower)
        self.loans.append(
            {
                "loan_id": loan,
                "contract_id": f"C-{loan}",
                "product": "consumer_loan" if retail else "working_capital_loan",
                "customer_kind": "individual" if retail else "company",
                "amount_fen": int(wan * WAN),
                "disbursed_at": at(0),
                "borrower_party_id": borrower,
                "disbursement_account": f"{borrower}.main",
                "repayment_account": f"{borrower}.main",
                "payment_mode": mode,
                **more,
            }
        )
        return self.move(None, "BANK", f"{borrower}.main", wan, 0, loan=loan)

    def pay(
        self,
        debit: str | None,
        credit: str | None,
        wan: float,
        day: float,
        *,
        cls: str = "company",
        remark: str = "",
        documented: bool = False,
        document_no: str = "",
    ) -> str:
        """A transaction; gives its id."""
        transaction_id = f"T{len(self.transactions):04d}"
        self.transactions.append(
            {
                "transaction_id": transaction_id,
                "booked_at": at(day),
                "debit_account": debit,
                "credit_account": credit,
                "credit_name": credit,
                "amount_fen": int(wan * WAN),
                "purpose_text": remark,
                "document_no": document_no,
                "destination_class": cls,
                "documented": documented,
            }
        )
        return transaction_id

    def move(
        self,
        parent: str | None,
        debit: str | None,
        credit: str | None,
        wan: float,
        day: float,
        *,
        use: str = "",
        loan: str = "L",
        of_wan: float | None = None,
        **said: Any,
    ) -> str:
        """`wan` of loan money in a transaction (of `of_wan` in all); gives the hop."""
        said.setdefault("cls", use or "company")
        transaction_id = self.pay(debit, credit, of_wan or wan, day, **said)
        hop_id = f"H{len(self.hops):04d}"
        depth = (
            0 if parent is None else 1 + next(hop["depth"] for hop in self.hops if hop["hop_id"] == parent)
        )
        self.hops.append(
            {
                "hop_id": hop_id,
                "parent_hop_id": parent,
                "loan_id": loan,
                "transaction_id": transaction_id,
                "from_account": debit,
                "to_account": credit,
                "amount_fen": int(wan * WAN),
                "depth": depth,
                "use": use,
                "booked_at": at(day),
            }
        )
        return hop_id

    def frames(self) -> Frames:
        def table(rows: list[dict[str, Any]]) -> pl.DataFrame:
            return pl.DataFrame(rows, infer_schema_length=None)

        return Frames(
            as_of=at(self.end_day),
            hops=table(self.hops),
            transactions=table(self.transactions),
            loans=table(self.loans),
            accounts=table(self.accounts),
            parties=table(self.parties),
            relations=table(self.relations),
            guarantors=table(self.guarantors),
            orders=table(self.orders),
            contract_payees=table(self.contract_payees),
            invoices=table(self.invoices),
            repayments=table(self.repayments),
            balances=table(self.balances),
        )

    def leads(self, *codes: str) -> list[tuple[str, str, int]]:
        """(loan, pattern, fen) of all leads, or of the codes."""
        found = find_leads(self.frames(), shipped_parameters(), codes or None)
        return [(row["loan_id"], row["pattern"], row["amount_fen"]) for row in found.to_dicts()]

    def codes(self) -> set[str]:
        return {code for _, code, _ in self.leads()}

    def found(self, code: str) -> bool:
        return bool(self.leads(code))


# Columns that hold ids: scenarios that share one run are kept apart by a prefix in them.
_IDS = frozenset(
    (
        "loan_id",
        "contract_id",
        "hop_id",
        "parent_hop_id",
        "transaction_id",
        "from_account",
        "to_account",
        "debit_account",
        "credit_account",
        "account",
        "owner",
        "party_id",
        "from_party_id",
        "to_party_id",
        "guarantor_party_id",
        "borrower_party_id",
        "disbursement_account",
        "repayment_account",
        "payee_account",
        "seller_party_id",
        "buyer_party_id",
        "invoice_id",
        "repayment_id",
        "document_no",
        "identity_number",
    )
)


def together(banks: list[Bank]) -> Bank:
    """One bank with the records of all, the ids of the n-th prefixed by `n:`."""
    whole = Bank(end_day=banks[0].end_day)
    for name, rows in vars(whole).items():
        if not isinstance(rows, list):
            continue
        for number, bank in enumerate(banks):
            for row in getattr(bank, name):
                rows.append(
                    {
                        key: f"{number}:{value}" if key in _IDS and value else value
                        for key, value in row.items()
                    }
                )
    return whole


def cases(code: str, rows: list[tuple[Any, ...]]) -> Callable[[Callable[..., Bank]], Callable[[], None]]:
    """Turns a builder of banks into a test: each row gives its arguments and, last, whether the pattern warns."""

    def test_of(build: Callable[..., Bank]) -> Callable[[], None]:
        def test() -> None:
            by_end: dict[float, list[int]] = {}
            banks = [build(*row[:-1]) for row in rows]
            for number, bank in enumerate(banks):
                by_end.setdefault(bank.end_day, []).append(number)
            warned: set[int] = set()
            for numbers in by_end.values():
                found = together([banks[number] for number in numbers]).leads(code)
                warned |= {numbers[int(loan.split(":")[0])] for loan, _, _ in found}
            wrong = [row for number, row in enumerate(rows) if (number in warned) is not row[-1]]
            assert not wrong, f"{code}: the last entry of these rows should be the other way round: {wrong}"

        test.__name__ = build.__name__
        test.__doc__ = build.__doc__
        return test

    return test_of
