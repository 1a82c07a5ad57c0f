"""The books: parties and the ledger, what intake needs, and the views that other nouns read.

A table per record type (`loantrail.parties.model`, `loantrail.ledger.model`), its columns named as the fields. A test
compares the two. Statement lines stand in monthly partitions (months of Asia/Shanghai) that the store creates on
demand. Only PostgreSQL 15's own features are used: no extension.
"""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0001_books"
down_revision = None
branch_labels = None
depends_on = None

_PARTIES = """
CREATE SCHEMA IF NOT EXISTS parties;
CREATE SCHEMA IF NOT EXISTS ledger;
CREATE SCHEMA IF NOT EXISTS published;

CREATE TABLE parties.organisation_unit (
    unit_id text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL
        CHECK (kind IN ('head_office', 'branch', 'sub_branch', 'department')),
    parent_unit_id text REFERENCES parties.organisation_unit,
    PRIMARY KEY (unit_id)
);

CREATE TABLE parties.staff (
    staff_id text NOT NULL,
    unit_id text NOT NULL REFERENCES parties.organisation_unit,
    name text NOT NULL,
    role text NOT NULL,
    PRIMARY KEY (staff_id)
);

CREATE TABLE parties.party (
    party_id text NOT NULL,
    unit_id text NOT NULL REFERENCES parties.organisation_unit,
    kind text NOT NULL
        CHECK (kind IN ('company', 'individual', 'sole_proprietor', 'public_body', 'financial_institution')),
    name text NOT NULL,
    is_customer boolean NOT NULL DEFAULT true,
    identity_kind text
        CHECK (identity_kind IN (
            'unified_social_credit_code', 'resident_identity_card', 'passport',
            'foreign_registration', 'other'
        )),
    identity_number text,
    industry_code text,
    registered_on date,
    insured_staff_count bigint CHECK (insured_staff_count >= 0),
    tax_paid_on date,
    region_code text,
    phone text,
    address text,
    PRIMARY KEY (party_id)
);

CREATE TABLE parties.party_relation (
    from_party_id text NOT NULL REFERENCES parties.party,
    to_party_id text NOT NULL REFERENCES parties.party,
    kind text NOT NULL
        CHECK (kind IN (
            'shareholder', 'controller', 'legal_representative', 'executive', 'spouse', 'family',
            'same_address', 'same_phone', 'same_agent', 'group_member', 'guarantees'
        )),
    share_ppm bigint CHECK (share_ppm >= 0),
    valid_from date NOT NULL,
    valid_to date,
    source text,
    unit_id text NOT NULL REFERENCES parties.organisation_unit,
    PRIMARY KEY (from_party_id, to_party_id, kind, valid_from),
    CHECK (valid_to > valid_from),
    CHECK (from_party_id <> to_party_id)
);

CREATE INDEX party_by_identity ON parties.party (identity_number);
CREATE INDEX party_by_name ON parties.party (name);
CREATE INDEX party_relation_by_other ON parties.party_relation (to_party_id);
"""

