"""SQL of the schema `audit`: entries are added, in the transaction of what they tell of, and read in order.

    append(connection, [Entry(...)])      the last thing before the commit

Nothing here changes or removes an entry, and the database refuses it (migration 0018).
"""

from __future__ import annotations

import datetime
from collections.abc import Generator, Sequence
from typing import Any, Final

from psycopg import Connection, Cursor, capabilities, sql
from psycopg.pq import TransactionStatus

from loantrail import clock
from loantrail.audit.chain import COLUMNS, StoredEntry, link
from loantrail.audit.model import Batch, Entry, Head
from loantrail.settings import read_settings

Database = Connection[Any]

_LOCK: Final = "loantrail.audit"
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND: Final = datetime.timedelta(microseconds=1)
_HEAD: Final = (
    "SELECT batch_no, last_entry_no, algorithm, encode(head, 'hex'), made_at_us FROM audit.batch "
    "ORDER BY batch_no DESC LIMIT 1"
)
_ENTRY: Final = sql.SQL("convert_to(content, 'UTF8'), hash, {}").format(
    sql.SQL(", ").join(sql.Identifier(name) for name in COLUMNS)
)
_ROWS_AT_ONCE: Final = 200
"""Rows that are handed over together where the client library can: less to do for each."""


def now_us() -> int:
    """The present instant in UTC microseconds."""
    return microseconds(clock.now())


def microseconds(instant: datetime.datetime) -> int:
    """UTC microseconds of an aware instant."""
    return (instant - _EPOCH) // _MICROSECOND


def instant_of(at_us: int) -> datetime.datetime:
    """The instant of UTC microseconds."""
    return _EPOCH + at_us * _MICROSECOND


def append(connection: Database, entries: Sequence[Entry], algorithm: str | None = None) -> Head | None:
    """Add entries, as one batch, in the caller's transaction: they stand or fall with it. The head of the chain then; None
    where there is nothing to add.

    From here to the end of the transaction nobody else appends. So append last, right before the commit, and lock nothing
    afterwards. The transaction must be of the usual level (read committed): one that sees an older state does not see the
    end of the chain. `algorithm`: by default what LOANTRAIL_AUDIT_ALGORITHM says.
    """
    if not entries:
        return None
    # In one go: the second statement sees what the first one waited for.
    with connection.pipeline():
        level = connection.execute(
            "SELECT current_setting('transaction_isolation') FROM pg_advisory_xact_lock(hashtext(%s))",
            (_LOCK,),
        )
        head = connection.execute(_HEAD)
    row = level.fetchone()
    assert row == ("read committed",), "entries are appended in a transaction that is read committed"
    assert connection.info.transaction_status == TransactionStatus.INTRANS, (
        "entries are appended in a transaction"
    )
    batch, linked = link(entries, _head_told(head), algorithm or read_settings().audit_algorithm, now_us())
    connection.execute(
        "WITH made AS (INSERT INTO audit.batch (batch_no, algorithm, first_entry_no, last_entry_no, made_at_us, head) "
        "VALUES (%s, %s, %s, %s, %s, %s)) "
        "INSERT INTO audit.entry (content, hash) SELECT * FROM unnest(%s::text[], %s::bytea[])",
        (
            batch.batch_no,
            batch.algorithm,
            batch.first_entry_no,
            batch.last_entry_no,
            batch.made_at_us,
            batch.head,
            [content for content, _ in linked],
            [digest for _, digest in linked],
        ),
    )
    return Head(batch.batch_no, batch.last_entry_no, batch.algorithm, batch.head.hex(), batch.made_at_us)


def last_head(connection: Database) -> Head:
    """Where the chain ends, as the transaction sees it."""
    return _head_told(connection.execute(_HEAD))


def _head_told(answer: Cursor[Any]) -> Head:
    row = answer.fetchone()
    return Head() if row is None else Head(*row)


# Reading in order --------------------------------------------------------------------------------------------


def read_all(connection: Database) -> None:
    """First statement of a transaction that reads the whole log: one state of it, and every entry of it where the role
    may read entries at all."""
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    connection.execute("SELECT set_config('loantrail.audit', 'on', true)")


def next_number(connection: Database, least: int) -> int | None:
    """The least number, from `least` on, that an entry has or a batch begins with; None where there is none."""
    row = connection.execute(
        "SELECT least((SELECT min(entry_no) FROM audit.entry WHERE entry_no >= %(least)s), "
        "(SELECT min(first_entry_no) FROM audit.batch WHERE first_entry_no >= %(least)s))",
        {"least": least},
    ).fetchone()
    assert row is not None
    return row[0]


def batches_between(connection: Database, first: int, last: int) -> list[Batch]:
    """The batches that begin with these entries, in order."""
    rows = connection.cursor(binary=True).execute(
        "SELECT batch_no, algorithm, first_entry_no, last_entry_no, made_at_us, head FROM audit.batch "
        "WHERE first_entry_no BETWEEN %s AND %s ORDER BY first_entry_no, batch_no",
        (first, last),
    )
    return [Batch(*row) for row in rows]


def entries_between(connection: Database, first: int, last: int) -> Generator[StoredEntry]:
    """The entries of these numbers in order, as they come from the server. The connection is busy until the last one came or
    the generator is closed."""
    query = sql.SQL("SELECT {} FROM audit.entry WHERE entry_no BETWEEN {} AND {} ORDER BY entry_no").format(
        _ENTRY, sql.Literal(first), sql.Literal(last)
    )
    size = _ROWS_AT_ONCE if capabilities.has_stream_chunked() else 1
    yield from connection.cursor(binary=True).stream(query, size=size)
