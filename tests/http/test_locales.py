"""Both languages say everything, and everything that the product can name has its words."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path

import pytest

from loantrail.destinations.model import CLASSES, Basis
from loantrail.early_warning.hits import Level
from loantrail.early_warning.model import Disposition, Kind, Refusal, policy_of
from loantrail.early_warning.patterns import PATTERNS
from loantrail.http.pages.warnings.store import STATES
from loantrail.ledger.merges.acts import REFUSALS
from loantrail.ledger.model import (
    ACCOUNT_KINDS,
    FIVE_CLASSES,
    GRANT_KINDS,
    LOAN_STATES,
    PAYMENT_MODES,
    PRODUCTS,
)
from loantrail.parameters import shipped_parameters
from loantrail.parties.model import PARTY_KINDS
from loantrail.rules.model import CONTENT_FIELDS, OWNER_ROLES, State, known_actions
from loantrail.signals.catalogue import FIELDS
from loantrail.tracing.model import Convention

WEB = Path(__file__).resolve().parents[2] / "web" / "src"
ENDS = (
    "held_by_borrower held_by_related_party held_by_third_party own_instalment other_debt_repaid overdraft_repaid "
    "relent outside untraced in_transit"
).split()
GROUPS = "documented prohibited held debt left_bank pooled other".split()

POLICY = policy_of(shipped_parameters(), datetime.date(2025, 6, 1))

LISTS: list[tuple[str, list[str]]] = [
    ("use", [*ENDS, *(one.name for one in CLASSES)]),
    ("group", [group for group in GROUPS if group != "prohibited"] + ["suspected", "restricted"]),
    ("basis", list(Basis)),
    ("product", list(PRODUCTS)),
    ("payment_mode", list(PAYMENT_MODES)),
    ("grant_kind", list(GRANT_KINDS)),
    ("state", list(LOAN_STATES)),
    ("five_class", list(FIVE_CLASSES)),
    ("party_kind", list(PARTY_KINDS)),
    ("convention", [one.name.lower() for one in Convention]),
    ("pattern", list(PATTERNS)),
    ("meaning", list(PATTERNS)),
    ("account_kind", list(ACCOUNT_KINDS)),
    ("rule_state", list(State)),
    ("rule_field", list(CONTENT_FIELDS)),
    ("role", list(OWNER_ROLES)),
    ("warning_measure", list(known_actions(shipped_parameters()))),
    ("warning_level", list(Level)),
    ("warning_state", list(STATES)),
    ("warning_kind", list(Kind)),
    ("warning_refusal", list(Refusal)),
    ("disposition", list(Disposition)),
    ("disposition_meaning", list(Disposition)),
    ("doubt", list(PATTERNS)),
    ("false_alarm", list(POLICY.false_alarm_reasons)),
    ("warning_measure", [one for level in Level for one in POLICY.measures[level]]),
    ("role", [one for level in Level for one in POLICY.owner_roles[level]]),
    ("evidence_place", ["hit", "before", "after", "beside"]),
    ("relation", ["controllers_spouse"]),
    ("role", [*POLICY.branch_owner_roles, *POLICY.manager_roles]),
    ("merge_refusal", [*REFUSALS, "superseded"]),
    ("signal_group", sorted({field.group for field in FIELDS})),
    ("signal_group_text", sorted({field.group for field in FIELDS})),
    ("signal_grain", sorted({field.grain for field in FIELDS})),
    ("signal_unit", sorted({field.unit or field.kind for field in FIELDS})),
    ("expiry", ["expired", "soon", "valid", "unknown"]),
    ("group_kind", ["group", "single"]),
    ("check_timely", ["overdue", "not_due", "late", "on_time"]),
    ("signal_window", sorted({field.window for field in FIELDS if field.window})),
]
"""Each list of the product, and its values."""


def _texts(language: str) -> dict[str, str]:
    texts: dict[str, str] = {}
    for area in sorted((WEB / "i18n" / language).glob("*.json")):
        for key, text in json.loads(area.read_text("utf-8")).items():
            assert key not in texts, f"{key} stands twice"
            texts[key] = text
    return texts


CHINESE, ENGLISH = _texts("zh"), _texts("en")


def test_no_key_is_missing_in_either_language() -> None:
    assert CHINESE.keys() == ENGLISH.keys()
    assert [key for texts in (CHINESE, ENGLISH) for key, text in texts.items() if not text.strip()] == []


def test_every_place_in_a_text_is_one_that_is_filled() -> None:
    place = re.compile(r"\{\w+(\|[^|}]*\|[^|}]*)?\}")
    texts = [(key, text) for one in (CHINESE, ENGLISH) for key, text in one.items()]
    assert [key for key, text in texts if re.search(r"[{}]", place.sub("", text))] == []


def test_both_languages_fill_in_the_same_values() -> None:
    def places(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)[|}]", text)) - {"currency"}  # Chinese names its currency

    assert [key for key in CHINESE if places(CHINESE[key]) != places(ENGLISH[key])] == []


@pytest.mark.parametrize(("list_name", "values"), LISTS)
def test_every_value_that_the_product_can_name_has_its_words(list_name: str, values: list[str]) -> None:
    assert [value for value in values if f"{list_name}.{value}" not in CHINESE] == []


def test_destination_classes_are_called_what_the_product_calls_them() -> None:
    for one in CLASSES:
        assert (CHINESE[f"use.{one.name}"], ENGLISH[f"use.{one.name}"]) == (one.chinese, one.english)


def test_every_text_in_the_code_is_used_and_known() -> None:
    code = "\n".join(path.read_text("utf-8") for path in WEB.rglob("*.ts*") if path.name != "schema.d.ts")
    # A list is named where one of its values is asked for: name("use", line.use), or t(`group.${group}`).
    lists = (
        {f"{list_name}." for list_name, _ in LISTS}
        | {f"{list_name}." for list_name in re.findall(r'\b(?:name|word)\("([\w.]+)"', code)}
        | {f"{list_name}." for list_name in re.findall(r'<Coded list="(\w+)"', code)}
        | set(re.findall(r"[`\"]([\w.]+[._])\$\{", code))
    )
    unused = [
        key
        for key in CHINESE
        if not any(key.startswith(beginning) for beginning in lists) and f'"{key}"' not in code
    ]
    assert unused == []


NO_PLACE_FOR_HELP = {"path", "difference", "rerun"}
"""Terms that stand by themselves only as what a machine reads aloud, on a tab or on a button: none can hold a link. Their help is
on the page of terms."""


def test_a_term_that_stands_by_itself_on_a_page_is_explained_there() -> None:
    """A label, the head of a column or a heading that says a term of the glossary and nothing else shows what it means."""
    texts = {
        key: text
        for file in (WEB / "i18n" / "zh").glob("*.json")
        for key, text in json.loads(file.read_text("utf-8")).items()
    }
    pages = "\n".join(file.read_text("utf-8") for file in WEB.rglob("*.tsx"))
    terms = (WEB / "glossary" / "terms.ts").read_text("utf-8")
    explained = set(re.findall(r'<Term name="(\w+)"', pages))
    for attribute in re.findall(r"<Term name=\{([^}]*)\}", pages):
        explained |= set(re.findall(r'"(\w+)"', attribute))
    explained |= set(re.findall(r'^  "[\w.]+": "(\w+)",$', terms, re.MULTILINE))
    named = {key.removeprefix("term."): text for key, text in texts.items() if key.startswith("term.")}
    for words in re.findall(r'<Coded list="(\w+)"', pages):
        explained |= {name for name in named if f"{words}.{name}" in texts}
    labels = {text for key, text in texts.items() if f't("{key}")' in pages}

    alone = {name for name, text in named.items() if text in labels}

    assert "loan_purpose" in alone
    assert alone - explained - NO_PLACE_FOR_HELP == set()