_LEDGER = """
CREATE TABLE ledger.account (
    account text NOT NULL,
    institution text NOT NULL DEFAULT '',
    currency char(3) NOT NULL DEFAULT 'CNY' CHECK (currency ~ '^[A-Z]{3}$'),
    sub_account text NOT NULL DEFAULT '',
    party_id text REFERENCES parties.party,
    name text,
    kind text NOT NULL DEFAULT 'unknown'
        CHECK (kind IN (
            'settlement', 'savings', 'time_deposit', 'structured_deposit', 'margin_deposit',
            'supervised', 'loan_internal', 'bank_internal', 'pooled', 'card', 'external', 'unknown'
        )),
    opened_on date,
    closed_on date,
    opening_balance_fen bigint
        CHECK (opening_balance_fen BETWEEN -4611686018427387903 AND 4611686018427387903),
    unit_id text REFERENCES parties.organisation_unit,
    -- The number without sub-account and currency marks; with institution, currency and sub_account, the identity.
    account_number text NOT NULL,
    -- Made by intake for an account that only lines name; a record of the bank's own takes its place.
    auto_created boolean NOT NULL DEFAULT false,
    -- Whether it has statement lines here: then it is one of ours.
    has_lines boolean NOT NULL DEFAULT false,
    PRIMARY KEY (account)
);
CREATE INDEX account_by_number ON ledger.account (account_number);
CREATE INDEX account_by_party ON ledger.account (party_id);

CREATE TABLE ledger.loan_contract (
    contract_id text NOT NULL,
    borrower_party_id text NOT NULL REFERENCES parties.party,
    product text NOT NULL
        CHECK (product IN (
            'working_capital_loan', 'fixed_asset_loan', 'project_finance', 'acquisition_loan',
            'consumer_loan', 'personal_business_loan', 'mortgage_loan', 'internet_loan',
            'designated_loan', 'bank_advance'
        )),
    purpose_text text NOT NULL,
    payment_mode text NOT NULL
        CHECK (payment_mode IN ('entrusted_payment', 'autonomous_payment', 'mixed_payment')),
    amount_fen bigint NOT NULL
        CHECK (amount_fen BETWEEN 1 AND 4611686018427387903),
    currency char(3) NOT NULL DEFAULT 'CNY' CHECK (currency ~ '^[A-Z]{3}$'),
    signed_on date NOT NULL,
    valid_to date,
    unit_id text NOT NULL REFERENCES parties.organisation_unit,
    PRIMARY KEY (contract_id)
);

CREATE TABLE ledger.contract_payee (
    contract_id text NOT NULL REFERENCES ledger.loan_contract,
    name text NOT NULL,
    account text,
    party_id text REFERENCES parties.party,
    unit_id text NOT NULL REFERENCES parties.organisation_unit,
    PRIMARY KEY (contract_id, name)
);

CREATE TABLE ledger.contract_party (
    contract_id text NOT NULL REFERENCES ledger.loan_contract,
    party_id text NOT NULL REFERENCES parties.party,
    role text NOT NULL
        CHECK (role IN ('co_borrower', 'declared_related_party')),
    unit_id text NOT NULL REFERENCES parties.organisation_unit,
    PRIMARY KEY (contract_id, party_id, role)
);

CREATE TABLE ledger.loan_note (
    loan_id text NOT NULL,
    contract_id text NOT NULL REFERENCES ledger.loan_contract,
    disbursement_account text NOT NULL REFERENCES ledger.account,
    repayment_account text REFERENCES ledger.account,
    amount_fen bigint NOT NULL
        CHECK (amount_fen BETWEEN 1 AND 4611686018427387903),
    currency char(3) NOT NULL DEFAULT 'CNY' CHECK (currency ~ '^[A-Z]{3}$'),
    issued_on date NOT NULL,
    matures_on date NOT NULL,
    grant_kind text NOT NULL DEFAULT 'new'
        CHECK (grant_kind IN ('new', 'rollover_loan', 'restructured', 'renewal_without_repayment')),
    rate_ppm bigint NOT NULL CHECK (rate_ppm >= 0),
    balance_fen bigint NOT NULL
        CHECK (balance_fen BETWEEN 0 AND 4611686018427387903),
    state text NOT NULL DEFAULT 'outstanding'
        CHECK (state IN ('outstanding', 'overdue', 'settled', 'written_off', 'transferred')),
    five_class text NOT NULL DEFAULT 'normal'
        CHECK (five_class IN ('normal', 'special_mention', 'substandard', 'doubtful', 'loss')),
    unit_id text NOT NULL REFERENCES parties.organisation_unit,
    PRIMARY KEY (loan_id)
);

CREATE TABLE ledger.rate_reset (
    loan_id text NOT NULL REFERENCES ledger.loan_note,
    effective_from date NOT NULL,
    rate_ppm bigint NOT NULL CHECK (rate_ppm >= 0),
    basis text,
    unit_id text NOT NULL REFERENCES parties.organisation_unit,
    PRIMARY KEY (loan_id, effective_from)
);

CREATE TABLE ledger.disbursement (
    disbursement_id text NOT NULL,
    loan_id text NOT NULL REFERENCES ledger.loan_note,
    account text NOT NULL REFERENCES ledger.account,
    amount_fen bigint NOT NULL
        CHECK (amount_fen BETWEEN 1 AND 4611686018427387903),
    currency char(3) NOT NULL DEFAULT 'CNY' CHECK (currency ~ '^[A-Z]{3}$'),
    booked_at timestamptz NOT NULL,
    reference text,
    payment_mode text NOT NULL
        CHECK (payment_mode IN ('entrusted_payment', 'autonomous_payment', 'mixed_payment')),
    unit_id text NOT NULL REFERENCES parties.organisation_unit,
    PRIMARY KEY (disbursement_id)
);

CREATE TABLE ledger.entrusted_order (
    order_id text NOT NULL,
    loan_id text NOT NULL REFERENCES ledger.loan_note,
    payee_account text NOT NULL,
    payee_name text,
    amount_fen bigint NOT NULL
        CHECK (amount_fen BETWEEN 1 AND 4611686018427387903),
    document_no text,
    valid_from date,
    valid_to date,
    unit_id text NOT NULL REFERENCES parties.organisation_unit,
    PRIMARY KEY (order_id)
);

CREATE TABLE ledger.repayment_schedule (
    loan_id text NOT NULL REFERENCES ledger.loan_note,
    instalment_no bigint NOT NULL CHECK (instalment_no >= 1),
    due_on date NOT NULL,
    principal_fen bigint NOT NULL
        CHECK (principal_fen BETWEEN 0 AND 4611686018427387903),
    interest_fen bigint NOT NULL
        CHECK (interest_fen BETWEEN 0 AND 4611686018427387903),
    unit_id text NOT NULL REFERENCES parties.organisation_unit,
    PRIMARY KEY (loan_id, instalment_no)
);

CREATE TABLE ledger.repayment (
    repayment_id text NOT NULL,
    loan_id text NOT NULL REFERENCES ledger.loan_note,
    paid_at timestamptz NOT NULL,
    principal_fen bigint NOT NULL
        CHECK (principal_fen BETWEEN 0 AND 4611686018427387903),
    interest_fen bigint NOT NULL DEFAULT 0
        CHECK (interest_fen BETWEEN 0 AND 4611686018427387903),
    penalty_fen bigint NOT NULL DEFAULT 0
        CHECK (penalty_fen BETWEEN 0 AND 4611686018427387903),
    account text REFERENCES ledger.account,
    reference text,
    unit_id text NOT NULL REFERENCES parties.organisation_unit,
    PRIMARY KEY (repayment_id)
);

CREATE TABLE ledger.guarantee_contract (
    guarantee_id text NOT NULL,
    contract_id text NOT NULL REFERENCES ledger.loan_contract,
    kind text NOT NULL
        CHECK (kind IN ('guarantor', 'mortgage_charge', 'pledge', 'margin_deposit')),
    guarantor_party_id text NOT NULL REFERENCES parties.party,
    amount_fen bigint NOT NULL
        CHECK (amount_fen BETWEEN 0 AND 4611686018427387903),
    currency char(3) NOT NULL DEFAULT 'CNY' CHECK (currency ~ '^[A-Z]{3}$'),
    valid_from date NOT NULL,
    valid_to date,
    unit_id text NOT NULL REFERENCES parties.organisation_unit,
    PRIMARY KEY (guarantee_id)
);

CREATE TABLE ledger.collateral (
    collateral_id text NOT NULL,
    guarantee_id text NOT NULL REFERENCES ledger.guarantee_contract,
    kind text NOT NULL,
    owner_party_id text NOT NULL REFERENCES parties.party,
    value_fen bigint NOT NULL
        CHECK (value_fen BETWEEN 0 AND 4611686018427387903),
    currency char(3) NOT NULL DEFAULT 'CNY' CHECK (currency ~ '^[A-Z]{3}$'),
    valued_on date NOT NULL,
    ranking bigint NOT NULL DEFAULT 1 CHECK (ranking >= 1),
    loan_to_value_ppm bigint CHECK (loan_to_value_ppm >= 0),
    registration_no text,
    registration_expires_on date,
    insurance_expires_on date,
    unit_id text NOT NULL REFERENCES parties.organisation_unit,
    PRIMARY KEY (collateral_id)
);

CREATE TABLE ledger.loan_manager (
    loan_id text NOT NULL REFERENCES ledger.loan_note,
    staff_id text NOT NULL REFERENCES parties.staff,
    role text NOT NULL
        CHECK (role IN ('lead', 'assist')),
    valid_from date NOT NULL,
    valid_to date,
    unit_id text NOT NULL REFERENCES parties.organisation_unit,
    PRIMARY KEY (loan_id, staff_id, role, valid_from)
);

CREATE TABLE ledger.invoice (
    invoice_id text NOT NULL,
    seller_party_id text REFERENCES parties.party,
    seller_name text NOT NULL,
    buyer_party_id text REFERENCES parties.party,
    buyer_name text NOT NULL,
    issued_on date NOT NULL,
    amount_fen bigint NOT NULL
        CHECK (amount_fen BETWEEN -4611686018427387903 AND 4611686018427387903),
    tax_fen bigint NOT NULL
        CHECK (tax_fen BETWEEN -4611686018427387903 AND 4611686018427387903),
    state text NOT NULL DEFAULT 'valid'
        CHECK (state IN ('valid', 'void')),
    unit_id text REFERENCES parties.organisation_unit,
    PRIMARY KEY (invoice_id)
);

CREATE INDEX loan_contract_by_borrower ON ledger.loan_contract (borrower_party_id);
CREATE INDEX loan_note_by_contract ON ledger.loan_note (contract_id);
CREATE INDEX disbursement_by_loan ON ledger.disbursement (loan_id);
CREATE INDEX disbursement_by_account ON ledger.disbursement (account);
CREATE INDEX entrusted_order_by_loan ON ledger.entrusted_order (loan_id);
CREATE INDEX repayment_by_loan ON ledger.repayment (loan_id);
CREATE INDEX guarantee_contract_by_contract ON ledger.guarantee_contract (contract_id);
CREATE INDEX collateral_by_guarantee ON ledger.collateral (guarantee_id);
CREATE INDEX invoice_by_seller ON ledger.invoice (seller_party_id);
CREATE INDEX invoice_by_buyer ON ledger.invoice (buyer_party_id);
"""

