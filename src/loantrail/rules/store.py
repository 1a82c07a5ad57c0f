"""SQL of the schema `rules`: versions of rules and what happened to them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Final

from psycopg import Connection, sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from loantrail.early_warning.hits import Level
from loantrail.rules.model import Content, LevelRule, RuleVersion, State

Database = Connection[Any]
Row = dict[str, Any]
_LOCK: Final = "loantrail.rules"
_CONTENT: Final = (
    "code", "chinese", "english", "legal_basis", "products", "customer_kinds", "occasion", "condition", "levels",
    "amount_field", "owner_role", "actions", "doubt_chinese", "doubt_english", "pattern",
)  # fmt: skip
_OTHER: Final = (
    "rule_id", "version", "state", "maker", "editors", "made_at", "based_on", "proposed_by", "checker", "decided_at",
    "refusal_reason", "effective_from", "retired_on", "retired_by", "retirement_proposed_by", "retirement_proposed_at",
    "retirement_reason", "shipped", "revision",
)  # fmt: skip
_COLUMNS: Final = sql.SQL(", ").join(map(sql.Identifier, (*_OTHER, *_CONTENT)))


def lock(connection: Database) -> datetime.datetime:
    """Until the transaction ends nobody else changes rules; the time now, by the database's clock."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (_LOCK,))
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    return row[0]


def _version(row: Row) -> RuleVersion:
    said: dict[str, Any] = {
        name: tuple(row[name]) if isinstance(row[name], list) else row[name] for name in _CONTENT
    }
    said["levels"] = tuple(LevelRule(Level(one["level"]), one["condition"]) for one in row["levels"])
    other: dict[str, Any] = {name: row[name] for name in _OTHER}
    other |= {"state": State(row["state"]), "editors": tuple(row["editors"])}
    return RuleVersion(content=Content(**said), **other)


def _fields(content: Content) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(content, name) for name in _CONTENT}
    for name in ("products", "customer_kinds", "actions"):
        values[name] = list(values[name])
    values["levels"] = Jsonb(
        [{"level": one.level.value, "condition": one.condition} for one in content.levels]
    )
    return values


def all_versions(connection: Database) -> tuple[RuleVersion, ...]:
    """Every version of every rule, by code and version."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            sql.SQL("SELECT {} FROM rules.rule_version ORDER BY code, version").format(_COLUMNS)
        ).fetchall()
    return tuple(map(_version, rows))


def versions_of(connection: Database, code: str) -> tuple[RuleVersion, ...]:
    """The versions of one rule, oldest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            sql.SQL("SELECT {} FROM rules.rule_version WHERE code = %s ORDER BY version").format(_COLUMNS),
            (code,),
        ).fetchall()
    return tuple(map(_version, rows))


def one(connection: Database, rule_id: str) -> RuleVersion | None:
    """One version."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            sql.SQL("SELECT {} FROM rules.rule_version WHERE rule_id = %s").format(_COLUMNS), (rule_id,)
        ).fetchone()
    return None if row is None else _version(row)


def hashes(connection: Database) -> dict[str, str]:
    """Code -> content hash of the newest shipped version of it."""
    rows = connection.execute(
        "SELECT DISTINCT ON (code) code, content_hash FROM rules.rule_version WHERE shipped ORDER BY code, version DESC"
    ).fetchall()
    return dict(rows)


def content_hash_of(connection: Database, rule_id: str) -> str:
    row = connection.execute(
        "SELECT content_hash FROM rules.rule_version WHERE rule_id = %s", (rule_id,)
    ).fetchone()
    assert row is not None
    return row[0]


def hashes_of_revisions(connection: Database) -> dict[tuple[str, int], str]:
    """(rule id, revision) of every version as it stands -> its content hash: a change of content is another revision."""
    rows = connection.execute("SELECT rule_id, revision, content_hash FROM rules.rule_version").fetchall()
    return {(rule_id, revision): content_hash for rule_id, revision, content_hash in rows}


def insert(
    connection: Database, version: RuleVersion, content_hash: str, request_key: str | None = None
) -> None:
    """Enter a new version."""
    values = _fields(version.content) | {
        "rule_id": version.rule_id,
        "request_key": request_key,
        "version": version.version,
        "state": version.state.value,
        "content_hash": content_hash,
        "maker": version.maker,
        "editors": list(version.editors),
        "made_at": version.made_at,
        "based_on": version.based_on,
        "effective_from": version.effective_from,
        "shipped": version.shipped,
        "unit_id": None,
    }
    connection.execute(
        sql.SQL("INSERT INTO rules.rule_version ({}) VALUES ({})").format(
            sql.SQL(", ").join(map(sql.Identifier, values)), sql.SQL(", ").join(map(sql.Placeholder, values))
        ),
        values,
    )


def update(connection: Database, version: RuleVersion, content_hash: str) -> bool:
    """Write a version back; False where somebody changed it since it was read."""
    values = _fields(version.content) | {
        "state": version.state.value,
        "content_hash": content_hash,
        "editors": list(version.editors),
        "proposed_by": version.proposed_by,
        "checker": version.checker,
        "decided_at": version.decided_at,
        "refusal_reason": version.refusal_reason,
        "effective_from": version.effective_from,
        "retired_on": version.retired_on,
        "retired_by": version.retired_by,
        "retirement_proposed_by": version.retirement_proposed_by,
        "retirement_proposed_at": version.retirement_proposed_at,
        "retirement_reason": version.retirement_reason,
        "revision": version.revision,
    }
    assignments = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in values
    )
    done = connection.execute(
        sql.SQL(
            "UPDATE rules.rule_version SET {} WHERE rule_id = %(rule_id)s AND revision = %(before)s"
        ).format(assignments),
        values | {"rule_id": version.rule_id, "before": version.revision - 1},
    )
    return done.rowcount == 1


def by_request(connection: Database, request_key: str) -> str | None:
    """The version that a request already made or changed."""
    row = connection.execute(
        "SELECT rule_id FROM rules.rule_version WHERE request_key = %(key)s "
        "UNION SELECT rule_id FROM rules.event WHERE request_key = %(key)s",
        {"key": request_key},
    ).fetchone()
    return None if row is None else row[0]


def add_event(connection: Database, event: Mapping[str, Any]) -> None:
    """Note what was done with a version: `rule_id, request_key, kind, at, by, reason`."""
    connection.execute(
        "INSERT INTO rules.event (rule_id, request_key, kind, at, by, reason) "
        "VALUES (%(rule_id)s, %(request_key)s, %(kind)s, %(at)s, %(by)s, %(reason)s)",
        event,
    )


def event_of_request(connection: Database, request_key: str) -> Row | None:
    """`rule_id, kind` of the act that a request did."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT rule_id, kind FROM rules.event WHERE request_key = %s", (request_key,)
        ).fetchone()


def events_of(connection: Database, code: str) -> list[Row]:
    """`rule_id, version, kind, at, by, reason` of everything done with a rule, the newest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT e.rule_id, v.version, e.kind, e.at, e.by, e.reason FROM rules.event e "
            "JOIN rules.rule_version v USING (rule_id) WHERE v.code = %s ORDER BY e.event_id DESC LIMIT 200",
            (code,),
        ).fetchall()
