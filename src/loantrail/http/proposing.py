"""A proposal for a second person, kept and on record in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import Connection

from loantrail import clock
from loantrail.approvals.deciding import Kind, propose
from loantrail.approvals.model import Request
from loantrail.http.access import Recorder


def propose_on_record(
    connection: Connection[Any],
    record: Recorder,
    kind: Kind,
    content: Mapping[str, Any],
    reason: str,
    maker: str,
    request_key: str,
) -> tuple[Request, bool]:
    """`(the proposal, whether it is new)`; a new one leaves its entry in the audit log, as its decision does. Raises as `propose`."""
    request, new = propose(connection, kind, content, reason, maker, request_key, clock.now())
    if new:
        record(
            connection,
            "approval.proposed",
            request.kind,
            request.subject,
            before=request.before,
            after=request.after,
            why=reason,
            unit_id=request.unit_id,
        )
    return request, new
