"""What the ledgers read: a page of rows in an order, their sums, the values that occur."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import sql
from psycopg.rows import dict_row

from loantrail.http.pages.ledgers.model import (
    FROM,
    NONE,
    Asked,
    Column,
    ColumnFilter,
    ColumnKind,
    Direction,
    Ledger,
)
from loantrail.http.pages.ledgers.store_bases import SOURCES, Source
from loantrail.http.pages.loan_list.store import (
    parties_named,
    search_words,
    with_units_below,
    word_parameters,
)
from loantrail.http.pages.store import Database, Row
from loantrail.parties.industries import DIVISIONS_OF

_READ_ROWS: Final = 2_000
_PART: Final = sql.SQL(
    "SELECT ledger.* FROM ({rows}) AS ledger {where} ORDER BY {order}, ledger.key LIMIT %(limit)s OFFSET %(offset)s"
)
_KEYS: Final = sql.SQL(
    "SELECT ledger.key FROM ({rows}) AS ledger {where} ORDER BY {order}, ledger.key LIMIT %(limit)s OFFSET %(offset)s"
)
_ROWS: Final = sql.SQL("SELECT * FROM ({rows}) AS ledger WHERE ledger.key = ANY(%(keys)s)")
_EVERY: Final = sql.SQL("SELECT ledger.* FROM ({rows}) AS ledger {where} ORDER BY {order}, ledger.key")
_SUMS: Final = sql.SQL(
    "SELECT ledger.currency, count(*) AS row_count {sums} FROM ({rows}) AS ledger {where} GROUP BY 1 ORDER BY 2 DESC, 1"
)
_COUNTS: Final = sql.SQL(
    "SELECT {value} AS value, count(*) AS row_count FROM ({rows}) AS ledger GROUP BY 1 ORDER BY 2 DESC, 1"
)
_LISTS: Final = (ColumnKind.NAMES, ColumnKind.PEOPLE)
_TEXTS: Final = (ColumnKind.TEXT, ColumnKind.NAMED, ColumnKind.UNIT)


@dataclass(frozen=True, slots=True)
class Found:
    """A request as the queries take it: made once for the rows and for their sums. `parameters` hold those of the rows
    too: `as_of` and `as_of_end`, `run_id`, ..."""

    ledger: Ledger
    source: Source
    where: sql.Composable
    order: sql.Composable
    parameters: Row


def found(connection: Database, ledger: Ledger, asked: Asked, parameters: Row) -> Found:
    """What `asked` means in the present books; `parameters` are those of the ledger's rows."""
    source = SOURCES[ledger.name]
    conditions, values = _conditions(connection, ledger, source, asked)
    where = sql.SQL("WHERE ") + sql.SQL(" AND ").join(conditions) if conditions else sql.SQL("")
    return Found(ledger, source, where, _order(ledger, asked), parameters | values)


def rows(connection: Database, chosen: Found, offset: int, limit: int) -> list[Row]:
    """Part of the rows that were found, in their order."""
    part = {"offset": offset, "limit": limit}
    pieces = {"rows": chosen.source.rows(), "where": chosen.where, "order": chosen.order}
    with connection.cursor(row_factory=dict_row) as cursor:
        if not chosen.source.of_loans:
            return cursor.execute(_PART.format(**pieces), chosen.parameters | part).fetchall()
        # First which loans, then all about these alone: their arrears are worked out for no other.
        keys = [row["key"] for row in cursor.execute(_KEYS.format(**pieces), chosen.parameters | part)]
        about = _ROWS.format(rows=chosen.source.rows(keys=True))
        made = cursor.execute(about, chosen.parameters | {"keys": keys}).fetchall() if keys else []
    by_key = {row["key"]: row for row in made}
    return [by_key[key] for key in keys]


def rows_of(connection: Database, ledger: Ledger, keys: Sequence[str], parameters: Row) -> list[Row]:
    """The rows of these keys, whatever else is found; `parameters` are those of the ledger's rows."""
    statement = _ROWS.format(rows=SOURCES[ledger.name].rows())
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement, parameters | {"keys": list(keys)}).fetchall()


def every_row(connection: Database, chosen: Found) -> Iterator[Row]:
    """All rows that were found, one after the other, without holding them."""
    statement = _EVERY.format(rows=chosen.source.rows(), where=chosen.where, order=chosen.order)
    with connection.cursor(name="every_row", row_factory=dict_row) as cursor:
        cursor.itersize = _READ_ROWS
        yield from cursor.execute(statement, chosen.parameters)


def sums(connection: Database, chosen: Found) -> list[Row]:
    """`currency, row_count` and the sum of each summed column of all rows that were found; the currency with most first."""
    added = [
        sql.SQL(", coalesce(sum(ledger.{field}), 0) AS {field}").format(field=sql.Identifier(column.field))
        for column in chosen.ledger.summed
    ]
    statement = _SUMS.format(sums=sql.Composed(added), rows=chosen.source.rows(), where=chosen.where)
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement, chosen.parameters).fetchall()


