"""Loan checks: each with its timeline, a judgement per line of the statement, and the vouchers that were brought."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0021_checks"
down_revision = "0020_access"
branch_labels = None
depends_on = None

_TABLES = """
CREATE SCHEMA inspections;

-- Up to which business date the data went when checks were first made: loans that were old by then are taken over.
CREATE TABLE inspections.beginning (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    data_date date NOT NULL,
    at timestamptz NOT NULL
);

-- All but the identity and `figures_now` is what the timeline comes to (loantrail.inspections.timeline), kept here to
-- search by; `version` counts its events.
CREATE TABLE inspections.check (
    check_id text PRIMARY KEY,
    loan_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('first', 'periodic', 'special')),
    -- What it was made for; empty for the one first check of a loan.
    trigger text NOT NULL DEFAULT '',
    version integer NOT NULL CHECK (version > 0),
    state text NOT NULL CHECK (state IN ('open', 'submitted', 'closed', 'taken_over')),
    opened_at timestamptz NOT NULL,
    paid_out_on date NOT NULL,
    -- By practice, counted from the day of payment; and the one that binds, which leaves staff some days from the day that
    -- the check was made. Both null for a loan that was taken over.
    regular_due_on date,
    due_on date,
    due_rule text NOT NULL DEFAULT '',
    assignee text NOT NULL DEFAULT '',
    reviewer text NOT NULL DEFAULT '',
    returned boolean NOT NULL DEFAULT false,
    returned_count integer NOT NULL DEFAULT 0,
    conclusion text CHECK (conclusion IN ('as_agreed', 'partly_as_agreed', 'not_as_agreed', 'undetermined')),
    submitted_by text NOT NULL DEFAULT '',
    submitted_at timestamptz,
    reviewed_by text NOT NULL DEFAULT '',
    closed_at timestamptz,
    -- Use -> fen of the statement that was submitted.
    figures jsonb,
    not_genuine_fen bigint NOT NULL DEFAULT 0,
    more_papers_fen bigint NOT NULL DEFAULT 0,
    -- `moved_on`: money that lay unused then was used since; `revised`: what the check rests on became another.
    figures_changed text NOT NULL DEFAULT 'no' CHECK (figures_changed IN ('no', 'moved_on', 'revised')),
    changed_at timestamptz NOT NULL,
    unit_id text NOT NULL,
    UNIQUE (loan_id, kind, trigger),
    CHECK ((state = 'taken_over') = (due_on IS NULL)),
    CHECK (state NOT IN ('submitted', 'closed') OR (submitted_by <> '' AND conclusion IS NOT NULL)),
    -- Maker is never checker.
    CHECK (reviewed_by = '' OR reviewed_by <> submitted_by),
    CHECK (state <> 'closed' OR (reviewed_by <> '' AND closed_at IS NOT NULL))
);
CREATE INDEX check_queue ON inspections.check (due_on, check_id) WHERE state IN ('open', 'submitted');
CREATE INDEX check_of_assignee ON inspections.check (assignee) WHERE state = 'open';
CREATE INDEX check_of_reviewer ON inspections.check (reviewer) WHERE state = 'submitted';

CREATE TABLE inspections.check_event (
    check_id text NOT NULL REFERENCES inspections.check,
    version integer NOT NULL,
    kind text NOT NULL,
    at timestamptz NOT NULL,
    -- Empty where the system acted.
    by text NOT NULL,
    data jsonb NOT NULL DEFAULT '{}',
    -- Made by the client: the same act twice is one.
    request_key text,
    loan_id text NOT NULL,
    unit_id text NOT NULL,
    PRIMARY KEY (check_id, version)
);
CREATE UNIQUE INDEX check_event_of_request ON inspections.check_event (request_key, check_id)
    WHERE request_key IS NOT NULL;
CREATE INDEX check_event_of_loan ON inspections.check_event (loan_id, at);

