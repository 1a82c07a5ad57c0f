"""Examines what is installed: Python, packages, the built page, fonts."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Final

from loantrail.operating.model import Finding, Level
from loantrail.operating.packages import lock_text, locked_versions, needed

OLDEST: Final = (3, 11)
NEWEST: Final = (3, 13)
NAMED_MOST: Final = 5
PAGE: Final = Path(__file__).parents[1] / "http" / "static"


def examine_python(version: tuple[int, int] = sys.version_info[:2]) -> Finding:
    """Whether it is one that the product is tested on."""
    said = f"{version[0]}.{version[1]}"
    if version < OLDEST:
        return Finding(
            "python", Level.PROBLEM, f"Python {said} is too old", "Install Python 3.11, 3.12 or 3.13"
        )
    if version > NEWEST:
        return Finding(
            "python",
            Level.WARNING,
            f"Python {said} is newer than what this release was tested with",
            "Use Python 3.11, 3.12 or 3.13",
        )
    return Finding("python", Level.OK, f"Python {said} in {sys.prefix}")


def examine_packages() -> Finding:
    """Whether every package that the product needs is there, in the version that it was tested with."""
    found, lock = needed(), lock_text()
    missing = sorted(name for name, version in found.items() if version is None)
    if missing:
        return Finding(
            "packages",
            Level.PROBLEM,
            f"packages are missing: {_some(missing)}",
            "Install again from the bundle or the lock file requirements.lock",
        )
    if lock is None:
        return Finding(
            "packages",
            Level.WARNING,
            f"{len(found)} packages are there, and no lock file to compare them with",
            "Install from a wheel or bundle of Loantrail, which hold it",
        )
    locked = locked_versions(lock)
    other = sorted(
        f"{name} {version}"
        for name, version in found.items()
        if version is not None and version not in locked.get(name, ())
    )
    if other:
        return Finding(
            "packages",
            Level.WARNING,
            f"{len(other)} of {len(found)} packages have another version than the tested one: {_some(other)}",
            "Install again from the bundle or the lock file requirements.lock",
        )
    return Finding("packages", Level.OK, f"{len(found)} packages, all as in the lock file")


def examine_page(folder: Path = PAGE) -> Finding:
    """Whether the built page is there, whole."""
    page = folder / "index.html"
    if not page.is_file():
        return Finding(
            "page",
            Level.PROBLEM,
            "the web page is not built",
            "Install from a wheel or bundle, which hold it; in a checkout: python3 tools/set_up.py run",
        )
    if not any((folder / "assets").glob("*.js")):
        return Finding(
            "page", Level.PROBLEM, "the web page has no scripts: its files are not complete", "Install again"
        )
    return Finding("page", Level.OK, f"the web page is built ({folder})")


def examine_fonts() -> Finding:
    """Whether documents can be typeset in Chinese."""
    try:
        import noto_cjk_sans_otc

        importlib.import_module("typst")
    except ImportError as problem:
        return Finding(
            "fonts",
            Level.PROBLEM,
            f"documents cannot be typeset: {problem}",
            "Install again from the bundle or the lock file requirements.lock",
        )
    font = Path(str(noto_cjk_sans_otc.FONT_PATH))
    if not font.is_file():
        return Finding(
            "fonts", Level.PROBLEM, f"the Chinese font is missing: {font}", "Install noto-cjk-sans-otc again"
        )
    return Finding("fonts", Level.OK, f"documents are typeset in {font.name}")


def _some(names: list[str]) -> str:
    more = len(names) - NAMED_MOST
    return ", ".join(names[:NAMED_MOST]) + (f" … (+{more})" if more > 0 else "")
