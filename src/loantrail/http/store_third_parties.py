"""Who stands along the traces of loans beyond what a person reaches."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Final

from psycopg import Connection

Database = Connection[Any]
_UUID: Final = re.compile(r"[0-9a-f]{32}")


def hops_of(connection: Database, loans: Collection[str]) -> list[tuple[str, str | None, str | None]]:
    """`transfer_id, from_account, to_account` of the movements of these loans by the trace that screens read."""
    return connection.execute(
        "SELECT DISTINCT hop.transfer_id, hop.from_account, hop.to_account FROM published.trace_hop AS hop "
        "JOIN published.trace_run AS run USING (run_id) WHERE run.current AND hop.loan_id = ANY(%s)",
        (list(loans),),
    ).fetchall()


def within_reach(connection: Database, accounts: Collection[str]) -> set[str]:
    """Those of the accounts that the connection sees, and the survivors of merged ones."""
    rows = connection.execute(
        "SELECT account FROM ledger.account WHERE account = ANY(%(accounts)s) "
        "UNION SELECT merged.survivor FROM published.merged_account AS merged JOIN ledger.account USING (account) "
        "WHERE merged.survivor = ANY(%(accounts)s)",
        {"accounts": list(accounts)},
    ).fetchall()
    return {row[0] for row in rows}


def named_by_own_lines(connection: Database, own: Collection[str], others: Collection[str]) -> set[str]:
    """Those of the other accounts that stand as counterparty in a statement of own ones: first payees and payers."""
    if not own or not others:
        return set()
    rows = connection.execute(
        "SELECT DISTINCT other.account FROM unnest(%s::text[]) AS other (account) WHERE EXISTS ("
        "SELECT 1 FROM ledger.statement_line AS line WHERE line.account = ANY(%s) "
        "AND line.counterparty_account = other.account)",
        (list(others), list(own)),
    ).fetchall()
    return {row[0] for row in rows}


def names_of(connection: Database, accounts: Collection[str]) -> dict[str, set[str]]:
    """Names of accounts by the records and by the statements of others, for the owner's connection."""
    found: dict[str, set[str]] = {}
    rows = connection.execute(
        """
        SELECT known.account, known.name FROM published.known_account AS known
        WHERE known.account = ANY(%(accounts)s) AND known.name IS NOT NULL
        UNION
        SELECT known.account, party.name FROM published.known_account AS known
        JOIN parties.party AS party USING (party_id) WHERE known.account = ANY(%(accounts)s)
        """,
        {"accounts": list(accounts)},
    ).fetchall()
    for account, name in rows:
        found.setdefault(account, set()).add(name)
    return found


def sides_of(connection: Database, movements: Collection[str]) -> list[tuple[str, str | None, str | None]]:
    """`transfer_id, debit_account, credit_account` of these movements (ids that are none are left out), for the owner's
    connection."""
    return connection.execute(
        "SELECT replace(transfer_uuid::text, '-', ''), debit_account, credit_account FROM published.transfer "
        "WHERE transfer_uuid = ANY(%s::uuid[])",
        ([one for one in movements if _UUID.fullmatch(one)],),
    ).fetchall()


def names_in_transfers(
    connection: Database, transfers: Collection[str]
) -> list[tuple[str | None, str | None]]:
    """`account, name` of both sides of these movements as the statements write them, for the owner's connection."""
    return connection.execute(
        "SELECT debit_account, debit_name FROM published.transfer WHERE transfer_uuid = ANY(%(ids)s::uuid[]) "
        "UNION SELECT credit_account, credit_name FROM published.transfer WHERE transfer_uuid = ANY(%(ids)s::uuid[])",
        {"ids": list(transfers)},
    ).fetchall()


def loans_within_reach(connection: Database, loans: Collection[str]) -> set[str]:
    """Those of the loans that the connection sees."""
    rows = connection.execute(
        "SELECT loan_id FROM ledger.loan_note WHERE loan_id = ANY(%s)", (list(loans),)
    ).fetchall()
    return {row[0] for row in rows}


def opened_to(connection: Database, person: str, loans: Collection[str]) -> set[str]:
    """Those of the loans whose third parties this person may see for now: somebody approved it."""
    rows = connection.execute(
        "SELECT loan_id FROM approvals.unmasking WHERE person = %s AND loan_id = ANY(%s) AND until > now()",
        (person, list(loans)),
    ).fetchall()
    return {row[0] for row in rows}
