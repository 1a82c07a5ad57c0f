"""SQL of the schema `lists`: entries of the allow, watch and black lists."""

from __future__ import annotations

import datetime
from typing import Any, Final, LiteralString

from psycopg import Connection, sql
from psycopg.rows import dict_row

from loantrail.lists.model import Entry, EntryState, ListName, ListScope, Proposal

Database = Connection[Any]
Row = dict[str, Any]
_LOCK: Final = "loantrail.lists"
_ENTRIES: Final = sql.SQL(
    "SELECT e.entry_id, e.request_key, e.list, e.scope, e.subject, e.rule_code, e.reason, e.expires_on, e.thread_id, "
    "e.content_hash, e.maker, e.made_at, e.checker, e.checked_at, e.ended_by, e.ended_at, e.ended_reason, CASE e.scope "
    "WHEN 'account' THEN (SELECT a.name FROM published.known_account a WHERE a.account = e.subject) "
    "WHEN 'party' THEN (SELECT p.name FROM published.party p WHERE p.party_id = e.subject) "
    "ELSE (SELECT p.name FROM published.loan l JOIN published.party p ON p.party_id = l.borrower_party_id "
    "WHERE l.loan_id = e.subject) END AS name, coalesce(m.name, e.maker) AS maker_name, "
    "coalesce(c.name, e.checker) AS checker_name, coalesce(x.name, e.ended_by) AS ended_by_name FROM lists.entry e "
    "LEFT JOIN published.staff m ON m.staff_id = e.maker LEFT JOIN published.staff c ON c.staff_id = e.checker "
    "LEFT JOIN published.staff x ON x.staff_id = e.ended_by"
)
_HOLDS: Final[dict[EntryState, LiteralString]] = {
    EntryState.WAITING: "ended_at IS NULL AND expires_on >= %(today)s AND checked_at IS NULL",
    EntryState.IN_FORCE: "ended_at IS NULL AND expires_on >= %(today)s AND checked_at IS NOT NULL",
    EntryState.EXPIRED: "ended_at IS NULL AND expires_on < %(today)s",
    EntryState.ENDED: "ended_at IS NOT NULL",
}


