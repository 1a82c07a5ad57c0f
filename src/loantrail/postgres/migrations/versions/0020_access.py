"""Access: row-level security, enabled and forced on every table of a person's reach, for the web application's role.

The web application signs in as `loantrail_web`, which owns nothing. At the start of each transaction it says whose reach
holds (`loantrail.reach`, `loantrail.units`, `loantrail.staff`, ...; nothing said: nothing seen). What reads and writes for the bank
as a whole (intake, tracing, runs) does so as the owner of the tables.
"""

# ruff: noqa: S608  the statements are made of words of this file

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0020_access"
down_revision = "0019_approvals"
branch_labels = None
depends_on = None

_FUNCTIONS = """
CREATE SCHEMA access;
GRANT USAGE ON SCHEMA access TO loantrail_web;

-- Whether everything of the bank is in reach.
CREATE FUNCTION access.whole_bank() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT coalesce(current_setting('loantrail.reach', true), '') = 'bank' $$;

-- Units in reach, spelled out with all below them.
CREATE FUNCTION access.units() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT coalesce(nullif(current_setting('loantrail.units', true), ''), '{}')::text[] $$;

-- Staff whose loans are in reach: the person, and those for whom the person stands in.
CREATE FUNCTION access.staff() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT coalesce(nullif(current_setting('loantrail.staff', true), ''), '{}')::text[] $$;

-- The name that the person's writes are recorded under.
CREATE FUNCTION access.acting() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT coalesce(current_setting('loantrail.person', true), '') $$;

-- A switch that the application turns on for people who may see a kind of thing.
CREATE FUNCTION access.may(thing text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT coalesce(current_setting('loantrail.' || thing, true), '') = 'on' $$;

-- These read past row-level security, for the list of what a relationship manager manages is itself behind it.
CREATE FUNCTION access.own_loans() RETURNS SETOF text LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$ SELECT loan_id FROM ledger.loan_manager
      WHERE staff_id = ANY (access.staff()) AND valid_to IS NULL $$;

CREATE FUNCTION access.own_contracts() RETURNS SETOF text LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$ SELECT note.contract_id FROM ledger.loan_note AS note
      WHERE note.loan_id IN (SELECT access.own_loans()) $$;

CREATE INDEX loan_manager_by_staff ON ledger.loan_manager (staff_id);
CREATE INDEX loan_note_by_unit ON ledger.loan_note (unit_id);
CREATE INDEX guarantee_contract_by_guarantor ON ledger.guarantee_contract (guarantor_party_id);
CREATE INDEX contract_party_by_party ON ledger.contract_party (party_id);

-- Put a table behind row-level security: the owner sees all of it, the web application what `condition` lets it.
CREATE FUNCTION access.protect(name regclass, condition text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY owner_sees_all ON %s TO CURRENT_USER USING (true) WITH CHECK (true)', name);
    EXECUTE format('CREATE POLICY within_reach ON %s TO loantrail_web USING (%s) WITH CHECK (%s)', name, condition, condition);
END
$$;
REVOKE ALL ON FUNCTION access.protect(regclass, text) FROM PUBLIC;
"""

_BANK = "(SELECT access.whole_bank())"
_UNIT = f"{_BANK} OR unit_id = ANY ((SELECT access.units())::text[])"
_LOAN = f"{_UNIT} OR loan_id IN (SELECT access.own_loans())"
_CONTRACT = f"{_UNIT} OR contract_id IN (SELECT access.own_contracts())"
_DATA = f"{_BANK} OR (SELECT access.may('data'))"


_CURRENT = "hop.run_id = ANY (ARRAY(SELECT run_id FROM tracing.run WHERE current))"


def _seen(table: str, link: str) -> str:
    return f"EXISTS (SELECT 1 FROM {table} WHERE {link})"


def _account(column: str) -> str:
    return _seen("ledger.account AS seen", f"seen.account = {column}")


