"""Numbers that a bank decided for itself, as two persons left them in the database."""

from __future__ import annotations

import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from loantrail.ids import new_id
from loantrail.parameters import shipped_parameters

LONG_AGO = datetime.date(2001, 1, 2)


def decide_parameter(
    connection: psycopg.Connection[Any],
    name: str,
    value: int | list[str],
    effective_from: datetime.date = LONG_AGO,
    maker: str = "P1",
    checker: str = "P2",
) -> str:
    """The value holds from that day on, decided the day before; the id of the change. The caller commits."""
    change_id = new_id()
    decided_at = datetime.datetime.combine(
        effective_from, datetime.time(1), datetime.UTC
    ) - datetime.timedelta(days=1)
    connection.execute(
        "INSERT INTO approvals.request (request_id, request_key, kind, subject, title_chinese, title_english, content, "
        "content_hash, reason, maker, made_at, expires_at, state, checker, decided_at, decision_reason) "
        "VALUES (%(id)s, %(id)s, 'parameter_change', %(name)s, '参数', 'Parameter', '{}', repeat('0', 64), '需要', %(maker)s, "
        "%(at)s, %(at)s + interval '30 days', 'approved', %(checker)s, %(at)s, '同意')",
        {"id": change_id, "name": name, "maker": maker, "checker": checker, "at": decided_at},
    )
    connection.execute(
        "INSERT INTO policy.parameter_change (change_id, name, value, unit, inclusive, effective_from, basis, maker, checker, "
        "decided_at) VALUES (%s, %s, %s, %s, true, %s, '内部规定', %s, %s, %s)",
        (
            change_id,
            name,
            Jsonb(value),
            shipped_parameters().periods(name)[0].unit,
            effective_from,
            maker,
            checker,
            decided_at,
        ),
    )
    return change_id