_LINES = """
-- The facts: what a statement says, one row per line. `line_id` is the intake key; the file's name stands once, in
-- ledger.import_file, and the view published.statement_line puts it back. No foreign key and no pattern is checked per
-- line: they cost a third of the load, and intake checks both.
CREATE SEQUENCE ledger.arrival_number AS bigint;

CREATE TABLE ledger.statement_line (
    line_id uuid NOT NULL,
    arrival_number bigint NOT NULL DEFAULT nextval('ledger.arrival_number'),
    file_id bigint NOT NULL,
    position bigint NOT NULL CHECK (position >= 1),
    booked_at timestamptz NOT NULL,
    sequence bigint NOT NULL,
    account text NOT NULL,
    direction text NOT NULL CHECK (direction IN ('debit', 'credit')),
    amount_fen bigint NOT NULL CHECK (amount_fen BETWEEN 1 AND 4611686018427387903),
    currency char(3) NOT NULL DEFAULT 'CNY',
    counterparty_account text,
    counterparty_name text,
    purpose_text text,
    balance_fen bigint CHECK (balance_fen BETWEEN -4611686018427387903 AND 4611686018427387903),
    reverses text,
    reference text,
    document_no text,
    counterparty_institution text,
    account_name text,
    institution text,
    unit_id text NOT NULL,
    PRIMARY KEY (line_id, booked_at)
) PARTITION BY RANGE (booked_at);
-- An account's statement in its order.
CREATE INDEX statement_line_by_account ON ledger.statement_line (account, booked_at, sequence);
-- Lines that can pair share amount and time.
CREATE INDEX statement_line_by_amount ON ledger.statement_line (amount_fen, booked_at);
CREATE INDEX statement_line_reversing ON ledger.statement_line (account) WHERE reverses IS NOT NULL;
"""

