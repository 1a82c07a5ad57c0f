"""Who there is in the demo bank: units, staff, parties and how they are related."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from loantrail.demo import names
from loantrail.demo.codes import REGIONS, credit_codes, identity_numbers
from loantrail.demo.model import WAN, Size
from loantrail.demo.season import CAR_TRADE, INDUSTRIES, REAL_ESTATE
from loantrail.ids import seeded_generator

Int64 = NDArray[np.int64]

ROLES: Final = ("branch_manager", "relationship_manager", "relationship_manager", "post_loan_inspector")
HEAD_OFFICE_ROLES: Final = ("head_office_risk", "aml_officer", "internal_auditor", "legal", "executive")
LATER_ROLES: Final = (
    "rule_author",
    "it_operator",
    "system_administrator",
    "security_administrator",
    "audit_administrator",
)
"""Of the head office too, at the end of the staff list: the numbers and names before them stay as they are."""


@dataclass(slots=True)
class Units:
    """Organisation units and staff; sub-branches are where customers are kept."""

    unit_id: list[str] = field(default_factory=list[str])
    name: list[str] = field(default_factory=list[str])
    kind: list[str] = field(default_factory=list[str])
    parent: list[str | None] = field(default_factory=list[str | None])
    branches: list[int] = field(default_factory=list[int])
    sub_branches: list[int] = field(default_factory=list[int])
    branch_of: dict[int, int] = field(default_factory=dict[int, int])
    """Sub-branch -> its branch."""
    staff: list[tuple[str, int, str, str]] = field(default_factory=list[tuple[str, int, str, str]])
    """(staff id, unit, name, role)."""
    managers: dict[int, list[int]] = field(default_factory=dict[int, list[int]])
    """Sub-branch -> rows of its relationship managers in `staff`."""

    def add(self, unit_id: str, name: str, kind: str, parent: str | None) -> int:
        self.unit_id.append(unit_id)
        self.name.append(name)
        self.kind.append(kind)
        self.parent.append(parent)
        return len(self.unit_id) - 1


@dataclass(slots=True)
class Parties:
    """One row per party; days are day numbers (negative: before the books begin), -1e6 stands for none."""

    kind: list[str] = field(default_factory=list[str])
    name: list[str] = field(default_factory=list[str])
    unit: list[int] = field(default_factory=list[int])
    is_customer: list[bool] = field(default_factory=list[bool])
    identity: list[str] = field(default_factory=list[str])
    industry: list[int] = field(default_factory=list[int])
    registered_day: list[int | None] = field(default_factory=list[int | None])
    insured: list[int | None] = field(default_factory=list[int | None])
    tax_day: list[int | None] = field(default_factory=list[int | None])
    phone: list[str] = field(default_factory=list[str])
    address: list[str] = field(default_factory=list[str])
    taken: set[str] = field(default_factory=set[str])
    """Company names in use: no two firms share one."""

    def __len__(self) -> int:
        return len(self.name)

    def party_id(self, party: int) -> str:
        """The customer number of a party; outside parties have registry numbers."""
        return f"{'C' if self.is_customer[party] else 'R'}{party + 10_000_001:09d}"


@dataclass(slots=True)
class Population:
    """Companies are parties `0..companies-1`, individuals follow, then public bodies, then outside companies."""

    units: Units
    parties: Parties
    companies: int
    individuals: int
    public_bodies: Int64
    outside_companies: Int64
    owner: Int64
    """[companies] the individual who controls each company."""
    spouse: dict[int, int]
    """Individual -> spouse, both ways."""
    parent: dict[int, int]
    """Company -> parent company of its group."""
    revenue_month_fen: Int64
    """[companies] average monthly sales."""
    industry: Int64
    """[companies]."""
    quiet: NDArray[np.bool_]
    """[companies] firms with hardly any business."""
    salary_month_fen: Int64
    """[individuals] average monthly salary."""
    relations: list[tuple[int, int, str, int | None, int]]
    """(from, to, kind, share in millionths or None, valid from day)."""

    @property
    def company_indices(self) -> Int64:
        return np.arange(self.companies)

    def individual(self, row: int) -> int:
        """Party number of the `row`-th individual."""
        return self.companies + row

    def companies_of(self, industry: int, *, quiet: bool | None = None) -> Int64:
        """Companies of an industry."""
        chosen = self.industry == industry
        if quiet is not None:
            chosen &= self.quiet == quiet
        return np.flatnonzero(chosen)


def _units(size: Size, seed: int) -> Units:
    generator = seeded_generator(seed, "units")
    units = Units()
    head = units.add("0000", f"{names.BANK_NAME}总行", "head_office", None)
    for number, name in enumerate(("风险管理部", "资产保全部", "法律合规部", "信贷管理部"), start=1):
        units.add(f"00{number:02d}", f"总行{name}", "department", units.unit_id[head])
    for branch in range(size.branches):
        city = names.CITIES[branch % len(names.CITIES)].removesuffix("市")
        number = 10 + branch
        suffix = "" if branch < len(names.CITIES) else f"第{branch // len(names.CITIES) + 1}"
        here = units.add(f"{number}00", f"{names.BANK_NAME}{city}{suffix}分行", "branch", units.unit_id[head])
        units.branches.append(here)
        units.add(f"{number}90", f"{city}{suffix}分行贷后管理部", "department", units.unit_id[here])
        for sub in range(1, 4):
            street = names.STREETS[(branch * 3 + sub) % len(names.STREETS)]
            child = units.add(
                f"{number}{sub:02d}",
                f"{names.BANK_NAME}{city}{suffix}{street}支行",
                "sub_branch",
                units.unit_id[here],
            )
            units.sub_branches.append(child)
            units.branch_of[child] = here
    rows = [(unit, role) for unit in units.sub_branches for role in ROLES]
    rows += [(head, role) for role in HEAD_OFFICE_ROLES] + [
        (unit, "branch_manager") for unit in units.branches
    ]
    people = names.person_names(generator, len(rows))
    for number, ((unit, role), person) in enumerate(zip(rows, people, strict=True)):
        units.staff.append((f"E{number + 1:05d}", unit, person, role))
        if role == "relationship_manager":
            units.managers.setdefault(unit, []).append(number)
    later = [(head, role) for role in LATER_ROLES] + [(unit, "risk_manager") for unit in units.branches]
    people = names.person_names(seeded_generator(seed, "later staff"), len(later))
    for (unit, role), person in zip(later, people, strict=True):
        units.staff.append((f"E{len(units.staff) + 1:05d}", unit, person, role))
    return units


def _phones(generator: np.random.Generator, count: int) -> list[str]:
    # 199 xxxx xxxx with a leading 0 in the second block: numbers that are not given out.
    return [f"1990{number:07d}" for number in generator.integers(0, 10_000_000, count)]


def _add_companies(
    generator: np.random.Generator,
    parties: Parties,
    industries: Int64,
    units: list[int],
    *,
    customer: bool,
    small: NDArray[np.bool_],
) -> None:
    count = len(industries)
    picks = generator.integers(0, 1000, count)
    trades = [
        INDUSTRIES[i].trades[p % len(INDUSTRIES[i].trades)] for i, p in zip(industries, picks, strict=True)
    ]
    company = names.company_names(generator, trades, parties.taken)
    shops = names.company_names(generator, trades, parties.taken, form="经营部")
    age = (-(generator.gamma(2.2, 1500, count)) - 400).astype(np.int64)
    staff = generator.integers(3, 240, count)
    tax = -generator.integers(5, 80, count)
    sole = small & (generator.random(count) < 0.35)
    parties.kind.extend("sole_proprietor" if one else "company" for one in sole)
    parties.name.extend(shop if one else name for shop, name, one in zip(shops, company, sole, strict=True))
    parties.unit.extend(units)
    parties.is_customer.extend([customer] * count)
    parties.identity.extend(credit_codes(generator, count))
    parties.industry.extend(int(i) for i in industries)
    parties.registered_day.extend(int(a) for a in age)
    parties.insured.extend(
        max(1, int(s) // 20) if one else int(s) for s, one in zip(staff, small, strict=True)
    )
    parties.tax_day.extend(int(t) for t in tax)
    parties.phone.extend(_phones(generator, count))
    parties.address.extend(names.addresses(generator, count))


def _add_individuals(generator: np.random.Generator, parties: Parties, units: list[int]) -> None:
    count = len(units)
    parties.kind.extend(["individual"] * count)
    parties.name.extend(names.person_names(generator, count))
    parties.unit.extend(units)
    parties.is_customer.extend([True] * count)
    parties.identity.extend(identity_numbers(generator, count))
    parties.industry.extend([-1] * count)
    parties.registered_day.extend([None] * count)
    parties.insured.extend([None] * count)
    parties.tax_day.extend([None] * count)
    parties.phone.extend(_phones(generator, count))
    parties.address.extend(names.addresses(generator, count))


PUBLIC_BODIES: Final = ("供电服务中心", "自来水服务中心", "燃气服务中心", "通信服务中心")


def _relations(
    generator: np.random.Generator, companies: int, individuals: int, industry: Int64
) -> tuple[Int64, dict[int, int], dict[int, int], list[tuple[int, int, str, int | None, int]]]:
    relations: list[tuple[int, int, str, int | None, int]] = []
    owner = companies + generator.permutation(individuals)[np.arange(companies) % individuals]
    shares = generator.integers(40, 101, companies) * 10_000
    others = companies + generator.integers(0, individuals, companies)
    for company in range(companies):
        person, share, other = int(owner[company]), int(shares[company]), int(others[company])
        relations.append((person, company, "controller", None, -900))
        relations.append((person, company, "legal_representative", None, -900))
        relations.append((person, company, "shareholder", share, -900))
        if share < 1_000_000 and other != person:
            relations.append((other, company, "shareholder", 1_000_000 - share, -900))
    spouse: dict[int, int] = {}
    order = companies + generator.permutation(individuals)
    for i in range(0, int(individuals * 0.5) // 2 * 2, 2):
        one, two = int(order[i]), int(order[i + 1])
        spouse[one], spouse[two] = two, one
        relations.append((one, two, "spouse", None, -1500))
    parent: dict[int, int] = {}
    free = [int(c) for c in generator.permutation(companies) if industry[c] != REAL_ESTATE]
    for _ in range(max(2, companies // 60)):
        head, *members = (free.pop() for _ in range(4))
        parent[head] = head
        for member in members:
            parent[member] = head
            relations.append((member, head, "group_member", None, -700))
            relations.append((head, member, "shareholder", 510_000, -700))
    return owner, spouse, parent, relations


def build_population(size: Size, seed: int) -> Population:
    """Everybody, from the seed."""
    units = _units(size, seed)
    generator = seeded_generator(seed, "population")
    parties = Parties()
    subs = np.array(units.sub_branches)

    weights = np.full(len(INDUSTRIES), 1.0)
    weights[REAL_ESTATE], weights[CAR_TRADE] = 0.6, 0.5
    industry = generator.choice(len(INDUSTRIES), size.companies, p=weights / weights.sum())
    industry[:6] = REAL_ESTATE  # every size has some of either
    industry[6:9] = CAR_TRADE
    quiet = generator.random(size.companies) < 0.28
    quiet[:9] = False
    revenue = (generator.lognormal(np.log(110 * WAN), 0.9, size.companies)).clip(8 * WAN, 6000 * WAN)
    revenue = np.where(quiet, (revenue * 0.06).clip(1 * WAN, 3 * WAN), revenue).astype(np.int64)
    _add_companies(
        generator,
        parties,
        industry,
        [int(u) for u in generator.choice(subs, size.companies)],
        customer=True,
        small=revenue < 30 * WAN,
    )
    _add_individuals(generator, parties, [int(u) for u in generator.choice(subs, size.individuals)])
    salary = generator.lognormal(np.log(8_500 * 100), 0.45, size.individuals).clip(3_000_00, 60_000_00)

    first_public = len(parties)
    for city in names.CITIES[: max(1, min(size.branches, len(names.CITIES)))]:
        for body in PUBLIC_BODIES:
            _add_companies(
                generator, parties, np.array([8]), [int(subs[0])], customer=True, small=np.array([False])
            )
            parties.kind[-1] = "public_body"
            parties.industry[-1] = -1
            parties.name[-1] = f"{city.removesuffix('市')}{body}"
    first_outside = len(parties)
    _add_companies(
        generator,
        parties,
        generator.choice(REAL_ESTATE, size.outside_companies),
        [int(subs[0])] * size.outside_companies,
        customer=False,
        small=np.zeros(size.outside_companies, dtype=np.bool_),
    )
    owner, spouse, parent, relations = _relations(generator, size.companies, size.individuals, industry)
    for company in range(size.companies):
        if company % 17 == 0 and company in parent and parent[company] != company:
            parties.address[company] = parties.address[parent[company]]
            relations.append((company, parent[company], "same_address", None, -300))
    return Population(
        units=units,
        parties=parties,
        companies=size.companies,
        individuals=size.individuals,
        public_bodies=np.arange(first_public, first_outside),
        outside_companies=np.arange(first_outside, len(parties)),
        owner=owner,
        spouse=spouse,
        parent=parent,
        revenue_month_fen=revenue,
        industry=industry,
        quiet=quiet,
        salary_month_fen=salary.astype(np.int64),
        relations=relations,
    )


def region_code(party: int) -> str:
    """A county code for a party."""
    return REGIONS[party % len(REGIONS)]
