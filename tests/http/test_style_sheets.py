"""Style sheets of the pages are all there at once: what one page calls its own must not be another's too."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2] / "web" / "src"
ORDER = SOURCES / "style_sheets.ts"
SHEETS = sorted(SOURCES.rglob("*.css"))


def read(sheet: Path) -> str:
    """A sheet without its comments."""
    return re.sub(r"/\*.*?\*/", "", sheet.read_text("utf-8"), flags=re.DOTALL)


def classes_of(text: str) -> set[str]:
    """Classes that are given a look by themselves, whether always or in some windows only."""
    heads = re.findall(r"([^{}]+)\{", text)
    return {one for head in heads for one in re.findall(r"(?:^|,)\s*\.([\w-]+)\s*(?=,|$)", head.strip())}


def test_a_class_gets_its_look_in_one_style_sheet() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for sheet in SHEETS:
        for name in classes_of(read(sheet)):
            found[name].append(sheet.name)
    assert {name: sheets for name, sheets in found.items() if len(sheets) > 1} == {}


def test_the_order_names_every_style_sheet_once_and_nobody_else_does() -> None:
    named = re.findall(r'import "\./([\w/]+\.css)"', ORDER.read_text("utf-8"))
    assert sorted(named) == sorted(str(sheet.relative_to(SOURCES)) for sheet in SHEETS)
    others = [path for path in SOURCES.rglob("*.ts*") if path != ORDER and '.css"' in path.read_text("utf-8")]
    assert others == []
    assert [sheet for sheet in SHEETS if "@import" in read(sheet)] == []


def test_what_holds_in_some_windows_only_counts_too() -> None:
    text = ".a { color: red; } @media (max-width: 9px) { .b { color: red; } .c { gap: 0; } } .d, .e > p { gap: 0; }"
    assert classes_of(text) == {"a", "b", "c", "d"}