_INTAKE = """
CREATE TABLE ledger.import_run (
    run_id text PRIMARY KEY,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'finished', 'failed')),
    problem text
);

-- One row per file and way of reading it. Rows and progress are committed together, so that a run that was killed
-- goes on behind the last batch that it committed.
CREATE TABLE ledger.import_file (
    file_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id text NOT NULL REFERENCES ledger.import_run,
    name text NOT NULL,
    adapter text NOT NULL,
    options jsonb NOT NULL DEFAULT '{}',
    content_hash text NOT NULL,
    size_bytes bigint NOT NULL,
    software_version text NOT NULL,
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'finished', 'failed')),
    problem text,
    batches_committed bigint NOT NULL DEFAULT 0,
    bytes_committed bigint NOT NULL DEFAULT 0,
    rows_read bigint NOT NULL DEFAULT 0,
    rows_accepted bigint NOT NULL DEFAULT 0,
    rows_duplicate bigint NOT NULL DEFAULT 0,
    rows_refused bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL,
    finished_at timestamptz
);
CREATE INDEX import_file_by_content ON ledger.import_file (content_hash, adapter);

-- Decides what is new: the same key and hash is a duplicate, the same key with another hash is refused.
CREATE TABLE ledger.intake_key (
    source text NOT NULL,
    source_key uuid NOT NULL,
    content_hash uuid NOT NULL,
    row_id uuid NOT NULL,
    PRIMARY KEY (source_key, source)
);

-- Quarantine: what was not accepted, with the bytes as they came.
CREATE TABLE ledger.refusal (
    refusal_id text PRIMARY KEY,
    file_id bigint REFERENCES ledger.import_file,
    source_file text NOT NULL,
    position bigint NOT NULL,
    record_type text NOT NULL,
    field text NOT NULL,
    reason text NOT NULL,
    message text NOT NULL,
    original bytea NOT NULL,
    record jsonb,
    corrected jsonb,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'corrected', 'replayed', 'dismissed')),
    created_at timestamptz NOT NULL,
    changed_at timestamptz,
    changed_by text,
    note text,
    unit_id text
);
CREATE INDEX refusal_by_state ON ledger.refusal (state, reason);
CREATE INDEX refusal_by_file ON ledger.refusal (source_file, position);

-- Per account: whether the balances that the source gives add up, and if not, the first line where they do not.
CREATE TABLE ledger.reconciliation (
    account text NOT NULL,
    currency char(3) NOT NULL,
    state text NOT NULL CHECK (state IN ('reconciled', 'differs', 'no_balances')),
    line_count bigint NOT NULL,
    balance_count bigint NOT NULL,
    difference_count bigint NOT NULL,
    first_line uuid,
    first_source_file text,
    first_position bigint,
    first_booked_at timestamptz,
    expected_fen bigint,
    actual_fen bigint,
    checked_at timestamptz NOT NULL,
    unit_id text,
    PRIMARY KEY (account, currency),
    CHECK ((state = 'differs') = (first_position IS NOT NULL))
);
"""

