"""What the warning centre does for who works at it: where the focus goes, what is kept, and how far the queue goes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Locator, Page, Route, expect
from tests.browser.settling import settled
from tests.http.checked import honest_loan, write_honest_loans
from tests.http.warned import THREAD, hit_row, take_rows

from loantrail.early_warning.hits import Level
from loantrail.early_warning.taking import thread_id_of

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]

MANY = 450
"""Warnings in a queue that one request does not answer."""


def queue_of(page: Page) -> Locator:
    return page.get_by_role("list", name="预警列表，按期限排序").get_by_role("listitem")


def acts_elsewhere(page: Page, version: int) -> None:
    """Another person is given the warning, from elsewhere."""
    answered = page.evaluate(
        f"""() => fetch('/api/v1/warnings/{THREAD}/acts', {{method: 'POST', headers: {{'Content-Type': 'application/json'}},
            body: JSON.stringify({{act: 'assign', to: 'S2', version: {version}, request_key: 'other-0001'}})}}).then(one => one.status)"""
    )
    assert answered == 201


def judges_it_true(page: Page) -> None:
    expect(page.locator(".acts-said")).to_be_empty()
    page.keyboard.press("1")
    page.get_by_role("button", name="确认属实").click()
    expect(page.locator(".acts-said")).to_contain_text("已记录")


def judges_it_a_false_alarm(page: Page) -> None:
    expect(page.locator(".acts-said")).to_be_empty()
    page.keyboard.press("2")
    page.get_by_role("complementary").get_by_text("退货、退款").click()
    page.get_by_role("button", name="确认误报").click()
    expect(page.locator(".acts-said")).to_contain_text("已记录")


def test_the_focus_is_never_lost(page: Page, warned: str) -> None:
    page.goto(f"{warned}/warnings?lang=zh")
    expect(page.locator(".story")).to_be_visible()
    page.keyboard.press("2")
    first = page.locator(".reasons").get_by_role("radio").first
    expect(first).to_be_focused()
    expect(first).not_to_be_checked()
    page.keyboard.press("Escape")
    expect(page.locator(".act-form")).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("^误报"))).to_be_focused()
    page.keyboard.press("2")
    expect(first).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator(".acts-said")).to_contain_text("已记录")
    expect(page.locator("#case-title")).to_be_focused()
    # Judged, it leaves the queue; the keys of the page go on.
    expect(queue_of(page)).to_have_count(1)
    expect(page.locator("#case-title")).to_be_focused()
    page.keyboard.press("j")
    expect(page).not_to_have_url(re.compile(THREAD))


def test_what_was_written_stays_until_it_is_taken(page: Page, allowed: list[str], warned: str) -> None:
    allowed += ["409"]  # the answer that this test asks for
    page.goto(f"{warned}/warnings/{THREAD}?lang=zh")
    judges_it_true(page)
    expect(page.locator(".warning-timeline li").first).to_contain_text("判断：属实")
    page.get_by_role("button", name="提出认定").click()
    page.get_by_label("认定内容").fill("贷款资金转入证券账户")
    # Sent before the page can read what the other one did.
    page.evaluate(
        f"""() => fetch('/api/v1/warnings/{THREAD}/acts', {{method: 'POST', headers: {{'Content-Type': 'application/json'}},
            body: JSON.stringify({{act: 'assign', to: 'S2', version: 3, request_key: 'other-0001'}})}})
            .then(() => document.querySelector('.act-form').requestSubmit())"""
    )
    expect(page.get_by_role("alert")).to_contain_text("期间有人处理过这条预警")
    expect(page.get_by_label("认定内容")).to_have_value("贷款资金转入证券账户")
    expect(page.locator(".warning-timeline li").first).to_contain_text("指派")
    expect(page.get_by_label("认定内容")).to_have_value("贷款资金转入证券账户")
    page.locator(".act-form").get_by_role("button", name="提出认定").click()
    expect(page.get_by_text("提出：贷款资金转入证券账户")).to_be_visible()
    expect(page.locator(".act-form")).to_have_count(0)


def test_what_was_recorded_is_not_said_of_what_another_one_did(page: Page, warned: str) -> None:
    page.goto(f"{warned}/warnings/{THREAD}?lang=zh")
    expect(page.get_by_text("实时", exact=True)).to_be_visible()
    judges_it_true(page)
    expect(page.locator(".warning-timeline li").first).to_contain_text("判断：属实")
    acts_elsewhere(page, 3)
    expect(page.locator(".warning-timeline li").first).to_contain_text("指派")
    expect(page.locator(".acts-said")).to_be_empty()


def test_after_a_judgement_comes_what_followed_in_the_queue(
    page: Page, warned: str, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        write_honest_loans(connection, 3)
        rows = [
            hit_row("IDLE_FUNDS", Level.ORANGE, 60_000 - number, honest_loan(number), "放款", 5, "supplier")
            for number in range(3)
        ]
        take_rows(connection, [hit_row(), *rows])
    second, third, fourth = (thread_id_of(honest_loan(number)) for number in range(3))
    page.goto(f"{warned}/warnings/{third}?lang=zh")
    expect(queue_of(page)).to_have_count(4)
    judges_it_a_false_alarm(page)
    expect(queue_of(page)).to_have_count(3)
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile(fourth))
    judges_it_a_false_alarm(page)
    expect(queue_of(page)).to_have_count(2)
    page.keyboard.press("k")
    expect(page).to_have_url(re.compile(second))
    expect(page.locator(".case-line")).to_contain_text(honest_loan(0))
    # Whoever comes back is not told of it again.
    page.go_back()
    expect(page).to_have_url(re.compile(fourth))
    expect(page.locator(".acts-head")).to_be_visible()
    expect(page.locator(".acts-said")).to_be_empty()


@pytest.fixture
def answered(page: Page) -> Iterator[Page]:
    """A page whose answers a test makes: what it still asks for at the end is let go, not answered by halves."""
    yield page
    page.unroute_all(behavior="ignoreErrors")


def with_many(page: Page) -> list[tuple[int, int]]:
    """The queue answers as if there were many; what was asked for as (offset, limit)."""
    asked: list[tuple[int, int]] = []

    def named(number: int) -> str:
        return f"{number:032x}"

    def listed(route: Route) -> None:
        answer = route.fetch().json()
        row = answer["items"][0] if answer["items"] else known[0]
        known.append(row)
        query = dict(re.findall(r"(offset|limit)=(\d+)", route.request.url))
        offset, limit = int(query.get("offset", 0)), int(query["limit"])
        asked.append((offset, limit))
        numbers = range(offset, min(MANY, offset + limit))
        answer["items"] = [
            {**row, "thread_id": named(one), "borrower_name": f"第{one + 1}户"} for one in numbers
        ]
        route.fulfill(json={**answer, "total_count": MANY})

    def one(route: Route) -> None:
        answer = route.fetch(url=re.sub(r"warnings/0\w{31}", f"warnings/{THREAD}", route.request.url)).json()
        number = re.search(r"warnings/(0\w{31})", route.request.url)
        assert number
        answer["row"] = {**answer["row"], "thread_id": number[1]}
        route.fulfill(body=json.dumps(answer), content_type="application/json")

    known: list[dict[str, object]] = []
    page.route(re.compile(r"/api/v1/warnings\?"), listed)
    page.route(re.compile(r"/api/v1/warnings/0\w{31}$"), one)
    return asked


def test_the_queue_goes_on_as_long_as_there_are_more(answered: Page, warned: str) -> None:
    page = answered
    asked = with_many(page)
    page.goto(f"{warned}/warnings?lang=zh")
    queue = queue_of(page)
    expect(queue).to_have_count(50)
    for shown, step in ((100, 50), (150, 50), (200, 50), (400, 200), (450, 50)):
        page.get_by_role("button", name=f"再显示 {step} 条").click()
        expect(queue).to_have_count(shown)
    expect(page.get_by_role("button", name=re.compile("再显示"))).to_have_count(0)
    assert set(asked) == {(0, 50), (0, 100), (0, 150), (0, 200), (200, 200), (400, 200)}
    expect(queue.last).to_contain_text("第450户")


def test_the_row_that_the_keys_reach_is_in_sight(answered: Page, warned: str) -> None:
    page = answered
    with_many(page)
    page.goto(f"{warned}/warnings?lang=zh")
    expect(page.locator(".story")).to_be_visible()
    for _ in range(20):
        page.keyboard.press("j")
    expect(page).to_have_url(re.compile(f"{20:032x}"))
    current = page.locator(".queue-item.current")
    expect(current).to_contain_text("第21户")
    expect(current).to_be_in_viewport(ratio=0.99)
    for _ in range(20):
        page.keyboard.press("k")
    expect(current).to_contain_text("第1户")
    expect(current).to_be_in_viewport(ratio=0.99)


def test_a_search_that_nothing_meets_says_so(page: Page, warned: str) -> None:
    page.goto(f"{warned}/warnings?lang=en&search=zzzz")
    nothing = page.get_by_role("status").filter(has_text="No warning meets the filters")
    expect(nothing).to_be_visible()
    expect(page.get_by_text("No warning waits")).to_have_count(0)
    nothing.get_by_role("button", name="Clear the filters").click()
    expect(page.get_by_role("list", name="Warnings by deadline").get_by_role("listitem")).to_have_count(2)
    expect(page.get_by_role("textbox", name="Borrower or loan")).to_have_value("")


def test_a_message_that_is_sent_again_says_when(page: Page, warned: str, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO early_warning.channel (name) VALUES ('值班邮箱')")
        for number in range(7):
            connection.execute(
                "INSERT INTO early_warning.delivery (channel, outbox_ids, state, attempts, not_before, title, body, created_at, "
                "problem) VALUES ('值班邮箱', '{1}', %s, 3, '2025-03-20T10:01:00Z', %s, '', '2025-03-20T09:00:00Z', 'no route')",
                ("failed" if number else "waiting", f"第 {number + 1} 封"),
            )
    page.goto(f"{warned}/warnings?lang=en")
    expect(page.get_by_role("alert")).to_contain_text("next try at 2025-03-20 18:01:00")
    expect(page.get_by_role("alert")).to_contain_text("2 more are not listed")
    line = page.get_by_role("listitem").filter(has_text="第 1 封")
    line.get_by_role("button", name="Send now").click()
    expect(line).to_contain_text("being sent again")
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE early_warning.delivery SET state = 'sent', problem = NULL WHERE title = '第 1 封'"
        )
        connection.execute("UPDATE early_warning.channel SET delivered_at = '2025-03-20T10:02:03Z'")
    expect(page.get_by_text("“第 1 封” was sent at 2025-03-20 18:02:03")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("1 more are not listed")


def test_the_data_date_has_its_name_in_a_narrow_window(answered: Page, warned: str) -> None:
    page = answered
    page.route(
        "**/api/v1/health",
        lambda route: route.fulfill(json={**route.fetch().json(), "data_date": "2025-03-20"}),
    )
    page.goto(f"{warned}/warnings?lang=zh")
    expect(page.locator(".data-date")).to_have_text("数据日期 2025-03-20")
    expect(page.get_by_text("数据日期")).to_be_visible()
    assert page.locator(".top").evaluate("e => e.scrollWidth - e.clientWidth") <= 0


MARKED = """() => {
    const canvases = [...document.querySelectorAll('.flow-canvas canvas')];
    const danger = getComputedStyle(document.documentElement).getPropertyValue('--danger').trim();
    const wanted = [1, 3, 5].map(at => parseInt(danger.slice(at, at + 2), 16));
    let [left, right, width] = [Infinity, -1, 0];
    for (const canvas of canvases) {
        if (!canvas.width) continue;
        const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        width = Math.max(width, canvas.width);
        for (let at = 0; at < data.length; at += 4) {
            if (wanted.some((one, part) => Math.abs(data[at + part] - one) > 2) || data[at + 3] < 250) continue;
            const x = (at / 4) % canvas.width;
            left = Math.min(left, x);
            right = Math.max(right, x);
        }
    }
    return [left, right, width];
}"""
"""From where to where the picture has the colour of what is suspected, and how wide it is."""


def test_the_hit_stays_whole_when_the_window_becomes_narrow(
    page: Page, allowed: list[str], warned: str
) -> None:
    allowed += ["willReadFrequently"]  # the picture is read by the test alone
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto(f"{warned}/warnings?lang=zh")
    expect(page.locator("[data-drawn]")).to_be_visible(timeout=60_000)
    settled(page)
    wide = page.evaluate(MARKED)
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.locator(".flow-canvas")).to_be_visible()
    settled(page)
    left, right, width = page.evaluate(MARKED)
    assert width < wide[2]
    assert 10 < left < right < width - 10
