"""Who stands around 甲 of the bank of three loans: owners, a group, guarantors, and a branch elsewhere.

王 holds 60% of 庚, which holds half of 甲 (P1); 乙 (P5) holds 10% of 甲 and is its controller. 甲 heads a group with 丁 (P2).
戊 (P3) guarantees 甲's contract, 甲 guarantees one of 戊's. 辛 belongs to another branch (U2): it holds a tenth of 庚.
"""

from __future__ import annotations

from typing import Final

from tests.http.bank import LOAN, LOT_FEN, RUN
from tests.signing_in import write_person

from loantrail.identity.abilities import Ability, Role
from loantrail.parties.names import party_keys
from loantrail.postgres.connection import type_of_connection

OWNER, HOLDING, ELSEWHERE = "P11", "P12", "P13"
IDENTITY: Final = "330102198001011234"
PHONE: Final = "13812345678"
OTHER_BRANCH: Final = "U2"
NEAR, FAR, AUDITOR, MANAGER = "near", "far", "auditor", "manager"
"""Persons who see: the branch of 甲, another branch, everything, the loans that S1 manages."""
READER_KEY: Final = "lt_reader"
"""The key of a system that reads loans and no warnings."""


def write_related(connection: type_of_connection) -> None:
    """Parties, relations, guarantees and invoices; and the day up to which the books know what happened."""
    run = connection.execute
    run("INSERT INTO parties.organisation_unit VALUES ('U2', '另一支行', 'sub_branch', NULL)")
    for party, unit, kind, name in (
        (OWNER, "U1", "individual", "王"),
        (HOLDING, "U1", "company", "庚控股有限公司"),
        (ELSEWHERE, OTHER_BRANCH, "company", "辛实业有限公司"),
    ):
        run(
            "INSERT INTO parties.party (party_id, unit_id, kind, name) VALUES (%s, %s, %s, %s)",
            (party, unit, kind, name),
        )
    run(
        "UPDATE parties.party SET identity_kind = 'resident_identity_card', identity_number = %s, phone = %s "
        "WHERE party_id = 'P5'",
        (IDENTITY, PHONE),
    )
    run(
        "UPDATE parties.party SET identity_kind = 'unified_social_credit_code', identity_number = '91330100MA2ABCDE0X', "
        "industry_code = '1711', registered_on = '2015-06-01', insured_staff_count = 42, tax_paid_on = '2025-02-15', "
        "region_code = '330100' WHERE party_id = 'P1'"
    )
    for party, name, kind, identity in run(
        "SELECT party_id, name, kind, identity_number FROM parties.party"
    ).fetchall():
        run(
            "UPDATE parties.party SET name_sort = %s, name_search = %s WHERE party_id = %s",
            (*party_keys(name, kind, identity), party),
        )
    for source, target, kind, share, until in (
        (OWNER, HOLDING, "shareholder", 600_000, None),
        (ELSEWHERE, HOLDING, "shareholder", 100_000, None),
        (HOLDING, "P1", "shareholder", 500_000, None),
        ("P5", "P1", "shareholder", 100_000, None),
        ("P5", "P1", "controller", None, None),
        ("P4", "P1", "shareholder", 900_000, "2025-01-01"),
        ("P2", "P1", "group_member", None, None),
        ("P3", "P1", "guarantees", None, None),
    ):
        run(
            "INSERT INTO parties.party_relation VALUES (%s, %s, %s, %s, '2020-01-01', %s, '工商登记', 'U1')",
            (source, target, kind, share, until),
        )
    run(
        "INSERT INTO ledger.loan_contract (contract_id, borrower_party_id, product, purpose_text, payment_mode, amount_fen, "
        "signed_on, valid_to, unit_id) VALUES ('HT戊', 'P3', 'working_capital_loan', '周转', 'autonomous_payment', %s, "
        "'2025-02-01', '2025-03-10', 'U1')",
        (500_000 * LOT_FEN,),
    )
    for guarantee, contract, guarantor, yuan in (
        ("DB1", f"HT{LOAN}", "P3", 700_000),
        ("DB2", f"HT{LOAN}", "P3", 200_000),
        ("DB3", "HT戊", "P1", 500_000),
        ("DB4", f"HT{LOAN}", "P1", 300_000),
    ):
        run(
            "INSERT INTO ledger.guarantee_contract (guarantee_id, contract_id, kind, guarantor_party_id, amount_fen, valid_from, "
            "unit_id) VALUES (%s, %s, 'guarantor', %s, %s, '2025-03-01', 'U1')",
            (guarantee, contract, guarantor, yuan * LOT_FEN),
        )
    for invoice, seller, buyer, day, yuan, state in (
        ("FP1", "P2", "P1", "2025-03-04", 372_000, "valid"),
        ("FP2", "P1", "P3", "2025-02-10", 100_000, "valid"),
        ("FP3", "P1", "P3", "2025-02-11", 50_000, "void"),
    ):
        run(
            "INSERT INTO ledger.invoice (invoice_id, seller_party_id, seller_name, buyer_party_id, buyer_name, issued_on, "
            "amount_fen, tax_fen, state, unit_id) VALUES (%s, %s, '', %s, '', %s, %s, 0, %s, 'U1')",
            (invoice, seller, buyer, day, yuan * LOT_FEN, state),
        )
    run("UPDATE tracing.run SET data_date = '2025-03-20' WHERE run_id = %s", (RUN,))


def write_related_persons(connection: type_of_connection) -> None:
    """Who sees how much of it, each signed in."""
    write_person(connection, NEAR, [Role.BRANCH_MANAGER], "U1")
    write_person(connection, FAR, [Role.BRANCH_MANAGER], OTHER_BRANCH)
    write_person(connection, AUDITOR, [Role.INTERNAL_AUDITOR])
    write_person(connection, MANAGER, [Role.RELATIONSHIP_MANAGER], "U1", "S1")
    connection.execute(
        "INSERT INTO identity.api_key (key_id, secret_hash, name, abilities, made_at, maker, expires_at) VALUES "
        "('reader', sha256(%s::bytea), 'reader', %s, now(), 'test', now() + interval '1 day')",
        (READER_KEY, [Ability.READ_LOANS]),
    )
