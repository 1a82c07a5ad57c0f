"""What the search reads. Every word must be found: in a number, or in a name, its pinyin or its initials, or as a whole
identity number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from psycopg import sql
from psycopg.rows import dict_row

from loantrail.http.pages.customers.store import LIVE_THREADS, OPEN_STATES
from loantrail.http.pages.loan_list.store import fragment_pattern
from loantrail.http.pages.search.words import Word
from loantrail.http.pages.store import Database, Row

Hits = tuple[list[Row], int]
"""Rows, and how many there are."""

# An exact name or number, then one that begins so, then a part of the key (pinyin, initials) that begins so, then the rest.
_RANK: Final = sql.SQL(
    "CASE WHEN lower({name}) = {text} OR lower({number}) = {text} THEN 0 WHEN lower({name}) LIKE {begins} THEN 1 "
    "WHEN lower({number}) LIKE {begins} THEN 2 WHEN {key} LIKE {part} THEN 3 WHEN lower({name}) LIKE {fragment} THEN 4 "
    "ELSE 5 END"
)


def named(connection: Database, words: Sequence[Word], by_sound: bool) -> list[list[str]]:
    """The parties whose name or identity number each word finds. Looked for once, for whatever they borrowed, hold or are
    warned of."""
    query = sql.SQL(
        "SELECT party_id, ARRAY[{}] FROM ("
        "SELECT party_id, coalesce(name_search, lower(name)) AS key, identity_number FROM published.party"
        ") AS party WHERE {}"
    )
    each = [
        sql.SQL("(key LIKE {0} OR coalesce(identity_number = {1}, false))").format(*_placeholders(place))
        for place in range(len(words))
    ]
    rows = connection.execute(
        query.format(sql.SQL(", ").join(each), sql.SQL(" OR ").join(each)), _values(words, by_sound, 0)
    ).fetchall()
    return [[party for party, found in rows if found[place]] for place in range(len(words))]


def customers(connection: Database, words: Sequence[Word], by_sound: bool, limit: int) -> Hits:
    """Parties by name or number: the best match first, of equally good ones those that owe."""
    values = _values(words, by_sound, limit)
    conditions = [
        sql.SQL(
            "(lower(party.party_id) LIKE {0} OR coalesce(party.name_search, lower(party.name)) LIKE {0} "
            "OR party.identity_number = {1})"
        ).format(*_placeholders(place))
        for place in range(len(words))
    ]
    query = sql.SQL(
        """
        WITH owing AS (
            SELECT contract.borrower_party_id AS party_id, count(*) AS open_count
            FROM published.loan_note AS note
            JOIN published.loan_contract AS contract ON contract.contract_id = note.contract_id
            WHERE note.state = ANY(%(open)s) GROUP BY 1
        ), found AS (
            SELECT party.party_id, party.name, party.kind, party.is_customer, party.unit_id,
                   coalesce(party.name_sort, party.name) AS name_sort, coalesce(owing.open_count, 0) AS open_count,
                   {rank} AS rank, count(*) OVER () AS total_count
            FROM published.party AS party LEFT JOIN owing ON owing.party_id = party.party_id
            WHERE {conditions}
            ORDER BY rank, coalesce(owing.open_count, 0) = 0, NOT party.is_customer, name_sort COLLATE "C", party.party_id
            LIMIT %(limit)s
        )
        SELECT found.party_id, found.name, found.kind, found.is_customer, found.unit_id,
               coalesce(unit.name, found.unit_id) AS unit_name, found.open_count, found.total_count
        FROM found LEFT JOIN published.organisation_unit AS unit ON unit.unit_id = found.unit_id
        ORDER BY found.rank, found.open_count = 0, NOT found.is_customer, found.name_sort COLLATE "C", found.party_id
        """
    ).format(
        conditions=sql.SQL(" AND ").join(conditions),
        rank=_rank("party.name", "party.party_id", "party.name_search"),
    )
    return _hits(connection, query, values)


def loans(
    connection: Database, words: Sequence[Word], by_sound: bool, parties: Sequence[list[str]], limit: int
) -> Hits:
    """Loans by their number, their contract's, or their borrower: open ones first among equally good matches."""
    conditions = [
        sql.SQL(
            "(lower(note.loan_id) LIKE {0} OR lower(note.contract_id) LIKE {0} "
            "OR contract.borrower_party_id IN (SELECT unnest({1}::text[])))"
        ).format(_placeholders(place)[0], _named(place))
        for place in range(len(words))
    ]
    query = sql.SQL(
        """
        WITH found AS (
            SELECT note.loan_id, contract.borrower_party_id, contract.product, note.state, note.balance_fen, note.currency,
                   lower(note.loan_id) = %(text)s AS exact, lower(note.loan_id) LIKE %(begins)s AS begins,
                   count(*) OVER () AS total_count
            FROM published.loan_note AS note
            JOIN published.loan_contract AS contract ON contract.contract_id = note.contract_id
            WHERE {conditions}
            ORDER BY exact DESC, begins DESC, note.state = ANY(%(open)s) DESC, note.balance_fen DESC, note.loan_id
            LIMIT %(limit)s
        )
        SELECT found.loan_id, coalesce(party.name, '') AS borrower_name, found.product, found.state, found.balance_fen,
               found.currency, found.total_count
        FROM found LEFT JOIN published.party AS party ON party.party_id = found.borrower_party_id
        ORDER BY found.exact DESC, found.begins DESC, found.state = ANY(%(open)s) DESC, found.balance_fen DESC, found.loan_id
        """
    ).format(conditions=sql.SQL(" AND ").join(conditions))
    return _hits(connection, query, _with_named(_values(words, by_sound, limit), parties))


