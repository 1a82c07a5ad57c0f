"""Style sheets of the pages are all there at once: what one page calls its own must not be another's too."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2] / "web" / "src"
ORDER = SOURCES / "style_sheets.ts"


def outside_media(text: str) -> str:
    """The rules that always hold."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    kept: list[str] = []
    depth, skipped = 0, None
    for piece in re.split(r"([{}])", text):
        if piece == "{":
            depth += 1
        elif piece == "}":
            depth -= 1
        if skipped is None and piece.strip().startswith("@"):
            skipped = depth
        elif skipped is None:
            kept.append(piece)
        elif piece == "}" and depth == skipped:
            skipped = None
    return "".join(kept)


def classes_of(text: str) -> set[str]:
    """Classes that are given a look by themselves."""
    heads = re.findall(r"([^{}]+)\{", outside_media(text))
    return {one for head in heads for one in re.findall(r"(?:^|,)\s*\.([\w-]+)\s*(?=,|$)", head.strip())}


def test_a_class_gets_its_look_in_one_style_sheet() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for sheet in sorted(SOURCES.rglob("*.css")):
        for name in classes_of(sheet.read_text("utf-8")):
            found[name].append(sheet.name)
    assert {name: sheets for name, sheets in found.items() if len(sheets) > 1} == {}


def test_the_order_names_every_style_sheet_once_and_nobody_else_does() -> None:
    named = re.findall(r'import "\./([\w/]+\.css)"', ORDER.read_text("utf-8"))
    assert sorted(named) == sorted(str(one.relative_to(SOURCES)) for one in SOURCES.rglob("*.css"))
    others = [path for path in SOURCES.rglob("*.ts*") if path != ORDER and '.css"' in path.read_text("utf-8")]
    assert others == []


def test_rules_within_media_queries_are_left_out() -> None:
    text = ".a { color: red; } @media (max-width: 9px) { .b { color: red; } .c { gap: 0; } } .d, .e > p { gap: 0; }"
    assert classes_of(text) == {"a", "d"}
