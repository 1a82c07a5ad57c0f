"""A bank where something waits on every page, and a person of each role."""

from __future__ import annotations

import datetime
from typing import Any

import psycopg
from tests.http.bank import BORROWER, LOAN, SUPPLIER
from tests.http.checked import CHECK, INSPECTOR, PDF_BYTES, write_checked_bank
from tests.http.conftest import client_of
from tests.http.warned import THREAD
from tests.signing_in import write_person

from loantrail import clock
from loantrail.identity.abilities import Role
from loantrail.ids import new_id

NIGHT = datetime.date(2025, 3, 19)
MERGED = "6299"
"""A number that was merged into the supplier's account."""


def write_busy_bank(connection: psycopg.Connection[Any]) -> None:
    """The checked and warned bank, and a person of each role named like it."""
    write_checked_bank(connection)
    for role in Role:
        staff = {Role.RELATIONSHIP_MANAGER: "S1", Role.POST_LOAN_INSPECTOR: INSPECTOR}.get(role)
        write_person(connection, role, [role], "U1" if staff else None, staff)


def do_work(address: str) -> dict[str, str]:
    """What people did through the interface."""
    with client_of(address) as client:

        def send(method: str, path: str, **what: Any) -> Any:
            answer = client.request(method, f"/api/v1{path}", **what)
            assert answer.is_success, (path, answer.text)
            return answer.json()

        unmasking = client.post(
            f"/api/v1/loans/{LOAN}/unmasking",
            json={"reason": "核对", "request_key": new_id()},
            headers={"Cookie": f"loantrail=session-of-{Role.RELATIONSHIP_MANAGER}"},
        )
        assert unmasking.is_success, unmasking.text
        warning = send("GET", f"/warnings/{THREAD}")["row"]
        lowering = {
            "act": "propose_lowering",
            "level": "yellow",
            "reason": "已还清",
            "version": warning["version"],
        }
        asked = client.post(
            f"/api/v1/warnings/{THREAD}/acts",
            json=lowering | {"request_key": new_id()},
            headers={"Cookie": f"loantrail=session-of-{Role.RELATIONSHIP_MANAGER}"},
        )
        assert asked.is_success, asked.text
        rule, retiring, *_ = (one for one in send("GET", "/rules")["rules"] if one["state"] == "published")
        versions = send("GET", f"/rules/{rule['code']}")["versions"]
        content = next(one for one in versions if one["in_force"])["content"]
        del content["pattern"]
        draft = send(
            "POST", "/rules", json={"content": content, "based_on": rule["version"], "request_key": new_id()}
        )
        send(
            "POST",
            f"/rule-versions/{retiring['rule_id']}/acts",
            json={"act": "propose_retire", "revision": 1, "reason": "误报太多", "request_key": new_id()},
        )
        begun = send("POST", "/imports", json={})
        answer = client.put(
            f"/api/v1/imports/{begun['import_id']}/files/流水.csv",
            content="账号,金额\n1,2\n".encode(),
            headers={"Content-Type": "application/octet-stream"},
        )
        assert answer.is_success, answer.text
        voucher = client.post(
            f"/api/v1/checks/{CHECK}/vouchers",
            params={"name": "合同.pdf", "paper": "contract", "use": ["supplier"], "request_key": new_id()},
            content=PDF_BYTES,
            headers={"Content-Type": "application/octet-stream"},
        )
        assert voucher.is_success, voucher.text
        return {
            "request": unmasking.json()["request_id"],
            "rule": rule["code"],
            "retiring": retiring["code"],
            "draft": str(draft["version"]["version"]),
            "import": begun["import_id"],
            "refusal": "0" * 32,
            "role": Role.LEGAL,
        }


def write_work(connection: psycopg.Connection[Any]) -> None:
    """What waits on the other pages."""
    run = connection.execute
    run("INSERT INTO early_warning.channel (name) VALUES ('hook')")
    run("INSERT INTO early_warning.delivery (channel, outbox_ids, state, attempts, not_before, title, body, created_at, problem) "
        "VALUES ('hook', '{}', 'failed', 9, now(), '红色预警', '{}', now(), 'refused')")  # fmt: skip
    run("INSERT INTO destinations.correction (correction_id, request_key, scope, account, destination_class, reason, made_by, "
        "made_at, unit_id) VALUES (%s, 'c', 'account', %s, 'supplier', '营业执照', 'S2', now(), 'U1')", (new_id(), SUPPLIER))  # fmt: skip
    run("INSERT INTO ledger.account_merge (merge_id, request_key, from_account, into_account, reason, made_by, made_at, unit_id) "
        "VALUES (%s, 'm', %s, %s, '同一账户', 'S2', now(), 'U1')", (new_id(), MERGED, SUPPLIER))  # fmt: skip
    run("INSERT INTO ledger.merged_account VALUES (%s, %s)", (MERGED, SUPPLIER))
    run(
        "UPDATE tracing.evaluation SET requested = 1, requested_at = now(), failed = 1, failed_at = now(), problem = 'x', remedy = ''"
    )
    run(
        "UPDATE parties.party SET identity_number = '110101199003070011', phone = '13800000000' WHERE party_id = 'P5'"
    )
    run("INSERT INTO lists.entry (entry_id, request_key, list, scope, subject, rule_code, reason, expires_on, content_hash, maker, made_at) "
        "VALUES (%s, 'l', 'watch', 'account', %s, '', '关注', %s, repeat('0', 64), 'somebody', now())",
        (new_id(), BORROWER, clock.business_date(clock.now()) + datetime.timedelta(days=30)))  # fmt: skip
    run("INSERT INTO ledger.refusal (refusal_id, source_file, position, record_type, field, reason, message, original, created_at) "
        "VALUES (%s, '流水.csv', 3, 'statement_line', 'amount', 'not_a_number', 'x', '', now())", ("0" * 32,))  # fmt: skip
    run("INSERT INTO nightly.run (run_id, business_date, attempt, state, folder, content_hash, software_version, started_at, "
        "finished_at) VALUES ('N1', %s, 1, 'failed', '/nowhere', '', '0', now(), now())", (NIGHT,))  # fmt: skip
    run("INSERT INTO nightly.alarm (alarm_id, run_id, business_date, code, severity, holds_back, created_at, raised_at) "
        "VALUES (%s, 'N1', %s, 'file_missing', 'critical', true, now(), now())", (new_id(), NIGHT))  # fmt: skip
    run(
        "UPDATE identity.person SET locked_until = now() + interval '1 hour' WHERE person_id = %s",
        (Role.LEGAL,),
    )
