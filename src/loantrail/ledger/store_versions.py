"""SQL of records that change: the new content in place, the earlier one into `ledger.record_version`.

Rows come by the staging table of their record type (`store.stage`), one row per key. `recorded_at` of an earlier content is when
the content before it ended, null where the books never held another.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString, cast

import polars as pl
import psycopg
from psycopg import sql

from loantrail.ledger.intake import RECORD_TYPES
from loantrail.ledger.pairs.store import read_frame
from loantrail.ledger.store import _columns  # pyright: ignore[reportPrivateUsage]  staged and stored alike
from loantrail.records import Kind, RecordType

type_of_connection = psycopg.Connection[tuple[Any, ...]]

_INSTANT: Final = pl.Datetime("us", "UTC")

_KEPT: Final = {"account": ("opening_balance_fen",)}
"""Fields whose value is not forgotten when a later delivery leaves it empty."""

_ENDED: Final[dict[str, tuple[LiteralString, LiteralString]]] = {
    "loan_note": ("state = 'settled', balance_fen = 0", "t.state IN ('outstanding', 'overdue')"),
    "account": ("closed_on = %(day)s", "t.closed_on IS NULL AND NOT t.auto_created"),
    "loan_contract": (
        "valid_to = %(day)s",
        "coalesce(t.valid_to > %(day)s, true) AND t.signed_on <= %(day)s",
    ),
    "guarantee_contract": (
        "valid_to = %(day)s",
        "coalesce(t.valid_to > %(day)s, true) AND t.valid_from <= %(day)s",
    ),
    "loan_manager": (
        "valid_to = %(day)s",
        "coalesce(t.valid_to > %(day)s, true) AND t.valid_from <= %(day)s",
    ),
    "party_relation": (
        "valid_to = %(day)s",
        "coalesce(t.valid_to > %(day)s, true) AND t.valid_from < %(day)s",
    ),
}
"""Record type -> (what marks a record as ended, of which records that can be said)."""

REFERRED_TO: Final = frozenset(
    field.references.split(".")[0]
    for one in RECORD_TYPES.values()
    for field in one.fields
    if field.references
)
"""Record types that others point to: theirs are marked, never removed."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a change comes from."""

    at: datetime.datetime
    day: datetime.date
    source_file: str | None
    run_id: str | None
    """Of the nightly run; None for an import."""

    def parameters(self, reason: str) -> dict[str, object]:
        return {
            "at": self.at,
            "day": self.day,
            "file": self.source_file,
            "run": self.run_id,
            "reason": reason,
        }


def _literal(text: str) -> sql.SQL:
    return sql.SQL(cast(LiteralString, text))


def _table(record_type: RecordType) -> sql.Identifier:
    return sql.Identifier(record_type.schema, record_type.name)


def _staging(record_type: RecordType) -> sql.Identifier:
    return sql.Identifier("pg_temp", f"staging_{record_type.name}")


def _key(record_type: RecordType, of: str) -> sql.Composed:
    """The key of a record as text: a JSON array of its key fields."""
    return sql.SQL("jsonb_build_array({})::text").format(
        sql.SQL(", ").join(sql.Identifier(of, name) for name in record_type.key)
    )


def _same_key(record_type: RecordType) -> sql.Composed:
    return sql.SQL(" AND ").join(
        sql.SQL("s.{0} = t.{0}").format(sql.Identifier(name)) for name in record_type.key
    )


def _unit(record_type: RecordType, of: str) -> sql.Composable:
    names = record_type.field_names
    return sql.Identifier(of, "unit_id") if "unit_id" in names else sql.SQL("NULL")


def _value(record_type: RecordType, name: str) -> sql.Composed:
    """The staged value of a column, or the stored one where nothing is given and the field is kept."""
    template = "coalesce(s.{0}, t.{0})" if name in _KEPT.get(record_type.name, ()) else "s.{0}"
    return _literal(template).format(sql.Identifier(name))


def _differs(record_type: RecordType) -> sql.Composed:
    others = [name for name in _columns(record_type) if name not in record_type.key]
    if not others:
        return sql.SQL("false").format()
    left = sql.SQL(", ").join(sql.Identifier("t", name) for name in others)
    right = sql.SQL(", ").join(_value(record_type, name) for name in others)
    return sql.SQL("({}) IS DISTINCT FROM ({})").format(left, right)


