"""Codes of the demo bank are valid, its names are nobody's."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from stdnum import luhn
from stdnum.cn import ric, uscc

from loantrail.demo.codes import card_numbers, corporate_account_numbers, credit_codes, identity_numbers
from loantrail.demo.names import WELL_KNOWN, brands, contains_well_known
from loantrail.ids import seeded_generator


def test_credit_codes_and_identity_numbers_have_right_check_digits() -> None:
    generator = seeded_generator(5, "codes")
    for code in credit_codes(generator, 300):
        assert uscc.validate(code) == code
    for number in identity_numbers(generator, 300):
        assert ric.validate(number) == number


def test_account_numbers_pass_the_luhn_check_and_differ() -> None:
    numbers = card_numbers(0, 200) + corporate_account_numbers(0, 200)
    assert len(set(numbers)) == 400
    assert all(luhn.is_valid(number) for number in numbers)


def test_every_party_on_record_has_a_valid_code(bank: Path) -> None:
    parties = pl.read_parquet(bank / "party.parquet")
    for kind, number in parties.select("identity_kind", "identity_number").iter_rows():
        assert (ric if kind == "resident_identity_card" else uscc).is_valid(number)
    assert parties["identity_number"].n_unique() == parties.height


def test_no_company_bears_the_name_of_a_well_known_one(bank: Path) -> None:
    names = pl.read_parquet(bank / "party.parquet").filter(pl.col("kind") != "individual")["name"]
    accounts = pl.read_parquet(bank / "trace" / "accounts.parquet")["name"]
    institutions = accounts.filter(accounts.str.contains("证券|期货|信托|银行|支付"))
    assert len(institutions) > 20
    named = [name for name in [*names, *institutions] if contains_well_known(name)]
    assert named == []
    assert contains_well_known("云溪平安证券")
    assert names.n_unique() == len(names)


def test_brands_never_contain_a_known_fragment() -> None:
    assert not [b for b in brands(seeded_generator(1), 3000) if any(known in b for known in WELL_KNOWN)]
