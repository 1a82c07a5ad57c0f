"""Lists: the entries of the allow list of the warnings and of the watch and black lists of the rules, in one table."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0016_lists"
down_revision = "0015_live_step"
branch_labels = None
depends_on = None

_UP = """
CREATE SCHEMA lists;

CREATE TABLE lists.entry (
    entry_id text PRIMARY KEY,
    request_key text NOT NULL UNIQUE,
    list text NOT NULL CHECK (list IN ('allow', 'watch', 'black')),
    scope text NOT NULL CHECK (scope IN ('loan', 'account', 'party')),
    subject text NOT NULL CHECK (btrim(subject) <> ''),
    -- Whose hits an entry of the allow list keeps out of the warnings; empty for the other lists.
    rule_code text NOT NULL DEFAULT '',
    reason text NOT NULL CHECK (btrim(reason) <> ''),
    expires_on date NOT NULL,
    thread_id text REFERENCES early_warning.thread,
    maker text NOT NULL,
    made_at timestamptz NOT NULL,
    checker text,
    checked_at timestamptz,
    ended_by text,
    ended_at timestamptz,
    ended_reason text,
    unit_id text,
    CHECK (checker <> maker),
    CHECK ((checker IS NULL) = (checked_at IS NULL)),
    CHECK ((ended_by IS NULL) = (ended_at IS NULL)),
    CHECK ((list = 'allow') = (rule_code <> '')),
    CHECK (list = 'allow' OR scope <> 'loan')
);
CREATE INDEX entry_standing ON lists.entry (list, scope, subject) WHERE ended_at IS NULL;

INSERT INTO lists.entry (entry_id, request_key, list, scope, subject, reason, expires_on, maker, made_at, checker,
    checked_at, ended_by, ended_at, ended_reason, unit_id)
SELECT entry_id, request_key, list, scope, subject, reason, expires_on, maker, made_at, checker, checked_at, ended_by,
    ended_at, ended_reason, unit_id FROM rules.list_entry;
-- Each table saw to its own keys: one that both used is told apart.
INSERT INTO lists.entry (entry_id, request_key, list, scope, subject, rule_code, reason, expires_on, thread_id, maker,
    made_at, checker, checked_at, ended_by, ended_at, ended_reason, unit_id)
SELECT a.entry_id, CASE WHEN l.request_key IS NULL THEN a.request_key ELSE a.request_key || ':allow' END, 'allow', a.scope,
    a.subject, a.rule_code, a.reason, a.expires_on, a.thread_id, a.proposed_by, a.proposed_at, a.approved_by, a.approved_at,
    a.ended_by, a.ended_at, a.ended_reason, a.unit_id
FROM early_warning.allow_entry a LEFT JOIN rules.list_entry l USING (request_key);

DROP VIEW published.list_entry;
DROP VIEW published.allow_entry;
DROP TABLE rules.list_entry;
DROP TABLE early_warning.allow_entry;
CREATE VIEW published.list_entry AS SELECT * FROM lists.entry;
"""

_DOWN = """
DROP VIEW published.list_entry;

CREATE TABLE early_warning.allow_entry (
    entry_id text PRIMARY KEY,
    request_key text NOT NULL UNIQUE,
    scope text NOT NULL CHECK (scope IN ('loan', 'account', 'party')),
    subject text NOT NULL,
    rule_code text NOT NULL,
    reason text NOT NULL CHECK (btrim(reason) <> ''),
    expires_on date NOT NULL,
    thread_id text REFERENCES early_warning.thread,
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    approved_by text,
    approved_at timestamptz,
    ended_by text,
    ended_at timestamptz,
    ended_reason text,
    unit_id text,
    CHECK (approved_by <> proposed_by),
    CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
    CHECK ((ended_by IS NULL) = (ended_at IS NULL))
);
INSERT INTO early_warning.allow_entry
SELECT entry_id, request_key, scope, subject, rule_code, reason, expires_on, thread_id, maker, made_at, checker, checked_at,
    ended_by, ended_at, ended_reason, unit_id FROM lists.entry WHERE list = 'allow';
CREATE VIEW published.allow_entry AS SELECT * FROM early_warning.allow_entry;

CREATE TABLE rules.list_entry (
    entry_id text PRIMARY KEY,
    request_key text NOT NULL UNIQUE,
    list text NOT NULL CHECK (list IN ('watch', 'black')),
    scope text NOT NULL CHECK (scope IN ('account', 'party')),
    subject text NOT NULL CHECK (btrim(subject) <> ''),
    reason text NOT NULL CHECK (btrim(reason) <> ''),
    expires_on date NOT NULL,
    maker text NOT NULL,
    made_at timestamptz NOT NULL,
    checker text,
    checked_at timestamptz,
    ended_by text,
    ended_at timestamptz,
    ended_reason text,
    unit_id text,
    CHECK (checker <> maker),
    CHECK ((checker IS NULL) = (checked_at IS NULL)),
    CHECK ((ended_by IS NULL) = (ended_at IS NULL))
);
-- One standing entry each: what stands of the same subject beside a newer one (it expired) is ended.
INSERT INTO rules.list_entry
SELECT entry_id, request_key, list, scope, subject, reason, expires_on, maker, made_at, checker, checked_at,
    CASE WHEN older THEN 'loantrail' ELSE ended_by END, CASE WHEN older THEN now() ELSE ended_at END,
    CASE WHEN older THEN 'expired' ELSE ended_reason END, unit_id
FROM (
    SELECT *, ended_at IS NULL AND row_number() OVER (
        PARTITION BY list, scope, subject, ended_at IS NULL ORDER BY made_at DESC, entry_id
    ) > 1 AS older FROM lists.entry WHERE list <> 'allow'
) e;
CREATE UNIQUE INDEX list_entry_standing ON rules.list_entry (list, scope, subject) WHERE ended_at IS NULL;
CREATE VIEW published.list_entry AS SELECT * FROM rules.list_entry;

DROP SCHEMA lists CASCADE;
"""


def upgrade() -> None:
    """Create the schema `lists` and move the entries of both tables there."""
    run_sql(_UP)


def downgrade() -> None:
    """Move them back."""
    run_sql(_DOWN)
