"""Signing in and out, the frame around every page, and one's own account, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pyotp import totp
from tests.browser.conftest import sign_in_as
from tests.browser.manners import flaws
from tests.browser.settling import settled
from tests.http.bank import LOAN, write_books, write_trace
from tests.http.warned import write_warnings
from tests.signing_in import write_person

from loantrail.identity import passwords
from loantrail.identity.abilities import Role

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]

PASSWORD = "Lan7jiang-yun9xi"
NEW_PASSWORD = "Qing5xiu-tang2pu"
Connection = psycopg.Connection[Any]

# A password costs a tenth of a second of one core by intent, and more where others work too.
expect.set_options(timeout=15_000)


@pytest.fixture(autouse=True)
def _refusals_are_meant(allowed: list[str]) -> None:
    """Who is not signed in is answered 401, and what is refused 403, 409 or 422: the browser tells of each."""
    allowed += ["401 (Unauthorized)", "403 (Forbidden)", "409 (Conflict)", "422 (Unprocessable Entity)"]


@pytest.fixture
def books(own_address: str, database_url: str) -> Iterator[Connection]:
    """The warned bank of this test, with 王敏, who has a password."""
    del own_address
    with psycopg.connect(database_url, autocommit=True) as connection:
        with connection.transaction():
            write_books(connection)
            write_trace(connection)
        write_warnings(connection)
        write_person(connection, "wangmin", [Role.RELATIONSHIP_MANAGER], "U1", "S1")
        connection.execute(
            "UPDATE identity.person SET name = '王敏', password_hash = %s, password_changed_at = now() "
            "WHERE person_id = 'wangmin'",
            (passwords.hashed(PASSWORD),),
        )
        connection.execute("DELETE FROM identity.session WHERE person_id = 'wangmin'")
        yield connection


@pytest.fixture
def stranger(context: BrowserContext, page: Page) -> Page:
    """A tab of somebody who is not signed in."""
    context.clear_cookies()
    return page


def enter(page: Page, password: str = PASSWORD, name: str | None = "wangmin") -> None:
    if name is not None:
        page.get_by_label("登录名").fill(name)
    page.get_by_label("密码", exact=True).fill(password)
    page.get_by_role("button", name="登录", exact=True).click()


# Signing in --------------------------------------------------------------------------------------------------


def test_who_is_not_signed_in_signs_in_and_comes_to_the_page_asked_for(
    stranger: Page, books: Connection, own_address: str
) -> None:
    stranger.goto(f"{own_address}/loans?search=0001")
    expect(stranger).to_have_url(re.compile(r"/sign-in\?to=%2Floans"))
    expect(stranger).to_have_title("登录 · 贷迹")
    expect(stranger.get_by_label("登录名")).to_be_focused()

    enter(stranger)

    expect(stranger).to_have_url(f"{own_address}/loans?search=0001")
    expect(stranger.get_by_role("link", name=LOAN)).to_be_visible()
    expect(stranger.get_by_role("button", name="王敏：我的菜单")).to_be_visible()


def test_a_foreign_address_is_no_page_to_return_to(
    stranger: Page, books: Connection, own_address: str
) -> None:
    stranger.goto(f"{own_address}/sign-in?to=//elsewhere.example/loans")
    enter(stranger)
    expect(stranger).to_have_url(f"{own_address}/")


def test_a_wrong_password_is_told_in_plain_words_and_never_which_part_was_wrong(
    stranger: Page, books: Connection, own_address: str
) -> None:
    stranger.goto(f"{own_address}/sign-in")
    enter(stranger, "nonsense")
    told = stranger.get_by_role("alert")
    expect(told).to_contain_text("没有登录成功")
    of_known = told.inner_text()

    enter(stranger, "nonsense", "nobody")
    expect(told).to_contain_text("没有登录成功")

    assert told.inner_text() == of_known
    assert not re.search(r"[A-Za-z]{4}", of_known), "the words are Chinese"
    expect(stranger.get_by_label("登录名")).to_have_value("nobody")


def test_the_second_factor_is_asked_for_after_the_password(
    stranger: Page, books: Connection, own_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger.goto(f"{own_address}/me")
    enter(stranger)
    stranger.get_by_role("button", name="启用第二因素").click()
    secret = stranger.locator(".secret").inner_text().replace(" ", "")
    stranger.get_by_label("验证器现在显示的验证码").fill(totp.TOTP(secret).now())
    stranger.get_by_role("button", name="确认启用").click()
    expect(stranger.locator(".recovery-codes li").first).to_be_visible()
    codes = stranger.locator(".recovery-codes li").all_inner_texts()
    assert len(set(codes)) >= 8
    stranger.get_by_role("button", name="我已保存").click()
    expect(stranger.get_by_text(f"还剩 {len(codes)} 个恢复码")).to_be_visible()
    sign_out(stranger)

    enter(stranger)
    box = stranger.get_by_label("验证码", exact=False)
    expect(box).to_be_focused()
    expect(stranger.get_by_role("alert")).to_have_count(0)
    box.fill("000000")
    stranger.get_by_role("button", name="登录", exact=True).click()
    expect(stranger.get_by_role("alert")).to_contain_text("没有登录成功")
    box.fill(codes[0])
    stranger.get_by_role("button", name="登录", exact=True).click()

    expect(stranger.get_by_role("heading", name="王敏，您好")).to_be_visible()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="王敏：我的菜单").click()
    page.get_by_role("button", name="退出登录").click()
    expect(page).to_have_url(re.compile("/sign-in$"))


def test_after_signing_out_the_way_back_shows_nothing(
    stranger: Page, books: Connection, own_address: str
) -> None:
    stranger.goto(f"{own_address}/loans")
    enter(stranger)
    expect(stranger.get_by_role("link", name=LOAN)).to_be_visible()

    sign_out(stranger)
    stranger.go_back()

    expect(stranger.get_by_label("密码", exact=True)).to_be_visible()
    expect(stranger.get_by_text(LOAN)).to_have_count(0)
    left = books.execute(
        "SELECT count(*) FROM identity.session WHERE person_id = 'wangmin' AND ended_at IS NULL"
    )
    assert left.fetchone() == (0,)


def test_a_session_that_ends_leads_back_to_the_page_with_what_was_typed(
    stranger: Page, books: Connection, own_address: str
) -> None:
    stranger.goto(f"{own_address}/lists")
    enter(stranger)
    stranger.get_by_role("button", name="提交条目").click()
    reason = stranger.get_by_label("原因", exact=True)
    reason.fill("货款，已核对合同")
    books.execute("UPDATE identity.session SET ended_at = now() WHERE person_id = 'wangmin'")

    stranger.get_by_role("textbox", name="按账号、客户、规则或原因查找").fill("甲")  # asks the server
    expect(stranger.get_by_text("登录已结束")).to_be_visible()
    expect(reason).not_to_be_visible()
    expect(stranger.get_by_label("登录名")).to_have_value("wangmin")
    enter(stranger, name=None)

    expect(reason).to_be_visible()
    expect(reason).to_have_value("货款，已核对合同")


def test_a_screen_that_nobody_uses_is_closed(stranger: Page, books: Connection, own_address: str) -> None:
    stranger.clock.install()
    stranger.goto(f"{own_address}/loans")
    enter(stranger)
    expect(stranger.get_by_role("link", name=LOAN)).to_be_visible()

    stranger.clock.fast_forward("14:00")
    expect(stranger.get_by_role("link", name=LOAN)).to_be_visible()
    stranger.clock.fast_forward("02:00")

    expect(stranger.get_by_text("登录已结束")).to_be_visible()
    expect(stranger.get_by_role("link", name=LOAN)).not_to_be_visible()
    left = books.execute(
        "SELECT count(*) FROM identity.session WHERE person_id = 'wangmin' AND ended_at IS NULL"
    )
    assert left.fetchone() == (0,)


def test_a_person_who_is_suspended_while_signed_in_is_out(
    context: BrowserContext, page: Page, books: Connection, own_address: str
) -> None:
    write_person(books, "S2", [Role.RISK_MANAGER], "U1", "S2")
    sign_in_as(context, "S2")
    page.goto(f"{own_address}/loans")
    expect(page.get_by_role("link", name=LOAN)).to_be_visible()

    books.execute("UPDATE identity.person SET state = 'suspended' WHERE person_id = 'S2'")
    page.get_by_role("link", name="预警", exact=True).click()

    expect(page.get_by_text("登录已结束")).to_be_visible()
    page.goto(f"{own_address}/loans")
    expect(page).to_have_url(re.compile("/sign-in"))


def test_a_demo_person_signs_in_by_one_click_and_only_there(
    stranger: Page, books: Connection, own_address: str
) -> None:
    stranger.goto(f"{own_address}/sign-in")
    expect(stranger.get_by_label("登录名")).to_be_visible()
    expect(stranger.locator(".demo-person")).to_have_count(0)

    books.execute(
        "INSERT INTO identity.demo_person (role, person_id) VALUES ('relationship_manager', 'wangmin')"
    )
    stranger.reload()
    card = stranger.get_by_role("button", name="客户经理")
    expect(card).to_contain_text("王敏 · 测试支行")
    expect(card).to_contain_text("今天哪些客户需要我处理")
    card.click()

    expect(stranger.get_by_role("heading", name="王敏，您好")).to_be_visible()


def test_a_password_that_somebody_else_chose_is_changed_first(
    stranger: Page, books: Connection, own_address: str
) -> None:
    books.execute("UPDATE identity.person SET must_change_password = true WHERE person_id = 'wangmin'")
    stranger.goto(f"{own_address}/loans")
    enter(stranger)
    expect(stranger.get_by_role("heading", name="请先更改密码")).to_be_visible()
    expect(stranger.get_by_role("navigation")).to_have_count(0)

    change_password(stranger, PASSWORD, "short")
    expect(stranger.get_by_role("alert")).to_contain_text("没有办成")
    change_password(stranger, PASSWORD, NEW_PASSWORD)

    expect(stranger.get_by_role("link", name=LOAN)).to_be_visible()


def change_password(page: Page, present: str, fresh: str, again: str | None = None) -> None:
    page.get_by_label("现在的密码").fill(present)
    page.get_by_label("新密码", exact=True).fill(fresh)
    page.get_by_label("再输一次新密码").fill(fresh if again is None else again)
    page.get_by_role("button", name="更改密码").click()


# One's own account -------------------------------------------------------------------------------------------


def test_a_new_password_counts_from_then_on(stranger: Page, books: Connection, own_address: str) -> None:
    stranger.goto(f"{own_address}/me")
    enter(stranger)
    change_password(stranger, PASSWORD, NEW_PASSWORD, NEW_PASSWORD + "x")
    expect(stranger.get_by_text("两次输入的新密码不一样")).to_be_visible()
    change_password(stranger, PASSWORD, NEW_PASSWORD)
    expect(stranger.get_by_text("密码已更改")).to_be_visible()
    sign_out(stranger)

    enter(stranger)
    expect(stranger.get_by_role("alert")).to_contain_text("没有登录成功")
    enter(stranger, NEW_PASSWORD)
    expect(stranger.get_by_role("heading", name="王敏，您好")).to_be_visible()


def test_other_sessions_are_seen_and_ended(stranger: Page, books: Connection, own_address: str) -> None:
    books.execute(
        "INSERT INTO identity.session (token_hash, session_id, person_id, way, made_at, seen_at, expires_at, address, agent) "
        "VALUES ('x', %s, 'wangmin', 'password', now(), now(), now() + interval '1 hour', '10.1.2.3', 'Firefox/140 Windows')",
        ("0" * 32,),
    )
    stranger.goto(f"{own_address}/me")
    enter(stranger)
    table = stranger.get_by_role("table", name="登录情况")
    other = table.get_by_role("row").filter(has_text="10.1.2.3")
    expect(other).to_contain_text("Firefox · Windows")

    other.get_by_role("button", name="结束").click()

    expect(other).to_have_count(0)
    expect(table.get_by_role("row").filter(has_text="本次")).to_have_count(1)


def test_somebody_stands_in_for_who_is_away(
    context: BrowserContext, stranger: Page, books: Connection, own_address: str
) -> None:
    write_person(books, "S2", [Role.POST_LOAN_INSPECTOR], "U1", "S2")
    books.execute("UPDATE identity.person SET name = '李强' WHERE person_id = 'S2'")
    stranger.goto(f"{own_address}/me")
    enter(stranger)
    stranger.get_by_role("button", name="安排代理").click()
    stranger.get_by_role("combobox", name="代理人").fill("李强")
    stranger.get_by_text("李强（S2）").click()
    stranger.get_by_label("原因").fill("年休假")
    stranger.get_by_role("button", name="确定").click()
    row = stranger.get_by_role("table", name="离岗代理").get_by_role("row").filter(has_text="年休假")
    expect(row).to_contain_text("由 李强 代我办理")
    expect(row).to_contain_text("进行中")

    sign_in_as(context, "S2")
    stranger.goto(own_address)
    stranger.get_by_role("button", name="李强：我的菜单").click()
    expect(stranger.locator(".person-facts")).to_contain_text("代理：王敏")

    stranger.goto(f"{own_address}/me")
    stranger.get_by_role("table", name="离岗代理").get_by_role("button", name="结束代理").click()
    expect(stranger.get_by_role("table", name="离岗代理")).to_contain_text("已结束")


# The frame ---------------------------------------------------------------------------------------------------

SEEN: dict[Role, tuple[str, ...]] = {
    Role.RELATIONSHIP_MANAGER: ("工作台", "贷款", "贷后检查", "预警", "规则"),
    Role.EXECUTIVE: ("工作台", "贷后总览"),
    Role.IT_OPERATOR: ("工作台", "数据", "管理"),
    Role.SECURITY_ADMINISTRATOR: ("工作台", "待办审批", "管理"),
}


@pytest.mark.parametrize("role", SEEN)
def test_the_menu_holds_what_the_role_can_use(
    context: BrowserContext, page: Page, books: Connection, own_address: str, role: Role
) -> None:
    write_person(books, "one", [role], None)
    sign_in_as(context, "one")
    page.goto(own_address)
    menu = page.get_by_role("navigation", name="主菜单").locator(".places-wide")
    expect(menu).to_be_visible()
    words = menu.locator("> a, > .disclosure > button").all_inner_texts()
    # Customers and inbox of a relationship manager depend on abilities that others add; what is named here must be there.
    assert [word for word in words if word in SEEN[role]] == list(SEEN[role])
    if role is not Role.RELATIONSHIP_MANAGER:
        assert words == list(SEEN[role])


def test_a_page_that_the_role_does_not_open_says_so_in_plain_words(
    context: BrowserContext, page: Page, books: Connection, own_address: str
) -> None:
    write_person(books, "it", [Role.IT_OPERATOR])
    sign_in_as(context, "it")
    page.goto(f"{own_address}/loans/{LOAN}")
    expect(page.get_by_role("heading", name="您的角色不能打开“贷款”")).to_be_visible()
    expect(page.locator("main")).to_contain_text("科技运维岗")
    expect(page.locator("main")).not_to_contain_text("甲纺织")
    page.get_by_role("link", name="返回工作台").click()
    expect(page.get_by_role("heading", name="您好")).to_be_visible()


def test_the_keys_are_told_and_lead_to_pages(page: Page, bank_address: str) -> None:
    page.goto(bank_address)
    expect(page.get_by_role("heading", name="您好")).to_be_visible()
    page.keyboard.press("?")
    help_box = page.get_by_role("dialog")
    expect(help_box).to_contain_text("键盘快捷键")
    expect(help_box).to_contain_text("预警")
    page.keyboard.press("Escape")
    expect(help_box).not_to_be_visible()
    # Until the dialog has faded it holds the focus and the keys.
    page.wait_for_function("!document.activeElement.closest('[role=dialog]')")

    page.keyboard.press("g")
    page.keyboard.press("w")
    expect(page).to_have_url(re.compile("/warnings"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("预警")

    page.get_by_role("textbox").first.focus()
    page.keyboard.press("g")
    page.keyboard.press("l")
    expect(page).to_have_url(re.compile("/warnings"))


def test_a_group_of_the_menu_opens_closes_and_tells_its_state(page: Page, bank_address: str) -> None:
    page.goto(bank_address)
    group = page.get_by_role("navigation").get_by_role("button", name="贷款")
    expect(group).to_have_attribute("aria-expanded", "false")
    group.press("Enter")
    expect(group).to_have_attribute("aria-expanded", "true")
    accounts = page.get_by_role("navigation").get_by_role("link", name="账户")
    expect(accounts).to_be_visible()
    accounts.press("Escape")
    expect(accounts).not_to_be_visible()
    expect(group).to_be_focused()
    group.click()
    accounts.click()
    expect(page).to_have_url(f"{bank_address}/accounts")
    expect(accounts).not_to_be_visible()
    expect(group).to_have_class(re.compile("active"))


def test_pages_with_customers_data_carry_who_looks_and_when(page: Page, bank_address: str) -> None:
    page.goto(f"{bank_address}/loans/{LOAN}")
    settled(page)
    mark = page.locator(".watermark")
    drawn = mark.evaluate("e => decodeURIComponent(getComputedStyle(e).backgroundImage)")
    assert "operator operator" in drawn
    assert re.search(r"20\d\d-\d\d-\d\d \d\d:\d\d", drawn)
    style = mark.evaluate(
        "e => { const s = getComputedStyle(e); return [s.pointerEvents, s.position, s.printColorAdjust, s.opacity] }"
    )
    assert style[:3] == ["none", "fixed", "exact"]
    assert 0 < float(style[3]) < 0.1, "faint, not in the way of reading"
    # Above dialogs too, and never what a click meets.
    assert page.evaluate("document.elementFromPoint(300, 300).closest('.watermark')") is None
    page.emulate_media(media="print")
    expect(mark).to_be_visible()
    expect(page.locator(".top")).not_to_be_visible()

    page.emulate_media(media="screen")
    page.goto(f"{bank_address}/glossary")
    settled(page)
    expect(mark).to_have_count(0)


# Manners -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sign_in_page_can_be_used_by_everyone(
    stranger: Page, books: Connection, own_address: str, language: str
) -> None:
    books.execute(
        "INSERT INTO identity.demo_person (role, person_id) VALUES ('relationship_manager', 'wangmin')"
    )
    for width in (820, 1280, 1920):
        stranger.set_viewport_size({"width": width, "height": 800})
        stranger.goto(f"{own_address}/sign-in?lang={language}")
        expect(stranger.locator(".demo-person")).to_have_count(1)
        assert stranger.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert flaws(stranger) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_account_page_and_the_keys_can_be_used_by_everyone(
    stranger: Page, books: Connection, own_address: str, language: str
) -> None:
    stranger.goto(f"{own_address}/sign-in?to=/me&lang=zh")
    enter(stranger)
    stranger.get_by_role("button", name="启用第二因素").click()
    stranger.get_by_role("button", name="安排代理").click()
    if language == "en":
        stranger.locator(".top").get_by_text("English").click()
    settled(stranger)
    assert flaws(stranger) == []
    stranger.locator(".person-menu > button").click()
    assert flaws(stranger) == []
    stranger.locator(".person-menu .disclosed kbd").click()
    expect(stranger.get_by_role("dialog")).to_be_visible()
    settled(stranger)  # a dialog that is still fading in has less contrast
    assert flaws(stranger) == []
