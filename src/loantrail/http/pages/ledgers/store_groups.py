"""What joins customers to groups, and the capital that their limits are shares of."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from psycopg.rows import dict_row

from loantrail.http.pages.store import Database, Row
from loantrail.parties.client_groups import Link


def links(
    connection: Database, relations: Sequence[str], beyond_ppm: int, on_date: datetime.date | None
) -> list[Link]:
    """The relations on record on a day (those that were not ended, without one) that join two parties: of these kinds, or
    a share of more than `beyond_ppm`."""
    rows = connection.execute(
        """
        SELECT from_party_id, to_party_id, kind FROM published.party_relation
        WHERE (kind = ANY(%(relations)s) OR kind = 'shareholder' AND share_ppm > %(beyond_ppm)s)
          AND CASE WHEN %(on_date)s::date IS NULL THEN valid_to IS NULL
                   ELSE valid_from <= %(on_date)s::date AND (valid_to IS NULL OR valid_to > %(on_date)s::date) END
        """,
        {"relations": list(relations), "beyond_ppm": beyond_ppm, "on_date": on_date},
    ).fetchall()
    return [Link(*row) for row in rows]


def capital(connection: Database, on_date: datetime.date) -> Row | None:
    """`effective_from, net_capital_fen, net_tier1_capital_fen, source` in force on a day; None where the bank gave none."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT effective_from, net_capital_fen, net_tier1_capital_fen, source FROM published.bank_capital
            WHERE effective_from <= %s ORDER BY effective_from DESC LIMIT 1
            """,
            (on_date,),
        ).fetchone()


def party_names(connection: Database, party_ids: Sequence[str]) -> Mapping[str, str]:
    """party_id -> name."""
    return dict(
        connection.execute(
            "SELECT party_id, name FROM published.party WHERE party_id = ANY(%s)", (list(party_ids),)
        ).fetchall()
    )
