"""Numbers of rules and practice that the bank set for itself: each by two persons, from a day that had not begun."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0024_parameters"
down_revision = "0023_saved_filters"
branch_labels = None
depends_on = None

_UP = """
CREATE SCHEMA policy;

-- What two persons decided about a parameter: a value from a day on, or that a value which was planned does not come. Rows are
-- only added; which value holds when follows from them (loantrail.policy.model).
CREATE TABLE policy.parameter_change (
    -- Counts up in the order of commits: who adds a row holds the lock of this table's name.
    change_no bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    -- The proposal that was approved.
    change_id text PRIMARY KEY REFERENCES approvals.request,
    name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_]{1,99}$'),
    -- The change that does not come; NULL for a value.
    withdraws text UNIQUE REFERENCES policy.parameter_change,
    -- A whole number of the unit, or a list of names.
    value jsonb,
    unit text,
    inclusive boolean,
    effective_from date,
    basis text NOT NULL CHECK (btrim(basis) <> ''),
    maker text NOT NULL CHECK (btrim(maker) <> ''),
    checker text NOT NULL CHECK (btrim(checker) <> ''),
    decided_at timestamptz NOT NULL,
    -- Maker is never checker.
    CHECK (checker <> maker),
    CHECK (num_nonnulls(value, unit, inclusive, effective_from) = CASE WHEN withdraws IS NULL THEN 4 ELSE 0 END),
    -- History is not rewritten: the day had not begun in Shanghai when it was decided.
    CHECK (effective_from > (decided_at AT TIME ZONE 'Asia/Shanghai')::date),
    CHECK (CASE jsonb_typeof(value)
           WHEN 'number' THEN unit <> 'classes' AND (value #>> '{}') ~ '^[0-9]{1,18}$'
           WHEN 'array' THEN unit = 'classes' AND jsonb_array_length(value) > 0
           ELSE value IS NULL END)
);
CREATE INDEX parameter_change_by_name ON policy.parameter_change (name, effective_from);

CREATE FUNCTION policy.check_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    planned policy.parameter_change;
BEGIN
    IF NEW.withdraws IS NOT NULL THEN
        SELECT * INTO planned FROM policy.parameter_change WHERE change_id = NEW.withdraws;
        IF planned.name IS DISTINCT FROM NEW.name OR planned.withdraws IS NOT NULL
            OR planned.effective_from <= (NEW.decided_at AT TIME ZONE 'Asia/Shanghai')::date THEN
            RAISE EXCEPTION 'only a planned value of the same parameter is withdrawn' USING ERRCODE = 'check_violation';
        END IF;
    ELSIF EXISTS (
        SELECT 1 FROM policy.parameter_change AS other
        WHERE other.name = NEW.name AND other.effective_from = NEW.effective_from
          AND NOT EXISTS (SELECT 1 FROM policy.parameter_change AS gone WHERE gone.withdraws = other.change_id)
    ) THEN
        RAISE EXCEPTION 'another value begins on that day' USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER change_fits BEFORE INSERT ON policy.parameter_change
    FOR EACH ROW EXECUTE FUNCTION policy.check_change();

CREATE FUNCTION policy.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Emptied with the proposals, where there is nothing to lose.
    IF TG_OP = 'TRUNCATE' AND NOT EXISTS (SELECT 1 FROM policy.parameter_change) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'what was decided about a parameter is never changed or removed' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER change_stays BEFORE UPDATE OR DELETE ON policy.parameter_change
    FOR EACH ROW EXECUTE FUNCTION policy.refuse_change();
CREATE TRIGGER changes_stay BEFORE TRUNCATE ON policy.parameter_change
    FOR EACH STATEMENT EXECUTE FUNCTION policy.refuse_change();

-- Parameters hold for the whole bank: everybody reads by them, and the web application's role writes none.
SELECT access.protect('policy.parameter_change', 'true');
GRANT USAGE ON SCHEMA policy TO loantrail_web;
GRANT SELECT ON policy.parameter_change TO loantrail_web;
"""

_DOWN = """
DROP SCHEMA policy CASCADE;
"""


def upgrade() -> None:
    """Create the schema `policy`."""
    run_sql(_UP)


def downgrade() -> None:
    """Drop it again; the bank's own numbers are lost."""
    run_sql(_DOWN)