_PAIRING = """
-- Lines that were committed and not yet looked at by the pairing.
CREATE TABLE ledger.pairing_pending (
    pending_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    file_id bigint NOT NULL,
    first_arrival bigint NOT NULL,
    last_arrival bigint NOT NULL,
    first_booked_at timestamptz NOT NULL,
    last_booked_at timestamptz NOT NULL,
    line_count bigint NOT NULL
);

-- A transfer is a versioned pairing of a debit line and a credit line. A line without a valid pairing is a transfer
-- by itself (published.transfer shows both). A manual row with one line keeps that line apart.
CREATE TABLE ledger.transfer (
    transfer_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    debit_line uuid,
    credit_line uuid,
    debit_account text,
    credit_account text,
    debit_booked_at timestamptz,
    credit_booked_at timestamptz,
    amount_fen bigint NOT NULL CHECK (amount_fen BETWEEN 1 AND 4611686018427387903),
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    booked_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'valid' CHECK (state IN ('valid', 'superseded')),
    basis text NOT NULL CHECK (basis IN ('reference', 'amount_window', 'manual')),
    reason text,
    changed_by text,
    created_at timestamptz NOT NULL,
    superseded_at timestamptz,
    superseded_reason text,
    unit_id text,
    PRIMARY KEY (transfer_id, version),
    CHECK (debit_line IS NOT NULL OR credit_line IS NOT NULL),
    CHECK (basis = 'manual' OR (debit_line IS NOT NULL AND credit_line IS NOT NULL)),
    CHECK (basis <> 'manual' OR reason IS NOT NULL),
    CHECK ((state = 'superseded') = (superseded_at IS NOT NULL))
);
-- No line is ever in two valid transfers.
CREATE UNIQUE INDEX transfer_by_debit_line ON ledger.transfer (debit_line) WHERE state = 'valid';
CREATE UNIQUE INDEX transfer_by_credit_line ON ledger.transfer (credit_line) WHERE state = 'valid';

CREATE INDEX transfer_by_amount ON ledger.transfer (amount_fen) WHERE state = 'valid';

-- Lines with several equally good partners, as the pairing last saw them.
CREATE TABLE ledger.ambiguous_pairing (
    line_id uuid PRIMARY KEY,
    group_id uuid NOT NULL,
    reason text NOT NULL,
    booked_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    unit_id text
);

-- A line that takes back an earlier one.
CREATE TABLE ledger.reversal (
    reversing_line uuid PRIMARY KEY,
    original_line uuid NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    created_at timestamptz NOT NULL,
    unit_id text
);
CREATE INDEX reversal_by_original ON ledger.reversal (original_line);
"""

