"""What a ledger's rows are made of besides the books: the day they speak of, limits and capital, who belongs to whom; and what a
reader has to know of that."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Final

from loantrail import clock
from loantrail.http.pages.guarantees.routes import SOON_DAYS, VALUATION_DAYS
from loantrail.http.pages.ledgers import store_groups
from loantrail.http.pages.ledgers.catalogue import LEVELS
from loantrail.http.pages.ledgers.model import LedgerName, Remark
from loantrail.http.pages.ledgers.store_arrears import day_parameters
from loantrail.http.pages.store import Database, Row, current_run
from loantrail.identity.model import Signed
from loantrail.ledger.model import FIVE_CLASSES
from loantrail.money import yuan_text
from loantrail.parameters import ParameterBook
from loantrail.parties.client_groups import client_groups
from loantrail.policy.reading import parameters_in_force

_PERCENT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Standing:
    """The parameters of a ledger's queries, and the notes that stand over it."""

    data_date: datetime.date | None
    parameters: Row
    notes: tuple[Remark, ...]


def standing(connection: Database, name: LedgerName, person: Signed) -> Standing:
    """How things stand for a ledger as this person asks for it."""
    run = current_run(connection)
    data_date: datetime.date | None = run["data_date"] if run else None
    now = clock.now()
    parameters: Row = day_parameters(data_date) | {
        "run_id": run["run_id"] if run else None,
        "now": now,
        "today": clock.business_date(now),
        "soon_days": SOON_DAYS,
        "valuation_days": VALUATION_DAYS,
    }
    notes: list[Remark] = []
    if data_date is None:
        notes.append(
            Remark(
                code="no_data_date",
                chinese="尚未追踪，数据日期未知：逾期和到期情况无法计算。",
                english="Nothing was traced yet, so the data date is not known: arrears and expiries cannot be told.",
            )
        )
    if name is LedgerName.GROUPS:
        day = data_date or clock.business_date(now)
        more, told = _groups(connection, parameters_in_force(connection), day, data_date, person)
        parameters |= more
        notes += told
    return Standing(data_date, parameters, tuple(notes))


def _groups(
    connection: Database,
    book: ParameterBook,
    day: datetime.date,
    data_date: datetime.date | None,
    person: Signed,
) -> tuple[Row, list[Remark]]:
    def share_ppm(name: str) -> int:
        return book.at(f"large_exposure_{name}_ppm", day).number

    relations = book.at_or_first("client_group_relations", day).names
    beyond_ppm = book.at_or_first("client_group_holding_ppm", day).number
    groups = client_groups(store_groups.links(connection, relations, beyond_ppm, data_date))
    capital = store_groups.capital(connection, day)
    loan, single, group = share_ppm("loan_share"), share_ppm("single_share"), share_ppm("group_share")
    parameters: Row = {
        "members": list(groups),
        "member_groups": [one.group_id for one in groups.values()],
        "member_counts": [len(one.members) for one in groups.values()],
        "member_heads": [one.head or None for one in groups.values()],
        "classes": list(FIVE_CLASSES),
        "levels": list(LEVELS),
        "net_capital_fen": capital["net_capital_fen"] if capital else None,
        "net_tier1_fen": capital["net_tier1_capital_fen"] if capital else None,
        "loan_limit_ppm": loan,
        "single_limit_ppm": single,
        "group_limit_ppm": group,
        "large_ppm": share_ppm("from"),
    }
    notes = [
        _capital_note(capital),
        Remark(
            code="limits",
            chinese=f"限额：单一客户贷款余额不超过资本净额的 {_percent(loan)}，风险暴露不超过一级资本净额的 {_percent(single)}；"
            f"一组关联客户的风险暴露不超过一级资本净额的 {_percent(group)}（商业银行大额风险暴露管理办法第 7、8 条）。"
            "未用额度全额计入，未扣除保证金等缓释；委托贷款不计；外币不折算，另行列示。",
            english=f"Limits: loans to one customer at most {_percent(loan)} of net capital, exposure {_percent(single)} of net "
            f"tier-1 capital; exposure to a group of connected customers {_percent(group)} of it (Measures on large exposures, "
            "articles 7 and 8). Undrawn amounts count in full, nothing is taken off for collateral; designated loans do not "
            "count; other currencies stand apart.",
        ),
    ]
    if person.reach.kind != "bank":
        notes.append(
            Remark(
                code="within_reach",
                chinese="这里只有您权限范围内的借据和关系；限额是全行口径，集团在其他机构的贷款没有计入。",
                english="Only loans and relations within your reach are here; the limits are the whole bank's, and what a group "
                "owes elsewhere in the bank is not counted.",
            )
        )
    return parameters, notes


def _capital_note(capital: Row | None) -> Remark:
    if capital is None:
        return Remark(
            code="no_capital",
            chinese="本行资本净额没有登记，占比和限额使用率无法计算。请导入“本行资本净额”（bank_capital）。",
            english="The bank's net capital is not on record, so shares and the use of limits cannot be told. Import bank_capital.",
        )
    net, tier1 = yuan_text(capital["net_capital_fen"]), yuan_text(capital["net_tier1_capital_fen"])
    since, source = capital["effective_from"], capital["source"]
    return Remark(
        code="capital",
        chinese=f"资本净额 {net} 元，一级资本净额 {tier1} 元，自 {since} 起用{f'（{source}）' if source else ''}。",
        english=f"Net capital {net} CNY, net tier-1 capital {tier1} CNY, from {since} on{f' ({source})' if source else ''}.",
    )


def _percent(ppm: int) -> str:
    whole, rest = divmod(ppm, _PERCENT)
    return f"{whole}%" if not rest else f"{ppm / _PERCENT:g}%"
