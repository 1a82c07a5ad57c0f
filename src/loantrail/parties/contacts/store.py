"""SQL of the schema `contacts`."""

from __future__ import annotations

import datetime
from typing import Any, Final

from psycopg import Connection, sql
from psycopg.rows import dict_row

from loantrail.parties.contacts.model import Contact, ContactWay, Note

Database = Connection[Any]
Row = dict[str, Any]
_LOCK: Final = "loantrail.contacts."
_CONTACTS: Final = sql.SQL(
    "SELECT contact.*, coalesce(staff.name, contact.maker) AS maker_name, later.contact_id AS corrected_by "
    "FROM published.contact AS contact LEFT JOIN published.staff AS staff ON staff.staff_id = contact.maker "
    "LEFT JOIN published.contact AS later ON later.corrects = contact.contact_id "
)


def lock(connection: Database, party_id: str) -> None:
    """Until the transaction ends nobody else writes about this customer."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (_LOCK + party_id,))


def by_request(connection: Database, request_key: str) -> Contact | None:
    """The entry that a request already made."""
    return _one(connection, sql.SQL("WHERE contact.request_key = %s"), request_key)


def one(connection: Database, contact_id: str) -> Contact | None:
    return _one(connection, sql.SQL("WHERE contact.contact_id = %s"), contact_id)


def of_party(connection: Database, party_id: str, offset: int, limit: int) -> tuple[list[Contact], int]:
    """A page of the log of one customer, the latest contact first, and how many entries there are."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            _CONTACTS
            + sql.SQL(
                "WHERE contact.party_id = %s ORDER BY contact.happened_at DESC, contact.made_at DESC, contact.contact_id "
                "LIMIT %s OFFSET %s"
            ),
            (party_id, limit, offset),
        ).fetchall()
    counted = connection.execute(
        "SELECT count(*) FROM published.contact WHERE party_id = %s", (party_id,)
    ).fetchone()
    assert counted is not None
    return [_contact(row) for row in rows], int(counted[0])


def is_party(connection: Database, party_id: str) -> bool:
    """Whether the books have such a party, as far as the connection sees."""
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM published.party WHERE party_id = %s)", (party_id,)
    ).fetchone()
    return row is not None and bool(row[0])


def is_loan_of(connection: Database, loan_id: str, party_id: str) -> bool:
    """Whether the party borrowed the loan, alone or with others."""
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM published.loan WHERE loan_id = %(loan_id)s AND (borrower_party_id = %(party_id)s "
        "OR contract_id IN (SELECT contract_id FROM published.contract_party WHERE party_id = %(party_id)s "
        "AND role = 'co_borrower')))",
        {"loan_id": loan_id, "party_id": party_id},
    ).fetchone()
    return row is not None and bool(row[0])


def insert(connection: Database, contact_id: str, note: Note, at: datetime.datetime) -> Contact:
    """Enter a note; it belongs to the customer's unit."""
    connection.execute(
        "INSERT INTO contacts.contact (contact_id, request_key, party_id, loan_id, way, happened_at, spoke_with, said, "
        "next_step, next_on, corrects, maker, made_at, unit_id) SELECT %(contact_id)s, %(request_key)s, party_id, "
        "%(loan_id)s, %(way)s, %(happened_at)s, %(spoke_with)s, %(said)s, %(next_step)s, %(next_on)s, %(corrects)s, "
        "%(by)s, %(at)s, unit_id FROM published.party WHERE party_id = %(party_id)s",
        {
            "contact_id": contact_id,
            "request_key": note.request_key,
            "party_id": note.party_id,
            "loan_id": note.loan_id,
            "way": note.way.value,
            "happened_at": note.happened_at,
            "spoke_with": note.spoke_with,
            "said": note.said,
            "next_step": note.next_step,
            "next_on": note.next_on,
            "corrects": note.corrects,
            "by": note.by,
            "at": at,
        },
    )
    made = one(connection, contact_id)
    assert made is not None
    return made


def _one(connection: Database, where: sql.SQL, key: str) -> Contact | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_CONTACTS + where, (key,)).fetchone()
    return None if row is None else _contact(row)


def _contact(row: Row) -> Contact:
    return Contact(
        contact_id=row["contact_id"],
        note=Note(
            party_id=row["party_id"],
            loan_id=row["loan_id"],
            way=ContactWay(row["way"]),
            happened_at=row["happened_at"],
            spoke_with=row["spoke_with"],
            said=row["said"],
            next_step=row["next_step"],
            next_on=row["next_on"],
            corrects=row["corrects"],
            by=row["maker"],
            request_key=row["request_key"],
        ),
        maker_name=row["maker_name"],
        made_at=row["made_at"],
        corrected_by=row["corrected_by"],
    )