CREATE FUNCTION inspections.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the timeline of a check is never changed or removed' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER check_event_stays BEFORE UPDATE OR DELETE ON inspections.check_event
    FOR EACH ROW EXECUTE FUNCTION inspections.refuse_change();
CREATE TRIGGER check_events_stay BEFORE TRUNCATE ON inspections.check_event
    FOR EACH STATEMENT EXECUTE FUNCTION inspections.refuse_change();

-- Who reviews is compared with who submitted here too: the submission is the last one of the timeline.
CREATE FUNCTION inspections.refuse_own_review() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE submitter text;
BEGIN
    SELECT e."by" INTO submitter FROM inspections.check_event e
    WHERE e.check_id = NEW.check_id AND e.version < NEW.version AND e.kind = 'submitted'
    ORDER BY e.version DESC LIMIT 1;
    IF submitter IS NULL OR submitter = NEW."by" OR NEW."by" = '' THEN
        RAISE EXCEPTION 'who submits a check never reviews it' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER check_event_of_two BEFORE INSERT ON inspections.check_event
    FOR EACH ROW WHEN (NEW.kind IN ('closed', 'returned')) EXECUTE FUNCTION inspections.refuse_own_review();

-- What stands of each line; what was said before is on the timeline.
CREATE TABLE inspections.line_judgement (
    check_id text NOT NULL REFERENCES inspections.check,
    use text NOT NULL,
    judgement text NOT NULL CHECK (judgement IN ('genuine', 'not_genuine', 'more_papers')),
    reason text NOT NULL DEFAULT '',
    -- What the line came to when it was judged.
    amount_fen bigint NOT NULL CHECK (amount_fen >= 0),
    judged_by text NOT NULL,
    judged_at timestamptz NOT NULL,
    loan_id text NOT NULL,
    unit_id text NOT NULL,
    PRIMARY KEY (check_id, use),
    CHECK (judgement = 'genuine' OR btrim(reason) <> '')
);

CREATE TABLE inspections.voucher (
    voucher_id text PRIMARY KEY,
    check_id text NOT NULL REFERENCES inspections.check,
    loan_id text NOT NULL,
    paper text NOT NULL CHECK (paper IN ('contract', 'invoice', 'receipt', 'bank_statement', 'photo', 'other')),
    name text NOT NULL CHECK (name <> ''),
    media_type text NOT NULL CHECK (media_type IN ('application/pdf', 'image/jpeg', 'image/png',
        'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet')),
    size_bytes bigint NOT NULL CHECK (size_bytes > 0),
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    content bytea NOT NULL,
    uploaded_by text NOT NULL,
    uploaded_at timestamptz NOT NULL,
    withdrawn_by text,
    withdrawn_at timestamptz,
    withdrawn_reason text,
    unit_id text NOT NULL,
    CHECK (octet_length(content) = size_bytes),
    CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL))
);
-- The same file of a loan stands once.
CREATE UNIQUE INDEX voucher_standing ON inspections.voucher (loan_id, sha256) WHERE withdrawn_at IS NULL;
CREATE INDEX voucher_of_loan ON inspections.voucher (loan_id);
-- Files are compressed already.
ALTER TABLE inspections.voucher ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE FUNCTION inspections.keep_content() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a voucher is never changed or removed, only withdrawn' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER voucher_stays BEFORE DELETE ON inspections.voucher
    FOR EACH ROW EXECUTE FUNCTION inspections.keep_content();
CREATE TRIGGER voucher_content_stays BEFORE UPDATE ON inspections.voucher
    FOR EACH ROW WHEN (OLD.content IS DISTINCT FROM NEW.content OR OLD.sha256 IS DISTINCT FROM NEW.sha256
        OR OLD.uploaded_by IS DISTINCT FROM NEW.uploaded_by OR OLD.loan_id IS DISTINCT FROM NEW.loan_id)
    EXECUTE FUNCTION inspections.keep_content();

