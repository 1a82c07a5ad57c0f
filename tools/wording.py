"""Every message that a person can be shown, read out of the source text; prints those that have no Chinese words yet.

    python tools/wording.py

A message is what reaches a `problem`, `remedy`, `message` or `detail`: written there, or in a function, a constant or a
variable that it comes from. Values become `{}`. How the Chinese is found again is told in docs/decisions/wording.md.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.source_texts import PACKAGE, Package, Scope

from loantrail.wording import catalogue
from loantrail.wording.matching import lowered

SOURCE = Path(__file__).resolve().parent.parent / "src" / PACKAGE

NOT_SHOWN = {
    "demo": "the demo bank is built in a terminal by whoever tries the product; a bank's staff never meet it",
    "wording": "the catalogue itself; what it raises is a defect that the tests find",
}
"""Parts of the package whose messages need no Chinese, and why."""

ROOT = (f"{PACKAGE}.errors", "LoantrailError")
GIVEN_SINKS: dict[tuple[str, str], set[str]] = {
    ROOT: {"problem", "remedy"},
    (f"{PACKAGE}.sources.iso20022_xml", "XmlBroken"): {"reason"},
    (f"{PACKAGE}.tracing.store_evaluation", "fail"): {"problem", "remedy"},
    (f"{PACKAGE}.rules.store_backtest", "fail"): {"problem", "remedy"},
    (f"{PACKAGE}.early_warning.store_outbox", "failed"): {"problem"},
    (f"{PACKAGE}.nightly.store", "end_run"): {"problem"},
    (f"{PACKAGE}.ledger.store", "end_run"): {"problem"},
    (f"{PACKAGE}.ledger.store", "end_file"): {"problem"},
    (f"{PACKAGE}.monitor.leading", "_tell"): {"message"},
}
"""What is a message although no error of the tree is made: (module, class or function) -> parameters."""
GIVEN_RETURNS = {
    (f"{PACKAGE}.errors", "unforeseen"),
    (f"{PACKAGE}.sources.mt940_statement", "where"),
    (f"{PACKAGE}.early_warning.sending", "notify"),
}
"""Functions whose answer is a message or stands inside one."""
LIBRARIES = "libraries.yaml"
"""The file of the catalogue with texts of others, which no source text of ours holds."""
REFUSING_MODULES = {
    f"{PACKAGE}.sources.mapping",
    f"{PACKAGE}.http.pages.loan_list.model",
    f"{PACKAGE}.http.pages.ledgers.asked",
}
"""Modules whose ValueErrors become messages: of a ConfigurationError, or of a request that is refused."""
MESSAGE_KEYS = frozenset(("problem", "remedy", "message", "detail"))
"""What fields of records and keys of frames and answers are called that hold messages."""
SAYS = "say"
"""What a long piece of work tells of its steps by: the command line says them in the language of its reader."""


@dataclass(frozen=True)
class Message:
    """One clause of a message as a template, and where it is written."""

    template: str
    place: str


def units(template: str) -> list[str]:
    """The clauses of a template, each of which has its own words. Begins in lower case, as it is looked up."""
    parts = [part.strip() for part in re.split(r"; |\. (?=[A-Z{`])", template)]
    # A single word is a code, no message.
    return [lowered(part) for part in parts if " " in part and re.search(r"[^\W\d_]", part.replace("{}", ""))]


class Messages(Package):
    """The package with the parameters that become messages."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, NOT_SHOWN)
        self._find_sinks()

    # Which parameters become messages ----------------------------------------------------------------------------

    def _find_sinks(self) -> None:
        for module in self.modules.values():
            for one in module.callables.values():
                if isinstance(one.node, ast.ClassDef) and (one.name, "__init__") not in module.methods:
                    one.sinks |= MESSAGE_KEYS.intersection(one.parameters)
        for (module, name), parameters in GIVEN_SINKS.items():
            if module in self.modules:
                self.modules[module].callables[name].sinks |= parameters
        changed = True
        while changed:
            changed = False
            for module in self.modules.values():
                for one in module.callables.values():
                    if isinstance(one.node, ast.ClassDef) and (one.name, "__init__") not in module.methods:
                        for base in self._bases(module, one.name):
                            if (base.sinks and not one.parameters) and not one.sinks:
                                one.sinks, one.parameters, changed = set(base.sinks), base.parameters, True
            for expression, scope in self._sunk():
                for node, inner in self.ends(expression, scope):
                    function = inner.function
                    if (
                        isinstance(node, ast.Name)
                        and function is not None
                        and node.id in function.parameters
                        and node.id not in function.sinks
                    ):
                        function.sinks.add(node.id)
                        changed = True

    def _sunk(self) -> Iterator[tuple[ast.expr, Scope]]:
        """Every expression that is given to a parameter which becomes a message."""
        for call, scope in self.calls:
            for target in self.targets(call, scope):
                for name, given in self.bound(call, target, scope):
                    if name in target.sinks:
                        yield given, scope

    # The messages ------------------------------------------------------------------------------------------------

    def messages(self) -> list[Message]:
        """Every clause of every message that is shown, with where it is written, in order of place."""
        found: set[Message] = set()
        for expression, scope in (*self._sunk(), *self._written()):
            place = f"{scope.module.shown}:{expression.lineno}"
            for template in self.templates(expression, scope):
                found |= {Message(unit, place) for unit in units(template)}
        return sorted(found, key=lambda one: (one.place, one.template))

    def _written(self) -> Iterator[tuple[ast.expr, Scope]]:
        """Messages that stand in records and frames instead of errors."""
        for node, scope in self.scope_of:
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if (
                        isinstance(key, ast.Constant)
                        and key.value in MESSAGE_KEYS
                        and self._is_said(value, scope)
                    ):
                        yield value, scope
            elif isinstance(node, ast.Call):
                yield from self._called(node, scope)
            elif isinstance(node, ast.Return) and node.value is not None and scope.function is not None:
                answering = (scope.module.name, scope.function.name) in GIVEN_RETURNS
                yield from [(node.value, scope)] if answering else []

    def _called(self, node: ast.Call, scope: Scope) -> Iterator[tuple[ast.expr, Scope]]:
        name = ast.unparse(node.func)
        if name == "HTTPException" and len(node.args) > 1:
            yield node.args[1], scope
        elif (name == "ValueError" and scope.module.name in REFUSING_MODULES) or (
            name.rpartition(".")[2] == SAYS and len(node.args) == 1 and not node.keywords
        ):
            yield node.args[0], scope
        elif name.endswith(".alias") and [ast.unparse(one) for one in node.args] == ["'message'"]:
            # A column of messages: each text that the expression before it may give.
            for inner in ast.walk(node.func):
                if isinstance(inner, ast.Call) and ast.unparse(inner.func) in ("pl.format", "pl.lit"):
                    yield inner, scope

    def _is_said(self, value: ast.expr, scope: Scope) -> bool:
        return any(" " in template.replace("{}", "").strip() for template in self.templates(value, scope))


def missing(folder: Path = SOURCE) -> dict[str, list[str]]:
    """Template without Chinese -> where it is written."""
    found: dict[str, list[str]] = {}
    known = {lowered(english) for english in catalogue.templates()}
    for one in Messages(folder).messages():
        if one.template not in known:
            found.setdefault(one.template, []).append(one.place)
    return found


def main() -> int:
    without = missing()
    for template, places in sorted(without.items(), key=lambda item: item[1]):
        print(f'{places[0]}\n  "{template}": ""')
    if without:
        print(
            f"{len(without)} messages have no Chinese. Give each a line, with {{1}}, {{2}}, ... for its values, in the file of "
            "its noun under src/loantrail/wording/chinese/; docs/decisions/wording.md says how"
        )
        return 1
    print("Every message has its Chinese.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