def _keep_earlier(
    connection: type_of_connection,
    record_type: RecordType,
    where: sql.Composable,
    origin: Origin,
    reason: str,
) -> int:
    """Enter the content of the table's rows `t` that `where` (a FROM and WHERE behind the table) names; how many."""
    query = sql.SQL(
        "INSERT INTO ledger.record_version (record_type, record_key, content, recorded_at, superseded_at, reason, "
        "valid_to, source_file, run_id, unit_id) SELECT {name}, {key}, to_jsonb(t), (SELECT max(v.superseded_at) "
        "FROM ledger.record_version v WHERE v.record_type = {name} AND v.record_key = {key} AND v.was_current), "
        "%(at)s, %(reason)s, %(day)s, %(file)s, %(run)s, {unit} FROM {table} t "
    ).format(
        name=sql.Literal(record_type.name),
        key=_key(record_type, "t"),
        unit=_unit(record_type, "t"),
        table=_table(record_type),
    )
    return connection.execute(query + where, origin.parameters(reason)).rowcount


def is_empty(connection: type_of_connection, record_type: RecordType) -> bool:
    """Whether the books hold no record of the type."""
    return (
        connection.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(_table(record_type))).fetchone() is None
    )


def has_been_traced(connection: type_of_connection) -> bool:
    """Whether anything was computed from the books: only then does it matter what was not yet there."""
    return connection.execute("SELECT 1 FROM published.trace_run LIMIT 1").fetchone() is not None


def change_records(connection: type_of_connection, record_type: RecordType, origin: Origin) -> int:
    """Give records that are in the books the staged content where it differs; how many."""
    both = sql.SQL("JOIN {} s ON {} WHERE {}").format(
        _staging(record_type), _same_key(record_type), _differs(record_type)
    )
    changed = _keep_earlier(connection, record_type, both, origin, "changed")
    others = [name for name in _columns(record_type) if name not in record_type.key]
    if changed:
        sets = sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(name), _value(record_type, name)) for name in others
        )
        extra = sql.SQL(", auto_created = false") if record_type.name == "account" else sql.SQL("")
        connection.execute(
            sql.SQL("UPDATE {} t SET {}{} FROM {} s WHERE {} AND {}").format(
                _table(record_type),
                sets,
                extra,
                _staging(record_type),
                _same_key(record_type),
                _differs(record_type),
            )
        )
    return changed


def add_records(
    connection: type_of_connection, record_type: RecordType, origin: Origin, *, note_absence: bool
) -> int:
    """Enter staged records that are not in the books; how many. `note_absence` writes down that they were not there."""
    absent = sql.SQL("FROM {} s WHERE NOT EXISTS (SELECT 1 FROM {} t WHERE {})").format(
        _staging(record_type), _table(record_type), _same_key(record_type)
    )
    if note_absence:
        _note_absence(connection, record_type, absent, origin)
    names = sql.SQL(", ").join(sql.Identifier(name) for name in _columns(record_type))
    return connection.execute(
        sql.SQL("INSERT INTO {} ({}) SELECT {} ").format(_table(record_type), names, names) + absent
    ).rowcount


def _note_absence(
    connection: type_of_connection, record_type: RecordType, absent: sql.Composable, origin: Origin
) -> None:
    query = sql.SQL(
        "INSERT INTO ledger.record_version (record_type, record_key, superseded_at, reason, source_file, run_id, unit_id) "
        "SELECT {}, {}, %(at)s, %(reason)s, %(file)s, %(run)s, {} "
    ).format(sql.Literal(record_type.name), _key(record_type, "s"), _unit(record_type, "s"))
    connection.execute(query + absent, origin.parameters("new"))


def note_imported(connection: type_of_connection, record_type: RecordType, origin: Origin) -> None:
    """Before an import enters staged records: write down what stands, or does not stand, in their place."""
    absent = sql.SQL("FROM {} s WHERE NOT EXISTS (SELECT 1 FROM {} t WHERE {})").format(
        _staging(record_type), _table(record_type), _same_key(record_type)
    )
    _note_absence(connection, record_type, absent, origin)
    both = sql.SQL("JOIN {} s ON {} WHERE {}").format(
        _staging(record_type), _same_key(record_type), _differs(record_type)
    )
    _keep_earlier(connection, record_type, both, origin, "changed")


