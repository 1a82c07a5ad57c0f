"""Reads what a pack says of one loan, out of one state of the books."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from loantrail.borrower_pack import store
from loantrail.borrower_pack.model import (
    Answering,
    Documented,
    Due,
    OwnLine,
    Pack,
    PaidOut,
    Repaid,
)
from loantrail.borrower_pack.statement import OwnPayment, own_payments
from loantrail.borrower_pack.uses import UNEXPLAINED, WITH_PAPERS, is_documented, said_uses
from loantrail.clock import business_date
from loantrail.http.pages import store as pages
from loantrail.inspections import store_material, store_vouchers
from loantrail.inspections.material import CASH_USE
from loantrail.inspections.papers import Brought, Payee, PayeePapers, asked_of, papers_of
from loantrail.policy.reading import parameters_in_force


def read_pack(connection: store.Database, whole: store.Database, loan_id: str) -> Pack | None:
    """The pack of a loan; None when there is no such loan. `connection` sees what is in reach of who asks; `whole` sees every paper
    of the bank: which ones a payment has does not depend on who asks."""
    facts = pages.loan_facts(connection, loan_id)
    if facts is None:
        return None
    run = pages.current_run(connection)
    run_id = str(run["run_id"]) if run else ""
    own = store.own_accounts(connection, facts["borrower_party_id"])
    hops = pages.loan_hops(connection, run_id, loan_id) if run else []
    payments = [one for one in own_payments(hops, own) if not one.within]
    lines = store.own_lines(connection, {one.transfer_id for one in payments}, own)
    pack = Pack(
        loan_id=loan_id,
        contract_id=facts["contract_id"],
        borrower=facts["borrower_name"],
        product=facts["product"],
        purpose=facts["purpose_text"] or "",
        payment_mode=facts["payment_mode"],
        currency=facts["currency"],
        contract_fen=facts["contract_amount_fen"],
        amount_fen=facts["amount_fen"],
        balance_fen=facts["balance_fen"],
        rate_ppm=facts["rate_ppm"],
        issued_on=facts["issued_on"],
        matures_on=facts["matures_on"],
        data_date=run["data_date"] if run and hops else None,
        answering=Answering(facts["unit_name"], store.check_due(connection, loan_id)),
        paid_out=tuple(
            PaidOut(business_date(one["booked_at"]), one["amount_fen"], _if_own(one["account"], own))
            for one in facts["disbursements"]
        ),
        schedule=tuple(
            Due(one.number, one.due_on, one.principal_fen, one.interest_fen)
            for one in pages.loan_schedule(connection, loan_id)
        ),
        repaid=tuple(
            Repaid(
                business_date(row["paid_at"]),
                row["principal_fen"],
                row["interest_fen"],
                row["penalty_fen"],
                _if_own(row["account"], own),
            )
            for row in store.repayments(connection, loan_id)
        ),
        lines=_lines(payments, lines),
    )
    return replace(pack, payees=_payees(whole, payments, lines, own, pack))


def _if_own(account: str | None, own: Collection[str]) -> str | None:
    return account if account in own else None


def _lines(payments: Iterable[OwnPayment], lines: Mapping[str, store.Row]) -> tuple[OwnLine, ...]:
    """The own lines, in the order of the statement. A payment without one (its line never came) is not the borrower's record."""
    carried: dict[str, int] = {}
    for one in payments:
        if one.transfer_id in lines:
            carried[one.transfer_id] = carried.get(one.transfer_id, 0) + one.loan_fen
    found = [OwnLine(loan_fen=fen, **lines[transfer_id]) for transfer_id, fen in carried.items()]
    return tuple(sorted(found, key=lambda line: (line.booked_at, line.account, line.line_id)))


def _payees(
    whole: store.Database,
    payments: Iterable[OwnPayment],
    lines: Mapping[str, store.Row],
    own: Collection[str],
    pack: Pack,
) -> tuple[Documented, ...]:
    """The direct payees with their papers, the largest first. Use and payee of a payment are what its own line says: no class, no
    correction and no line of anybody else has a say in what is asked for."""
    facts = store_material.loan(whole, pack.loan_id)
    if not lines or facts is None:
        return ()
    on_date = pack.data_date or pack.issued_on
    parameters = parameters_in_force(whole)
    keys = store_material.name_keys(line["payee_name"] for line in lines.values())
    survivors = store.survivors(whole, (line["payee_account"] for line in lines.values()))
    uses = said_uses(lines, own, facts, parameters, on_date)
    sums: dict[tuple[str, str, str], int] = {}
    told: dict[tuple[str, str, str], store.Row] = {}
    for one in payments:
        line = lines.get(one.transfer_id)
        if line is None:
            continue
        account: str = survivors.get(line["payee_account"]) or line["payee_account"]
        use = uses[one.transfer_id]
        # Without an account number only the name tells payees apart; cash has no payee, whatever stands in the place of a name.
        name: str = "" if account or use == CASH_USE else keys.get(line["payee_name"]) or line["payee_name"]
        key = use, account, name
        sums[key] = sums.get(key, 0) + one.loan_fen
        # The last line names the payee: what it is called now.
        if key not in told or _when(told[key]) <= _when(line):
            told[key] = line
    before = datetime.timedelta(days=parameters.at_or_first("check_invoice_days_before", on_date).number)
    paid_out_on: datetime.date | None = facts["paid_out_on"]
    known = store_material.known(whole, pack.loan_id, facts, paid_out_on - before if paid_out_on else None)
    asked = asked_of(facts["borrower_kind"], parameters, on_date)
    brought = store_vouchers.brought(whole, pack.loan_id)
    owners = store_material.parties(whole, {account for _, account, _ in sums if account})
    found: list[Documented] = []
    for (use, account, name), fen in sums.items():
        line = told[use, account, name]
        payee = Payee(account, owners.get(account, ""), keys.get(line["payee_name"], ""), fen)
        [papers] = papers_of(use, [payee], known, _speaking_for(payee, use, brought), asked)
        with_papers = use == UNEXPLAINED and bool(papers.contracts or papers.orders or papers.invoices)
        counted = WITH_PAPERS if with_papers else use
        if with_papers:
            [papers] = papers_of(counted, [payee], known, _speaking_for(payee, counted, brought), asked)
        found.append(_documented(papers, line, counted if is_documented(counted, pack.product) else ""))
    return tuple(sorted(found, key=lambda one: (-one.loan_fen, one.payee_name, one.payee_account, one.use)))


def _when(line: store.Row) -> tuple[datetime.datetime, str]:
    return line["booked_at"], line["line_id"]


def _speaking_for(payee: Payee, use: str, brought: Iterable[Brought]) -> list[Brought]:
    """The vouchers, those for this payee as of this use: they were brought for a payment, whatever class its payee had
    when they were."""
    return [replace(one, use=use) if payee.key and one.payee_account == payee.key else one for one in brought]


def _documented(papers: PayeePapers, line: store.Row, use: str) -> Documented:
    return Documented(
        payee_name=line["payee_name"],
        payee_account=line["payee_account"],
        loan_fen=papers.payee.amount_fen,
        use=use,
        contracts=papers.contracts,
        orders=papers.orders,
        invoices=papers.invoices,
        invoiced_fen=papers.invoiced_fen,
        voucher_count=len(papers.vouchers),
        asked_for=tuple((lack.paper, lack.amount_fen) for lack in papers.lacks),
    )
