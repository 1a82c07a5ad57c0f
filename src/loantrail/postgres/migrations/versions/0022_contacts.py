"""The contact log of customers; and personal identity numbers out of the keys that fragments are searched in."""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0022_contacts"
down_revision = "0021_checks"
branch_labels = None
depends_on = None

_UP = """
CREATE SCHEMA contacts;

-- What was said with a customer, and what is to follow. Never changed: a later entry may correct an earlier one.
CREATE TABLE contacts.contact (
    contact_id text PRIMARY KEY,
    -- Made by the client: the same request twice is one entry.
    request_key text NOT NULL UNIQUE,
    party_id text NOT NULL REFERENCES parties.party,
    loan_id text REFERENCES ledger.loan_note,
    way text NOT NULL CHECK (way IN ('visit', 'phone', 'message', 'meeting', 'letter', 'other')),
    happened_at timestamptz NOT NULL,
    -- Whom of the customer's people was spoken with.
    spoke_with text NOT NULL DEFAULT '',
    said text NOT NULL CHECK (btrim(said) <> ''),
    next_step text NOT NULL DEFAULT '',
    next_on date,
    corrects text REFERENCES contacts.contact,
    maker text NOT NULL,
    made_at timestamptz NOT NULL,
    unit_id text NOT NULL REFERENCES parties.organisation_unit,
    CHECK (next_on IS NULL OR btrim(next_step) <> ''),
    CHECK (corrects <> contact_id)
);
CREATE INDEX contact_by_party ON contacts.contact (party_id, happened_at DESC);
-- An entry is corrected once: what is to be said about the correction corrects the correction.
CREATE UNIQUE INDEX contact_correcting ON contacts.contact (corrects) WHERE corrects IS NOT NULL;

CREATE FUNCTION contacts.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an entry of the contact log is never changed or removed' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER contact_stays BEFORE UPDATE OR DELETE ON contacts.contact
    FOR EACH ROW EXECUTE FUNCTION contacts.refuse_change();
CREATE TRIGGER contacts_stay BEFORE TRUNCATE ON contacts.contact
    FOR EACH STATEMENT EXECUTE FUNCTION contacts.refuse_change();

-- Seen with the customer.
SELECT access.protect('contacts.contact',
    '(SELECT access.whole_bank()) OR unit_id = ANY ((SELECT access.units())::text[]) '
    'OR EXISTS (SELECT 1 FROM parties.party AS party WHERE party.party_id = contact.party_id)');
CREATE VIEW published.contact WITH (security_invoker = true) AS SELECT * FROM contacts.contact;
GRANT USAGE ON SCHEMA contacts TO loantrail_web;
GRANT SELECT ON contacts.contact, published.contact TO loantrail_web;

-- A person's identity number is no longer found by a fragment: whoever tried one digit after another would read it whole.
-- It is found by the whole number, which parties.party_by_identity answers.
UPDATE parties.party
SET name_search = left(name_search, -(length(identity_number) + 1))
WHERE kind IN ('individual', 'sole_proprietor') AND identity_number <> ''
  AND right(name_search, length(identity_number) + 1) = chr(31) || lower(identity_number);
"""

_DOWN = """
UPDATE parties.party
SET name_search = name_search || chr(31) || lower(identity_number)
WHERE kind IN ('individual', 'sole_proprietor') AND identity_number <> '';
DROP VIEW published.contact;
DROP SCHEMA contacts CASCADE;
"""


def upgrade() -> None:
    """Create the schema `contacts`; shorten the search keys of persons."""
    run_sql(_UP)


def downgrade() -> None:
    """Drop it again; what was written in the log is lost."""
    run_sql(_DOWN)
