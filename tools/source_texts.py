"""The texts that a Python package can make, as far as its source says: what a name, a call or a choice may come to."""

from __future__ import annotations

import ast
import itertools
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = "loantrail"
DEEPEST = 12
ALTERNATIVES_MAX = 400


@dataclass
class Routine:
    """A function, method or class that can be called: its parameters in order, without `self`."""

    module: Module
    name: str
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    owner: str = ""
    parameters: list[str] = field(default_factory=list)
    least: int = 0
    """How many of them have no default."""
    sinks: set[str] = field(default_factory=set)

    def __hash__(self) -> int:
        return id(self)


@dataclass
class Module:
    name: str
    shown: str
    tree: ast.Module
    callables: dict[str, Routine] = field(default_factory=dict)
    methods: dict[tuple[str, str], Routine] = field(default_factory=dict)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)
    constants: dict[str, list[ast.expr]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True)
class Scope:
    module: Module
    function: Routine | None


class Package:
    """A package as its text says it, `without` some parts of it, with what each name in it stands for."""

    def __init__(self, folder: Path, without: Collection[str] = ()) -> None:
        self.modules: dict[str, Module] = {}
        self.routines: dict[ast.AST, Routine] = {}
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            if parts[0] in without:
                continue
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            name = ".".join((PACKAGE, *parts))
            shown = (Path(PACKAGE) / path.relative_to(folder)).as_posix()
            self.modules[name] = self._module(Module(name, shown, ast.parse(path.read_text("utf-8"))))
        self.methods_named: dict[str, list[Routine]] = defaultdict(list)
        for module in self.modules.values():
            for (_, name), method in module.methods.items():
                self.methods_named[name].append(method)
        self.local: dict[Routine, dict[str, list[tuple[ast.expr, int | None]]]] = {}
        self.calls: list[tuple[ast.Call, Scope]] = []
        self.calls_of: dict[Routine, list[tuple[ast.Call, Scope]]] = defaultdict(list)
        self.scope_of: list[tuple[ast.AST, Scope]] = []
        self._open: set[ast.JoinedStr] = set()
        self._targets: dict[ast.Call, list[Routine]] = {}
        for module in self.modules.values():
            self._walk(module.tree, Scope(module, None))
        for call, scope in self.calls:
            for target in self.targets(call, scope):
                self.calls_of[target].append((call, scope))

    # What stands where -------------------------------------------------------------------------------------------

    def _module(self, module: Module) -> Module:
        for node in module.tree.body:
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    if isinstance(target, ast.Name):
                        module.constants[target.id].append(node.value)
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    module.imports[alias.asname or alias.name] = (node.module, alias.name)
            elif isinstance(node, ast.ClassDef):
                self._class(module, node)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node not in self.routines:
                made = Routine(module, node.name, node, "", *_parameters(node))
                self.routines[node] = made
                module.callables.setdefault(node.name, made)
        return module

    def _class(self, module: Module, node: ast.ClassDef) -> None:
        fields = [
            item.target.id
            for item in node.body
            if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
        ]
        made = Routine(module, node.name, node, parameters=fields)
        module.callables[node.name] = made
        for item in node.body:
            if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)):
                bound = not any("staticmethod" in ast.unparse(mark) for mark in item.decorator_list)
                parameters, least = _parameters(item)
                if bound:
                    parameters, least = parameters[1:], max(least - 1, 0)
                method = Routine(module, item.name, item, node.name, parameters, least)
                module.methods[node.name, item.name] = self.routines[item] = method
                if item.name == "__init__":
                    made.parameters = parameters
                    method.sinks = made.sinks

    def _walk(self, node: ast.AST, scope: Scope) -> None:
        for child in ast.iter_child_nodes(node):
            inner = scope
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                inner = Scope(scope.module, self.routines[child])
            self.scope_of.append((child, inner))
            if isinstance(child, ast.Call):
                self.calls.append((child, inner))
            self._walk(child, inner)

    def named(self, module: Module, name: str) -> Routine | None:
        """The function or class that a name means in a module."""
        if name in module.callables:
            return module.callables[name]
        origin = module.imports.get(name)
        if origin is not None and origin[0] in self.modules:
            return self.named(self.modules[origin[0]], origin[1])
        return None

    def targets(self, call: ast.Call, scope: Scope) -> list[Routine]:
        """What a call may call, as far as the text tells."""
        if call not in self._targets:
            self._targets[call] = self._found(call, scope)
        return self._targets[call]

    def _found(self, call: ast.Call, scope: Scope) -> list[Routine]:
        called = call.func
        if isinstance(called, ast.Name):
            found = self.named(scope.module, called.id)
            return [found] if found else []
        if not isinstance(called, ast.Attribute):
            return []
        owner = scope.function.owner if scope.function else ""
        if ast.unparse(called.value) == "super()" and called.attr == "__init__":
            return self._bases(scope.module, owner)
        if isinstance(called.value, ast.Name):
            if called.value.id in ("self", "cls") and (owner, called.attr) in scope.module.methods:
                return [scope.module.methods[owner, called.attr]]
            origin = scope.module.imports.get(called.value.id)
            if origin is not None:
                inner = self.modules.get(".".join(origin))
                found = self.named(inner, called.attr) if inner else None
                if found:
                    return [found]
        count = len(call.args) + len(call.keywords)
        takes_any = any(isinstance(one, ast.Starred) for one in call.args)
        return [
            one
            for one in self.methods_named.get(called.attr, [])
            if takes_any or one.least <= count <= len(one.parameters)
        ]

    def _bases(self, module: Module, class_name: str) -> list[Routine]:
        made = module.callables.get(class_name)
        if made is None or not isinstance(made.node, ast.ClassDef):
            return []
        bases = [self.named(module, ast.unparse(base).rpartition(".")[2]) for base in made.node.bases]
        return [base for base in bases if base]

    def bound(self, call: ast.Call, target: Routine, scope: Scope) -> Iterator[tuple[str, ast.expr]]:
        """Parameter and argument; a starred function that returns tuples is taken apart."""
        given: list[list[ast.expr]] = []
        for argument in call.args:
            if not isinstance(argument, ast.Starred):
                given.append([argument])
                continue
            tuples = [node for node, _ in self.ends(argument.value, scope) if isinstance(node, ast.Tuple)]
            width = min((len(node.elts) for node in tuples), default=0)
            given += [[node.elts[place] for node in tuples] for place in range(width)]
        for name, arguments in zip(target.parameters, given, strict=False):
            for argument in arguments:
                yield name, argument
        for keyword in call.keywords:
            if keyword.arg:
                yield keyword.arg, keyword.value

    # What an expression may come to -----------------------------------------------------------------------------

    def ends(self, node: ast.expr, scope: Scope, depth: int = 0) -> list[tuple[ast.expr, Scope]]:
        """The expressions that a name, a call or a choice may stand for."""
        if depth > DEEPEST:
            return [(node, scope)]
        if isinstance(node, ast.IfExp):
            return self.ends(node.body, scope, depth + 1) + self.ends(node.orelse, scope, depth + 1)
        if isinstance(node, ast.BoolOp):
            return [end for value in node.values for end in self.ends(value, scope, depth + 1)]
        if isinstance(node, ast.NamedExpr):
            return self.ends(node.value, scope, depth + 1)
        if isinstance(node, ast.Name):
            found = self._values(node.id, scope)
            return [end for value, inner in found for end in self.ends(value, inner, depth + 1)] or [
                (node, scope)
            ]
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            return self.ends(node.value, scope, depth + 1)
        if isinstance(node, ast.Subscript):
            held = self.ends(node.value, scope, depth + 1)
            inner = [end for one, at in held for end in _elements(one, node.slice, at)]
            return [end for one, at in inner for end in self.ends(one, at, depth + 1)] or [(node, scope)]
        if isinstance(node, ast.Call):
            return self._ends_of_call(node, scope, depth)
        return [(node, scope)]

    def _ends_of_call(self, node: ast.Call, scope: Scope, depth: int) -> list[tuple[ast.expr, Scope]]:
        called = node.func
        if isinstance(called, ast.Attribute) and called.attr in ("get", "strip", "lit", "format"):
            if called.attr == "strip":
                return self.ends(called.value, scope, depth + 1)
            if called.attr in ("lit", "format"):
                is_frame = ast.unparse(called.value) == "pl" and node.args
                return self.ends(node.args[0], scope, depth + 1) if is_frame else [(node, scope)]
            held = self.ends(called.value, scope, depth + 1)
            values = [(value, at) for one, at in held if isinstance(one, ast.Dict) for value in one.values]
            if values:
                values += [(default, scope) for default in node.args[1:]]
                return [end for one, at in values for end in self.ends(one, at, depth + 1)]
        found: list[tuple[ast.expr, Scope]] = []
        for target in (
            self.targets(node, scope) if not isinstance(called, ast.Attribute) or _own(called) else []
        ):
            if isinstance(target.node, ast.ClassDef):
                continue
            for inner in ast.walk(target.node):
                if isinstance(inner, ast.Return) and inner.value is not None:
                    found += self.ends(inner.value, Scope(target.module, target), depth + 1)
        return found or [(node, scope)]

    def _values(self, name: str, scope: Scope) -> list[tuple[ast.expr, Scope]]:
        """What a name was set to: in the function, else in the module, else where it was imported from."""
        function = scope.function
        if function is not None:
            if function not in self.local:
                self.local[function] = _assignments(function.node)
            found: list[tuple[ast.expr, Scope]] = []
            for value, place in self.local[function].get(name, []):
                if place is None:
                    found.append((value, scope))
                    continue
                for one, at in self.ends(value, scope, DEEPEST - 4):
                    if isinstance(one, ast.Tuple) and place < len(one.elts):
                        found.append((one.elts[place], at))
            if found or name in function.parameters:
                return found
        if name in scope.module.constants:
            return [(value, Scope(scope.module, None)) for value in scope.module.constants[name]]
        origin = scope.module.imports.get(name)
        if origin is not None and origin[0] in self.modules:
            return self._values(origin[1], Scope(self.modules[origin[0]], None))
        return []

    def templates(self, node: ast.expr, scope: Scope, depth: int = 0) -> set[str]:
        """The texts that an expression may come to, with `{}` for values."""
        if depth > DEEPEST:
            return {"{}"}
        found: set[str] = set()
        for end, inner in self.ends(node, scope):
            if isinstance(end, ast.Constant) and isinstance(end.value, str):
                is_format = isinstance(node, ast.Call) and ast.unparse(node.func) == "pl.format"
                found.add(end.value if is_format else _plain(end.value))
            elif isinstance(end, ast.JoinedStr) and end in self._open:
                found.add("{}")  # a text that is put around itself
            elif isinstance(end, ast.JoinedStr):
                self._open.add(end)
                found |= self._product([self._piece(part, inner, depth) for part in end.values])
                self._open.discard(end)
            elif isinstance(end, ast.BinOp) and isinstance(end.op, ast.Add):
                sides = [self.templates(side, inner, depth + 1) for side in (end.left, end.right)]
                found |= self._product(sides)
            else:
                found.add("{}")
        return found

    def _piece(self, part: ast.expr, scope: Scope, depth: int) -> set[str]:
        if isinstance(part, ast.Constant):
            return {_plain(str(part.value))}
        assert isinstance(part, ast.FormattedValue)
        if part.conversion != -1 or part.format_spec is not None:
            return {"{}"}
        found = self.templates(part.value, scope, depth + 1)
        if found == {"{}"}:
            found = self._told_by_callers(part.value, scope, depth)
        # What has no blank is a value: a number, or a word of a list, whose Chinese stands in the catalogue's lists.
        told = {text if " " in text or not text else "{}" for text in found}
        return told - {""} if "{}" in told else told

    def _told_by_callers(self, value: ast.expr, scope: Scope, depth: int) -> set[str]:
        """A parameter that is a written text at every call."""
        function = scope.function
        if function is None or not isinstance(value, ast.Name) or value.id not in function.parameters:
            return {"{}"}
        found: set[str] = set()
        for call, at in self.calls_of[function]:
            for name, given in self.bound(call, function, at):
                if name == value.id:
                    found |= self.templates(given, at, depth + 3)
        return found if found and "{}" not in found else {"{}"}

    @staticmethod
    def _product(parts: list[set[str]]) -> set[str]:
        made = itertools.islice(itertools.product(*(sorted(part) for part in parts)), ALTERNATIVES_MAX)
        return {re.sub(r"(\{\}){2,}", "{}", "".join(texts)) for texts in made}


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[list[str], int]:
    """The names in order, and how many must be given."""
    given = node.args
    optional = len(given.defaults) + sum(default is not None for default in given.kw_defaults)
    names = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return names, len(names) - optional