# Table -> what of it is in reach. Tables of a contract or an account are seen with it, so a customer's guarantor is seen and
# a payee's account at another branch is not.
_REACH = {
    "ledger.loan_note": _LOAN,
    "ledger.disbursement": _LOAN,
    "ledger.entrusted_order": _LOAN,
    "ledger.rate_reset": _LOAN,
    "ledger.repayment": _LOAN,
    "ledger.repayment_schedule": _LOAN,
    "ledger.loan_manager": _LOAN,
    "ledger.loan_contract": _CONTRACT,
    "ledger.contract_party": _CONTRACT,
    "ledger.contract_payee": _CONTRACT,
    "ledger.guarantee_contract": _CONTRACT,
    "ledger.collateral": f"{_UNIT} OR "
    + _seen("ledger.guarantee_contract AS given", "given.guarantee_id = collateral.guarantee_id"),
    "parties.party": f"{_UNIT} OR "
    + _seen("ledger.loan_contract AS lent", "lent.borrower_party_id = party.party_id")
    + " OR "
    + _seen("ledger.guarantee_contract AS given", "given.guarantor_party_id = party.party_id")
    + " OR "
    + _seen("ledger.contract_party AS named", "named.party_id = party.party_id"),
    "parties.party_relation": f"{_UNIT} OR "
    + _seen("parties.party AS one", "one.party_id = party_relation.from_party_id")
    + " OR "
    + _seen("parties.party AS other", "other.party_id = party_relation.to_party_id"),
    "ledger.account": f"{_UNIT} OR "
    + _seen("ledger.loan_contract AS lent", "lent.borrower_party_id = account.party_id"),
    "ledger.statement_line": f"{_UNIT} OR " + _account("statement_line.account"),
    "ledger.transfer": f"{_UNIT} OR {_account('transfer.debit_account')} OR {_account('transfer.credit_account')}",
    "ledger.reversal": f"{_UNIT} OR " + _seen("ledger.statement_line AS line", "line.line_id = reversal.reversing_line"),
    "ledger.ambiguous_pairing": f"{_UNIT} OR "
    + _seen("ledger.statement_line AS line", "line.line_id = ambiguous_pairing.line_id AND line.booked_at = ambiguous_pairing.booked_at")
    + " OR (SELECT access.may('data'))",
    "ledger.reconciliation": f"{_UNIT} OR (SELECT access.may('data')) OR " + _account("reconciliation.account"),
    "ledger.invoice": f"{_UNIT} OR "
    + _seen("ledger.loan_contract AS lent", "lent.borrower_party_id IN (invoice.seller_party_id, invoice.buyer_party_id)"),
    "ledger.account_merge": f"{_UNIT} OR made_by = (SELECT access.acting()) OR "
    f"{_account('account_merge.from_account')} OR {_account('account_merge.into_account')}",
    "ledger.record_version": f"{_DATA} OR unit_id = ANY ((SELECT access.units())::text[]) "
    "OR record_type = 'loan_note' AND record_key IN (SELECT jsonb_build_array(own)::text FROM access.own_loans() AS own)",
    "ledger.refusal": f"{_DATA} OR unit_id = ANY ((SELECT access.units())::text[])",
    "nightly.alarm": _DATA,
    "nightly.ledger_balance": _DATA,
    "tracing.hop": _LOAN,
    "tracing.lead": _LOAN,
    "tracing.loan_summary": _LOAN,
    "tracing.position": _LOAN,
    "tracing.statement": _LOAN,
    # What a payee was taken for is told along a trace to everybody who sees the trace; it names nobody.
    "tracing.destination": "true",
    "disputes.sheet": _LOAN,
    "destinations.correction": f"{_UNIT} OR made_by = (SELECT access.acting()) OR {_account('correction.account')} OR "
    + _seen("tracing.hop AS hop", f"hop.transfer_id = replace(correction.transfer_id::text, '-', '') AND {_CURRENT}"),
    "early_warning.hit": _LOAN,
    "early_warning.thread": _LOAN,
    "early_warning.thread_event": f"{_UNIT} OR "
    + _seen("early_warning.thread AS thread", "thread.thread_id = thread_event.thread_id"),
    "early_warning.outbox": f"{_UNIT} OR "
    + _seen("early_warning.thread AS thread", "thread.thread_id = outbox.thread_id"),
    # Messages to channels name no borrower; who runs the system sees which failed.
    "early_warning.delivery": f"{_BANK} OR (SELECT access.may('system')) OR (SELECT access.may('warnings'))",
    "rules.hit": _LOAN,
    # Rules hold for the whole bank; what they found is in rules.hit.
    "rules.rule_version": "true",
    "rules.event": "true",
    "rules.evaluation": "true",
    "rules.backtest": "true",
    "lists.entry": f"{_UNIT} OR maker = (SELECT access.acting()) "
    "OR scope = 'loan' AND " + _seen("ledger.loan_note AS note", "note.loan_id = entry.subject")
    + " OR scope = 'account' AND " + _account("entry.subject")
    + " OR scope = 'party' AND " + _seen("parties.party AS party", "party.party_id = entry.subject"),
    "approvals.request": f"{_UNIT} OR maker = (SELECT access.acting()) "
    "OR kind = 'person_change' AND (SELECT access.may('people'))",
    "approvals.unmasking": f"{_BANK} OR person = (SELECT access.acting())",
    # Everybody may know the bank's units and colleagues' names.
    "parties.organisation_unit": "true",
    "parties.staff": "true",
}  # fmt: skip

