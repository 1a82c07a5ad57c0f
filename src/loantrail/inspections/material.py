"""What a check rests on now: the loan's statement, who got the money of each line, and which papers there are."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from loantrail.http.pages import store as pages
from loantrail.http.pages.trails import loan_trail
from loantrail.inspections import store, store_material, store_vouchers
from loantrail.inspections.conclusion import Basis, Composed, compose
from loantrail.inspections.model import Judged, Line, Paper, Policy
from loantrail.inspections.papers import (
    Brought,
    Payee,
    PayeePapers,
    asked_of,
    lacking_fen,
    papers_of,
    payee_key,
)
from loantrail.parameters import ParameterBook
from loantrail.reports.words import words

CASH: Final = ""
"""The account of a payee that has none."""
CASH_USE: Final = "cash"


@dataclass(frozen=True, slots=True)
class LoanMaterial:
    """What the checks of one loan rest on. `lines` is None while the loan was not traced. `payments`: use -> `Payee.key` ->
    the transaction that brought most of it, to be named by."""

    loan_id: str
    currency: str
    borrower_kind: str
    run_id: str
    data_date: datetime.date | None
    lines: Sequence[Line] | None
    papers: Mapping[str, Sequence[PayeePapers]]
    payments: Mapping[str, Mapping[str, str]]
    brought: Sequence[Brought]
    seen_fen: int

    @property
    def lacks(self) -> dict[str, dict[Paper, int]]:
        """Use -> paper -> fen that it is missing for."""
        found = {use: lacking_fen(papers) for use, papers in self.papers.items()}
        return {use: lacks for use, lacks in found.items() if lacks}

    def composed(self, judgements: Mapping[str, Judged], policy: Policy) -> Composed:
        """The conclusion that is proposed for these judgements."""
        zh, en = words("zh"), words("en")
        basis = Basis(
            lines=self.lines or (),
            judgements=judgements,
            lacks=self.lacks,
            seen_fen=self.seen_fen,
            data_date=self.data_date,
            currency=self.currency,
            chinese=lambda use: zh.name("use", use),
            english=lambda use: en.name("use", use),
        )
        return compose(basis, policy)

    def record(self, composed: Composed) -> dict[str, Any]:
        """What is kept of a submission besides what the person says."""
        return {
            "run_id": self.run_id,
            "data_date": self.data_date.isoformat() if self.data_date else None,
            "composed_chinese": composed.chinese,
            "composed_english": composed.english,
            "lacks": {
                use: {str(paper): fen for paper, fen in one.items()} for use, one in self.lacks.items()
            },
        }


def read_material(
    connection: store.Database, loan_id: str, parameters: ParameterBook, on_date: datetime.date
) -> LoanMaterial:
    """What the loan's checks rest on. The connection must see the papers and accounts of the whole bank: which papers a payee
    has does not depend on who asks."""
    facts = store_material.loan(connection, loan_id)
    assert facts is not None  # checks are of loans in the books
    brought = store_vouchers.brought(connection, loan_id)
    run = store_material.run(connection)
    rows = store_material.statement(connection, run[0], loan_id) if run else []
    if run is None or not rows:
        return LoanMaterial(
            loan_id, facts["currency"], facts["borrower_kind"], "", None, None, {}, {}, brought, 0
        )
    run_id, data_date = run
    payees, payments = _payees(connection, run_id, loan_id, [row["use"] for row in rows])
    before = datetime.timedelta(days=parameters.at_or_first("check_invoice_days_before", on_date).number)
    paid_out_on: datetime.date | None = facts["paid_out_on"]
    known = store_material.known(connection, loan_id, facts, paid_out_on - before if paid_out_on else None)
    asked = asked_of(facts["borrower_kind"], parameters, on_date)
    papers = {use: papers_of(use, found, known, brought, asked) for use, found in payees.items()}
    spoken = {one.use: 0 for one in brought}
    for use in spoken:
        spoken[use] = len({one.voucher_id for one in brought if one.use == use})
    lines = [
        Line(
            use=row["use"],
            group=row["line_group"],
            amount_fen=row["amount_fen"],
            suspected=row["suspected"],
            vouchers=spoken.get(row["use"], 0),
            lacking=bool(lacking_fen(papers.get(row["use"], ()))),
        )
        for row in rows
    ]
    return LoanMaterial(
        loan_id=loan_id,
        currency=facts["currency"],
        borrower_kind=facts["borrower_kind"],
        run_id=run_id,
        data_date=data_date,
        lines=lines,
        papers=papers,
        payments=payments,
        brought=brought,
        seen_fen=store_material.seen_fen(connection, run_id, loan_id),
    )


def _payees(
    connection: store.Database, run_id: str, loan_id: str, uses: Sequence[str]
) -> tuple[dict[str, list[Payee]], dict[str, dict[str, str]]]:
    """Use -> who got its money, the largest first; and use -> `Payee.key` -> a transaction to name the payee by."""
    trail = loan_trail(connection, run_id, loan_id)
    arrived = [
        (use, arrival.hop.to_account or CASH, arrival.hop.transfer_id, arrival.counted_fen)
        for use in uses
        for arrival in trail.arrivals(use, pages.held_uses(connection, run_id, loan_id, use))
    ]
    # An account is named by its largest arrival, which comes first; without one each payment tells its payee by name.
    naming: dict[tuple[str, str], str] = {}
    for use, account, transfer_id, _ in arrived:
        naming.setdefault((use, account or transfer_id), transfer_id)
    texts = pages.transfers(connection, naming.values())
    names = {one: (texts.get(one) or {}).get("credit_name") or "" for one in naming.values()}
    keys = store_material.name_keys(names.values())
    amounts: dict[str, dict[tuple[str, str], int]] = {}
    payments: dict[str, dict[str, str]] = {}
    for use, account, transfer_id, fen in arrived:
        name = names[naming[use, account or transfer_id]]
        # Cash has no payee, whatever its lines say in the place of a name.
        name_key = "" if use == CASH_USE and not account else keys.get(name, "")
        sums = amounts.setdefault(use, {})
        sums[account, name_key] = sums.get((account, name_key), 0) + fen
        payments.setdefault(use, {}).setdefault(payee_key(account, name_key), transfer_id)
    owners = store_material.parties(
        connection, {account for sums in amounts.values() for account, _ in sums if account}
    )
    found = {
        use: sorted(
            (
                Payee(account, owners.get(account, ""), name_key, fen)
                for (account, name_key), fen in sums.items()
            ),
            key=lambda payee: (-payee.amount_fen, payee.account, payee.name_key),
        )
        for use, sums in amounts.items()
    }
    return found, payments
