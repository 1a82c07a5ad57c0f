"""SQL of the step: lines as they arrived, what is settled by hand about them, what is proven, which loans were judged."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from typing import Any, Final

import polars as pl
import psycopg
from psycopg import sql

from loantrail.early_warning.hits import HITS, PROVEN
from loantrail.few_rows import FewRows
from loantrail.ledger.pairs.store import ELSEWHERE, read_frame
from loantrail.monitor.arrived import Footing
from loantrail.monitor.tail import INSTANT, LINES
from loantrail.policy.store import LAST_CHANGE
from loantrail.tracing.store import CONTEXT, CURRENT_RUN

Database = psycopg.Connection[Any]
Answer = psycopg.Cursor[Any]
_PROVEN, _HITS = FewRows(PROVEN), FewRows(HITS)
_FOOTING: Final = sql.SQL(
    "SELECT ({}), coalesce(({}), ''), (SELECT coalesce(max(arrival_number), 0) FROM ledger.statement_line)"
).format(sql.SQL(CURRENT_RUN).format(sql.Literal("fifo")), sql.SQL(LAST_CHANGE))
_RULES: Final = sql.SQL(
    "SELECT concat((SELECT md5(string_agg(rule_id || state || content_hash, ',' ORDER BY rule_id)) FROM published.rule_version), "
    "(SELECT md5(string_agg(rule_id || coalesce(stopped, ''), ',' ORDER BY rule_id)) FROM published.rule_evaluation))"
)
_FOOTING_AND_RULES: Final = sql.SQL("{}, ({})").format(_FOOTING, _RULES).as_bytes(None)
_READ: Final = {name: pl.String() if kind == pl.Boolean() else kind for name, kind in LINES.items()}
_COLUMNS: Final = sql.SQL(", ").join(
    sql.SQL("replace(l.line_id::text, '-', '')")
    if name == "line_id"
    else sql.SQL("f.name")
    if name == "source_file"
    else sql.SQL("CASE WHEN {} THEN 'yes' END").format(ELSEWHERE)
    if name == "counterparty_elsewhere"
    else sql.SQL("(extract(epoch FROM l.{}) * 1000000)::bigint").format(sql.Identifier(name))
    if kind == INSTANT
    else sql.Identifier("l", name)
    for name, kind in LINES.items()
)
_FROM: Final = sql.SQL(
    "FROM ledger.statement_line l JOIN ledger.import_file f USING (file_id) "
    "LEFT JOIN ledger.account a ON a.account = l.counterparty_account"
)


def _lines(connection: Database, query: sql.Composed) -> pl.DataFrame:
    frame = read_frame(connection, query, _READ)
    return frame.with_columns((pl.col("counterparty_elsewhere") == "yes").fill_null(value=False))


def lines_after(connection: Database, arrival: int, last: int, most: int | None = None) -> pl.DataFrame:
    """Lines (tail.LINES, as they are written) that arrived after the one number and not after the other, in order of arrival; the
    first `most` of them."""
    return _lines(
        connection,
        sql.SQL(
            "SELECT {} {} WHERE l.arrival_number > {} AND l.arrival_number <= {} ORDER BY l.arrival_number LIMIT {}"
        ).format(_COLUMNS, _FROM, sql.Literal(arrival), sql.Literal(last), sql.Literal(most)),
    )


def are_more_than(connection: Database, count: int, arrival: int, last: int) -> bool:
    """Whether more lines than that arrived after the one number and not after the other: there are no more lines than numbers, and
    most often no numbers without a line."""
    if last - arrival <= count:
        return False
    found = connection.execute(
        "SELECT FROM ledger.statement_line WHERE arrival_number > %s AND arrival_number <= %s OFFSET %s LIMIT 1",
        (arrival, last, count),
    ).fetchone()
    return found is not None


def ask_footing(connection: Database) -> Answer:
    """Send the question what the books stand on; see `footing_told`. Of rules nothing is asked: few groups need it."""
    return connection.execute(_FOOTING)


def footing_told(answer: Answer) -> Footing:
    """What was answered to `ask_footing`."""
    row = answer.fetchone()
    assert row is not None
    run_id, last_change, last_arrival, *rules = row
    return Footing(
        None if run_id is None else str(run_id), str(last_change), int(last_arrival), *map(str, rules)
    )


def footing_of(connection: Database) -> Footing:
    """What the books and the rules stand on, as the transaction sees it."""
    return footing_told(connection.execute(_FOOTING_AND_RULES))


def elsewhere_of(connection: Database, line_ids: Sequence[str]) -> frozenset[str]:
    """Those of the lines whose counterparty's account is known to be with another institution than they say."""
    rows = connection.execute(
        sql.SQL(
            "SELECT replace(l.line_id::text, '-', '') FROM ledger.statement_line l "
            "JOIN ledger.account a ON a.account = l.counterparty_account WHERE l.line_id = ANY(%s::uuid[]) AND {}"
        ).format(ELSEWHERE),
        (list(line_ids),),
    ).fetchall()
    return frozenset(str(row[0]) for row in rows)


def latest_after(connection: Database, arrival: int) -> datetime.datetime | None:
    """When the latest of the lines that arrived after the one number was booked; None without such lines."""
    row = connection.execute(
        "SELECT max(booked_at) FROM ledger.statement_line WHERE arrival_number > %s", (arrival,)
    ).fetchone()
    assert row is not None
    return row[0]


