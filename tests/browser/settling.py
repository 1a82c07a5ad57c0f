"""When a page is done: nothing under way, nothing that says it is loading, nothing that still moves."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from playwright.sync_api import BrowserContext, Error, Page, Request

LOOK_AGAIN_MS = 60
"""A page is done when it is so twice, this far apart: what an answer brings may ask for more."""
LONGEST_MS = 60_000
_DONE = """() => new Promise(told => {
    const look = () => {
        const root = document.getElementById('root');
        const moving = document.getAnimations().some(
            one => one.playState === 'running' && one.effect.getComputedTiming().endTime !== Infinity);
        told(document.readyState === 'complete' && (!root || root.hasChildNodes()) && !moving
            && !document.querySelector('.loading, .ant-spin-spinning'));
    };
    requestAnimationFrame(() => requestAnimationFrame(look));
    setTimeout(look, 500);  // a page behind another one is not painted
})"""
_UNDER_WAY: WeakKeyDictionary[BrowserContext, set[Request]] = WeakKeyDictionary()


def watch(context: BrowserContext) -> None:
    """Know from here on which requests of the context's pages are under way."""
    under_way = _UNDER_WAY[context] = set()

    def begun(request: Request) -> None:
        if request.resource_type != "eventsource":  # has no end
            under_way.add(request)

    def ended(request: Request) -> None:
        under_way.discard(request)

    context.on("request", begun)
    context.on("requestfinished", ended)
    context.on("requestfailed", ended)


def settled(page: Page) -> None:
    """Wait until the page, of a watched context, is done."""
    under_way = _UNDER_WAY[page.context]
    times = 0
    for _ in range(LONGEST_MS // LOOK_AGAIN_MS):
        try:
            done = page.evaluate(_DONE)
        except Error:  # another document came meanwhile
            done = False
        times = times + 1 if done and not under_way else 0
        if times == 2:
            return
        page.wait_for_timeout(LOOK_AGAIN_MS)
    raise AssertionError(f"{page.url} is not done: {[one.url for one in under_way]}")