-- Which line, and which payee of it (empty: all of the line), a voucher speaks for.
CREATE TABLE inspections.voucher_line (
    voucher_id text NOT NULL REFERENCES inspections.voucher,
    use text NOT NULL,
    payee_account text NOT NULL DEFAULT '',
    linked_by text NOT NULL,
    linked_at timestamptz NOT NULL,
    loan_id text NOT NULL,
    unit_id text NOT NULL,
    PRIMARY KEY (voucher_id, use, payee_account)
);
"""

_PUBLISHED = """
-- The ledger of checks 检查台账. `on_time`: the submission that was accepted came by the day that binds; null while there
-- is none, or where the loan was taken over.
CREATE VIEW published.loan_check WITH (security_invoker = true) AS
SELECT c.check_id, c.loan_id, c.kind, c.trigger, c.version, c.state, c.state = 'taken_over' AS taken_over, c.opened_at,
       (c.opened_at AT TIME ZONE 'Asia/Shanghai')::date AS opened_on, c.paid_out_on, c.regular_due_on, c.due_on, c.due_rule,
       c.assignee, c.reviewer, c.returned, c.returned_count, c.conclusion, c.submitted_by, c.submitted_at,
       (c.submitted_at AT TIME ZONE 'Asia/Shanghai')::date AS submitted_on, c.reviewed_by, c.closed_at,
       (c.closed_at AT TIME ZONE 'Asia/Shanghai')::date AS closed_on,
       CASE WHEN c.state = 'closed' THEN (c.submitted_at AT TIME ZONE 'Asia/Shanghai')::date <= c.due_on END AS on_time,
       c.figures, c.not_genuine_fen, c.more_papers_fen, c.figures_changed, c.changed_at, c.unit_id
FROM inspections.check c;
CREATE VIEW published.check_event WITH (security_invoker = true) AS SELECT * FROM inspections.check_event;
CREATE VIEW published.line_judgement WITH (security_invoker = true) AS SELECT * FROM inspections.line_judgement;
-- Without the content.
CREATE VIEW published.voucher WITH (security_invoker = true) AS
SELECT voucher_id, check_id, loan_id, paper, name, media_type, size_bytes, sha256, uploaded_by, uploaded_at, withdrawn_by,
       withdrawn_at, withdrawn_reason, unit_id
FROM inspections.voucher;
CREATE VIEW published.voucher_line WITH (security_invoker = true) AS SELECT * FROM inspections.voucher_line;
"""

_REACH = (
    "(SELECT access.whole_bank()) OR unit_id = ANY ((SELECT access.units())::text[]) "
    "OR loan_id IN (SELECT access.own_loans())"
)
_PROTECTED = ("check", "check_event", "line_judgement", "voucher", "voucher_line")

# The web application reads; what people do is written by the owner's connection after the reach was checked.
_GRANTS = """
GRANT USAGE ON SCHEMA inspections TO loantrail_web;
GRANT SELECT ON ALL TABLES IN SCHEMA inspections TO loantrail_web;
GRANT SELECT ON published.loan_check, published.check_event, published.line_judgement, published.voucher,
    published.voucher_line TO loantrail_web;
"""

_DOWN = """
DROP VIEW published.voucher_line; DROP VIEW published.voucher; DROP VIEW published.line_judgement;
DROP VIEW published.check_event; DROP VIEW published.loan_check;
DROP SCHEMA inspections CASCADE;
"""


def upgrade() -> None:
    """Create the schema `inspections` and its published views."""
    for part in (_TABLES, _PUBLISHED, _GRANTS):
        run_sql(part)
    for table in _PROTECTED:
        run_sql(f"SELECT access.protect('inspections.{table}', '{_REACH}')")


def downgrade() -> None:
    """Drop it again; checks, judgements and vouchers are lost."""
    run_sql(_DOWN)