def enter_keys(connection: type_of_connection, record_type: RecordType) -> None:
    """Let intake know the staged contents: the same record by an import is a duplicate then."""
    connection.execute(
        sql.SQL(
            "INSERT INTO ledger.intake_key (source, source_key, content_hash, row_id) "
            "SELECT {}, source_key, content_hash, source_key FROM {} ORDER BY source_key "
            "ON CONFLICT (source_key, source) DO UPDATE SET content_hash = excluded.content_hash "
            "WHERE ledger.intake_key.content_hash <> excluded.content_hash"
        ).format(sql.Literal(record_type.name), _staging(record_type))
    )


def hold_keys(connection: type_of_connection, record_type: RecordType) -> None:
    """Remember the keys staged now, those included that are refused later: they have not vanished."""
    connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS delivered_key (record_key text PRIMARY KEY) ON COMMIT DELETE ROWS"
    )
    connection.execute(
        sql.SQL(
            "INSERT INTO pg_temp.delivered_key SELECT DISTINCT {} FROM {} s ON CONFLICT DO NOTHING"
        ).format(_key(record_type, "s"), _staging(record_type))
    )


_GONE: Final[LiteralString] = "NOT EXISTS (SELECT 1 FROM pg_temp.delivered_key d WHERE d.record_key = {key})"
_STAGED: Final[LiteralString] = "EXISTS (SELECT 1 FROM {staging} s WHERE {same})"


def mark_ended(
    connection: type_of_connection, record_type: RecordType, origin: Origin, reason: str
) -> tuple[int, int, int]:
    """Mark records as ended, where their type has a way to say so: with reason `vanished` those of which no key was held
    (`hold_keys`), else the staged ones. Returns `(concerned, marked, marked loans that had a balance)`."""
    template = _GONE if reason == "vanished" else _STAGED
    which = sql.SQL(template).format(
        key=_key(record_type, "t"), staging=_staging(record_type), same=_same_key(record_type)
    )
    if record_type.name == "account":
        which += sql.SQL(" AND NOT t.auto_created")
    if record_type.name == "organisation_unit":
        which += sql.SQL(" AND t.unit_id <> 'unassigned'")
    owing = sql.SQL("count(*) FILTER (WHERE t.balance_fen > 0 AND t.state IN ('outstanding', 'overdue'))")
    row = connection.execute(
        sql.SQL("SELECT count(*), {} FROM {} t WHERE {}").format(
            owing if record_type.name == "loan_note" else sql.SQL("0"), _table(record_type), which
        )
    ).fetchone()
    concerned, with_balance = (0, 0) if row is None else (int(row[0]), int(row[1]))
    if not concerned or record_type.name not in _ENDED:
        return concerned, 0, 0
    sets, where = _ENDED[record_type.name]
    chosen = sql.SQL("{} AND {}").format(which, sql.SQL(where))
    marked = _keep_earlier(connection, record_type, sql.SQL("WHERE {}").format(chosen), origin, reason)
    connection.execute(
        sql.SQL("UPDATE {} t SET {} WHERE {}").format(_table(record_type), sql.SQL(sets), chosen),
        origin.parameters(reason),
    )
    return concerned, marked, with_balance


def remove_records(connection: type_of_connection, record_type: RecordType, origin: Origin) -> int:
    """Take the staged records out of the table, their content kept as a version; how many. Only for types that no other
    points to."""
    which = sql.SQL("WHERE EXISTS (SELECT 1 FROM {} s WHERE {})").format(
        _staging(record_type), _same_key(record_type)
    )
    removed = _keep_earlier(connection, record_type, which, origin, "removed")
    connection.execute(sql.SQL("DELETE FROM {} t ").format(_table(record_type)) + which)
    connection.execute(
        sql.SQL(
            "DELETE FROM ledger.intake_key k USING {} s WHERE k.source = {} AND k.source_key = s.source_key"
        ).format(_staging(record_type), sql.Literal(record_type.name))
    )
    return removed