_PUBLISHED = """
CREATE VIEW published.organisation_unit AS SELECT * FROM parties.organisation_unit;
CREATE VIEW published.staff AS SELECT * FROM parties.staff;
CREATE VIEW published.party AS SELECT * FROM parties.party;
-- Valid on a day d: valid_from <= d and (valid_to is null or d < valid_to).
CREATE VIEW published.party_relation AS SELECT * FROM parties.party_relation;
CREATE VIEW published.account AS SELECT * FROM ledger.account;
CREATE VIEW published.loan_contract AS SELECT * FROM ledger.loan_contract;
CREATE VIEW published.contract_payee AS SELECT * FROM ledger.contract_payee;
CREATE VIEW published.contract_party AS SELECT * FROM ledger.contract_party;
CREATE VIEW published.loan_note AS SELECT * FROM ledger.loan_note;
CREATE VIEW published.loan AS
SELECT n.loan_id, n.contract_id, c.borrower_party_id, p.name AS borrower_name, p.kind AS borrower_kind,
       p.industry_code, c.product, c.purpose_text, c.payment_mode, c.amount_fen AS contract_amount_fen, c.signed_on,
       n.disbursement_account, n.repayment_account, n.amount_fen, n.currency, n.issued_on, n.matures_on,
       n.grant_kind, n.rate_ppm, n.balance_fen, n.state, n.five_class, n.unit_id
FROM ledger.loan_note n
JOIN ledger.loan_contract c USING (contract_id)
JOIN parties.party p ON p.party_id = c.borrower_party_id;
CREATE VIEW published.rate_reset AS SELECT * FROM ledger.rate_reset;
CREATE VIEW published.disbursement AS SELECT * FROM ledger.disbursement;
CREATE VIEW published.entrusted_order AS SELECT * FROM ledger.entrusted_order;
CREATE VIEW published.repayment_schedule AS SELECT * FROM ledger.repayment_schedule;
CREATE VIEW published.repayment AS SELECT * FROM ledger.repayment;
CREATE VIEW published.guarantee_contract AS SELECT * FROM ledger.guarantee_contract;
CREATE VIEW published.collateral AS SELECT * FROM ledger.collateral;
CREATE VIEW published.loan_manager AS SELECT * FROM ledger.loan_manager;
CREATE VIEW published.invoice AS SELECT * FROM ledger.invoice;
CREATE VIEW published.refusal AS SELECT * FROM ledger.refusal;
CREATE VIEW published.reconciliation AS SELECT * FROM ledger.reconciliation;
CREATE VIEW published.import_file AS SELECT * FROM ledger.import_file;

CREATE VIEW published.statement_line AS
SELECT replace(l.line_id::text, '-', '') AS line_id, l.arrival_number, f.name AS source_file, l.position, l.booked_at,
       l.sequence, l.account, l.direction, l.amount_fen, l.currency, l.counterparty_account, l.counterparty_name,
       l.purpose_text, l.balance_fen, l.reverses, l.reference, l.document_no, l.counterparty_institution,
       l.account_name, l.institution, l.unit_id
FROM ledger.statement_line l
JOIN ledger.import_file f USING (file_id);

-- Every movement once: valid pairings, and each line that has none as a transfer with the outside. The other side of
-- an unpaired line is its counterparty's account where that is not one of ours, else empty: its partner is yet to come.
-- `transfer_uuid` is `transfer_id` as it is stored: a few transfers are found by it without reading all.
CREATE VIEW published.transfer AS
SELECT replace(t.transfer_id::text, '-', '') AS transfer_id, t.version,
       replace(t.debit_line::text, '-', '') AS debit_line, replace(t.credit_line::text, '-', '') AS credit_line,
       t.debit_account, t.credit_account, t.amount_fen, t.currency, t.booked_at, t.basis,
       coalesce(c.counterparty_name, d.counterparty_name) AS counterparty_name,
       coalesce(d.account_name, c.counterparty_name) AS debit_name,
       coalesce(c.account_name, d.counterparty_name) AS credit_name,
       coalesce(d.purpose_text, c.purpose_text) AS purpose_text,
       coalesce(d.document_no, c.document_no) AS document_no,
       coalesce(d.reference, c.reference) AS reference, t.unit_id, t.transfer_id AS transfer_uuid
FROM ledger.transfer t
JOIN ledger.statement_line d ON d.line_id = t.debit_line AND d.booked_at = t.debit_booked_at
JOIN ledger.statement_line c ON c.line_id = t.credit_line AND c.booked_at = t.credit_booked_at
WHERE t.state = 'valid'
UNION ALL
SELECT replace(l.line_id::text, '-', ''), 1,
       CASE WHEN l.direction = 'debit' THEN replace(l.line_id::text, '-', '') END,
       CASE WHEN l.direction = 'credit' THEN replace(l.line_id::text, '-', '') END,
       CASE WHEN l.direction = 'debit' THEN l.account WHEN NOT coalesce(a.has_lines, false) THEN l.counterparty_account END,
       CASE WHEN l.direction = 'credit' THEN l.account WHEN NOT coalesce(a.has_lines, false) THEN l.counterparty_account END,
       l.amount_fen, l.currency, l.booked_at, 'unpaired', l.counterparty_name,
       CASE WHEN l.direction = 'debit' THEN l.account_name ELSE l.counterparty_name END,
       CASE WHEN l.direction = 'credit' THEN l.account_name ELSE l.counterparty_name END,
       l.purpose_text, l.document_no, l.reference, l.unit_id, l.line_id
FROM ledger.statement_line l
LEFT JOIN ledger.account a ON a.account = l.counterparty_account
WHERE NOT EXISTS (
    SELECT 1 FROM ledger.transfer t WHERE t.state = 'valid' AND t.debit_line = l.line_id AND t.credit_line IS NOT NULL
) AND NOT EXISTS (
    SELECT 1 FROM ledger.transfer t WHERE t.state = 'valid' AND t.credit_line = l.line_id AND t.debit_line IS NOT NULL
);
"""


def upgrade() -> None:
    """Create the schemas `parties`, `ledger` and `published` with their tables and views."""
    for part in (_PARTIES, _LEDGER, _LINES, _INTAKE, _PAIRING, _PUBLISHED):
        run_sql(part)


def downgrade() -> None:
    """Drop them, and with them everything that stands on them."""
    run_sql("DROP SCHEMA published CASCADE; DROP SCHEMA ledger CASCADE; DROP SCHEMA parties CASCADE")
