"""What the audit log tells of an access stands there in words: every list that an access to it is recorded by its route."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.access.test_routes import ROUTES, rule

from loantrail.identity.store_reach import OBJECTS

WORDS = Path(__file__).resolve().parents[2] / "web" / "src" / "i18n"
PREFIX = "/api/v1"
NAMELESS = sorted(
    path.removeprefix(PREFIX).removesuffix(".xlsx")
    for method, path, rules in ROUTES
    if method == "GET"
    and (rule(rules).protected or path.endswith(".xlsx"))
    and not any(name in OBJECTS for name in re.findall(r"\{(\w+)", path))
)
"""Routes whose entry names no thing, and files that leave by their address."""


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_list_that_an_entry_can_name_has_its_words(language: str) -> None:
    texts = json.loads((WORDS / language / "audit.json").read_text(encoding="utf-8"))

    assert len(NAMELESS) > 40
    assert [route for route in NAMELESS if f"audit_route.{route}" not in texts] == []
