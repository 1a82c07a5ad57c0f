"""Identity: who signs in, what roles they hold, who stands in for whom, sessions and keys of systems; and the database role
that the web application signs in as, which owns nothing."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0017_identity"
down_revision = "0016_lists"
branch_labels = None
depends_on = None

_UP = """
-- Roles belong to the server, not to this database: another database of it may have made the role already.
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = 'loantrail_web') THEN
        CREATE ROLE loantrail_web LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOBYPASSRLS;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;  -- another database was migrated at the same moment
END
$$;

CREATE SCHEMA identity;

CREATE TABLE identity.person (
    -- What one signs in with; the staff number where the person is on the bank's staff list.
    person_id text PRIMARY KEY CHECK (person_id ~ '^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$'),
    staff_id text UNIQUE REFERENCES parties.staff,
    name text NOT NULL CHECK (btrim(name) <> ''),
    unit_id text REFERENCES parties.organisation_unit,
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended', 'left')),
    -- argon2id in its own notation; null: this person signs in elsewhere (OpenID Connect), or not at all yet.
    password_hash text,
    password_changed_at timestamptz,
    -- Hashes of earlier passwords, newest first: none of them is taken again.
    password_history text[] NOT NULL DEFAULT '{}',
    must_change_password boolean NOT NULL DEFAULT false,
    -- The secret of the second factor, sealed with the key of this installation; and the last step that was used.
    second_factor_secret bytea,
    second_factor_on boolean NOT NULL DEFAULT false,
    second_factor_step bigint NOT NULL DEFAULT 0,
    failed_attempts integer NOT NULL DEFAULT 0,
    failed_at timestamptz,
    locked_until timestamptz,
    -- The subject at the bank's sign-in server.
    openid_subject text UNIQUE,
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    left_at timestamptz,
    version integer NOT NULL DEFAULT 1
);

-- Codes that each sign in once in place of the second factor, for who lost the telephone. SHA-256: they are random.
CREATE TABLE identity.recovery_code (
    person_id text NOT NULL REFERENCES identity.person,
    code_hash bytea NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (person_id, code_hash)
);

-- Only a demo bank has rows here: persons who sign in by one click, one for each role.
CREATE TABLE identity.demo_person (
    role text PRIMARY KEY,
    person_id text NOT NULL UNIQUE REFERENCES identity.person
);

CREATE TABLE identity.assignment (
    assignment_id text PRIMARY KEY,
    person_id text NOT NULL REFERENCES identity.person,
    role text NOT NULL,
    -- The unit with all below it; null: the whole bank.
    unit_id text REFERENCES parties.organisation_unit,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz,
    maker text NOT NULL,
    checker text,
    CHECK (valid_to > valid_from),
    CHECK (checker <> maker)
);
CREATE INDEX assignment_by_person ON identity.assignment (person_id);

-- Somebody stands in for somebody who is away: with all that the other may do.
CREATE TABLE identity.delegation (
    delegation_id text PRIMARY KEY,
    from_person_id text NOT NULL REFERENCES identity.person,
    to_person_id text NOT NULL REFERENCES identity.person,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz NOT NULL,
    reason text NOT NULL CHECK (btrim(reason) <> ''),
    maker text NOT NULL,
    made_at timestamptz NOT NULL,
    ended_at timestamptz,
    CHECK (valid_to > valid_from),
    CHECK (from_person_id <> to_person_id)
);
CREATE INDEX delegation_by_receiver ON identity.delegation (to_person_id);

CREATE TABLE identity.session (
    -- SHA-256 of the token that the browser holds: who reads this table cannot use it.
    token_hash bytea PRIMARY KEY,
    session_id text NOT NULL UNIQUE,
    person_id text NOT NULL REFERENCES identity.person,
    way text NOT NULL CHECK (way IN ('password', 'openid', 'demo')),
    second_factor boolean NOT NULL DEFAULT false,
    made_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    address text NOT NULL DEFAULT '',
    agent text NOT NULL DEFAULT '',
    ended_at timestamptz
);
CREATE INDEX session_by_person ON identity.session (person_id);

CREATE TABLE identity.api_key (
    key_id text PRIMARY KEY,
    secret_hash bytea NOT NULL UNIQUE,
    name text NOT NULL CHECK (btrim(name) <> ''),
    abilities text[] NOT NULL CHECK (cardinality(abilities) > 0),
    -- The unit with all below it; null: the whole bank.
    unit_id text REFERENCES parties.organisation_unit,
    made_at timestamptz NOT NULL,
    maker text NOT NULL,
    -- Null: made at the server's own command line.
    checker text,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_by text,
    used_at timestamptz,
    CHECK (checker <> maker)
);

-- A sign-in at the bank's server that began and did not come back yet.
CREATE TABLE identity.openid_attempt (
    state_hash bytea PRIMARY KEY,
    nonce text NOT NULL,
    code_verifier text NOT NULL,
    return_to text NOT NULL,
    made_at timestamptz NOT NULL
);
"""

_DOWN = """
DROP SCHEMA identity CASCADE;
DO $$
BEGIN
    DROP ROLE loantrail_web;
EXCEPTION WHEN dependent_objects_still_exist OR undefined_object OR insufficient_privilege THEN
    NULL;  -- another database of the server uses it
END
$$;
"""


def upgrade() -> None:
    """Make the tables and the web application's role."""
    run_sql(_UP)


def downgrade() -> None:
    """Drop the tables; the role too where no other database uses it."""
    run_sql(_DOWN)
