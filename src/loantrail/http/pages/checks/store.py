"""What the pages of the loan checks read, through the published views."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from psycopg import sql
from psycopg.rows import dict_row

from loantrail.http.pages.store import Database, Row

_FROM: Final = sql.SQL(
    """
    FROM published.loan_check AS made
    JOIN published.loan AS loan ON loan.loan_id = made.loan_id
    LEFT JOIN published.organisation_unit AS unit ON unit.unit_id = made.unit_id
    LEFT JOIN published.staff AS assignee ON assignee.staff_id = made.assignee
    LEFT JOIN published.staff AS reviewer ON reviewer.staff_id = made.reviewer
    LEFT JOIN published.staff AS submitter ON submitter.staff_id = made.submitted_by
    LEFT JOIN published.staff AS checker ON checker.staff_id = made.reviewed_by
    LEFT JOIN published.warning_thread AS warned ON warned.loan_id = made.loan_id AND warned.state IN ('open', 'snoozed')
    """
)
_COLUMNS: Final = sql.SQL(
    """
    made.check_id, made.version, made.kind, made.loan_id, loan.borrower_name, loan.product, loan.currency,
    loan.amount_fen AS loan_amount_fen, made.state, made.returned, made.returned_count, made.paid_out_on,
    made.regular_due_on, made.due_on, made.state IN ('open', 'submitted') AND made.due_on < %(today)s AS overdue,
    made.assignee, coalesce(assignee.name, made.assignee) AS assignee_name, made.reviewer,
    coalesce(reviewer.name, made.reviewer) AS reviewer_name, made.conclusion, made.submitted_at,
    coalesce(submitter.name, made.submitted_by) AS submitted_by_name, made.closed_at,
    coalesce(checker.name, made.reviewed_by) AS reviewed_by_name, made.not_genuine_fen, made.more_papers_fen,
    made.figures_changed, warned.level AS warning_level, made.unit_id, unit.name AS unit_name
    """
)
_STATES: Final[dict[str, str]] = {
    "open": "made.state = 'open'",
    "review": "made.state = 'submitted'",
    "closed": "made.state = 'closed' AND made.figures_changed <> 'revised'",
    "changed": "made.state = 'closed' AND made.figures_changed = 'revised'",
    "taken_over": "made.state = 'taken_over'",
}
"""What the page calls states: `changed` is closed, and what it rests on became another since."""
STATES: Final = tuple(_STATES)
_OVERDUE: Final = "made.state IN ('open', 'submitted') AND made.due_on < %(today)s"
_MINE: Final = (
    "(CASE WHEN made.state = 'submitted' THEN made.reviewer ELSE made.assignee END = ANY(%(me)s) "
    # Nobody reviews what they submitted themselves.
    "AND NOT (made.state = 'submitted' AND made.submitted_by = ANY(%(me)s)))"
)
_WAITS: Final = "made.state IN ('open', 'submitted')"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of the queue; empty ones do not narrow. `owner`: `none` for those that nobody has; `me`: the names of who
    asks, for `mine`."""

    state: str = "open"
    mine: bool = False
    unit: str = ""
    owner: str = ""
    overdue: bool = False
    search: str = ""
    me: tuple[str, ...] = ()


def _where(wanted: Wanted, but: Collection[str] = (), also: Sequence[str] = ()) -> sql.Composed:
    """The filters but for those named, and more conditions."""
    given = {
        "state": _STATES.get(wanted.state, ""),
        "mine": _MINE if wanted.mine else "",
        "unit": "made.unit_id = %(unit)s" if wanted.unit else "",
        "owner": "made.assignee = %(owner)s" if wanted.owner else "",
        "overdue": _OVERDUE if wanted.overdue else "",
        "search": "(loan.borrower_name ILIKE %(pattern)s OR made.loan_id ILIKE %(pattern)s)"
        if wanted.search
        else "",
    }
    parts = [condition for name, condition in given.items() if condition and name not in but]
    return sql.SQL(" AND ").join(sql.SQL(part) for part in ("true", *parts, *also))  # pyright: ignore[reportArgumentType]  constants of this file


