"""Persons, units, keys, parameters, jobs; and the inbox of what waits for a second person: in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.conftest import sign_in_as
from tests.browser.manners import flaws, in_every_window, wider_than_the_window
from tests.browser.settling import settled
from tests.http.bank import write_books, write_trace
from tests.http.warned import write_warnings
from tests.signing_in import write_person

from loantrail.identity.abilities import Role

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.heavy]

Connection = psycopg.Connection[Any]


@pytest.fixture(autouse=True)
def _refusals_are_meant(allowed: list[str]) -> None:
    """What is refused is answered 401, 403 or 409: the browser tells of each."""
    allowed += ["401 (Unauthorized)", "403 (Forbidden)", "409 (Conflict)", "422 (Unprocessable Entity)"]


@pytest.fixture
def people(own_address: str, database_url: str) -> Iterator[Connection]:
    """The warned bank of this test with its administrators, and 李强, a relationship manager."""
    del own_address
    with psycopg.connect(database_url, autocommit=True) as connection:
        with connection.transaction():
            write_books(connection)
            write_trace(connection)
        write_warnings(connection)
        write_person(connection, "system", [Role.SYSTEM_ADMINISTRATOR])
        write_person(connection, "security", [Role.SECURITY_ADMINISTRATOR])
        write_person(connection, "security2", [Role.SECURITY_ADMINISTRATOR])
        write_person(connection, "S1", [Role.RELATIONSHIP_MANAGER], "U1", "S1")
        connection.execute("UPDATE identity.person SET name = '李强' WHERE person_id = 'S1'")
        connection.execute("UPDATE identity.assignment SET assignment_id = md5(assignment_id)")
        yield connection


def choose(page: Page, label: str, option: str) -> None:
    box = page.get_by_role("form").get_by_role("combobox", name=label, exact=True)
    box.click()
    box.fill(option)
    page.locator(".ant-select-dropdown:visible .ant-select-item-option").filter(has_text=option).first.click()
    expect(page.locator(".ant-select-dropdown:visible")).to_have_count(0)


def approve(page: Page, context: BrowserContext, address: str, title: str, by: str = "security") -> None:
    """Approve the proposal of that title as a security administrator."""
    sign_in_as(context, by)
    page.goto(f"{address}/inbox")
    page.get_by_role("link", name=title).click()
    page.get_by_label("决定的理由").fill("已核对")
    page.get_by_role("button", name="同意").click()


def roles_of(connection: Connection, person_id: str) -> list[str]:
    rows = connection.execute(
        "SELECT role FROM identity.assignment WHERE person_id = %s AND (valid_to IS NULL OR valid_to > now()) ORDER BY role",
        (person_id,),
    ).fetchall()
    return [row[0] for row in rows]


def test_a_member_of_staff_becomes_a_person_when_a_second_administrator_approves(
    page: Page, context: BrowserContext, people: Connection, own_address: str
) -> None:
    sign_in_as(context, "system")
    page.goto(f"{own_address}/administration")
    page.get_by_role("button", name="新建人员").click()
    choose(page, "员工名单中的人", "风险经理二")
    expect(page.get_by_label("登录名", exact=True)).to_have_value("S2")
    choose(page, "角色", "风险经理")
    choose(page, "在哪个机构（含下级）", "测试支行")
    page.get_by_label("理由").fill("新调入")
    page.get_by_role("button", name="提交审批").click()
    expect(page.get_by_text("已提交，等待安全管理员审批")).to_be_visible()
    assert people.execute("SELECT 1 FROM identity.person WHERE person_id = 'S2'").fetchone() is None

    page.get_by_role("link", name="新建人员：S2").click()
    expect(page.get_by_text("这是您自己提出的，须由他人决定")).to_be_visible()
    expect(page.get_by_role("button", name="同意")).to_have_count(0)

    approve(page, context, own_address, "新建人员：S2")
    secret = page.get_by_role("dialog")
    expect(secret).to_contain_text("一次性密码")
    password = secret.locator(".once").inner_text()
    assert len(password) >= 12
    secret.get_by_role("button", name="我已记下").click()

    expect(page.get_by_text("已同意")).to_be_visible()
    assert roles_of(people, "S2") == ["risk_manager"]

    # What was told once signs in once, and must be changed.
    page.goto("about:blank")  # what the page still asks for would be refused
    context.clear_cookies()
    page.goto(f"{own_address}/sign-in")
    page.get_by_label("登录名").fill("S2")
    page.get_by_label("密码", exact=True).fill(password)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("heading", name="请先更改密码")).to_be_visible()


def test_a_refused_proposal_changes_nothing_and_stands_in_the_history(
    page: Page, context: BrowserContext, people: Connection, own_address: str
) -> None:
    sign_in_as(context, "system")
    page.goto(f"{own_address}/administration/persons/S1")
    page.get_by_role("button", name="授予角色").click()
    choose(page, "角色", "风险经理")
    choose(page, "在哪个机构（含下级）", "测试支行")
    page.get_by_label("理由").fill("兼任")
    page.get_by_role("button", name="提交审批").click()
    expect(page.get_by_text("已提交，等待安全管理员审批")).to_be_visible()

    sign_in_as(context, "security")
    page.goto(f"{own_address}/inbox")
    page.get_by_role("link", name="授予角色：李强 S1").click()
    shown = page.get_by_role("region", name="授予角色：李强 S1")
    expect(shown.locator(".difference")).to_contain_text("风险经理")
    expect(shown.locator(".difference")).to_contain_text("测试支行")
    shown.get_by_role("button", name="拒绝").click()
    expect(shown.get_by_role("alert")).to_contain_text("请写明理由")
    shown.get_by_label("决定的理由").fill("岗位不相容")
    shown.get_by_role("button", name="拒绝").click()
    expect(shown).to_contain_text("已拒绝")

    page.get_by_role("tab", name="已决定").click()
    row = page.get_by_role("table", name="已决定").get_by_role("row").filter(has_text="授予角色：李强 S1")
    expect(row).to_contain_text("已拒绝")
    assert roles_of(people, "S1") == ["relationship_manager"]


def test_of_two_checkers_the_second_is_told_that_it_is_decided(
    page: Page, context: BrowserContext, people: Connection, own_address: str
) -> None:
    sign_in_as(context, "system")
    page.goto(f"{own_address}/administration/persons/S1")
    page.get_by_role("button", name="收回").click()
    page.get_by_label("理由").fill("转岗")
    page.get_by_role("button", name="提交审批").click()
    expect(page.get_by_text("已提交，等待安全管理员审批")).to_be_visible()
    sign_in_as(context, "security")
    page.goto(f"{own_address}/inbox")
    page.get_by_role("link", name="收回角色：李强 S1").click()
    page.get_by_label("决定的理由").fill("同意转岗")
    other = context.new_page()
    approve(other, context, own_address, "收回角色：李强 S1", "security2")
    expect(other.get_by_text("已同意")).to_be_visible()

    page.get_by_role("button", name="同意").click()

    expect(page.get_by_text("已同意")).to_be_visible()
    assert roles_of(people, "S1") == []


def test_somebody_who_left_signs_in_no_more_and_their_work_is_named(
    page: Page, context: BrowserContext, people: Connection, own_address: str
) -> None:
    people.execute("UPDATE early_warning.thread SET assignee = 'S1'")
    sign_in_as(context, "system")
    page.goto(f"{own_address}/administration?search=李强")
    page.get_by_role("link", name="李强").click()
    shown = page.get_by_role("region", name="李强")
    shown.get_by_role("button", name="离职").click()
    form = shown.get_by_role("form", name="离职")
    expect(form.get_by_role("button", name="离职")).to_be_disabled()
    form.get_by_label("我确认 李强 已离职").check()
    form.get_by_role("button", name="离职").click()

    expect(shown).to_contain_text("已办理离职：结束 1 个会话")
    expect(shown).to_contain_text("名下仍有 1 笔贷款")
    expect(shown).to_contain_text("名下仍有 2 条预警")
    assert roles_of(people, "S1") == []


def test_two_who_change_a_person_at_once_take_nothing_back(
    page: Page, context: BrowserContext, people: Connection, own_address: str
) -> None:
    sign_in_as(context, "system")
    page.goto(f"{own_address}/administration/persons/S1")
    page.get_by_role("button", name="修改资料").click()
    page.get_by_label("统一身份标识（可空）").fill("qiang.li")
    page.get_by_label("理由").fill("开通统一身份认证")
    # Meanwhile somebody else's change of the name was approved.
    people.execute(
        "UPDATE identity.person SET name = '李强强', openid_subject = 'li.q', version = version + 1 WHERE person_id = 'S1'"
    )
    page.get_by_role("button", name="提交审批").click()
    told = page.get_by_role("alert").filter(has_text="期间有人保存过，您填写的内容还在")
    expect(told).to_contain_text("对方改过的已并入：姓名。")
    expect(told).to_contain_text("li.q")
    expect(page.get_by_label("姓名", exact=True)).to_have_value("李强强")
    expect(page.get_by_role("button", name="提交审批")).to_be_disabled()
    told.get_by_role("button", name=re.compile("^用我的")).click()
    page.get_by_role("button", name="提交审批").click()
    expect(page.get_by_text("已提交，等待安全管理员审批")).to_be_visible()
    proposed = people.execute("SELECT content FROM approvals.request WHERE state = 'waiting'").fetchone()
    assert proposed is not None
    assert (proposed[0]["name"], proposed[0]["openid_subject"]) == ("李强强", "qiang.li")


def test_a_person_is_suspended_at_once_and_let_in_again_by_two(
    page: Page, context: BrowserContext, people: Connection, own_address: str
) -> None:
    sign_in_as(context, "security")
    page.goto(f"{own_address}/administration/persons/S1")
    page.get_by_role("button", name="停用").click()
    page.get_by_role("form", name="停用").get_by_role("button", name="停用").click()
    expect(page.get_by_role("region", name="李强")).to_contain_text("已停用")

    sign_in_as(context, "system")
    page.reload()
    page.get_by_role("button", name="恢复").click()
    page.get_by_label("理由").fill("误停")
    page.get_by_role("button", name="提交审批").click()
    expect(page.get_by_text("已提交，等待安全管理员审批")).to_be_visible()
    approve(page, context, own_address, "恢复登录：李强 S1")
    expect(page.get_by_text("已同意")).to_be_visible()

    assert people.execute("SELECT state FROM identity.person WHERE person_id = 'S1'").fetchone() == (
        "active",
    )


def test_a_person_who_is_locked_out_is_let_in(
    page: Page, context: BrowserContext, people: Connection, own_address: str
) -> None:
    people.execute(
        "UPDATE identity.person SET locked_until = now() + interval '20 minutes' WHERE person_id = 'S1'"
    )
    sign_in_as(context, "system")
    page.goto(f"{own_address}/administration/persons/S1")
    expect(page.get_by_role("row").filter(has_text="李强")).to_contain_text("登录被锁定")
    page.get_by_role("button", name="解锁").click()
    expect(page.get_by_role("button", name="解锁")).to_have_count(0)
    assert people.execute("SELECT locked_until FROM identity.person WHERE person_id = 'S1'").fetchone() == (
        None,
    )


def test_a_key_is_shown_once_and_good_when_approved(
    page: Page, context: BrowserContext, people: Connection, own_address: str
) -> None:
    sign_in_as(context, "system")
    page.goto(f"{own_address}/administration/keys")
    page.get_by_role("button", name="新建密钥").click()
    page.get_by_label("哪个系统").fill("核心系统")
    page.get_by_label("实时报送流水").check()
    page.get_by_label("理由").fill("接入")
    page.get_by_role("button", name="提交审批").click()
    told = page.get_by_role("dialog")
    secret = told.locator(".once").inner_text()
    assert secret.startswith("lt_")
    told.get_by_role("button", name="我已记下").click()
    people_keys = "SELECT count(*) FROM identity.api_key WHERE name = '核心系统'"
    assert people.execute(people_keys).fetchone() == (0,)

    sign_in_as(context, "security")
    page.goto(f"{own_address}/inbox")
    page.get_by_role("link", name=re.compile("^系统接口密钥")).click()
    expect(page.locator(".difference")).to_contain_text("实时报送流水")
    expect(page.locator("body")).not_to_contain_text(secret)
    page.get_by_label("决定的理由").fill("同意")
    page.get_by_role("button", name="同意").click()
    expect(page.get_by_text("已同意")).to_be_visible()
    assert people.execute(people_keys).fetchone() == (1,)

    page.goto(f"{own_address}/administration/keys")
    row = page.get_by_role("row").filter(has_text="核心系统")
    row.get_by_role("button", name="停用").click()
    expect(row).to_contain_text("已停用")


def test_units_stand_under_each_other(
    page: Page, context: BrowserContext, people: Connection, own_address: str
) -> None:
    people.execute("INSERT INTO parties.organisation_unit VALUES ('H', '总行', 'head_office', NULL)")
    people.execute("UPDATE parties.organisation_unit SET parent_unit_id = 'H' WHERE unit_id = 'U1'")
    sign_in_as(context, "system")
    page.goto(f"{own_address}/administration/units")
    tree = page.get_by_role("region", name="机构")
    expect(tree).to_contain_text("测试支行")
    expect(tree.locator(".unit-row").filter(has_text="测试支行")).to_contain_text("1 人")


def test_parameters_are_found_by_meaning_with_their_basis(page: Page, bank_address: str) -> None:
    page.goto(f"{bank_address}/administration/parameters")
    page.get_by_role("textbox", name="名称、含义或依据").fill("自主支付的最高单笔")
    rows = page.get_by_role("table", name="参数").locator("tbody tr.ant-table-row")
    expect(rows).to_have_count(2)
    consumer = rows.filter(has_text="个人消费贷款")
    expect(consumer).to_contain_text("500,000 元")
    expect(consumer).to_contain_text("300,000 元")
    expect(consumer).to_contain_text("2025-03-21 起")
    expect(consumer).to_contain_text("已查原文")
    expect(page).to_have_url(re.compile("search="))


def test_jobs_and_health_say_what_is_wrong_and_what_to_do(page: Page, bank_address: str) -> None:
    page.goto(f"{bank_address}/administration/system")
    jobs = page.get_by_role("table", name="任务")
    expect(jobs.get_by_role("row").filter(has_text="资金追踪")).to_contain_text("空闲")
    health = page.get_by_role("region", name="健康检查")
    expect(health.get_by_text("软件包", exact=True)).to_be_visible()
    expect(page.get_by_role("table", name="设置")).to_contain_text("LOANTRAIL_HOME")
    texts = health.inner_text()
    assert not re.search(r"[a-z]{3,} [a-z]{3,} [a-z]{3,}", texts), "the words are Chinese"


PAGES = ("persons", "persons/S1", "units", "keys", "parameters", "system")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_of_administration_fit_and_can_be_used_by_everyone(
    page: Page, context: BrowserContext, people: Connection, own_address: str, language: str
) -> None:
    sign_in_as(context, "system")
    for name in PAGES:
        for width in in_every_window(page, f"{own_address}/administration/{name}", language):
            assert wider_than_the_window(page) == [], f"{name} {width}"
        assert flaws(page) == [], name
    page.goto(f"{own_address}/administration?lang={language}")
    page.locator(".admin-new").click()
    assert flaws(page) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_proposal_can_be_read_by_everyone(
    page: Page, context: BrowserContext, people: Connection, own_address: str, language: str
) -> None:
    sign_in_as(context, "system")
    page.goto(f"{own_address}/administration/persons/S1")
    page.get_by_role("button", name="修改资料").click()
    page.get_by_label("姓名", exact=True).fill("李强强")
    page.get_by_label("理由").fill("更名")
    page.get_by_role("button", name="提交审批").click()
    expect(page.get_by_text("已提交，等待安全管理员审批")).to_be_visible()
    sign_in_as(context, "security")
    for width in (820, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{own_address}/inbox?lang={language}")
        page.get_by_role("link", name="李强 S1").click()
        settled(page)
        expect(page.locator(".difference")).to_contain_text("李强强")
        assert wider_than_the_window(page) == []
    assert flaws(page) == []
