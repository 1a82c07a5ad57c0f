"""The part of the workbench for who gives work to others: who holds how much, and who of them can do none."""

from __future__ import annotations

import datetime

from loantrail import clock
from loantrail.http.connections import Connections
from loantrail.http.pages.store import Database
from loantrail.http.pages.workbench import store_handover
from loantrail.http.pages.workbench.model_handover import GONE, WorkHeld, WorkOfPerson


def work_held(connection: Database, connections: Connections, now: datetime.datetime, limit: int) -> WorkHeld:
    """The work within the reach of `connection`; whether its holders can do it is asked as the owner."""
    rows = store_handover.work_by_person(connection, now, clock.business_date(now))
    with connections.connection() as every:
        found = store_handover.presences(every, [row["staff_id"] for row in rows], now)
    known = {row["staff_id"]: row for row in found}
    nobody = {"presence": "no_person", "stand_in_name": None}
    items = [
        WorkOfPerson.model_validate(
            {**row, **known.get(row["staff_id"], nobody | {"staff_id": row["staff_id"]})}
        )
        for row in rows
    ]
    items.sort(key=_urgency)
    return WorkHeld(
        people_count=len(items),
        gone_count=sum(one.presence in GONE for one in items),
        items=items[:limit],
    )


def _urgency(one: WorkOfPerson) -> tuple[bool, int, int, str]:
    late = one.warning_overdue_count + one.check_overdue_count
    return one.presence not in GONE, -late, -(one.warning_count + one.check_count), one.staff_id