def booked_after(connection: Database, arrival: int, since: datetime.datetime) -> pl.DataFrame:
    """`arrival_number, booked_at` of the lines that arrived after the one number and were booked at `since` or later, in order of
    arrival."""
    return read_frame(
        connection,
        sql.SQL(
            "SELECT arrival_number, (extract(epoch FROM booked_at) * 1000000)::bigint AS booked_at FROM ledger.statement_line "
            "WHERE arrival_number > {} AND booked_at >= {} ORDER BY arrival_number"
        ).format(sql.Literal(arrival), sql.Literal(since)),
        {"arrival_number": pl.Int64(), "booked_at": INSTANT},
    )


def lines_named(connection: Database, line_ids: Sequence[str], since: datetime.datetime) -> pl.DataFrame:
    """These lines (tail.LINES), booked at `since` or later, in order of arrival."""
    return _lines(
        connection,
        sql.SQL(
            "SELECT {} {} WHERE l.booked_at >= {} AND l.line_id = ANY({}::uuid[]) ORDER BY l.arrival_number"
        ).format(_COLUMNS, _FROM, sql.Literal(since), sql.Literal(list(line_ids))),
    )


def lines_by_hand(connection: Database, since: datetime.datetime) -> frozenset[str]:
    """Lines booked at `since` or later that a person paired or kept apart."""
    rows = connection.execute(
        "SELECT replace(line::text, '-', '') FROM ledger.transfer, unnest(ARRAY[debit_line, credit_line]) line "
        "WHERE state = 'valid' AND basis = 'manual' AND booked_at >= %s AND line IS NOT NULL",
        (since - datetime.timedelta(days=31),),
    ).fetchall()
    return frozenset(str(row[0]) for row in rows)


def originals_of(connection: Database, line_ids: Sequence[str]) -> dict[str, str]:
    """Line -> transaction that it takes back, where exactly one line of its account has the reference that it names and the
    opposite direction."""
    rows = connection.execute(
        """
        WITH found AS (
            SELECT r.line_id AS line, (array_agg(o.line_id))[1] AS original
            FROM ledger.statement_line r
            JOIN ledger.statement_line o ON o.account = r.account AND o.currency = r.currency
             AND o.direction <> r.direction AND o.line_id <> r.line_id AND o.reference = r.reverses
            WHERE r.line_id = ANY(%s::uuid[])
            GROUP BY r.line_id HAVING count(*) = 1
        )
        SELECT replace(f.line::text, '-', ''), replace(coalesce(t.transfer_id, f.original)::text, '-', '')
        FROM found f LEFT JOIN ledger.transfer t ON t.state = 'valid' AND t.debit_line IS NOT NULL
         AND t.credit_line IS NOT NULL AND (t.debit_line = f.original OR t.credit_line = f.original)
        """,
        (list(line_ids),),
    ).fetchall()
    return {str(line): str(original) for line, original in rows}


def proven_of(connection: Database, run_id: str, loans: Sequence[str]) -> pl.DataFrame:
    """PROVEN of these loans as that run found it."""
    rows = connection.execute(
        "SELECT loan_id, use, least_fen FROM published.trace_statement WHERE run_id = %s AND loan_id = ANY(%s) AND proven",
        (run_id, list(loans)),
    ).fetchall()
    return _PROVEN.frame(rows)


def stopped_rules(connection: Database) -> frozenset[str]:
    """Versions that the last run over the books stopped, and that were not changed since."""
    rows = connection.execute(
        "SELECT rule_id FROM published.rule_evaluation JOIN published.rule_version USING (rule_id, content_hash) "
        "WHERE stopped IS NOT NULL"
    ).fetchall()
    return frozenset(str(row[0]) for row in rows)


def accounts_named(connection: Database, names: Sequence[str]) -> pl.DataFrame:
    """What the books say of these accounts, as the context of a trace tells it."""
    query = sql.SQL(
        "SELECT account, name, party_id, kind, unit_id FROM published.account WHERE account = ANY({}) ORDER BY account"
    ).format(sql.Literal(list(names)))
    return read_frame(connection, query, CONTEXT["accounts"][1])


def standing_hits(connection: Database, loans: Sequence[str]) -> pl.DataFrame:
    """HITS of these loans that stand."""
    columns = sql.SQL(", ").join(map(sql.Identifier, HITS))
    rows = connection.execute(
        sql.SQL("SELECT {} FROM published.warning_hit WHERE standing AND loan_id = ANY(%s)").format(columns),
        (list(loans),),
    ).fetchall()
    return _HITS.frame(rows)


def note_judged(connection: Database, loans: Collection[str], last_arrival: int) -> None:
    """These loans were judged with the lines up to that arrival."""
    connection.execute(
        "INSERT INTO live.judged_loan (loan_id, last_arrival) SELECT l, %s FROM unnest(%s::text[]) l ORDER BY l "
        "ON CONFLICT (loan_id) DO UPDATE SET last_arrival = greatest(live.judged_loan.last_arrival, excluded.last_arrival)",
        (last_arrival, sorted(loans)),
    )


def rules_state(connection: Database) -> str:
    """Changes when a version of a rule, or what the last run said of it, does."""
    row = connection.execute(_RULES).fetchone()
    assert row is not None
    return str(row[0])