def value_counts(connection: Database, ledger: Ledger, column: Column, parameters: Row) -> dict[str, int]:
    """Value -> rows that have it, of a column narrowed by its values; the commonest first."""
    source = SOURCES[ledger.name]
    field = sql.Identifier("ledger", column.filter_by or column.field)
    value = sql.SQL("unnest({})").format(field) if column.kind in _LISTS else field
    found_rows = connection.execute(_COUNTS.format(value=value, rows=source.rows()), parameters).fetchall()
    return {row[0]: row[1] for row in found_rows if row[0] is not None}


# Order and conditions -------------------------------------------------------------------------------------------


def _order(ledger: Ledger, asked: Asked) -> sql.Composable:
    column = ledger.column(asked.sort)
    key: sql.Composable = sql.Identifier("ledger", column.sort_by or column.field)
    if column.values and column.kind is ColumnKind.NAMED:
        key = sql.SQL("array_position({}::text[], {})").format(list(column.values), key)
    elif column.kind in _LISTS and not column.sort_by:
        key = sql.SQL("array_to_string({}, ',') COLLATE \"C\"").format(key)
    elif column.kind in _TEXTS or column.sort_by:
        key = sql.SQL('{} COLLATE "C"').format(key)
    direction = "ASC" if asked.direction is Direction.ASCENDING else "DESC"
    return key + sql.SQL(f" {direction} NULLS LAST")  # pyright: ignore[reportArgumentType]  one of the two above


def _conditions(
    connection: Database, ledger: Ledger, source: Source, asked: Asked
) -> tuple[list[sql.Composable], Row]:
    conditions: list[sql.Composable] = []
    values: Row = {}
    words = search_words(asked.search)
    for place, parties in enumerate(_parties_of(connection, words)):
        conditions.append(_word(source, f"word_{place}"))
        values[f"word_{place}_parties"] = parties
    values |= word_parameters(words)
    for field, wanted in asked.chosen.items():
        column = ledger.column(field)
        name = sql.Identifier("ledger", column.filter_by or field)
        if column.kind in _LISTS:
            conditions.append(sql.SQL("{} && {}::text[]").format(name, sql.Placeholder(f"in_{field}")))
        elif column.filter is ColumnFilter.WITHIN:
            conditions.append(
                sql.SQL("({name} LIKE ANY({codes}) OR {none} AND {name} IS NULL)").format(
                    name=name, codes=sql.Placeholder(f"in_{field}"), none=sql.Literal(NONE in wanted)
                )
            )
        else:
            conditions.append(sql.SQL("{} = ANY({})").format(name, sql.Placeholder(f"in_{field}")))
        values[f"in_{field}"] = _wanted(connection, column, wanted)
    for bound, limit in asked.bounds.items():
        field, _, end = bound.rpartition("_")
        compared = ">=" if f"_{end}" == FROM else "<="
        name = sql.Identifier("ledger", field)
        if ledger.column(field).kind is ColumnKind.INSTANT:
            name = sql.SQL("({} AT TIME ZONE 'Asia/Shanghai')::date").format(name)
        conditions.append(
            sql.SQL("{} {} {}").format(name, sql.SQL(compared), sql.Placeholder(bound))  # pyright: ignore[reportArgumentType]  one of the two above
        )
        values[bound] = limit
    conditions += [sql.Identifier("ledger", field) for field in asked.flags]
    return conditions, values


def _wanted(connection: Database, column: Column, wanted: Sequence[str]) -> Any:
    if column.kind is ColumnKind.UNIT:
        return with_units_below(connection, wanted)
    if column.filter is ColumnFilter.WITHIN:
        codes = [code for one in wanted for code in DIVISIONS_OF.get(one, (one,)) if one != NONE]
        return [f"{code}%" for code in codes]
    return list(wanted)


def _parties_of(connection: Database, words: Sequence[str]) -> Iterator[list[str]]:
    """The parties that each word names: looked for once, for the rows and for their sums."""
    parameters = word_parameters(words)
    for place in range(len(words)):
        named = connection.execute(parties_named(f"word_{place}"), parameters).fetchall()
        yield [row[0] for row in named]


def _word(source: Source, name: str) -> sql.Composed:
    """Whether a row has the word of that parameter anywhere."""
    parties = sql.Placeholder(f"{name}_parties")
    places: list[sql.Composable] = [
        sql.SQL("lower(ledger.{}) LIKE {}").format(sql.Identifier(field), sql.Placeholder(name))
        for field in source.texts
    ]
    places += [
        sql.SQL("ledger.{} = ANY({})").format(sql.Identifier(field), parties) for field in source.parties
    ]
    if source.parties_of:
        # Not `&&`: a long list is looked up by its hash only so.
        places.append(
            sql.SQL("EXISTS (SELECT 1 FROM unnest(ledger.{}) AS one (id) WHERE one.id = ANY({}))").format(
                sql.Identifier(source.parties_of), parties
            )
        )
    return sql.SQL("({})").format(sql.SQL(" OR ").join(places))
