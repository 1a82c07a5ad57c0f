"""Relations and guarantees between parties, read level by level from a party outwards."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from psycopg import sql
from psycopg.rows import dict_row

from loantrail.early_warning.hits import LEVELS
from loantrail.http.pages.customers.store import LIVE_THREADS, OPEN_STATES
from loantrail.http.pages.store import Database, Row
from loantrail.ledger.model import FIVE_CLASSES
from loantrail.parties.chain import Holding

LINKS_MAX: Final = 2_000
"""Relations read in one step; more are not looked at, and the answer says so."""
HOLDERS_MAX: Final = 400
"""Parties whose holdings are followed for the chains of ownership."""
STEPS_MAX: Final = 12


@dataclass(frozen=True, slots=True)
class Guaranteed:
    currency: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Link:
    """A relation on record, or guarantees given, from `source` to `target`."""

    source: str
    target: str
    kind: str
    share_ppm: int | None
    valid_from: datetime.date | None
    source_text: str | None
    guaranteed: tuple[Guaranteed, ...] = ()
    guarantee_count: int = 0


_HOLDS: Final = sql.SQL(
    "CASE WHEN %(on_date)s::date IS NULL THEN {0}.valid_to IS NULL ELSE {0}.valid_from <= %(on_date)s::date "
    "AND ({0}.valid_to IS NULL OR {0}.valid_to > %(on_date)s::date) END"
)
_RELATIONS: Final = sql.SQL(
    """
    SELECT relation.from_party_id AS source, relation.to_party_id AS target, relation.kind, max(relation.share_ppm) AS share_ppm,
           min(relation.valid_from) AS valid_from, min(relation.source) AS source_text
    FROM published.party_relation AS relation WHERE {ends} AND {holds} GROUP BY 1, 2, 3
    """
)
_GUARANTEES: Final = sql.SQL(
    """
    SELECT given.guarantor_party_id AS source, contract.borrower_party_id AS target, given.currency,
           sum(given.amount_fen)::text AS amount_fen, count(*) AS guarantee_count, min(given.valid_from) AS valid_from
    FROM published.guarantee_contract AS given
    JOIN published.loan_contract AS contract ON contract.contract_id = given.contract_id
    WHERE given.guarantor_party_id <> contract.borrower_party_id AND {ends} AND {holds} GROUP BY 1, 2, 3
    """
)
_CONTRACTS: Final = sql.SQL(
    """
    SELECT DISTINCT named.party_id AS source, contract.borrower_party_id AS target, named.role AS kind
    FROM published.contract_party AS named
    JOIN published.loan_contract AS contract ON contract.contract_id = named.contract_id
    WHERE named.party_id <> contract.borrower_party_id AND {ends}
      AND EXISTS (
          SELECT 1 FROM published.loan_note AS note
          WHERE note.contract_id = contract.contract_id AND note.state = ANY(%(open)s)
      )
    """
)


def links(
    connection: Database, party_ids: Collection[str], on_date: datetime.date | None
) -> tuple[list[Link], bool]:
    """Every link that one of the parties is an end of, on a day (those that were not ended, without a day); and whether
    these are all. A guarantee on record stands by its contracts where there are any."""
    values = {
        "parties": sorted(party_ids),
        "on_date": on_date,
        "open": list(OPEN_STATES),
        "most": LINKS_MAX + 1,
    }

    def of(query: sql.SQL, source: str, target: str, alias: str) -> list[Row]:
        # One search for each end, so that each finds its index.
        halves = [
            query.format(
                ends=sql.SQL("{} = ANY(%(parties)s)").format(sql.SQL(end)),  # pyright: ignore[reportArgumentType]  words of this file
                holds=_HOLDS.format(sql.SQL(alias)),  # pyright: ignore[reportArgumentType]  as above
            )
            for end in (source, target)
        ]
        with connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(
                sql.SQL("({}) UNION ({}) ORDER BY 1, 2, 3 LIMIT %(most)s").format(*halves), values
            ).fetchall()

    relations = of(_RELATIONS, "relation.from_party_id", "relation.to_party_id", "relation")
    given = of(_GUARANTEES, "given.guarantor_party_id", "contract.borrower_party_id", "given")
    named = of(_CONTRACTS, "named.party_id", "contract.borrower_party_id", "named")
    complete = max(len(relations), len(given), len(named)) <= LINKS_MAX
    found: dict[tuple[str, str, str], Link] = {}
    for row in given:
        key = row["source"], row["target"], "guarantees"
        before = found.get(key)
        sums = (before.guaranteed if before else ()) + (Guaranteed(row["currency"], int(row["amount_fen"])),)
        count = row["guarantee_count"] + (before.guarantee_count if before else 0)
        found[key] = Link(*key, None, row["valid_from"], None, sums, count)
    for row in relations:
        key = row["source"], row["target"], row["kind"]
        if key not in found:
            found[key] = Link(*key, row["share_ppm"], row["valid_from"], row["source_text"])
    for row in named:
        key = row["source"], row["target"], row["kind"]
        found[key] = Link(*key, None, None, None)
    return list(found.values()), complete


def count(connection: Database, party_id: str, on_date: datetime.date | None) -> int:
    """How many links the party is an end of."""
    return len(links(connection, [party_id], on_date)[0])


def holdings(
    connection: Database, party_id: str, on_date: datetime.date | None, *, upwards: bool
) -> tuple[list[Holding], bool]:
    """The holdings from which the chains that end with the party (`upwards`) or begin with it are made; and whether these
    are all: HOLDERS_MAX parties and STEPS_MAX steps are looked at."""
    found: dict[tuple[str, str], Holding] = {}
    seen = {party_id}
    frontier = [party_id]
    query = sql.SQL(
        "SELECT relation.from_party_id, relation.to_party_id, max(relation.share_ppm) FROM published.party_relation AS relation "
        "WHERE relation.kind = 'shareholder' AND {end} = ANY(%(parties)s) AND {holds} GROUP BY 1, 2 ORDER BY 1, 2 LIMIT %(most)s"
    ).format(
        end=sql.SQL("relation.to_party_id" if upwards else "relation.from_party_id"),
        holds=_HOLDS.format(sql.SQL("relation")),
    )
    for _ in range(STEPS_MAX):
        rows = connection.execute(
            query, {"parties": frontier, "on_date": on_date, "most": LINKS_MAX + 1}
        ).fetchall()
        for holder, held, share_ppm in rows:
            found[holder, held] = Holding(holder, held, share_ppm)
        frontier = sorted({row[0 if upwards else 1] for row in rows} - seen)
        seen.update(frontier)
        if len(rows) > LINKS_MAX or len(seen) > HOLDERS_MAX:
            return list(found.values()), False
        if not frontier:
            return list(found.values()), True
    return list(found.values()), False


def guarantees_around(
    connection: Database, party_id: str, on_date: datetime.date | None
) -> tuple[list[tuple[str, str]], bool]:
    """Guarantees in reach of the party, as `(guarantor, borrower)`, followed onwards from it; and whether these are all."""
    found: set[tuple[str, str]] = set()
    seen = {party_id}
    frontier = [party_id]
    query = _GUARANTEES.format(
        ends=sql.SQL("given.guarantor_party_id = ANY(%(parties)s)"), holds=_HOLDS.format(sql.SQL("given"))
    ) + sql.SQL(" LIMIT %(most)s")
    for _ in range(STEPS_MAX):
        rows = connection.execute(
            query, {"parties": frontier, "on_date": on_date, "most": LINKS_MAX + 1}
        ).fetchall()
        found.update((row[0], row[1]) for row in rows)
        frontier = sorted({row[1] for row in rows} - seen)
        seen.update(frontier)
        if len(rows) > LINKS_MAX or len(seen) > HOLDERS_MAX:
            return sorted(found), False
        if not frontier:
            return sorted(found), True
    return sorted(found), False


def parties(connection: Database, party_ids: Sequence[str], warned: bool) -> dict[str, Row]:
    """What a card of the graph says of each party in reach: name, kind, what it owes by currency, worst class, level."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            sql.SQL(
                """
                WITH owed AS (
                    SELECT contract.borrower_party_id AS party_id, note.currency, sum(note.balance_fen)::text AS amount_fen,
                           max(array_position({classes}::text[], note.five_class)) AS class_rank,
                           max(array_position({levels}::text[], thread.level)) AS level_rank
                    FROM published.loan_contract AS contract
                    JOIN published.loan_note AS note ON note.contract_id = contract.contract_id AND note.state = ANY(%(open)s)
                    LEFT JOIN published.warning_thread AS thread
                        ON thread.loan_id = note.loan_id AND thread.state = ANY(%(live)s) AND %(warned)s
                    WHERE contract.borrower_party_id = ANY(%(parties)s) GROUP BY 1, 2
                )
                SELECT party.party_id, party.name, party.kind, party.is_customer,
                       coalesce(jsonb_agg(jsonb_build_object('currency', owed.currency, 'amount_fen', owed.amount_fen)
                           ORDER BY owed.currency <> 'CNY', owed.currency) FILTER (WHERE owed.currency IS NOT NULL), '[]')
                           AS balances,
                       ({classes}::text[])[max(owed.class_rank)] AS worst_class, ({levels}::text[])[max(owed.level_rank)] AS level
                FROM published.party AS party LEFT JOIN owed ON owed.party_id = party.party_id
                WHERE party.party_id = ANY(%(parties)s)
                GROUP BY party.party_id, party.name, party.kind, party.is_customer
                """
            ).format(
                classes=sql.Literal(list(FIVE_CLASSES)), levels=sql.Literal([level.value for level in LEVELS])
            ),
            {
                "parties": list(party_ids),
                "open": list(OPEN_STATES),
                "live": list(LIVE_THREADS),
                "warned": warned,
            },
        ).fetchall()
    return {row["party_id"]: row for row in rows}
