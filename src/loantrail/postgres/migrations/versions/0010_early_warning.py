"""Early warnings: hits, threads with their timelines, the allow list, and what leaves by mail and webhook."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0010_early_warning"
down_revision = "0009_account_merges"
branch_labels = None
depends_on = None

_UP = """
CREATE SCHEMA early_warning;

-- One thread per loan. All but the identity is what its timeline comes to (loantrail.early_warning.timeline), kept here
-- to search by; `version` counts its events.
CREATE TABLE early_warning.thread (
    thread_id text PRIMARY KEY,
    loan_id text NOT NULL UNIQUE,
    version integer NOT NULL CHECK (version > 0),
    level text NOT NULL CHECK (level IN ('blue', 'yellow', 'orange', 'red')),
    state text NOT NULL CHECK (state IN ('open', 'snoozed', 'closed', 'superseded')),
    -- When the system opened it, and when what it speaks of happened.
    opened_at timestamptz NOT NULL,
    first_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    assignee text NOT NULL DEFAULT '',
    snoozed_until date,
    disposition text CHECK (disposition IN ('true_positive', 'false_alarm', 'pending')),
    disposed_by text NOT NULL DEFAULT '',
    disposition_reason text NOT NULL DEFAULT '',
    lowering_level text,
    lowering_by text NOT NULL DEFAULT '',
    finding_by text NOT NULL DEFAULT '',
    finding_approved_by text NOT NULL DEFAULT '',
    superseded boolean NOT NULL DEFAULT false,
    escalated boolean NOT NULL DEFAULT false,
    -- Largest of the standing hits: hits of one loan may speak of the same money.
    amount_fen bigint NOT NULL DEFAULT 0,
    proven_fen bigint NOT NULL DEFAULT 0,
    rule_codes text[] NOT NULL DEFAULT '{}',
    changed_at timestamptz NOT NULL,
    unit_id text,
    -- Who proposes never approves.
    CHECK (finding_approved_by = '' OR finding_approved_by <> finding_by)
);
CREATE INDEX thread_queue ON early_warning.thread (due_at, proven_fen DESC, thread_id) WHERE state = 'open';

CREATE TABLE early_warning.thread_event (
    thread_id text NOT NULL REFERENCES early_warning.thread,
    version integer NOT NULL,
    kind text NOT NULL,
    at timestamptz NOT NULL,
    -- Empty where the system acted.
    by text NOT NULL,
    data jsonb NOT NULL DEFAULT '{}',
    -- Made by the client: the same act twice is one.
    request_key text,
    unit_id text,
    PRIMARY KEY (thread_id, version)
);
CREATE UNIQUE INDEX thread_event_of_request ON early_warning.thread_event (request_key, thread_id)
    WHERE request_key IS NOT NULL;

CREATE FUNCTION early_warning.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the timeline of a warning is never changed or removed' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER thread_event_stays BEFORE UPDATE OR DELETE ON early_warning.thread_event
    FOR EACH ROW EXECUTE FUNCTION early_warning.refuse_change();
CREATE TRIGGER thread_events_stay BEFORE TRUNCATE ON early_warning.thread_event
    FOR EACH STATEMENT EXECUTE FUNCTION early_warning.refuse_change();

-- Who approved a lowering is checked against who proposed it here too: the proposal is the last one of the timeline.
CREATE FUNCTION early_warning.refuse_own_approval() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE proposer text;
BEGIN
    SELECT e."by" INTO proposer FROM early_warning.thread_event e
    WHERE e.thread_id = NEW.thread_id AND e.version < NEW.version
      AND e.kind = CASE NEW.kind WHEN 'lowering_approved' THEN 'lowering_proposed'
                                 WHEN 'finding_approved' THEN 'finding_proposed' ELSE 'disposed' END
    ORDER BY e.version DESC LIMIT 1;
    IF proposer IS NULL OR proposer = NEW."by" OR NEW."by" = '' THEN
        RAISE EXCEPTION 'who proposes never approves' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER thread_event_of_two BEFORE INSERT ON early_warning.thread_event
    FOR EACH ROW WHEN (NEW.kind IN ('lowering_approved', 'finding_approved', 'closed'))
    EXECUTE FUNCTION early_warning.refuse_own_approval();

