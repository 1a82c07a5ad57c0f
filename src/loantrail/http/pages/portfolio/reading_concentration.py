"""Reads concentration as one person may see it: shares of the largest, indices, and the limits beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from loantrail import clock
from loantrail.http.pages.ledgers import store_groups
from loantrail.http.pages.ledgers.model import Label, Remark
from loantrail.http.pages.portfolio import store_concentration
from loantrail.http.pages.portfolio.disclosure import WHOLE
from loantrail.http.pages.portfolio.grouping import label
from loantrail.http.pages.portfolio.model import NONE, PortfolioBy, Within
from loantrail.http.pages.portfolio.model_concentration import (
    BankCapital,
    CapitalKind,
    ConcentratedCustomer,
    ConcentrationFigure,
    ConcentrationIndex,
    ConcentrationLimit,
    ConcentrationOf,
    PortfolioConcentration,
)
from loantrail.http.pages.portfolio.model_uses import Cover
from loantrail.http.pages.portfolio.ratios import hhi_of, hhi_ppm, share_ppm
from loantrail.http.pages.portfolio.scope import Scope, scope_of
from loantrail.http.pages.store import Database, Row
from loantrail.identity.abilities import Ability
from loantrail.identity.model import Signed
from loantrail.parties.client_groups import Group, client_groups
from loantrail.policy.reading import parameters_in_force

LARGEST: Final = 10
_CNY: Final = "CNY"
_LIMITS: Final = {
    ConcentrationOf.LARGEST_CUSTOMER: (CapitalKind.NET_CAPITAL, "large_exposure_loan_share_ppm"),
    ConcentrationOf.TEN_LARGEST: (CapitalKind.NET_CAPITAL, "ten_largest_loan_share_ppm"),
    ConcentrationOf.LARGEST_GROUP: (CapitalKind.NET_TIER1, "large_exposure_group_share_ppm"),
}


@dataclass(frozen=True, slots=True)
class _Part:
    """Some of the loans: how many, and what is owed of them. `value`: the group they are, where it has a code."""

    of: ConcentrationOf
    loan_count: int
    balance_fen: int
    hide: bool
    value: str = ""
    label: Label | None = None


def read_concentration(
    connection: Database, within: Sequence[Within], currency: str, person: Signed
) -> PortfolioConcentration:
    """How the balance of the loans that meet `within` is spread over customers, groups, industries and regions."""
    scope = scope_of(connection, currency, person)
    above = scope.hidden_above(within)
    all_of = store_concentration.customers(connection, within, scope.parameters, LARGEST)
    nothing = WHOLE in above or 0 < all_of.loan_count < scope.least
    groups = _groups(scope)
    parts = [
        *_customer_parts(scope, within, all_of, groups, nothing=nothing),
        *_code_parts(scope, within, above, nothing=nothing),
    ]
    capital = store_groups.capital(connection, scope.data_date or clock.business_date(clock.now()))
    limited = person.reach.kind == "bank" and not within and currency == _CNY
    notes = _notes(scope, capital, limited=limited)
    return PortfolioConcentration(
        currency=currency,
        data_date=scope.data_date,
        within=scope.conditions(within),
        fewest_loans=scope.least or None,
        balance_fen=None if nothing else all_of.balance_fen,
        figures=[
            _figure(scope, part, all_of.balance_fen, capital if limited else None, limited) for part in parts
        ],
        customers_index=_customers_index(scope, within, all_of, nothing=nothing),
        industries_index=_industries_index(scope, within, above, nothing=nothing),
        capital=BankCapital(
            since=capital["effective_from"],
            net_capital_fen=capital["net_capital_fen"],
            net_tier1_capital_fen=capital["net_tier1_capital_fen"],
            source=capital["source"],
        )
        if capital
        else None,
        customers=_customers(scope, all_of) if person.may(Ability.READ_LOANS) else None,
        notes=notes,
    )


def _groups(scope: Scope) -> dict[str, Group]:
    day = scope.data_date or clock.business_date(clock.now())
    book = parameters_in_force(scope.connection)
    relations = book.at_or_first("client_group_relations", day).names
    beyond_ppm = book.at_or_first("client_group_holding_ppm", day).number
    return dict(client_groups(store_groups.links(scope.connection, relations, beyond_ppm, scope.data_date)))


def _customer_parts(
    scope: Scope,
    within: Sequence[Within],
    all_of: store_concentration.Customers,
    groups: dict[str, Group],
    *,
    nothing: bool,
) -> list[_Part]:
    """The largest customer, the ten largest, the largest group: each, and what is left beside it or between two of them, must
    stand for enough loans."""
    least = scope.least
    parts: list[_Part] = []
    first = all_of.largest[0] if all_of.largest else None
    alone = first["loan_count"] if first else 0

    def small(count: int) -> bool:
        return 0 < count < least

    hide_first = nothing or small(alone) or small(all_of.loan_count - alone)
    if first:
        parts.append(_Part(ConcentrationOf.LARGEST_CUSTOMER, alone, int(first["balance_fen"]), hide_first))
        ten = sum(row["loan_count"] for row in all_of.largest)
        hide = nothing or small(ten) or small(all_of.loan_count - ten)
        hide = hide or (not hide_first and small(ten - alone))
        parts.append(
            _Part(
                ConcentrationOf.TEN_LARGEST, ten, sum(int(row["balance_fen"]) for row in all_of.largest), hide
            )
        )
    pairs = [(party, group.group_id) for party, group in groups.items()]
    group = store_concentration.largest_group(scope.connection, within, scope.parameters, pairs)
    if group:
        count = group["loan_count"]
        hide = nothing or small(count) or small(all_of.loan_count - count)
        own = groups.get(first["party_id"]) if first else None
        if own is not None and own.group_id == group["group_id"] and not hide_first:
            hide = hide or small(count - alone)
        parts.append(_Part(ConcentrationOf.LARGEST_GROUP, count, int(group["balance_fen"]), hide))
    return parts


def _code_parts(
    scope: Scope, within: Sequence[Within], above: frozenset[str], *, nothing: bool
) -> list[_Part]:
    """The largest industry and region of those with a code, hidden where the table of groups hides them."""
    parts: list[_Part] = []
    for of, by in (
        (ConcentrationOf.LARGEST_INDUSTRY, PortfolioBy.INDUSTRY),
        (ConcentrationOf.LARGEST_REGION, PortfolioBy.REGION),
    ):
        groups = scope.counts(by, within)
        marks = scope.marks(groups, above)
        named = [value for value in groups if value != NONE]
        if not named:
            continue
        value = max(named, key=lambda one: (groups[one]["balance_fen"], one))
        hide = nothing or WHOLE in marks.get(value, frozenset())
        parts.append(
            _Part(
                of,
                groups[value][WHOLE],
                groups[value]["balance_fen"],
                hide,
                "" if hide else value,
                None if hide else label(by, value, scope.units),
            )
        )
    return parts


def _figure(
    scope: Scope, part: _Part, whole_fen: int, capital: Row | None, limited: bool
) -> ConcentrationFigure:
    cover = Cover.FEW if 0 < part.loan_count < scope.least else Cover.WITHHELD
    return ConcentrationFigure(
        of=part.of,
        value=part.value,
        label=part.label,
        loan_count=None if part.hide else part.loan_count,
        balance_fen=None if part.hide else part.balance_fen,
        share_ppm=None if part.hide else share_ppm(part.balance_fen, whole_fen),
        cover=cover if part.hide else None,
        limit=_limit(scope, part, capital) if limited and part.of in _LIMITS else None,
    )


def _limit(scope: Scope, part: _Part, capital: Row | None) -> ConcentrationLimit:
    kind, name = _LIMITS[part.of]
    day = scope.data_date or clock.business_date(clock.now())
    limit = parameters_in_force(scope.connection).at_or_first(name, day)
    base = (
        capital["net_capital_fen" if kind is CapitalKind.NET_CAPITAL else "net_tier1_capital_fen"]
        if capital
        else 0
    )
    # Compared in whole fen, not in rounded shares.
    exceeded = part.balance_fen * 1_000_000 > limit.number * base if capital else None
    return ConcentrationLimit(
        of=kind,
        limit_ppm=limit.number,
        basis=limit.legal_basis,
        share_ppm=None if part.hide or not capital else share_ppm(part.balance_fen, base),
        exceeded=exceeded,
    )


def _customers_index(
    scope: Scope, within: Sequence[Within], all_of: store_concentration.Customers, *, nothing: bool
) -> ConcentrationIndex:
    """Squares add up over groups like balances do, so who may not see single loans is told the index of the whole alone, and
    only where there are more customers than the shares of the largest could tell apart."""
    hide = nothing or (
        scope.least > 0 and (bool(within) or 0 < all_of.customer_count < LARGEST + scope.least)
    )
    return ConcentrationIndex(
        hhi_ppm=None if hide else hhi_of(all_of.squares, all_of.balance_fen),
        count=None if hide else all_of.customer_count,
        cover=Cover.WITHHELD if hide else None,
    )


def _industries_index(
    scope: Scope, within: Sequence[Within], above: frozenset[str], *, nothing: bool
) -> ConcentrationIndex:
    """Industries that are hidden count as one: the index tells nothing beyond what is shown."""
    if nothing:
        return ConcentrationIndex(hhi_ppm=None, count=None, cover=Cover.WITHHELD)
    groups = scope.counts(PortfolioBy.INDUSTRY, within)
    marks = scope.marks(groups, above)
    shown = [one["balance_fen"] for value, one in groups.items() if WHOLE not in marks.get(value, ())]
    rest = sum(one["balance_fen"] for one in groups.values()) - sum(shown)
    return ConcentrationIndex(hhi_ppm=hhi_ppm([*shown, rest]), count=len(shown), cover=None)


def _customers(scope: Scope, all_of: store_concentration.Customers) -> list[ConcentratedCustomer]:
    names = store_groups.party_names(scope.connection, [row["party_id"] for row in all_of.largest])
    return [
        ConcentratedCustomer(
            party_id=row["party_id"],
            name=names.get(row["party_id"], row["party_id"]),
            loan_count=row["loan_count"],
            balance_fen=int(row["balance_fen"]),
            share_ppm=share_ppm(int(row["balance_fen"]), all_of.balance_fen),
        )
        for row in all_of.largest
    ]


def _notes(scope: Scope, capital: Row | None, *, limited: bool) -> list[Remark]:
    notes: list[Remark] = []
    if capital is None:
        notes.append(
            Remark(
                code="no_capital",
                chinese="本行资本净额没有登记，无法与监管限额比较。请导入“本行资本净额”（bank_capital）。",
                english="The bank's net capital is not on record, so nothing can be set against the limits. Import bank_capital.",
            )
        )
    elif limited:
        notes.append(
            Remark(
                code="limits",
                chinese="与限额比较的是贷款余额；正式的大额风险暴露还要计入未用额度等，见集团客户台账。",
                english="What is set against the limits are loan balances; large exposures proper add undrawn amounts and more: see "
                "the ledger of groups.",
            )
        )
    if not limited:
        notes.append(
            Remark(
                code="limits_whole",
                chinese="限额是全行人民币口径，所选范围不是全行，不与限额比较。",
                english="Limits are of the whole bank in CNY; what is chosen is not, and is not set against them.",
            )
        )
    return notes + scope.few_notes()
