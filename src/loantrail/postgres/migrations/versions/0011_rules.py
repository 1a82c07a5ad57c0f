"""Rules: their versions with approval, what they hit, back-tests, and lists of accounts and parties."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0011_rules"
down_revision = "0010_early_warning"
branch_labels = None
depends_on = None

_UP = """
CREATE SCHEMA rules;

-- One version of a rule. What it says never changes once it is published.
CREATE TABLE rules.rule_version (
    rule_id text PRIMARY KEY,
    -- Made by the client that asked for it: the same request twice is one version. Null for shipped ones.
    request_key text UNIQUE,
    code text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    state text NOT NULL CHECK (state IN ('draft', 'shadow', 'proposed', 'published', 'retired')),
    chinese text NOT NULL,
    english text NOT NULL,
    legal_basis text NOT NULL,
    products text[] NOT NULL DEFAULT '{}',
    customer_kinds text[] NOT NULL DEFAULT '{}',
    occasion text NOT NULL,
    condition text NOT NULL,
    -- [{"level": ..., "condition": ...}], severest first.
    levels jsonb NOT NULL,
    amount_field text NOT NULL DEFAULT '',
    owner_role text NOT NULL,
    actions text[] NOT NULL DEFAULT '{}',
    doubt_chinese text NOT NULL DEFAULT '',
    doubt_english text NOT NULL DEFAULT '',
    pattern text NOT NULL DEFAULT '',
    content_hash text NOT NULL,
    maker text NOT NULL,
    editors text[] NOT NULL,
    made_at timestamptz NOT NULL,
    based_on integer,
    proposed_by text,
    checker text,
    decided_at timestamptz,
    refusal_reason text,
    effective_from date,
    retired_on date,
    retired_by text,
    shipped boolean NOT NULL DEFAULT false,
    -- Counts the changes of this row.
    revision integer NOT NULL DEFAULT 1,
    unit_id text,
    UNIQUE (code, version),
    -- Who makes never checks.
    CHECK (checker IS NULL OR (checker <> maker AND NOT checker = ANY (editors) AND checker IS DISTINCT FROM proposed_by)),
    CHECK (state NOT IN ('published', 'retired') OR shipped OR (checker IS NOT NULL AND proposed_by IS NOT NULL)),
    CHECK (state NOT IN ('published', 'retired') OR effective_from IS NOT NULL),
    CHECK ((state = 'retired') = (retired_on IS NOT NULL)),
    CHECK ((retired_on IS NULL) = (retired_by IS NULL))
);
-- Which of two versions is in force on a date is never in doubt.
CREATE UNIQUE INDEX rule_version_by_day ON rules.rule_version (code, effective_from) WHERE state = 'published';

CREATE FUNCTION rules.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a published version of a rule and its history never change' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER rule_version_stays BEFORE UPDATE ON rules.rule_version FOR EACH ROW
    WHEN (OLD.state IN ('published', 'retired') AND (
        OLD.content_hash <> NEW.content_hash OR OLD.condition <> NEW.condition OR OLD.levels <> NEW.levels
        OR OLD.code <> NEW.code OR OLD.version <> NEW.version OR OLD.effective_from IS DISTINCT FROM NEW.effective_from
        OR OLD.checker IS DISTINCT FROM NEW.checker OR NEW.state NOT IN ('published', 'retired') OR OLD.state = 'retired'))
    EXECUTE FUNCTION rules.refuse_change();
CREATE TRIGGER rule_version_is_kept BEFORE DELETE ON rules.rule_version FOR EACH ROW
    EXECUTE FUNCTION rules.refuse_change();

CREATE TABLE rules.event (
    event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule_id text NOT NULL REFERENCES rules.rule_version,
    request_key text UNIQUE,
    kind text NOT NULL,
    at timestamptz NOT NULL,
    by text NOT NULL,
    reason text NOT NULL DEFAULT '',
    unit_id text
);
CREATE INDEX event_by_rule ON rules.event (rule_id, event_id);
CREATE TRIGGER event_stays BEFORE UPDATE OR DELETE ON rules.event FOR EACH ROW EXECUTE FUNCTION rules.refuse_change();