-- A hit stands until a run that looked with its rule no longer finds it. One that an entry of the allow list keeps out
-- of its thread names the entry.
CREATE TABLE early_warning.hit (
    hit_id text PRIMARY KEY,
    thread_id text REFERENCES early_warning.thread,
    rule_code text NOT NULL,
    rule_version text NOT NULL,
    loan_id text NOT NULL,
    at timestamptz NOT NULL,
    level text NOT NULL CHECK (level IN ('blue', 'yellow', 'orange', 'red')),
    amount_fen bigint NOT NULL CHECK (amount_fen >= 0),
    share_ppm bigint NOT NULL,
    proven_fen bigint,
    destination_class text NOT NULL DEFAULT '',
    transaction_ids text[] NOT NULL,
    -- Who was paid in these transactions.
    payee_accounts text[] NOT NULL DEFAULT '{}',
    explanation text NOT NULL DEFAULT '',
    explanation_chinese text NOT NULL DEFAULT '',
    standing boolean NOT NULL,
    suppressed_by text,
    found_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    unit_id text
);
CREATE INDEX hit_by_loan ON early_warning.hit (loan_id);
CREATE INDEX hit_by_payee ON early_warning.hit USING gin (payee_accounts);
CREATE INDEX hit_by_rule ON early_warning.hit (rule_code) WHERE standing;

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

-- What screens, messages and downstream systems are told, in the order of commits: whoever writes holds a lock until
-- its transaction ends, so that no smaller number appears after a larger one was read.
CREATE TABLE early_warning.outbox (
    outbox_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('new', 'raised', 'changed')),
    thread_id text NOT NULL REFERENCES early_warning.thread,
    version integer NOT NULL,
    level text NOT NULL,
    at timestamptz NOT NULL,
    unit_id text
);

-- How far each configured channel has come, and how it fares.
CREATE TABLE early_warning.channel (
    name text PRIMARY KEY,
    outbox_id bigint NOT NULL DEFAULT 0,
    configured boolean NOT NULL DEFAULT true,
    delivered_at timestamptz,
    failed_at timestamptz,
    problem text
);
CREATE TABLE early_warning.delivery (
    delivery_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel text NOT NULL REFERENCES early_warning.channel,
    -- The rows of the outbox that the message tells of.
    outbox_ids bigint[] NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    not_before timestamptz NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL,
    sent_at timestamptz,
    problem text,
    unit_id text
);
CREATE INDEX delivery_waiting ON early_warning.delivery (not_before) WHERE state = 'waiting';

CREATE VIEW published.warning_thread AS SELECT * FROM early_warning.thread;
CREATE VIEW published.warning_event AS SELECT * FROM early_warning.thread_event;
CREATE VIEW published.warning_hit AS SELECT * FROM early_warning.hit;
CREATE VIEW published.allow_entry AS SELECT * FROM early_warning.allow_entry;
CREATE VIEW published.warning_outbox AS SELECT * FROM early_warning.outbox;
CREATE VIEW published.warning_channel AS SELECT * FROM early_warning.channel;
CREATE VIEW published.warning_delivery AS SELECT * FROM early_warning.delivery;
"""
_DOWN = """
DROP VIEW published.warning_delivery; DROP VIEW published.warning_channel; DROP VIEW published.warning_outbox;
DROP VIEW published.allow_entry; DROP VIEW published.warning_hit; DROP VIEW published.warning_event;
DROP VIEW published.warning_thread; DROP SCHEMA early_warning CASCADE;
"""


def upgrade() -> None:
    """Create the schema `early_warning` and its published views."""
    run_sql(_UP)


def downgrade() -> None:
    """Drop it again; warnings and what people did about them are lost."""
    run_sql(_DOWN)
