"""What the band over a loan's page says: how it is being repaid, and the trace in plain words."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from loantrail.http.pages import store
from loantrail.http.pages.instalments import course
from loantrail.http.pages.model import NextInstalment, Sentence, Standing, Verdict
from loantrail.tracing.verdict import Line, Suspicion, verdict


def loan_standing(connection: store.Database, facts: store.Row, data_date: datetime.date | None) -> Standing:
    """How the loan stands on the data date. Without a date, or without a schedule, whether it is past due is not
    known. A settled loan owes nothing, whatever its schedule foresaw: paid early, it bore less interest."""
    loan_id, settled = facts["loan_id"], facts["state"] == "settled"
    schedule = store.loan_schedule(connection, loan_id)
    payments = store.loan_payments(connection, loan_id, data_date)
    paid_fen = sum(one.due_fen for one in schedule) if settled else int(payments["paid_fen"])
    kept = course(schedule, paid_fen, data_date) if schedule and data_date else None
    account = store.repayment_account(connection, loan_id)
    balance = store.last_balance(connection, account) if account else None
    ahead = kept.upcoming if kept else None
    return Standing(
        data_date=data_date,
        instalment_count=len(schedule),
        paid_count=kept.full_count if kept else None,
        days_past_due=kept.days_past_due if kept else None,
        overdue_fen=kept.overdue_fen if kept else None,
        overdue_since=kept.overdue_since if kept else None,
        next_instalment=NextInstalment(
            instalment_no=ahead.instalment.number,
            due_on=ahead.instalment.due_on,
            open_fen=ahead.open_fen,
            principal_fen=ahead.instalment.principal_fen,
            interest_fen=ahead.instalment.interest_fen,
        )
        if ahead
        else None,
        last_paid_at=payments["last_paid_at"],
        last_paid_fen=payments["last_paid_fen"],
        repayment_account=account,
        account_balance_fen=balance[0] if balance else None,
        account_balance_at=balance[1] if balance else None,
    )


def loan_verdict(
    facts: store.Row,
    summary: store.Row | None,
    statement: Sequence[store.Row],
    leads: Sequence[store.Row],
    warned: bool,
) -> Verdict:
    """The verdict on a loan from what the store read of it; `warned`: it has a warning that is not settled."""
    paid_out_fen = sum(one["amount_fen"] for one in facts["disbursements"])
    said = verdict(
        summary["disbursed_fen"] if summary else paid_out_fen,
        [
            Line(
                row["use"],
                row["line_group"],
                row["amount_fen"],
                row["least_fen"],
                row["most_fen"],
                row["proven"],
            )
            for row in statement
        ]
        if summary
        else None,
        [Suspicion(row["pattern"], row["destination_class"], row["amount_fen"]) for row in leads],
        summary["seen_fen"] if summary else 0,
        facts["currency"],
        warned,
    )
    return Verdict(
        level=said.level,
        sentences=[
            Sentence(level=one.level, chinese=one.chinese, english=one.english) for one in said.sentences
        ],
    )