-- What each version found in the rows of the last trace, and what that took.
CREATE TABLE rules.evaluation (
    rule_id text PRIMARY KEY REFERENCES rules.rule_version,
    run_id text NOT NULL,
    at timestamptz NOT NULL,
    first_date date,
    last_date date,
    loans bigint NOT NULL,
    loans_hit bigint NOT NULL,
    severe_loans bigint NOT NULL,
    microseconds bigint NOT NULL,
    -- runaway, content; null where it went through.
    stopped text,
    unit_id text
);
CREATE TABLE rules.hit (
    hit_id text PRIMARY KEY,
    rule_id text NOT NULL REFERENCES rules.rule_version,
    run_id text NOT NULL,
    rule_code text NOT NULL,
    rule_version text NOT NULL,
    loan_id text NOT NULL,
    at timestamptz NOT NULL,
    level text NOT NULL CHECK (level IN ('blue', 'yellow', 'orange', 'red')),
    amount_fen bigint NOT NULL,
    share_ppm bigint NOT NULL,
    destination_class text NOT NULL DEFAULT '',
    transaction_ids text[] NOT NULL,
    explanation text NOT NULL,
    explanation_chinese text NOT NULL,
    -- Field by field, of the row that the explanation is of.
    explained jsonb NOT NULL,
    unit_id text
);
CREATE INDEX rule_hit_by_rule ON rules.hit (rule_id, at DESC);
CREATE INDEX rule_hit_by_loan ON rules.hit (loan_id);

CREATE TABLE rules.backtest (
    backtest_id text PRIMARY KEY,
    request_key text NOT NULL UNIQUE,
    rule_id text NOT NULL REFERENCES rules.rule_version,
    -- The version in force that it is compared with.
    compared_with text REFERENCES rules.rule_version,
    -- The content as it was tried: a draft may have changed since.
    content_hash text NOT NULL,
    from_date date NOT NULL,
    to_date date NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'running', 'finished', 'failed', 'cancelled', 'interrupted')),
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    rows_done bigint NOT NULL DEFAULT 0,
    rows_total bigint NOT NULL DEFAULT 0,
    cancel_requested boolean NOT NULL DEFAULT false,
    cancelled_by text,
    result jsonb,
    problem text,
    remedy text,
    unit_id text,
    CHECK (from_date <= to_date)
);
CREATE INDEX backtest_by_rule ON rules.backtest (rule_id, requested_at DESC);
CREATE INDEX backtest_waiting ON rules.backtest (requested_at) WHERE state IN ('queued', 'running');

-- Accounts and parties to be watched or kept away from. What is kept out of the warnings stands in early_warning.
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
CREATE UNIQUE INDEX list_entry_standing ON rules.list_entry (list, scope, subject) WHERE ended_at IS NULL;

CREATE VIEW published.rule_version AS SELECT * FROM rules.rule_version;
CREATE VIEW published.rule_event AS SELECT * FROM rules.event;
CREATE VIEW published.rule_evaluation AS SELECT * FROM rules.evaluation;
CREATE VIEW published.rule_hit AS SELECT * FROM rules.hit;
CREATE VIEW published.rule_backtest AS SELECT * FROM rules.backtest;
CREATE VIEW published.list_entry AS SELECT * FROM rules.list_entry;
"""
_DOWN = """
DROP VIEW published.list_entry; DROP VIEW published.rule_backtest; DROP VIEW published.rule_hit;
DROP VIEW published.rule_evaluation; DROP VIEW published.rule_event; DROP VIEW published.rule_version;
DROP SCHEMA rules CASCADE;
"""


def upgrade() -> None:
    """Create the schema `rules` and its published views; the shipped rules are entered when they are first asked for."""
    run_sql(_UP)


def downgrade() -> None:
    """Drop it again; rules of the bank's own are lost."""
    run_sql(_DOWN)
