"""Who asked the system for less motion gets none; others see lists and dialogs unfold."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]

WATCH = """() => {
  window.moved = [];
  for (const kind of ["animationstart", "transitionrun"])
    document.addEventListener(kind, (event) => window.moved.push(event.target.className), true);
}"""


def moved_when_choices_open(page: Page) -> list[str]:
    """Classes of what moved while the choices of a filter unfolded."""
    page.evaluate(WATCH)
    page.get_by_role("combobox", name="状态").click()
    expect(page.locator(".ant-select-item-option").first).to_be_visible()
    page.wait_for_timeout(300)
    return [name for name in page.evaluate("() => window.moved") if "dropdown" in str(name)]


@pytest.mark.parametrize(("asked", "moves"), [("reduce", False), ("no-preference", True)])
def test_choices_unfold_only_for_who_did_not_ask_for_less_motion(
    page: Page, bank_address: str, asked: str, moves: bool
) -> None:
    page.emulate_media(reduced_motion=asked)
    page.goto(f"{bank_address}/lists?lang=zh")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert bool(moved_when_choices_open(page)) == moves
