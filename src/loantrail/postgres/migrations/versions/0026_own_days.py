"""Days that the bank works, or does not, otherwise than the law says: each by two persons, before the day began."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0026_own_days"
down_revision = "0025_proposal_hashes"
branch_labels = None
depends_on = None

_UP = """
-- What two persons decided about a day. Rows are only added; of a day the last one counts (loantrail.policy.own_days).
CREATE TABLE policy.own_day (
    -- Counts up in the order of commits: who adds a row holds the lock of this table's name.
    entry_no bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    -- The proposal that was approved.
    change_id text NOT NULL REFERENCES approvals.request,
    day date NOT NULL,
    -- NULL: the day is what the law says again.
    is_worked boolean,
    reason text NOT NULL CHECK (btrim(reason) <> ''),
    maker text NOT NULL CHECK (btrim(maker) <> ''),
    checker text NOT NULL CHECK (btrim(checker) <> ''),
    decided_at timestamptz NOT NULL,
    PRIMARY KEY (change_id, day),
    -- Maker is never checker.
    CHECK (checker <> maker),
    -- History is not rewritten: the day had not begun in Shanghai when it was decided.
    CHECK (day > (decided_at AT TIME ZONE 'Asia/Shanghai')::date)
);
CREATE INDEX own_day_by_day ON policy.own_day (day, entry_no DESC);

CREATE FUNCTION policy.refuse_own_day_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Emptied with the proposals, where there is nothing to lose.
    IF TG_OP = 'TRUNCATE' AND NOT EXISTS (SELECT 1 FROM policy.own_day) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'what was decided about a day is never changed or removed' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER own_day_stays BEFORE UPDATE OR DELETE ON policy.own_day
    FOR EACH ROW EXECUTE FUNCTION policy.refuse_own_day_change();
CREATE TRIGGER own_days_stay BEFORE TRUNCATE ON policy.own_day
    FOR EACH STATEMENT EXECUTE FUNCTION policy.refuse_own_day_change();

-- The calendar holds for the whole bank: everybody counts by it, and the web application's role writes none.
SELECT access.protect('policy.own_day', 'true');
GRANT SELECT ON policy.own_day TO loantrail_web;
"""

_DOWN = """
DROP TABLE policy.own_day;
DROP FUNCTION policy.refuse_own_day_change();
"""


def upgrade() -> None:
    """Create the table."""
    run_sql(_UP)


def downgrade() -> None:
    """Drop it again; the bank's own days are lost."""
    run_sql(_DOWN)