def lock(connection: Database) -> datetime.datetime:
    """Until the transaction ends nobody else changes the lists; the time now, by the database's clock."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (_LOCK,))
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    return row[0]


def page(
    connection: Database,
    today: datetime.date,
    name: ListName | None,
    state: EntryState | None,
    search: str,
    offset: int,
    limit: int,
) -> tuple[list[Entry], int]:
    """A page of entries, and how many there are: those that wait first, then those in force, the newest first. `search`:
    part of a subject, its name, a rule or a reason."""
    found = sql.SQL(
        "FROM ({}) f WHERE (%(list)s::text IS NULL OR list = %(list)s) AND ({}) AND (%(search)s = '' "
        "OR position(lower(%(search)s) IN lower(concat_ws(' ', subject, name, rule_code, reason))) > 0)"
    ).format(_ENTRIES, sql.SQL(_HOLDS[state] if state else "true"))
    values = {
        "list": None if name is None else name.value,
        "search": search,
        "today": today,
        "limit": limit,
        "offset": offset,
    }
    ordered = sql.SQL(
        "SELECT * {} ORDER BY ended_at IS NOT NULL OR expires_on < %(today)s, checked_at IS NOT NULL, made_at DESC, "
        "entry_id LIMIT %(limit)s OFFSET %(offset)s"
    ).format(found)
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(ordered, values).fetchall()
    total = connection.execute(sql.SQL("SELECT count(*) {}").format(found), values).fetchone()
    assert total is not None
    return [_entry(row) for row in rows], int(total[0])


def counts(connection: Database, today: datetime.date) -> dict[ListName, tuple[int, int]]:
    """List -> how many entries wait, how many are in force."""
    rows = connection.execute(
        sql.SQL(
            "SELECT list, count(*) FILTER (WHERE {}), count(*) FILTER (WHERE {}) FROM lists.entry GROUP BY list"
        ).format(sql.SQL(_HOLDS[EntryState.WAITING]), sql.SQL(_HOLDS[EntryState.IN_FORCE])),
        {"today": today},
    ).fetchall()
    found = {ListName(name): (int(waiting), int(in_force)) for name, waiting, in_force in rows}
    return {name: found.get(name, (0, 0)) for name in ListName}


def one(connection: Database, entry_id: str) -> Entry | None:
    return _one(connection, "entry_id", entry_id)


def by_request(connection: Database, request_key: str) -> Entry | None:
    """The entry that a request already proposed."""
    return _one(connection, "request_key", request_key)


def _one(connection: Database, column: str, value: str) -> Entry | None:
    query = sql.SQL("{} WHERE e.{} = %s").format(_ENTRIES, sql.Identifier(column))
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(query, (value,)).fetchone()
    return None if row is None else _entry(row)


def _entry(row: Row) -> Entry:
    values: Row = {**row, "list": ListName(row["list"]), "scope": ListScope(row["scope"])}
    return Entry(**values)


def earlier(connection: Database, entry: Entry) -> Entry | None:
    """The last entry in force before this one on the same list about the same; None where there was none."""
    query = sql.SQL(
        "{} WHERE e.list = %s AND e.scope = %s AND e.subject = %s AND e.rule_code = %s AND e.checked_at IS NOT NULL "
        "AND e.made_at < %s ORDER BY e.made_at DESC LIMIT 1"
    ).format(_ENTRIES)
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            query, (entry.list.value, entry.scope.value, entry.subject, entry.rule_code, entry.made_at)
        ).fetchone()
    return None if row is None else _entry(row)


def stands(connection: Database, wanted: Proposal, today: datetime.date) -> bool:
    """Whether the subject is on that list already, or proposed for it."""
    row = connection.execute(
        "SELECT 1 FROM lists.entry WHERE list = %s AND scope = %s AND subject = %s AND rule_code = %s "
        "AND ended_at IS NULL AND expires_on >= %s",
        (wanted.list.value, wanted.scope.value, wanted.subject, wanted.rule_code, today),
    ).fetchone()
    return row is not None


def subject_unit(connection: Database, scope: ListScope, subject: str) -> tuple[str | None] | None:
    """The unit of a loan, account or party; None when there is none of that name."""
    queries: dict[ListScope, LiteralString] = {
        ListScope.LOAN: "SELECT unit_id FROM published.loan WHERE loan_id = %s",
        ListScope.ACCOUNT: "SELECT unit_id FROM published.account WHERE account = %s",
        ListScope.PARTY: "SELECT unit_id FROM published.party WHERE party_id = %s",
    }
    return connection.execute(queries[scope], (subject,)).fetchone()


def is_thread(connection: Database, thread_id: str) -> bool:
    row = connection.execute(
        "SELECT 1 FROM published.warning_thread WHERE thread_id = %s", (thread_id,)
    ).fetchone()
    return row is not None


def insert(
    connection: Database,
    entry_id: str,
    wanted: Proposal,
    content_hash: str,
    at: datetime.datetime,
    unit_id: str | None,
) -> Entry:
    connection.execute(
        "INSERT INTO lists.entry (entry_id, request_key, list, scope, subject, rule_code, reason, expires_on, thread_id, "
        "content_hash, maker, made_at, unit_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            entry_id,
            wanted.request_key,
            wanted.list.value,
            wanted.scope.value,
            wanted.subject,
            wanted.rule_code,
            wanted.reason.strip(),
            wanted.expires_on,
            wanted.thread_id,
            content_hash,
            wanted.by,
            at,
            unit_id,
        ),
    )
    return _again(connection, entry_id)


def check(connection: Database, entry_id: str, by: str, at: datetime.datetime) -> Entry:
    """Note who approved an entry."""
    connection.execute(
        "UPDATE lists.entry SET checker = %s, checked_at = %s WHERE entry_id = %s", (by, at, entry_id)
    )
    return _again(connection, entry_id)


def end(connection: Database, entry_id: str, by: str, at: datetime.datetime, reason: str) -> Entry:
    """Note who ended an entry or refused a proposal, and why."""
    connection.execute(
        "UPDATE lists.entry SET ended_by = %s, ended_at = %s, ended_reason = %s WHERE entry_id = %s",
        (by, at, reason, entry_id),
    )
    return _again(connection, entry_id)


def _again(connection: Database, entry_id: str) -> Entry:
    entry = one(connection, entry_id)
    assert entry is not None
    return entry


def rule_names(connection: Database) -> list[tuple[str, str, str]]:
    """`(code, Chinese, English)` of the newest version of each rule."""
    return connection.execute(
        "SELECT DISTINCT ON (code) code, chinese, english FROM published.rule_version ORDER BY code, version DESC"
    ).fetchall()
