"""SQL that enters typed and keyed statement lines in as few round trips as it takes: keys, accounts, then the lines.

Each function of the first part sends one statement and returns what it is answered with, so that a caller can send several
at once (psycopg's pipeline) and look at the answers together. Arrays go as one text each: a driver that looks at every
element takes longer than the database does.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import psycopg

from loantrail.ledger.intake import LINE

Database = psycopg.Connection[Any]
Answer = psycopg.Cursor[Any]
LINE_COLUMNS: Final = (
    "line_id, arrival_number, file_id, position, booked_at, sequence, account, direction, amount_fen, currency, "
    "counterparty_account, counterparty_name, purpose_text, balance_fen, reverses, reference, document_no, "
    "counterparty_institution, account_name, institution, unit_id"
)
"""The columns of `copy_lines`, in order."""
# COPY's text form: the separators and the mark itself are written with a mark before them.
_ESCAPED: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
NULL: Final = "\\N"
"""How an absent value is written in a line for `copy_lines`."""


class NamedAccount(msgspec.Struct, gc=False):
    """An account that lines name: what is entered where it is not there yet."""

    account: str
    account_number: str
    institution: str
    currency: str
    name: str | None
    has_lines: bool


# One statement each ------------------------------------------------------------------------------------------


def ask_months(connection: Database, months: Sequence[datetime.date]) -> Answer:
    """Of these months (first days) those that statement lines have no table for yet."""
    return connection.execute(
        "SELECT m FROM unnest(%s::date[]) AS t(m) "
        "WHERE to_regclass('ledger.statement_line_' || to_char(m, 'YYYY_MM')) IS NULL ORDER BY m",
        (list(months),),
    )


def ask_accounts(connection: Database, accounts: Sequence[NamedAccount], unit_id: str) -> Answer:
    """`(place, enter, unit)` of those of the accounts that are not there, not yet known to have lines (`enter` is true), or
    of another unit than `unit_id`. The place counts from 1."""
    return connection.execute(
        """
        SELECT t.place, k.account IS NULL OR (t.has_lines AND NOT k.has_lines), coalesce(k.unit_id, %(unit)s)
        FROM unnest(%(accounts)s::text[], %(has_lines)s::boolean[]) WITH ORDINALITY AS t(account, has_lines, place)
        LEFT JOIN ledger.account k ON k.account = t.account
        WHERE k.account IS NULL OR (t.has_lines AND (NOT k.has_lines OR k.unit_id <> %(unit)s))
        """,
        {
            "unit": unit_id,
            "accounts": array_of_texts([one.account for one in accounts]),
            "has_lines": _array(["t" if one.has_lines else "f" for one in accounts]),
        },
    )


def enter_keys(connection: Database, keys: Sequence[str], contents: Sequence[str]) -> Answer:
    """Enter keys of lines with the hashes of their content, where they are not there; `rowcount` tells how many were new.

    In the order of keys: two that wait for each other would be a deadlock.
    """
    return connection.execute(
        "INSERT INTO ledger.intake_key (source, source_key, content_hash, row_id) "
        "SELECT %s, k, h, k FROM unnest(%s::uuid[], %s::uuid[]) AS t(k, h) ORDER BY k ON CONFLICT DO NOTHING",
        (LINE, _array(keys), _array(contents)),
    )


def ask_arrivals(connection: Database, count: int) -> Answer:
    """So many arrival numbers, ascending: one text with commas between."""
    return connection.execute(
        "SELECT string_agg(nextval('ledger.arrival_number')::text, ',') FROM generate_series(1, %s)", (count,)
    )


def ask_known_keys(connection: Database, keys: Sequence[str]) -> Answer:
    """`(key, content hash)` of those of the keys that are in the books."""
    return connection.execute(
        "SELECT source_key, content_hash FROM ledger.intake_key WHERE source = %s AND source_key = ANY(%s::uuid[])",
        (LINE, _array(keys)),
    )


def note_unpaired(
    connection: Database,
    file_id: int,
    arrivals: tuple[int, int],
    booked: tuple[datetime.datetime, datetime.datetime],
    count: int,
) -> None:
    """Leave word for the pairing: so many lines of the file, between these arrival numbers and times."""
    connection.execute(
        "INSERT INTO ledger.pairing_pending "
        "(file_id, first_arrival, last_arrival, first_booked_at, last_booked_at, line_count) "
        "VALUES (%s, %s, %s, %s, %s, %s)",
        (file_id, *arrivals, *booked, count),
    )


# More than one -----------------------------------------------------------------------------------------------


class AccountsEntered(NamedTuple):
    unit_of: Mapping[str, str]
    """Account -> unit, of those with lines whose unit is another than the one that was given."""
    opened: frozenset[str]
    """Accounts with lines of which the books held neither a record nor a line before; others may have named them."""


def enter_accounts(connection: Database, accounts: Sequence[NamedAccount], unit_id: str) -> AccountsEntered:
    """Enter those that are not there and mark those that have lines."""
    listed = sorted(accounts, key=lambda one: one.account)
    opened = connection.execute(
        """
        WITH entered AS (
            INSERT INTO ledger.account
                   (account, account_number, institution, currency, name, has_lines, kind, auto_created, unit_id)
            SELECT a, n, i, c, m, h, CASE WHEN h THEN 'unknown' ELSE 'external' END, true, CASE WHEN h THEN %s END
            FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::boolean[]) AS t(a, n, i, c, m, h)
            ORDER BY a
            ON CONFLICT (account) DO UPDATE SET
                has_lines = true,
                kind = CASE WHEN ledger.account.auto_created THEN 'unknown' ELSE ledger.account.kind END,
                name = coalesce(ledger.account.name, excluded.name),
                unit_id = coalesce(ledger.account.unit_id, excluded.unit_id)
            WHERE excluded.has_lines AND NOT ledger.account.has_lines
            RETURNING account, has_lines, auto_created
        )
        SELECT account FROM entered WHERE has_lines AND auto_created
        """,
        (
            unit_id,
            array_of_texts([one.account for one in listed]),
            array_of_texts([one.account_number for one in listed]),
            array_of_texts([one.institution for one in listed]),
            array_of_texts([one.currency for one in listed]),
            array_of_texts([one.name for one in listed]),
            _array(["t" if one.has_lines else "f" for one in listed]),
        ),
    ).fetchall()
    rows = connection.execute(
        "SELECT account, unit_id FROM ledger.account WHERE account = ANY(%s::text[]) AND unit_id <> %s",
        (array_of_texts([one.account for one in listed if one.has_lines]), unit_id),
    ).fetchall()
    return AccountsEntered(dict(rows), frozenset(account for (account,) in opened))


def copy_lines(connection: Database, rows: Sequence[str]) -> None:
    """Enter lines, each a text of its `LINE_COLUMNS` with tabs between and a line end (`escaped`, `NULL`)."""
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY ledger.statement_line ({LINE_COLUMNS}) FROM STDIN".encode()) as stream,
    ):
        stream.write("".join(rows).encode())


def escaped(text: str) -> str:
    """A text as it stands in a line for `copy_lines`."""
    return text if text.isprintable() and "\\" not in text else text.translate(_ESCAPED)


def array_of_texts(values: Sequence[str | None]) -> str:
    """A text[] as PostgreSQL writes it."""
    return _array(
        [
            "NULL" if value is None else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
            for value in values
        ]
    )


def _array(values: Sequence[str]) -> str:
    return "{" + ",".join(values) + "}"
