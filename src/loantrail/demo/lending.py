"""The loans: who borrowed how much for what, and which of them will be misused or only look so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from loantrail.demo.accounts import Places
from loantrail.demo.model import LOOK_ALIKES, PATTERNS, WAN, Size
from loantrail.demo.population import Population
from loantrail.demo.season import MONTH_OF_DAY, NEXT_WORKING, REAL_ESTATE, date_of
from loantrail.ids import seeded_generator

Int64 = NDArray[np.int64]

PRODUCTS: Final = (
    "working_capital_loan",
    "fixed_asset_loan",
    "project_finance",
    "acquisition_loan",
    "designated_loan",
    "bank_advance",
    "consumer_loan",
    "personal_business_loan",
    "mortgage_loan",
    "internet_loan",
)
_SHARES: Final = np.array([0.30, 0.05, 0.01, 0.01, 0.01, 0.01, 0.22, 0.17, 0.10, 0.12])
WORKING, FIXED, PROJECT, ACQUISITION, DESIGNATED, ADVANCE, CONSUMER, BUSINESS, MORTGAGE, INTERNET = range(10)
CORPORATE: Final = (WORKING, FIXED, PROJECT, ACQUISITION, DESIGNATED, ADVANCE)

ENTRUSTED, AUTONOMOUS, MIXED = "entrusted_payment", "autonomous_payment", "mixed_payment"

WORKING_LIMIT_FEN: Final = 1000 * WAN
"""A single payment of a working-capital loan above this must be entrusted."""
FIXED_LIMIT_FEN: Final = 500 * WAN
CONSUMER_LIMIT_FEN: Final = 50 * WAN
BUSINESS_LIMIT_FEN: Final = 50 * WAN

PURPOSES: Final[dict[int, tuple[str, ...]]] = {
    WORKING: ("采购原材料", "支付货款", "日常经营周转", "采购钢材", "支付加工费及货款"),
    FIXED: ("购置生产设备", "厂房改造", "生产线升级"),
    PROJECT: ("产业园区建设", "污水处理项目建设"),
    ACQUISITION: ("并购标的公司股权",),
    DESIGNATED: ("支付工程款", "补充流动资金"),
    ADVANCE: ("银行承兑汇票到期垫款",),
    CONSUMER: ("住房装修", "购买汽车", "购买家电家具", "教育培训", "医疗健康", "旅游"),
    BUSINESS: ("店铺进货", "采购原材料", "经营周转", "支付货款"),
    MORTGAGE: ("购买住房",),
    INTERNET: ("日常消费", "购买数码产品", "旅游"),
}

_PRODUCT_OF_PATTERN: Final[dict[str, tuple[int, ...]]] = {
    "FLOW_SECURITIES": (WORKING, CONSUMER, BUSINESS),
    "FLOW_REALESTATE": (BUSINESS, CONSUMER, WORKING),
    "ROLLOVER_OTHER_DEBT": (CONSUMER, WORKING, BUSINESS),
    "ROUND_TRIP": (WORKING, BUSINESS),
    "RETURN_TO_GUARANTOR": (WORKING,),
    "RELATED_PARTY": (WORKING, FIXED),
    "PRIVATE_LENDING": (BUSINESS, WORKING),
    "ACCEPTANCE_MARGIN": (WORKING,),
    "CASH_OUT": (CONSUMER, BUSINESS, INTERNET),
    "STRUCTURING": (WORKING, BUSINESS),
    "RAPID_IN_OUT": (WORKING,),
    "IDLE_FUNDS": (WORKING, FIXED),
    "SAME_NAME_OUT": (CONSUMER, WORKING),
    "MULTI_BORROWER_POOL": (INTERNET, CONSUMER),
    "PAYEE_MISMATCH": (WORKING, FIXED, CONSUMER),
    "NEW_SHELL_PAYEE": (WORKING,),
    "COUNTERPARTY_LOOP": (WORKING,),
    "REPAY_SOURCE_ODD": (WORKING, CONSUMER),
}
_PRODUCT_OF_LOOK_ALIKE: Final[dict[str, tuple[int, ...]]] = {
    "money_market_sweep": (WORKING, CONSUMER),
    "wallet_top_up": (CONSUMER, INTERNET),
    "group_cash_pool": (WORKING,),
    "owner_card_till": (WORKING, BUSINESS),
    "refund": (WORKING, FIXED),
    "payroll_several_banks": (WORKING,),
    "common_payee": (CONSUMER,),
    "round_sums": (WORKING, BUSINESS),
}
POOL_MEMBERS: Final = 6


@dataclass(slots=True)
class Loans:
    """`k` loans in order of their issue. Columns have shape `[k]`."""

    product: Int64
    borrower: Int64
    """Party."""
    amount_fen: Int64
    mode: list[str]
    purpose: list[str]
    issue_day: Int64
    term_months: Int64
    by_instalments: NDArray[np.bool_]
    """Equal principal every month; else interest every month and principal at the end."""
    rate_ppm: Int64
    account: Int64
    """Disbursement account."""
    main: Int64
    """Repayment account, the borrower's main one."""
    guarantor: Int64
    """Party or -1."""
    unit: Int64
    pattern: list[str]
    """Misuse to plant, or empty."""
    look_alike: list[str]
    group: Int64
    """Of loans gathered in one account: their group, else -1."""
    note_no: list[str]
    contract_no: list[str]
    drawdowns: Int64

    def __len__(self) -> int:
        return len(self.product)

    @property
    def corporate(self) -> NDArray[np.bool_]:
        """Loans to companies."""
        return self.product <= ADVANCE

    @property
    def honest(self) -> NDArray[np.bool_]:
        """Loans in which nothing is planted."""
        return np.array([not (a or b) for a, b in zip(self.pattern, self.look_alike, strict=True)])


