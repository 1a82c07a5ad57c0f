"""What every page owes its reader, as checks that tests of pages share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page
from tests.browser.settling import settled

AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = (820, 1280, 1920)


def flaws(page: Page) -> list[str]:
    """What keeps some people from using the page, by the rules of WCAG 2.1 A and AA."""
    assert AXE.is_file(), "axe-core is not installed with the page's packages: run python hatch_build.py"
    page.evaluate(AXE.read_text("utf-8"))
    return page.evaluate(
        """async () => (await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})).violations
            .map(one => `${one.id} (${one.impact}): ${one.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(' | ')}`)"""
    )


SHIFT_MOST = 0.1
"""Cumulative layout shift up to which a page counts as still (Web Vitals, CLS: good)."""


def watch_shifts(page: Page) -> None:
    """From the next address on, add up how far things jump that were there already."""
    page.add_init_script(
        "window.shifted = 0; new PerformanceObserver(list => { for (const one of list.getEntries()) "
        "if (!one.hadRecentInput) window.shifted += one.value; }).observe({type: 'layout-shift', buffered: true});"
    )


def shifted(page: Page) -> float:
    """Cumulative layout shift since the page was opened; of a page that `watch_shifts` watches."""
    return page.evaluate("window.shifted")


def wider_than_the_window(page: Page) -> list[str]:
    """What stands out of the window on the right, when the page as a whole can be moved sideways."""
    return page.evaluate(
        """() => document.documentElement.scrollWidth <= window.innerWidth ? [] :
            [...document.querySelectorAll('main *')]
              .filter(e => e.getBoundingClientRect().right > window.innerWidth + 1)
              .slice(0, 5).map(e => `${e.tagName} ${e.className}: ${(e.textContent || '').slice(0, 60)}`)"""
    )


def in_every_window(page: Page, address: str, language: str) -> Iterator[int]:
    """Open the page and give each width that it then has, once it is done: in Chinese it is opened narrow and made wider, in
    English it is opened wide and made narrower."""
    between = "&" if "?" in address else "?"
    for width in sorted(WIDTHS, reverse=language == "en"):
        page.set_viewport_size({"width": width, "height": 800})
        if width == (max(WIDTHS) if language == "en" else min(WIDTHS)):
            page.goto(f"{address}{between}lang={language}")
        settled(page)
        yield width
