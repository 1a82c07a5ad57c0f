"""One proposal of every kind that can wait in the inbox, made by S1 (persons by the system administrator) over the warned bank."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any, Final

import httpx
from tests.decided import decide_parameter
from tests.http.bank import BROKER, LOAN, transfer_id, write_books, write_trace
from tests.http.warned import QUIET_THREAD, THREAD, write_warnings
from tests.signing_in import AS, write_person

from loantrail import clock
from loantrail.early_warning.hits import Level
from loantrail.identity.abilities import Role
from loantrail.ids import new_id
from loantrail.postgres.connection import type_of_connection
from loantrail.rules import acting, store, workflow
from loantrail.rules.model import LevelRule, State
from loantrail.working_days import statutory

MAKER, CHECKER = "S1", "S2"
UNTIL: Final = clock.business_date(clock.now()) + datetime.timedelta(days=30)
EARLIER: Final = datetime.date(2025, 1, 31)
CHANGED_RULE: Final[Mapping[str, Any]] = {
    "chinese": "贷款资金流向证券等投资",
    "products": ("working_capital_loan", "fixed_asset_loan"),
    "owner_role": "head_office_risk",
}
"""What the proposed version of a rule says other than the shipped one, beside its condition."""


def write_proposing_bank(connection: type_of_connection) -> None:
    """The warned bank with its persons; two million yuan in the payment whose class is corrected; the broker was on the black
    list once."""
    write_books(connection)
    write_trace(connection)
    write_warnings(connection)
    connection.execute(
        "UPDATE tracing.hop SET amount_fen = 200000000 WHERE transfer_id = %s", (transfer_id("入市"),)
    )
    for number in (MAKER, CHECKER):
        write_person(connection, number, staff_id=number)
    write_person(connection, "system", [Role.SYSTEM_ADMINISTRATOR])
    write_person(connection, "security", [Role.SECURITY_ADMINISTRATOR])
    decide_parameter(connection, "export_approval_rows", 0)
    connection.execute(
        "INSERT INTO lists.entry (entry_id, request_key, list, scope, subject, reason, expires_on, content_hash, maker, made_at, "
        "checker, checked_at) VALUES (%s, 'earlier', 'black', 'account', %s, '旧', %s, repeat('0', 64), 'S1', '2024-02-01', 'S2', "
        "'2024-02-01')",
        ("e" * 32, BROKER, EARLIER),
    )
    connection.commit()


def propose_everything(bank: httpx.Client, connection: type_of_connection) -> dict[str, str]:
    """Kind -> key of the proposal in the inbox."""

    def send(address: str, by: str = MAKER, **body: Any) -> Any:
        answer = bank.post(f"/api/v1{address}", json={"request_key": new_id()} | body, headers={AS: by})
        assert answer.is_success, (address, answer.text)
        return answer.json()

    person = send(
        "/person-changes",
        "system",
        change={"kind": "edit", "person_id": CHECKER, "version": 1, "name": "李强", "unit_id": "U1"},
        reason="更名",
    )
    parameter = send(
        "/parameters/warning_red_misuse_ppm/values",
        number="250000",
        inclusive=True,
        effective_from=UNTIL.isoformat(),
        basis="风险管理委员会会议纪要",
        reason="更早报红",
    )
    days = send(
        "/calendar/days",
        days=[UNTIL.isoformat()],
        is_worked=not statutory().is_working(UNTIL),
        reason="系统切换",
    )
    correction = send(
        "/corrections",
        scope="transaction",
        transfer_id=transfer_id("入市"),
        destination_class="supplier",
        reason="有合同",
    )
    unmasking = send(f"/loans/{LOAN}/unmasking", reason="核对收款人")
    export = send("/export-requests", path="/api/v1/loans.xlsx", query="state=outstanding", reason="季度汇总")
    send(
        f"/warnings/{THREAD}/acts",
        act="propose_lowering",
        version=2,
        level="yellow",
        reason="已归还大部分资金",
    )
    for version, act in enumerate(
        (
            {"act": "dispose", "disposition": "true_positive"},
            {"act": "propose_finding", "text": "贷款闲置三个月，未用于约定用途"},
            {"act": "record_hearing", "on": "2025-03-20", "note": "借款人承认"},
        ),
        2,
    ):
        send(f"/warnings/{QUIET_THREAD}/acts", version=version, **act)
    entry = send(
        "/list-entries",
        list="black",
        scope="account",
        subject=BROKER,
        reason="再次出现",
        expires_on=UNTIL.isoformat(),
    )
    return {
        "person_change": person["request_id"],
        "parameter_change": parameter["request_id"],
        "calendar_change": days["request_id"],
        "class_correction": correction["proposal"],
        "unmasking": unmasking["request_id"],
        "export": export["request_id"],
        "warning_lowering": THREAD,
        "warning_finding": QUIET_THREAD,
        "list_entry": entry["entry_id"],
        "rule_version": propose_rule(connection),
        "rule_retirement": propose_retirement(connection),
    }


def propose_rule(connection: type_of_connection, code: str = "ENTRUSTED_PAYMENT_WORKING_CAPITAL") -> str:
    """Another version of a rule, through draft and shadow to a proposal: its id. Written as the application does, but for
    the books, which are not evaluated anew: the trace of this bank was written by hand."""
    acting.enter_shipped(connection)
    shipped = next(one for one in store.versions_of(connection, code) if one.shipped)
    content = dataclasses.replace(
        shipped.content,
        **CHANGED_RULE,
        condition=f"{shipped.content.condition} AND traced_amount_fen >= wan(5)",
        levels=(LevelRule(Level.RED, "traced_amount_fen >= wan(500)"), *shipped.content.levels),
    )
    made, _ = acting.draft(connection, content, MAKER, new_id(), shipped.version)
    acting.act(
        connection,
        made.rule_id,
        1,
        "to_shadow",
        MAKER,
        new_id(),
        lambda one, _: workflow.to_shadow(one, sound=True, by=MAKER),
    )
    acting.act(
        connection,
        made.rule_id,
        2,
        "propose",
        MAKER,
        new_id(),
        lambda one, _: workflow.propose(one, tried=True, by=MAKER),
    )
    connection.commit()
    return made.rule_id


def propose_retirement(connection: type_of_connection, code: str = "AUTONOMOUS_LIMIT_CONSUMER") -> str:
    """A published shipped version whose retirement waits for a second person: its id."""
    acting.enter_shipped(connection)
    standing = next(one for one in store.versions_of(connection, code) if one.state is State.PUBLISHED)
    acting.act(
        connection,
        standing.rule_id,
        standing.revision,
        "propose_retire",
        MAKER,
        new_id(),
        lambda one, at: workflow.propose_retirement(one, MAKER, at, "误报太多"),
        "误报太多",
    )
    connection.commit()
    return standing.rule_id