def _own(called: ast.Attribute) -> bool:
    """Whether the method belongs to the object itself; of others nothing is known."""
    return isinstance(called.value, ast.Name) and called.value.id in ("self", "cls")


def _plain(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _elements(held: ast.expr, place: ast.expr, scope: Scope) -> list[tuple[ast.expr, Scope]]:
    if isinstance(held, ast.Dict):
        key = place.value if isinstance(place, ast.Constant) else None
        exact = [
            value
            for one, value in zip(held.keys, held.values, strict=True)
            if key is not None and isinstance(one, ast.Constant) and one.value == key
        ]
        return [(value, scope) for value in exact or held.values]
    if isinstance(held, ast.Tuple) and isinstance(place, ast.Constant) and isinstance(place.value, int):
        return [(held.elts[place.value], scope)] if place.value < len(held.elts) else []
    return []


def _assignments(function: ast.AST) -> dict[str, list[tuple[ast.expr, int | None]]]:
    """Name -> what it is set to within the function; with a place where it is unpacked from a tuple."""
    found: dict[str, list[tuple[ast.expr, int | None]]] = defaultdict(list)
    for node in ast.walk(function):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    found[target.id].append((node.value, None))
                elif isinstance(target, ast.Tuple):
                    for place, part in enumerate(target.elts):
                        if isinstance(part, ast.Name):
                            found[part.id].append((node.value, place))
        elif isinstance(node, ast.NamedExpr):
            found[node.target.id].append((node.value, None))
    return found
