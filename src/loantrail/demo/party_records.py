"""Units, staff, parties and relations as records."""

from __future__ import annotations

import datetime
from typing import Final

import polars as pl

from loantrail.demo.lending import Loans
from loantrail.demo.population import Population, region_code
from loantrail.demo.season import INDUSTRIES, date_of
from loantrail.demo.writing import record_frame
from loantrail.parties.model import BANK_CAPITAL, ORGANISATION_UNIT, PARTY, PARTY_RELATION, STAFF

CAPITAL_OF_LOANS: Final = 5
"""Net capital is a fifth of all that was lent, ..."""
CAPITAL_OF_LARGEST: Final = 12
"""... or so many times the largest loan: whichever is more."""
TIER1_PERCENT: Final = 85
GROWTH_PERCENT: Final = 104
ROUND_FEN: Final = 100_000_000


def _date(day: int | None) -> datetime.date | None:
    return None if day is None else date_of(day)


def unit_frame(people: Population) -> pl.DataFrame:
    units = people.units
    return record_frame(
        ORGANISATION_UNIT,
        {"unit_id": units.unit_id, "name": units.name, "kind": units.kind, "parent_unit_id": units.parent},
    )


def staff_frame(people: Population) -> pl.DataFrame:
    rows = people.units.staff
    return record_frame(
        STAFF,
        {
            "staff_id": [row[0] for row in rows],
            "unit_id": [people.units.unit_id[row[1]] for row in rows],
            "name": [row[2] for row in rows],
            "role": [row[3] for row in rows],
        },
    )


def party_frame(people: Population) -> pl.DataFrame:
    """All parties. Outside companies are on the registry but are no customers."""
    parties = people.parties
    persons = [kind == "individual" for kind in parties.kind]
    return record_frame(
        PARTY,
        {
            "party_id": [parties.party_id(row) for row in range(len(parties))],
            "unit_id": [people.units.unit_id[unit] for unit in parties.unit],
            "kind": parties.kind,
            "name": parties.name,
            "is_customer": parties.is_customer,
            "identity_kind": [
                "resident_identity_card" if person else "unified_social_credit_code" for person in persons
            ],
            "identity_number": parties.identity,
            "industry_code": [INDUSTRIES[row].code if row >= 0 else None for row in parties.industry],
            "registered_on": [_date(day) for day in parties.registered_day],
            "insured_staff_count": pl.Series(parties.insured, dtype=pl.Int64),
            "tax_paid_on": [_date(day) for day in parties.tax_day],
            "region_code": [region_code(row) for row in range(len(parties))],
            "phone": parties.phone,
            "address": parties.address,
        },
    )


def relation_frame(people: Population, loans: Loans) -> pl.DataFrame:
    """Relations on record, guarantees included; one row per key."""
    rows = list(people.relations)
    for row in range(len(loans)):
        if loans.guarantor[row] >= 0:
            day = int(loans.issue_day[row])
            rows.append((int(loans.guarantor[row]), int(loans.borrower[row]), "guarantees", None, day))
    unique = list({(row[0], row[1], row[2], row[4]): row for row in rows}.values())
    parties = people.parties
    return record_frame(
        PARTY_RELATION,
        {
            "from_party_id": [parties.party_id(row[0]) for row in unique],
            "to_party_id": [parties.party_id(row[1]) for row in unique],
            "kind": [row[2] for row in unique],
            "share_ppm": pl.Series([row[3] for row in unique], dtype=pl.Int64),
            "valid_from": [date_of(row[4]) for row in unique],
            "source": "工商登记",
            "unit_id": [people.units.unit_id[parties.unit[row[1]]] for row in unique],
        },
    )


def capital_frame(loans: Loans) -> pl.DataFrame:
    """The bank's net capital at two year-ends, of a size that fits what it lent."""
    amounts = [int(amount) for amount in loans.amount_fen]
    wanted = max(sum(amounts) // CAPITAL_OF_LOANS, max(amounts) * CAPITAL_OF_LARGEST)
    first = -(-wanted // ROUND_FEN) * ROUND_FEN
    later = first * GROWTH_PERCENT // 100
    days = [datetime.date(2024, 12, 31), datetime.date(2025, 12, 31)]
    return record_frame(
        BANK_CAPITAL,
        {
            "effective_from": days,
            "net_capital_fen": [first, later],
            "net_tier1_capital_fen": [first * TIER1_PERCENT // 100, later * TIER1_PERCENT // 100],
            "source": [f"{day.year} 年末资本充足率报表" for day in days],
        },
    )
