"""Every action that the product records has words in both languages of the page."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from loantrail.early_warning import routes as warnings
from loantrail.rules import answers as rules

ROOT = Path(__file__).resolve().parents[2]
ACTION = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
RECORDERS = frozenset(("record", "record_act", "note", "_note", "_record", "_entry", "Entry"))
"""What functions are called that leave an entry: the action is among their arguments."""
CONSTANTS = frozenset(("ACTION", "VERIFIED"))


def actions() -> dict[str, str]:
    """Action -> a place where it is recorded."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "src" / "loantrail").rglob("*.py")):
        text = path.read_text()
        if not any(f"{name}(" in text for name in RECORDERS):
            continue
        for node in ast.walk(ast.parse(text)):
            for one in _given(node):
                for value in ast.walk(one):
                    if (
                        isinstance(value, ast.Constant)
                        and isinstance(value.value, str)
                        and ACTION.fullmatch(value.value)
                    ):
                        found[value.value] = f"{path.relative_to(ROOT)}:{value.lineno}"
    return found


def _given(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in RECORDERS:
            yield from node.args[:3]
            yield from (one.value for one in node.keywords if one.arg == "action")
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if node.value is not None and any(getattr(one, "id", "") in CONSTANTS for one in targets):
            yield node.value


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_action_has_words(language: str) -> None:
    words = json.loads((ROOT / "web" / "src" / "i18n" / language / "audit.json").read_text())
    recorded = actions()
    assert {"audit.verify", "data.export"} <= set(recorded)

    wordless = {
        action: place
        for action, place in recorded.items()
        if f"audit_action.{action}" not in words
        and not (
            f"audit_object.{action.split('.')[0]}" in words
            and all(f"audit_verb.{verb}" in words for verb in action.split(".")[1:])
        )
    }

    assert wordless == {}


def acts(module: Any) -> set[str]:
    """What may be asked of a rule or a warning: each is recorded by its own name."""
    models = [
        one for name, one in vars(module).items() if name.endswith("Act") and hasattr(one, "model_fields")
    ]
    fields = [one.model_fields["act"] for one in models if "act" in one.model_fields]
    return {act for field in fields for act in get_args(field.annotation)}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("module", "one"), [(rules, "to_shadow"), (warnings, "propose_lowering")])
def test_every_act_on_a_rule_or_a_warning_has_words(language: str, module: Any, one: str) -> None:
    words = json.loads((ROOT / "web" / "src" / "i18n" / language / "audit.json").read_text())

    assert one in acts(module)
    assert sorted(act for act in acts(module) if f"audit_verb.{act}" not in words) == []