def _values(wanted: Wanted, today: datetime.date) -> Row:
    escaped = wanted.search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return {
        "me": list(wanted.me),
        "unit": wanted.unit,
        "owner": "" if wanted.owner == "none" else wanted.owner,
        "pattern": f"%{escaped}%",
        "today": today,
    }


def queue(
    connection: Database, wanted: Wanted, today: datetime.date, offset: int, limit: int
) -> tuple[list[Row], int]:
    """A page of the queue by deadline, then the amount of the loan; and how many there are."""
    values = _values(wanted, today) | {"offset": offset, "limit": limit}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            sql.SQL(
                "SELECT {} {} WHERE {} ORDER BY made.due_on NULLS LAST, loan.amount_fen DESC, made.check_id "
                "LIMIT %(limit)s OFFSET %(offset)s"
            ).format(_COLUMNS, _FROM, _where(wanted)),
            values,
        ).fetchall()
    return rows, _count(connection, _where(wanted), values)


def _count(connection: Database, where: sql.Composed, values: Row) -> int:
    row = connection.execute(sql.SQL("SELECT count(*) {} WHERE {}").format(_FROM, where), values).fetchone()
    return int(row[0]) if row else 0


def counts(connection: Database, wanted: Wanted, today: datetime.date) -> Row:
    """`states, units` as `value -> count`, each without its own filter; `overdue` and `mine` whatever state is asked for."""
    values = _values(wanted, today)

    def grouped(expression: sql.Composable, without: str) -> dict[str, int]:
        rows = connection.execute(
            sql.SQL("SELECT {}, count(*) {} WHERE {} GROUP BY 1 ORDER BY 2 DESC, 1").format(
                expression, _FROM, _where(wanted, (without,))
            ),
            values,
        ).fetchall()
        return {row[0]: row[1] for row in rows if row[0]}

    of_states = sql.SQL("CASE {} END").format(
        sql.SQL(" ").join(
            sql.SQL("WHEN {} THEN {}").format(sql.SQL(condition), sql.Literal(state))  # pyright: ignore[reportArgumentType]  the constants above
            for state, condition in _STATES.items()
        )
    )
    return {
        "states": grouped(of_states, "state"),
        "units": grouped(sql.SQL("made.unit_id"), "unit"),
        "overdue": _count(connection, _where(wanted, ("state", "overdue"), (_OVERDUE,)), values),
        "mine": _count(connection, _where(wanted, ("state", "mine"), (_MINE, _WAITS)), values),
    }


def one(connection: Database, check_id: str, today: datetime.date) -> Row | None:
    """One check as a row of the queue."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            sql.SQL("SELECT {} {} WHERE made.check_id = %(check)s").format(_COLUMNS, _FROM),
            {"check": check_id, "today": today},
        ).fetchone()


def of_loan(connection: Database, loan_id: str, today: datetime.date) -> list[Row]:
    """The checks of a loan, the newest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            sql.SQL(
                "SELECT {} {} WHERE made.loan_id = %(loan)s ORDER BY made.opened_at DESC, made.check_id"
            ).format(_COLUMNS, _FROM),
            {"loan": loan_id, "today": today},
        ).fetchall()


def events(connection: Database, check_id: str) -> list[Row]:
    """The timeline, oldest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT version, kind, at, by, data FROM published.check_event WHERE check_id = %s ORDER BY version",
            (check_id,),
        ).fetchall()


def warning(connection: Database, loan_id: str) -> Row | None:
    """`thread_id, level, disposition` of the loan's warning, where it has one that is not settled."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT thread_id, level, disposition FROM published.warning_thread "
            "WHERE loan_id = %s AND state IN ('open', 'snoozed')",
            (loan_id,),
        ).fetchone()
