"""What the workbench reads of the audit log, of persons and of their keys."""

from __future__ import annotations

import datetime
from typing import Final

from psycopg.rows import dict_row

from loantrail.http.pages.store import Database, Row

SIGN_IN: Final = "session.begin"
IDENTIFIERS: Final = "customer.read_identifiers"
UNMASKING: Final = "unmasking"
PERSON_CHANGE: Final = "person_change"
FILES: Final = ("data.export", "borrower_pack.make")


def record_counts(connection: Database, since_us: int) -> Row:
    """`refused_count, sign_in_refused_count, identifiers_count, unmasking_count, export_count` of the entries from then on
    (UTC microseconds). The connection must be one that may read the log."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(
            """
            SELECT count(*) FILTER (WHERE outcome = 'refused') AS refused_count,
                   count(*) FILTER (WHERE outcome = 'refused' AND action = %(sign_in)s) AS sign_in_refused_count,
                   count(*) FILTER (WHERE action = %(identifiers)s) AS identifiers_count,
                   count(*) FILTER (WHERE object_kind = %(unmasking)s AND action LIKE 'approval.%%') AS unmasking_count,
                   count(*) FILTER (WHERE action = ANY(%(files)s)) AS export_count
            FROM audit.entry WHERE at_us >= %(since_us)s
            """,
            {
                "since_us": since_us,
                "sign_in": SIGN_IN,
                "identifiers": IDENTIFIERS,
                "unmasking": UNMASKING,
                "files": list(FILES),
            },
        ).fetchone()
    assert found is not None  # an aggregate always gives a row
    return found


def people_counts(connection: Database, now: datetime.datetime, until: datetime.datetime) -> Row:
    """The counts of PeopleStanding. For the owner's connection."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(
            """
            SELECT count(*) FILTER (WHERE state = 'active') AS active_count,
                   count(*) FILTER (WHERE state = 'active' AND locked_until > %(now)s) AS locked_count,
                   count(*) FILTER (WHERE state = 'suspended') AS suspended_count,
                   (SELECT count(DISTINCT from_person_id) FROM identity.delegation
                    WHERE ended_at IS NULL AND valid_from <= %(now)s AND valid_to > %(now)s) AS away_count,
                   (SELECT count(*) FROM identity.api_key
                    WHERE ended_at IS NULL AND expires_at > %(now)s AND expires_at <= %(until)s) AS keys_ending_count,
                   (SELECT count(*) FROM identity.assignment AS held JOIN identity.person AS holder USING (person_id)
                    WHERE holder.state = 'active' AND held.valid_to > %(now)s AND held.valid_to <= %(until)s)
                       AS roles_ending_count,
                   (SELECT count(*) FROM approvals.request
                    WHERE state = 'waiting' AND kind = %(kind)s AND expires_at > %(now)s) AS waiting_count
            FROM identity.person
            """,
            {"now": now, "until": until, "kind": PERSON_CHANGE},
        ).fetchone()
    assert found is not None  # an aggregate always gives a row
    return found


def people_changed(connection: Database, since: datetime.datetime, limit: int) -> list[Row]:
    """Changes of persons that were approved or refused from then on, the newest first. For the owner's connection."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT asked.request_id, asked.title_chinese, asked.title_english, asked.state = 'approved' AS approved,
                   asked.decided_at, coalesce(maker.name, asked.maker) AS maker_name,
                   coalesce(checker.name, asked.checker) AS checker_name
            FROM approvals.request AS asked
            LEFT JOIN LATERAL (SELECT name FROM identity.person WHERE asked.maker IN (person_id, staff_id)
                               ORDER BY person_id = asked.maker DESC LIMIT 1) AS maker ON true
            LEFT JOIN LATERAL (SELECT name FROM identity.person WHERE asked.checker IN (person_id, staff_id)
                               ORDER BY person_id = asked.checker DESC LIMIT 1) AS checker ON true
            WHERE asked.kind = %(kind)s AND asked.state IN ('approved', 'refused') AND asked.decided_at >= %(since)s
            ORDER BY asked.decided_at DESC, asked.request_id LIMIT %(limit)s
            """,
            {"kind": PERSON_CHANGE, "since": since, "limit": limit},
        ).fetchall()
