"""The audit log: entries in a hash chain, and the batches in which they were written. Added to, never changed."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0018_audit"
down_revision = "0017_identity"
branch_labels = None
depends_on = None

_UP = """
CREATE SCHEMA audit;

-- What one transaction wrote. Its header is hashed into its first entry, so that no column here can be changed unseen.
CREATE TABLE audit.batch (
    batch_no bigint PRIMARY KEY CHECK (batch_no > 0),
    algorithm text NOT NULL CHECK (algorithm IN ('sha256', 'sm3')),
    first_entry_no bigint NOT NULL UNIQUE CHECK (first_entry_no > 0),
    last_entry_no bigint NOT NULL CHECK (last_entry_no >= first_entry_no),
    made_at_us bigint NOT NULL,
    -- Hash of its last entry.
    head bytea NOT NULL CHECK (octet_length(head) = 32)
);

-- `content` is what is hashed; the columns by which entries are found are made from it and cannot be set.
CREATE TABLE audit.entry (
    content text NOT NULL,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    entry_no bigint GENERATED ALWAYS AS ((content::jsonb ->> 'entry_no')::bigint) STORED PRIMARY KEY CHECK (entry_no > 0),
    batch_no bigint GENERATED ALWAYS AS ((content::jsonb ->> 'batch_no')::bigint) STORED NOT NULL,
    at_us bigint GENERATED ALWAYS AS ((content::jsonb ->> 'at_us')::bigint) STORED NOT NULL,
    person text GENERATED ALWAYS AS (content::jsonb ->> 'person') STORED NOT NULL,
    acting_for text GENERATED ALWAYS AS (content::jsonb ->> 'acting_for') STORED,
    action text GENERATED ALWAYS AS (content::jsonb ->> 'action') STORED NOT NULL,
    object_kind text GENERATED ALWAYS AS (content::jsonb ->> 'object_kind') STORED NOT NULL,
    object_id text GENERATED ALWAYS AS (content::jsonb ->> 'object_id') STORED NOT NULL,
    request_id text GENERATED ALWAYS AS (content::jsonb ->> 'request_id') STORED NOT NULL,
    unit_id text GENERATED ALWAYS AS (content::jsonb ->> 'unit_id') STORED,
    outcome text GENERATED ALWAYS AS (content::jsonb ->> 'outcome') STORED NOT NULL
);
CREATE INDEX entry_by_time ON audit.entry (at_us, entry_no);
CREATE INDEX entry_by_person ON audit.entry (person, at_us, entry_no);
CREATE INDEX entry_by_object ON audit.entry (object_kind, object_id, at_us, entry_no);
CREATE INDEX entry_by_action ON audit.entry (action, at_us, entry_no);

-- Adding is all that anybody can do: rights say so, and a trigger says it to the owner too, who could give rights back.
CREATE FUNCTION audit.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only added to: % of %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.batch
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse();
CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse();
-- Also where a session replays another server's changes.
ALTER TABLE audit.batch ENABLE ALWAYS TRIGGER only_added_to;
ALTER TABLE audit.entry ENABLE ALWAYS TRIGGER only_added_to;

REVOKE UPDATE, DELETE, TRUNCATE ON audit.batch, audit.entry FROM CURRENT_USER;
GRANT USAGE ON SCHEMA audit TO loantrail_web;
GRANT SELECT, INSERT ON audit.batch TO loantrail_web;
GRANT SELECT ON audit.entry TO loantrail_web;
GRANT INSERT (content, hash) ON audit.entry TO loantrail_web;

-- Everybody who appends reads the last head; a batch says nothing about anybody. Entries are for auditors.
ALTER TABLE audit.entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.entry FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_sees_all ON audit.entry TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY adding ON audit.entry FOR INSERT TO loantrail_web WITH CHECK (true);
CREATE POLICY within_reach ON audit.entry FOR SELECT TO loantrail_web
    USING ((SELECT coalesce(current_setting('loantrail.audit', true), '') = 'on'));
"""


def upgrade() -> None:
    """Make the tables and close them."""
    run_sql(_UP)


def downgrade() -> None:
    """Drop the log. What it says is gone then: keep a dump of it."""
    run_sql("DROP SCHEMA audit CASCADE;")
