"""Approvals: what one person proposes and a second one decides, and a list of all that waits for a second person."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0019_approvals"
down_revision = "0018_audit"
branch_labels = None
depends_on = None

_UP = """
CREATE SCHEMA approvals;
GRANT USAGE ON SCHEMA approvals TO loantrail_web;

CREATE TABLE approvals.request (
    request_id text PRIMARY KEY,
    request_key text NOT NULL UNIQUE,
    kind text NOT NULL,
    -- What it is about, as the kind names it: a person, a customer, a transaction.
    subject text NOT NULL CHECK (btrim(subject) <> ''),
    title_chinese text NOT NULL CHECK (btrim(title_chinese) <> ''),
    title_english text NOT NULL CHECK (btrim(title_english) <> ''),
    -- What will be done, and its SHA-256: what is approved is what was proposed.
    content jsonb NOT NULL,
    content_hash text NOT NULL CHECK (content_hash ~ '^[0-9a-f]{64}$'),
    before jsonb,
    after jsonb,
    reason text NOT NULL CHECK (btrim(reason) <> ''),
    maker text NOT NULL CHECK (btrim(maker) <> ''),
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > made_at),
    unit_id text,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'approved', 'refused', 'withdrawn')),
    checker text,
    decided_at timestamptz,
    decision_reason text,
    result jsonb,
    -- Maker is never checker.
    CHECK (checker <> maker),
    CHECK (state NOT IN ('approved', 'refused') OR checker IS NOT NULL),
    CHECK ((state = 'waiting') = (decided_at IS NULL))
);
CREATE INDEX request_waiting ON approvals.request (made_at) WHERE state = 'waiting';
CREATE INDEX request_by_maker ON approvals.request (maker, made_at);

-- For how long a person may see who stands along the trace of a loan; approved by a second one.
CREATE TABLE approvals.unmasking (
    request_id text PRIMARY KEY REFERENCES approvals.request,
    person text NOT NULL,
    loan_id text NOT NULL,
    until timestamptz NOT NULL
);
CREATE INDEX unmasking_by_person ON approvals.unmasking (person, loan_id);

-- What was proposed and decided never changes afterwards.
CREATE FUNCTION approvals.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state <> 'waiting' OR
        (NEW.kind, NEW.subject, NEW.content, NEW.content_hash, NEW.maker, NEW.made_at, NEW.reason)
        IS DISTINCT FROM (OLD.kind, OLD.subject, OLD.content, OLD.content_hash, OLD.maker, OLD.made_at, OLD.reason) THEN
        RAISE EXCEPTION 'a proposal is decided once and never changed';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER decided_once BEFORE UPDATE OR DELETE ON approvals.request
    FOR EACH ROW EXECUTE FUNCTION approvals.refuse_change();

-- All that waits for a second person, wherever it was proposed. `place` is where it is decided: 'here', or the page of its own.
CREATE VIEW published.waiting_approval WITH (security_invoker = true) AS
SELECT 'here' AS place, request_id AS key, kind, subject, title_chinese, title_english, reason, maker, made_at, expires_at, unit_id
FROM approvals.request WHERE state = 'waiting'
UNION ALL
SELECT 'warning', thread_id, 'warning_lowering', loan_id, '下调预警等级：' || loan_id, 'Lower the level of the warning on ' || loan_id,
       '', lowering_by, changed_at, NULL, unit_id
FROM early_warning.thread WHERE lowering_by <> ''
UNION ALL
SELECT 'warning', thread_id, 'warning_finding', loan_id, '认定：' || loan_id, 'Finding on ' || loan_id, '', finding_by, changed_at, NULL, unit_id
FROM early_warning.thread WHERE finding_by <> '' AND finding_approved_by = ''
UNION ALL
SELECT 'list', entry_id, 'list_entry', subject, '名单登记：' || subject, 'List entry: ' || subject, reason, maker, made_at, NULL, unit_id
FROM lists.entry WHERE checked_at IS NULL AND ended_at IS NULL
UNION ALL
SELECT 'rule', code, 'rule_version', code || ' v' || version, '规则发布：' || chinese || ' v' || version, 'Publish rule ' || english || ' v' || version,
       '', coalesce(proposed_by, maker), made_at, NULL, unit_id
FROM rules.rule_version WHERE state = 'proposed';
GRANT SELECT ON approvals.request, approvals.unmasking, published.waiting_approval TO loantrail_web;
"""

_DOWN = """
DROP VIEW published.waiting_approval;
DROP SCHEMA approvals CASCADE;
"""


def upgrade() -> None:
    """Make the table and the list."""
    run_sql(_UP)


def downgrade() -> None:
    """Drop both."""
    run_sql(_DOWN)
