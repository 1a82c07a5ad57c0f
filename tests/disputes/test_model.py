"""Contents of sheets: one text, one fingerprint, and every difference by name."""

from __future__ import annotations

import pytest

from loantrail.disputes.model import canonical_text, compare, differences, fingerprint, standing


def test_one_content_has_one_text_whatever_the_order_of_its_fields() -> None:
    assert canonical_text({"b": [1, "元"], "a": None}) == '{"a":null,"b":[1,"元"]}'
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1}) != fingerprint({"a": 1, "b": 3})


def test_every_difference_has_its_place() -> None:
    stated = {"a": {"b": ["1", "2"], "c": True}, "d": "x"}
    found = {"a": {"b": ["1", "3", "4"], "c": True}, "e": None}
    assert [(one.field, one.stated, one.found) for one in differences(stated, found)] == [
        ("a.b[1]", "2", "3"),
        ("a.b[2]", None, "4"),
        ("d", "x", None),
        ("e", None, "null"),
    ]


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("data_sha256", "data_changed"),
        ("judgement_sha256", "judgement_changed"),
        ("rules_sha256", "rules_changed"),
        ("software_version", "software_changed"),
    ],
)
def test_what_changed_besides_the_figures_is_told_apart(field: str, changed: str) -> None:
    found = compare({"line_fen": "1", "versions": {field: "a"}}, {"line_fen": "1", "versions": {field: "b"}})
    kinds = ("data_changed", "judgement_changed", "rules_changed", "software_changed")
    assert [kind for kind in kinds if getattr(found, kind)] == [changed]
    assert (found.same_figures, found.identical) == (True, False)


@pytest.mark.parametrize(
    ("amount_fen", "proven", "said"),
    [(5, True, "certain"), (5, False, "within_least"), (6, True, "possible"), (11, True, "beyond")],
)
def test_bounds_say_how_an_amount_stands(amount_fen: int, proven: bool, said: str) -> None:
    assert standing(amount_fen, 5, 10, proven) == said