def keep_chain(
    connection: type_of_connection,
    record_type: RecordType,
    origin: Origin,
    periods: Sequence[tuple[int, datetime.date, datetime.date]],
) -> int:
    """Keep staged rows as ended periods of a history chain: `(row number, valid from, valid to)`; how many were new."""
    numbers, starts, ends = ([one[place] for one in periods] for place in range(3))
    return connection.execute(
        sql.SQL(
            "INSERT INTO ledger.record_version (record_type, record_key, content, superseded_at, reason, was_current, "
            "valid_from, valid_to, source_file, run_id, unit_id) SELECT {name}, {key}, "
            "to_jsonb(s) - 'row_number' - 'source_key' - 'content_hash' - 'proven' - 'is_first', %(at)s, %(reason)s, false, "
            "p.valid_from, p.valid_to, %(file)s, %(run)s, {unit} "
            "FROM unnest(%(numbers)s::integer[], %(starts)s::date[], %(ends)s::date[]) AS p(row_number, valid_from, valid_to) "
            "JOIN {staging} s USING (row_number) ON CONFLICT DO NOTHING"
        ).format(
            name=sql.Literal(record_type.name),
            key=_key(record_type, "s"),
            unit=_unit(record_type, "s"),
            staging=_staging(record_type),
        ),
        {**origin.parameters("chain"), "numbers": numbers, "starts": starts, "ends": ends},
    ).rowcount


def clear_staging(connection: type_of_connection, record_type: RecordType) -> None:
    """Empty the staging table, for other rows of the same transaction."""
    connection.execute(sql.SQL("DELETE FROM {}").format(_staging(record_type)))


def forget_delivered(connection: type_of_connection) -> None:
    """Empty what `hold_keys` remembers."""
    connection.execute(sql.SQL("DELETE FROM pg_temp.delivered_key"))


# Reading -----------------------------------------------------------------------------------------------------


def records_as_of(connection: type_of_connection, record_type: str, at: datetime.datetime) -> pl.DataFrame:
    """All records of a type as the books held them at an instant: the fields of the record type, ordered by key.

    What an import entered before anything was traced counts as always there, and so do accounts that only lines
    name. Statement lines are not records of this kind: they never change and carry `arrival_number`.
    Raises KeyError for a name that is no record type, ValueError for statement lines.
    """
    kind = RECORD_TYPES[record_type]
    if kind.name == "statement_line":
        raise ValueError("statement lines have no versions; read them by arrival_number")
    schema: dict[str, Any] = {
        field.name: _INSTANT if field.kind is Kind.INSTANT else _POLARS[field.kind] for field in kind.fields
    }
    columns = sql.SQL(", ").join(
        sql.SQL("(extract(epoch FROM r.{}) * 1000000)::bigint").format(sql.Identifier(field.name))
        if field.kind is Kind.INSTANT
        else sql.Identifier("r", field.name)
        for field in kind.fields
    )
    query = sql.SQL(
        """
        WITH later AS (
            SELECT DISTINCT ON (v.record_key) v.record_key, v.content FROM ledger.record_version v
            WHERE v.record_type = {name} AND v.was_current AND v.superseded_at > {at}
            ORDER BY v.record_key, v.superseded_at, v.version_id
        ), held AS (
            SELECT r.* FROM later l CROSS JOIN LATERAL jsonb_populate_record(NULL::{table}, l.content) r
            WHERE l.content IS NOT NULL
            UNION ALL
            SELECT t.* FROM {table} t WHERE NOT EXISTS (SELECT 1 FROM later l WHERE l.record_key = {key})
        )
        SELECT {columns} FROM held r ORDER BY {order}
        """
    ).format(
        name=sql.Literal(kind.name),
        at=sql.Literal(at),
        table=_table(kind),
        key=_key(kind, "t"),
        columns=columns,
        order=sql.SQL(", ").join(sql.Identifier("r", name) for name in kind.key),
    )
    frame = read_frame(
        connection, query, {name: pl.String() if t == pl.Boolean() else t for name, t in schema.items()}
    )
    return frame.with_columns(
        (pl.col(name) == "t").alias(name) for name, kind_of in schema.items() if kind_of == pl.Boolean()
    )


_POLARS: Final[dict[Kind, Any]] = {
    Kind.TEXT: pl.String(),
    Kind.AMOUNT_FEN: pl.Int64(),
    Kind.INTEGER: pl.Int64(),
    Kind.RATE_PPM: pl.Int64(),
    Kind.DATE: pl.Date(),
    Kind.BOOLEAN: pl.Boolean(),
    Kind.CURRENCY: pl.String(),
    Kind.CHOICE: pl.String(),
}