_SCHEMAS = (
    "published", "parties", "ledger", "tracing", "disputes", "destinations", "early_warning", "rules", "lists", "nightly",
    "signals", "live",
)  # fmt: skip

# The web application reads; what people do is written by the owner's connection after the reach was checked
# (docs/decisions/two-database-roles.md).
_GRANTS = "\n".join(
    [f"GRANT USAGE ON SCHEMA {schema} TO loantrail_web;" for schema in _SCHEMAS]
    + [f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO loantrail_web;" for schema in _SCHEMAS]
    + ["GRANT SELECT ON public.alembic_version TO loantrail_web;"]
    # Keys of all rows: nobody reads them on a page.
    + ["REVOKE ALL ON ledger.intake_key FROM loantrail_web;"]
    # Partitions that are there already are read through their table alone: row-level security holds there, not in them.
    + [
        "DO $$ DECLARE part regclass; BEGIN FOR part IN SELECT oid FROM pg_class WHERE relispartition AND relkind IN ('r', 'p') "
        "LOOP EXECUTE format('REVOKE ALL ON %s FROM loantrail_web', part); END LOOP; END $$;"
    ]
)

# Views ask as who reads them, so that row-level security holds through them.
_VIEWS = """
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT viewname FROM pg_views WHERE schemaname = 'published' LOOP
        EXECUTE format('ALTER VIEW published.%I SET (security_invoker = true)', name);
    END LOOP;
END
$$;

-- Transactions as far as a person may know of them: those of accounts in reach, and those that carry money of loans in reach.
-- Both lines of a transfer are needed to tell it, and one of them may stand at another unit: so this one view reads past
-- row-level security, and says for itself what is in reach.
ALTER VIEW published.transfer SET (security_invoker = false);
REVOKE ALL ON published.transfer FROM loantrail_web;
CREATE VIEW published.seen_transfer AS
SELECT transfer.*
FROM published.transfer AS transfer
WHERE session_user <> 'loantrail_web'
   OR (SELECT access.whole_bank())
   OR transfer.unit_id = ANY ((SELECT access.units())::text[])
   OR EXISTS (SELECT 1 FROM tracing.hop AS hop
              WHERE hop.transfer_id = transfer.transfer_id
                AND hop.run_id = ANY (ARRAY(SELECT run_id FROM tracing.run WHERE current))
                AND (hop.unit_id = ANY ((SELECT access.units())::text[]) OR hop.loan_id IN (SELECT access.own_loans())))
   OR EXISTS (SELECT 1 FROM ledger.account AS side
              JOIN ledger.loan_contract AS lent ON lent.borrower_party_id = side.party_id
              WHERE side.account IN (transfer.debit_account, transfer.credit_account)
                AND (side.unit_id = ANY ((SELECT access.units())::text[]) OR lent.unit_id = ANY ((SELECT access.units())::text[])
                     OR lent.contract_id IN (SELECT access.own_contracts())));
GRANT SELECT ON published.seen_transfer TO loantrail_web;
"""

_DOWN = """
DROP VIEW published.seen_transfer;
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT viewname FROM pg_views WHERE schemaname = 'published' LOOP
        EXECUTE format('ALTER VIEW published.%I RESET (security_invoker)', name);
    END LOOP;
END
$$;
DROP INDEX ledger.loan_manager_by_staff, ledger.loan_note_by_unit, ledger.guarantee_contract_by_guarantor,
    ledger.contract_party_by_party;
"""


def upgrade() -> None:
    """Protect the tables, let the web application read what is left."""
    run_sql(_FUNCTIONS)
    for table, condition in _REACH.items():
        quoted = condition.replace("'", "''")
        run_sql(f"SELECT access.protect('{table}', '{quoted}');")
    run_sql(_GRANTS)
    run_sql(_VIEWS)


def downgrade() -> None:
    """Open the tables again."""
    run_sql(_DOWN)
    for table in _REACH:
        run_sql(
            f"DROP POLICY within_reach ON {table}; DROP POLICY owner_sees_all ON {table}; "
            f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;"
        )
    for schema in _SCHEMAS:
        run_sql(
            f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM loantrail_web; REVOKE USAGE ON SCHEMA {schema} FROM loantrail_web;"
        )
    run_sql("REVOKE ALL ON public.alembic_version FROM loantrail_web; DROP SCHEMA access CASCADE;")