def _cast(size: Size) -> list[tuple[int, str, str, int]]:
    """(product, pattern, look-alike, group) of the loans that play a part."""
    parts: list[tuple[int, str, str, int]] = []
    for pattern in PATTERNS:
        products = _PRODUCT_OF_PATTERN[pattern]
        if pattern == "MULTI_BORROWER_POOL":
            parts += [
                (products[(g + i) % len(products)], pattern, "", g)
                for g in range(size.pool_groups)
                for i in range(POOL_MEMBERS)
            ]
            continue
        parts += [(products[i % len(products)], pattern, "", -1) for i in range(size.per_pattern)]
    for look_alike in LOOK_ALIKES:
        products = _PRODUCT_OF_LOOK_ALIKE[look_alike]
        parts += [(products[i % len(products)], "", look_alike, -1) for i in range(size.per_look_alike)]
    return parts


def _borrowers(
    generator: np.random.Generator, people: Population, product: Int64, parts: list[tuple[int, str, str, int]]
) -> Int64:
    """Loans that play a part get a borrower of their own as long as there are enough."""
    count = len(product)
    busy = np.flatnonzero(~people.quiet & (people.industry != REAL_ESTATE))
    grouped = np.array([c for c, head in people.parent.items() if not people.quiet[c] and c != head])
    companies = generator.permutation(np.setdiff1d(busy, grouped))
    individuals = people.companies + generator.permutation(people.individuals)
    borrower = np.empty(count, dtype=np.int64)
    next_company = next_individual = 0
    used: set[int] = set()
    for row, (kind, _, look_alike, _) in enumerate(parts):
        if look_alike == "group_cash_pool":
            borrower[row] = grouped[row % len(grouped)]
        elif kind <= ADVANCE:
            while int(companies[next_company % len(companies)]) in used and next_company < len(companies):
                next_company += 1
            borrower[row] = companies[next_company % len(companies)]
            next_company += 1
        else:
            borrower[row] = individuals[next_individual % len(individuals)]
            next_individual += 1
        used.add(int(borrower[row]))
    rest = np.arange(len(parts), count)
    corporate = product[rest] <= ADVANCE
    planted = {int(borrower[row]) for row, (_, pattern, _, _) in enumerate(parts) if pattern}
    free = np.array([c for c in busy if int(c) not in planted] or list(busy))
    # Now and then a borrower has both a misused and an honest loan.
    pool = np.where(
        generator.random(len(rest)) < 0.08,
        generator.choice(busy, len(rest)),
        generator.choice(free, len(rest)),
    )
    borrower[rest[corporate]] = pool[corporate]
    retail = rest[~corporate]
    borrower[retail] = individuals[(next_individual + np.arange(len(retail))) % len(individuals)]
    return borrower


