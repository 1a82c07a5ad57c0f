"""What everybody may see of an identity or telephone number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loantrail.parties.masking import MASK, masked_identity, masked_phone


@pytest.mark.parametrize(
    ("kind", "number", "shown"),
    [
        ("resident_identity_card", "330102198001011234", "3301**********1234"),
        ("resident_identity_card", "33010219800101123X", "3301**********123X"),
        ("passport", "E12345678", "E*******8"),
        ("unified_social_credit_code", "91330100MA2ABCDE0X", "91330100MA2ABCDE0X"),
        ("other", "12", "**"),
        (None, "330102198001011234", "3301**********1234"),
        ("other", None, None),
    ],
)
def test_identity_numbers(kind: str | None, number: str | None, shown: str | None) -> None:
    assert masked_identity(kind, number) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("13812345678", "138****5678"),
        ("0571-87654321", "057******4321"),
        ("87654321", "******21"),
        ("12", "**"),
        ("", ""),
        (None, None),
    ],
)
def test_telephone_numbers(number: str | None, shown: str | None) -> None:
    assert masked_phone(number) == shown


@given(st.text(alphabet="0123456789X", min_size=1, max_size=30))
def test_a_third_at_least_is_hidden_and_the_length_stays(number: str) -> None:
    for shown in (masked_identity("resident_identity_card", number), masked_phone(number)):
        assert shown is not None
        assert len(shown) == len(number)
        assert shown.count(MASK) * 3 >= len(number)
