"""SQL of vouchers: files that people brought for lines of a loan's statement."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from psycopg.rows import dict_row

from loantrail.inspections.model import Paper
from loantrail.inspections.papers import Brought
from loantrail.inspections.store import Database, Row

_COLUMNS = (
    "voucher_id, check_id, loan_id, paper, name, media_type, size_bytes, sha256, uploaded_by, uploaded_at, "
    "withdrawn_by, withdrawn_at, withdrawn_reason"
)


def of_loan(connection: Database, loan_id: str) -> list[Row]:
    """Every voucher of a loan without its content, withdrawn ones too, the newest first; `lines`: what each speaks for."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT voucher.voucher_id, voucher.check_id, voucher.paper, voucher.name, voucher.media_type,
                   voucher.size_bytes, voucher.sha256, voucher.uploaded_by, voucher.uploaded_at, voucher.withdrawn_by,
                   voucher.withdrawn_at, voucher.withdrawn_reason,
                   coalesce((
                       SELECT jsonb_agg(jsonb_build_object('use', line.use, 'payee_account', line.payee_account)
                                        ORDER BY line.linked_at, line.use, line.payee_account)
                       FROM published.voucher_line AS line WHERE line.voucher_id = voucher.voucher_id
                   ), '[]') AS lines
            FROM published.voucher AS voucher WHERE voucher.loan_id = %s
            ORDER BY voucher.uploaded_at DESC, voucher.voucher_id
            """,
            (loan_id,),
        ).fetchall()


def brought(connection: Database, loan_id: str) -> list[Brought]:
    """What the standing vouchers of a loan speak for."""
    rows = connection.execute(
        "SELECT voucher.voucher_id, voucher.paper, line.use, line.payee_account FROM published.voucher AS voucher "
        "JOIN published.voucher_line AS line USING (voucher_id) "
        "WHERE voucher.loan_id = %s AND voucher.withdrawn_at IS NULL ORDER BY voucher.uploaded_at, voucher.voucher_id",
        (loan_id,),
    ).fetchall()
    return [Brought(voucher_id, Paper(paper), use, payee) for voucher_id, paper, use, payee in rows]


def one(connection: Database, voucher_id: str) -> Row | None:
    """A voucher without its content."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            f"SELECT {_COLUMNS} FROM published.voucher WHERE voucher_id = %s",  # noqa: S608  the constant above
            (voucher_id,),
        ).fetchone()


def standing_same(connection: Database, loan_id: str, sha256: str) -> Row | None:
    """The voucher of a loan that holds the same bytes and was not withdrawn."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            f"SELECT {_COLUMNS} FROM published.voucher "  # noqa: S608  the constant above
            "WHERE loan_id = %s AND sha256 = %s AND withdrawn_at IS NULL",
            (loan_id, sha256),
        ).fetchone()


def count(connection: Database, loan_id: str) -> int:
    """How many vouchers a loan has, withdrawn ones too."""
    row = connection.execute(
        "SELECT count(*) FROM published.voucher WHERE loan_id = %s", (loan_id,)
    ).fetchone()
    return int(row[0]) if row else 0


def add(connection: Database, voucher: Row) -> None:
    """Keep a voucher."""
    connection.execute(
        "INSERT INTO inspections.voucher (voucher_id, check_id, loan_id, paper, name, media_type, size_bytes, sha256, "
        "content, uploaded_by, uploaded_at, unit_id) VALUES (%(voucher_id)s, %(check_id)s, %(loan_id)s, %(paper)s, "
        "%(name)s, %(media_type)s, %(size_bytes)s, %(sha256)s, %(content)s, %(uploaded_by)s, %(uploaded_at)s, %(unit_id)s)",
        voucher,
    )


def link(
    connection: Database,
    identity: Row,
    voucher_id: str,
    lines: Sequence[tuple[str, str]],
    by: str,
    at: datetime.datetime,
) -> list[tuple[str, str]]:
    """Let a voucher speak for `(use, payee_account)`; those that it did not speak for yet."""
    new: list[tuple[str, str]] = []
    for use, payee in lines:
        added = connection.execute(
            "INSERT INTO inspections.voucher_line (voucher_id, use, payee_account, linked_by, linked_at, loan_id, unit_id) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (voucher_id, use, payee, by, at, identity["loan_id"], identity["unit_id"]),
        ).rowcount
        if added:
            new.append((use, payee))
    return new


def withdraw(connection: Database, voucher_id: str, by: str, at: datetime.datetime, reason: str) -> None:
    """Take a voucher back; its content stays."""
    connection.execute(
        "UPDATE inspections.voucher SET withdrawn_by = %s, withdrawn_at = %s, withdrawn_reason = %s "
        "WHERE voucher_id = %s AND withdrawn_at IS NULL",
        (by, at, reason, voucher_id),
    )


def content(connection: Database, voucher_id: str) -> tuple[str, str, bytes] | None:
    """`(name, media_type, content)`."""
    row = connection.execute(
        "SELECT name, media_type, content FROM inspections.voucher WHERE voucher_id = %s", (voucher_id,)
    ).fetchone()
    return (row[0], row[1], bytes(row[2])) if row else None