def _amounts(
    generator: np.random.Generator, people: Population, product: Int64, borrower: Int64, story: list[str]
) -> Int64:
    count = len(product)
    sales = people.revenue_month_fen[np.where(product <= ADVANCE, borrower, 0)] / WAN
    u = generator.random(count)
    choices = [
        (sales * (0.8 + 2.7 * u)).clip(50, 3000),
        (sales * (2 + 4 * u)).clip(300, 8000),
        3000 + 17_000 * u,
        1000 + 5000 * u,
        100 + 900 * u,
        50 + 450 * u,
        5 + 45 * u,
        20 + 280 * u**2,
        40 + 260 * u,
        0.5 + 19.5 * u,
    ]
    wan = np.select([product == code for code in range(10)], choices)
    for row, name in enumerate(story):
        if not name or name == "common_payee":
            continue
        kind = int(product[row])
        if name == "STRUCTURING":
            wan[row] = 1250 + 1500 * u[row] if kind == WORKING else 90 + 55 * u[row]
        elif kind == WORKING:
            wan[row] = wan[row].clip(200, 950)
        elif kind == FIXED:
            wan[row] = wan[row].clip(300, 490)
        elif kind == BUSINESS:
            wan[row] = (
                wan[row].clip(60, 200) if name in ("ROUND_TRIP", "PRIVATE_LENDING") else wan[row].clip(25, 50)
            )
        elif kind == CONSUMER:
            wan[row] = wan[row].clip(20, 50)
        else:
            wan[row] = wan[row].clip(8, 20)
    step_fen = np.where(wan >= 100, 10 * WAN, np.where(wan >= 10, WAN, WAN // 10))
    return (np.floor(wan * WAN).astype(np.int64) // step_fen).clip(1) * step_fen


def _mode(kind: int, amount: int, pattern: str, draw: float) -> str:
    if pattern == "PAYEE_MISMATCH":
        return ENTRUSTED
    if kind == WORKING:
        if pattern == "STRUCTURING":
            return AUTONOMOUS
        if amount > WORKING_LIMIT_FEN:
            return ENTRUSTED
        return AUTONOMOUS if pattern or draw < 0.55 else ENTRUSTED if draw < 0.8 else MIXED
    if kind == FIXED:
        return AUTONOMOUS if amount <= FIXED_LIMIT_FEN and (pattern or draw < 0.5) else ENTRUSTED
    if kind == CONSUMER:
        return AUTONOMOUS if amount <= CONSUMER_LIMIT_FEN and (pattern or draw < 0.5) else ENTRUSTED
    if kind == BUSINESS:
        if pattern == "STRUCTURING":
            return MIXED
        return AUTONOMOUS if amount <= BUSINESS_LIMIT_FEN and (pattern or draw < 0.7) else ENTRUSTED
    return AUTONOMOUS if kind == INTERNET else ENTRUSTED


def build_loans(size: Size, seed: int, people: Population, places: Places) -> Loans:
    """All loans, from the seed."""
    generator = seeded_generator(seed, "lending")
    parts = _cast(size)
    count = size.loans
    product = np.concatenate(
        [
            np.array([part[0] for part in parts], dtype=np.int64),
            generator.choice(10, count - len(parts), p=_SHARES),
        ]
    )
    product[len(parts) : len(parts) + 10] = np.arange(10)  # every size has every product
    filler = [""] * (count - len(parts))
    pattern = [part[1] for part in parts] + filler
    look_alike = [part[2] for part in parts] + filler
    group = np.array([part[3] for part in parts] + [-1] * len(filler))
    borrower = _borrowers(generator, people, product, parts)
    amount = _amounts(
        generator, people, product, borrower, [a or b for a, b in zip(pattern, look_alike, strict=True)]
    )

    issue = generator.integers(3, 300, count)
    playing = np.arange(count) < len(parts)
    issue = np.where(playing, generator.integers(12, 235, count), issue)
    issue = np.where(np.array([p == "REPAY_SOURCE_ODD" for p in pattern]), issue % 110 + 10, issue)
    if size.pool_groups:  # gathered within thirty days
        start = generator.integers(20, 200, size.pool_groups)
        issue = np.where(group >= 0, start[group.clip(0)] + generator.integers(0, 16, count), issue)
    issue = NEXT_WORKING[issue]

    draw = generator.random(count)
    corporate = product <= ADVANCE
    terms = np.select(
        [product == code for code in range(10)],
        [
            np.where(draw < 0.25, 6, 12),
            np.where(draw < 0.5, 36, 60),
            np.full(count, 120),
            np.full(count, 84),
            np.full(count, 24),
            np.full(count, 6),
            np.where(draw < 0.4, 12, 36),
            np.where(draw < 0.6, 12, 36),
            np.where(draw < 0.5, 240, 360),
            np.where(draw < 0.5, 6, 12),
        ],
    ).astype(np.int64)
    instalments = np.isin(product, (CONSUMER, MORTGAGE, INTERNET)) | ((product == BUSINESS) & (terms > 12))
    base = np.array([38_500, 42_000, 41_000, 45_000, 52_000, 150_000, 52_000, 48_000, 35_500, 98_000])
    rate = base[product] + generator.integers(-6, 12, count) * 500

    main = np.array([places.main_of(int(b), people.companies) for b in borrower], dtype=np.int64)
    account = main.copy()
    # Half of the companies' loans are paid into an account kept for the loan alone.
    # For those of borrowers with several loans this is the rule.
    _, which, loans_of = np.unique(borrower, return_inverse=True, return_counts=True)
    likely = np.select(
        [
            np.array([p == "IDLE_FUNDS" for p in pattern]),
            loans_of[which] > 1,
            np.array([bool(p) for p in pattern]),
        ],
        [1.0, 0.85, 0.75],
        0.5,
    )
    own_account = np.flatnonzero(corporate & (generator.random(count) < likely))
    unit = np.array([people.parties.unit[int(b)] for b in borrower], dtype=np.int64)
    account[own_account] = places.book.add_own(
        [people.parties.name[int(b)] for b in borrower[own_account]],
        [int(b) for b in borrower[own_account]],
        "settlement",
        [int(u) for u in unit[own_account]],
        issue[own_account] - 5,
    )
    guarantor = np.where(
        corporate & (generator.random(count) < 0.55), generator.integers(0, people.companies, count), -1
    )
    guarantor = np.where(guarantor == borrower, -1, guarantor)
    estate = people.companies_of(REAL_ESTATE)
    backed = np.array([p == "RETURN_TO_GUARANTOR" for p in pattern])
    guarantor = np.where(backed, estate[generator.integers(0, len(estate), count)], guarantor)

    order = np.argsort(issue, kind="stable")
    ranked = np.empty(count, dtype=np.int64)
    ranked[order] = np.arange(count)
    mode = [
        _mode(int(k), int(a), p, float(d)) for k, a, p, d in zip(product, amount, pattern, draw, strict=True)
    ]
    purpose = [
        PURPOSES[int(k)][int(n) % len(PURPOSES[int(k)])]
        for k, n in zip(product, generator.integers(0, 60, count), strict=True)
    ]
    for row, name in enumerate(look_alike):
        if name == "common_payee":
            purpose[row] = "购买汽车"
            mode[row] = ENTRUSTED
        elif name in (
            "payroll_several_banks",
            "group_cash_pool",
            "money_market_sweep",
            "refund",
            "wallet_top_up",
            "owner_card_till",
            "round_sums",
        ):
            mode[row] = AUTONOMOUS if amount[row] <= _limit(int(product[row])) else ENTRUSTED
    drawdowns = np.where(np.isin(product, (FIXED, PROJECT)) & ~playing, generator.integers(1, 4, count), 1)
    drawdowns[(product == BUSINESS) & np.array([p == "STRUCTURING" for p in pattern])] = 3
    months = MONTH_OF_DAY[issue]
    notes = [f"JJ{date_of(int(day)):%Y%m}{number + 1:07d}" for number, day in zip(ranked, issue, strict=True)]
    contracts = [
        f"HT{2025 + (3 + int(m)) // 12}{number + 1:07d}" for number, m in zip(ranked, months, strict=True)
    ]

    def sort(values: list[str]) -> list[str]:
        return [values[int(i)] for i in order]

    return Loans(
        product=product[order],
        borrower=borrower[order],
        amount_fen=amount[order],
        mode=sort(mode),
        purpose=sort(purpose),
        issue_day=issue[order],
        term_months=terms[order],
        by_instalments=instalments[order],
        rate_ppm=rate[order],
        account=account[order],
        main=main[order],
        guarantor=guarantor[order],
        unit=unit[order],
        pattern=sort(pattern),
        look_alike=sort(look_alike),
        group=group[order],
        note_no=sort(notes),
        contract_no=sort(contracts),
        drawdowns=drawdowns[order],
    )


def _limit(product: int) -> int:
    """The largest single payment that a borrower of the product may direct."""
    return {WORKING: WORKING_LIMIT_FEN, FIXED: FIXED_LIMIT_FEN, CONSUMER: CONSUMER_LIMIT_FEN}.get(
        product, BUSINESS_LIMIT_FEN
    )