def accounts(
    connection: Database, words: Sequence[Word], by_sound: bool, parties: Sequence[list[str]], limit: int
) -> Hits:
    """Accounts by number or holder: those with statements of their own first among equally good matches."""
    conditions = [
        sql.SQL(
            "(lower(account.account) LIKE {0} OR lower(account.name) LIKE {0} OR account.party_id IN (SELECT unnest({1}::text[])))"
        ).format(_placeholders(place)[0], _named(place))
        for place in range(len(words))
    ]
    query = sql.SQL(
        """
        WITH found AS (
            SELECT account.account, account.party_id, account.name, account.kind, account.institution, account.has_lines,
                   {rank} AS rank, count(*) OVER () AS total_count
            FROM published.account AS account
            WHERE {conditions}
              AND NOT EXISTS (SELECT 1 FROM published.merged_account AS merged WHERE merged.account = account.account)
            ORDER BY rank, NOT account.has_lines, account.account LIMIT %(limit)s
        )
        SELECT found.account, coalesce(party.name, found.name) AS name, found.kind, found.institution,
               found.has_lines AS ours, found.total_count
        FROM found LEFT JOIN published.party AS party ON party.party_id = found.party_id
        ORDER BY found.rank, NOT found.has_lines, found.account
        """
    ).format(
        conditions=sql.SQL(" AND ").join(conditions),
        rank=_rank("account.name", "account.account", "account.name"),
    )
    return _hits(connection, query, _with_named(_values(words, by_sound, limit), parties))


def warnings(
    connection: Database, words: Sequence[Word], by_sound: bool, parties: Sequence[list[str]], limit: int
) -> Hits:
    """Warnings by their loan, its borrower, or a rule that found something: open ones and severe ones first."""
    conditions = [
        sql.SQL(
            "(lower(thread.loan_id) LIKE {0} OR contract.borrower_party_id IN (SELECT unnest({1}::text[])) "
            "OR lower(array_to_string(thread.rule_codes, chr(31))) LIKE {0} "
            "OR thread.rule_codes && ARRAY(SELECT code FROM rule WHERE words LIKE {0}))"
        ).format(_placeholders(place)[0], _named(place))
        for place in range(len(words))
    ]
    query = sql.SQL(
        """
        WITH rule AS (
            SELECT DISTINCT code, lower(concat_ws(chr(31), code, chinese, english)) AS words
            FROM published.rule_version
        )
        SELECT thread.thread_id, thread.loan_id, coalesce(party.name, '') AS borrower_name, thread.level, thread.state,
               thread.rule_codes, count(*) OVER () AS total_count
        FROM published.warning_thread AS thread
        JOIN published.loan_note AS note ON note.loan_id = thread.loan_id
        JOIN published.loan_contract AS contract ON contract.contract_id = note.contract_id
        LEFT JOIN published.party AS party ON party.party_id = contract.borrower_party_id
        WHERE {conditions}
        ORDER BY lower(thread.loan_id) = %(text)s DESC, thread.state = ANY(%(live)s) DESC,
                 array_position(ARRAY['red', 'orange', 'yellow', 'blue'], thread.level), thread.due_at, thread.thread_id
        LIMIT %(limit)s
        """
    ).format(conditions=sql.SQL(" AND ").join(conditions))
    return _hits(connection, query, _with_named(_values(words, by_sound, limit), parties))


def _hits(connection: Database, query: sql.Composed, values: dict[str, Any]) -> Hits:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query, values).fetchall()
    total = rows[0]["total_count"] if rows else 0
    for row in rows:
        row.pop("total_count")
    return rows, total


def _values(words: Sequence[Word], by_sound: bool, limit: int) -> dict[str, Any]:
    texts = [word.sound if by_sound else word.text for word in words]
    first = fragment_pattern(texts[0])
    values: dict[str, Any] = {
        "text": texts[0],
        "begins": first[1:],
        "part": f"%\x1f{first[1:]}",
        "fragment": first,
        "open": list(OPEN_STATES),
        "live": list(LIVE_THREADS),
        "limit": limit,
    }
    for place, text in enumerate(texts):
        values |= {f"word_{place}": fragment_pattern(text), f"whole_{place}": text.upper()}
    return values


def _placeholders(place: int) -> tuple[sql.Placeholder, sql.Placeholder]:
    return sql.Placeholder(f"word_{place}"), sql.Placeholder(f"whole_{place}")


def _named(place: int) -> sql.Placeholder:
    return sql.Placeholder(f"named_{place}")


def _with_named(values: dict[str, Any], parties: Sequence[list[str]]) -> dict[str, Any]:
    return values | {f"named_{place}": found for place, found in enumerate(parties)}


def _rank(name: str, number: str, key: str) -> sql.Composed:
    return _RANK.format(
        name=_column(name),
        number=_column(number),
        key=_column(key),
        text=sql.Placeholder("text"),
        begins=sql.Placeholder("begins"),
        part=sql.Placeholder("part"),
        fragment=sql.Placeholder("fragment"),
    )


def _column(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split("."))
