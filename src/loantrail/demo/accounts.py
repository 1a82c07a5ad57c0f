"""The accounts of the demo bank and those elsewhere that its customers deal with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from loantrail.demo import names
from loantrail.demo.codes import (
    bank_number,
    card_numbers,
    corporate_account_numbers,
    outside_account_numbers,
)
from loantrail.demo.model import Size
from loantrail.demo.population import Population
from loantrail.ids import seeded_generator

Int64 = NDArray[np.int64]

OWN_BANK: Final = 0
OTHER_BANKS: Final = 14


@dataclass(slots=True)
class AccountBook:
    """One row per account. Rows are added once and referred to by number."""

    number: list[str] = field(default_factory=list[str])
    name: list[str] = field(default_factory=list[str])
    kind: list[str] = field(default_factory=list[str])
    party: list[int] = field(default_factory=list[int])
    """-1: nobody on record."""
    bank: list[int] = field(default_factory=list[int])
    """0 is this bank."""
    unit: list[int] = field(default_factory=list[int])
    opened_day: list[int] = field(default_factory=list[int])
    _corporate: int = 0
    _cards: int = 0

    def __len__(self) -> int:
        return len(self.number)

    def add_own(
        self, account_names: list[str], parties: list[int], kind: str, units: list[int], opened: Int64
    ) -> Int64:
        """Open accounts at this bank; returns their numbers in this book."""
        count = len(account_names)
        if kind == "savings":
            self.number.extend(card_numbers(self._cards, count))
            self._cards += count
        else:
            self.number.extend(corporate_account_numbers(self._corporate, count))
            self._corporate += count
        self.name.extend(account_names)
        self.kind.extend([kind] * count)
        self.party.extend(parties)
        self.bank.extend([OWN_BANK] * count)
        self.unit.extend(units)
        self.opened_day.extend(int(day) for day in opened)
        return np.arange(len(self.number) - count, len(self.number))

    def add_outside(
        self,
        generator: np.random.Generator,
        account_names: list[str],
        parties: list[int] | None = None,
        *,
        company: bool = True,
    ) -> Int64:
        """Note accounts at other banks; returns their numbers in this book."""
        count = len(account_names)
        self.number.extend(outside_account_numbers(generator, np.full(count, company), len(self.number)))
        self.name.extend(account_names)
        self.kind.extend(["external"] * count)
        self.party.extend(parties if parties is not None else [-1] * count)
        self.bank.extend(int(bank) for bank in generator.integers(1, OTHER_BANKS + 1, count))
        self.unit.extend([-1] * count)
        self.opened_day.extend([-1000] * count)
        return np.arange(len(self.number) - count, len(self.number))

    def own_mask(self) -> NDArray[np.bool_]:
        """Which accounts are at this bank."""
        return np.array(self.bank, dtype=np.int32) == OWN_BANK


@dataclass(slots=True)
class Places:
    """Where money can go. All values are rows of the account book."""

    book: AccountBook
    company_main: Int64
    individual_main: Int64
    company_elsewhere: Int64
    individual_elsewhere: Int64
    public_bodies: Int64
    suppliers: Int64
    """Outside companies on the registry."""
    buyers: Int64
    """Outside companies nobody registered: where sales come from."""
    persons: Int64
    """Outside individuals."""
    payroll_banks: Int64
    """Other banks' payroll clearing accounts."""
    loan_internal: dict[int, int]
    """Branch -> the account that loans are paid from and to."""
    suspense: int
    tax: Int64
    merchants: Int64
    wallets_own: Int64
    """Payment institutions' pooled accounts here."""
    wallets_elsewhere: Int64
    securities_pool: int
    cash_pool: dict[int, int]
    """Group parent -> the group's cash pool account."""
    supervised: Int64
    """Presale accounts of developers here, in the order of the real-estate companies."""
    prohibited: dict[str, Int64]
    """Destination class -> accounts elsewhere whose owner is of that class."""

    def main_of(self, party: int, companies: int) -> int:
        """The main account of a company or an individual."""
        return int(self.company_main[party] if party < companies else self.individual_main[party - companies])

    def elsewhere_of(self, party: int, companies: int) -> int:
        """The same person's account at another bank."""
        chosen = self.company_elsewhere if party < companies else self.individual_elsewhere
        return int(chosen[party if party < companies else party - companies])


INSTITUTION_FORMS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "securities": (("证券", "有限责任公司"), ("证券", "股份有限公司"), ("基金", "管理有限公司"), ("证券", "有限责任公司客户交易结算资金")),
    "futures": (("期货", "有限公司"),),
    "wealth_management": (("信托", "有限责任公司"), ("理财", "有限责任公司")),
    "insurance_investment": (("人寿保险", "股份有限公司"),),
    "developer": (("房地产开发", "有限公司"), ("置业", "有限公司")),
    "property_purchase": (("房地产开发", "有限公司预售资金监管户"), ("房产经纪", "有限公司")),
    "lender": (("小额贷款", "有限公司"), ("小额贷款", "股份有限公司")),
    "guarantee_pawn": (("典当", "有限责任公司"), ("融资担保", "有限公司")),
    "leasing_factoring": (("融资租赁", "有限公司"), ("商业保理", "有限公司")),
    "virtual_assets": (("数字资产科技", "有限公司"),),
    "gold": (("黄金交易", "有限公司"),),
}  # fmt: skip
_BANK_BRANDS: Final = "沣 祎 霖 岱 垚 稷 煜 崧 栩 凌暄 朗瑾 翊珩 煊沐 嵘栖".split()


def bank_name(bank: int) -> str:
    """The name of a bank of this world."""
    if bank == OWN_BANK:
        return names.BANK_NAME
    city = names.CITIES[bank % len(names.CITIES)].removesuffix("市")
    return f"{city}{_BANK_BRANDS[bank - 1]}银行"


def institution_numbers() -> list[str]:
    """The bank number of each bank of this world."""
    return [bank_number(bank, 7 * bank + 3) for bank in range(OTHER_BANKS + 1)]


def _institutions(
    generator: np.random.Generator, book: AccountBook, size: Size, taken: set[str]
) -> dict[str, Int64]:
    many = {"small": 4, "medium": 12, "large": 30}[size.name]
    found: dict[str, Int64] = {}
    for name, forms in INSTITUTION_FORMS.items():
        rows: list[str] = []
        for trade, form in forms:
            rows += names.company_names(generator, [trade] * many, taken, form=form)
        found[name] = book.add_outside(generator, rows)
    for name, texts in {
        "other_bank_loan": ("贷款还款专户", "个人贷款归集户"),
        "mortgage_elsewhere": ("个人住房贷款还款户",),
        "card_repayment": ("信用卡中心",),
        "bill_discount": ("票据贴现专户",),
    }.items():
        found[name] = book.add_outside(
            generator, [f"{bank_name(b)}{text}" for b in range(1, OTHER_BANKS + 1) for text in texts]
        )
    return found


def build_places(size: Size, seed: int, people: Population) -> Places:
    """Open every account that ordinary life needs."""
    generator = seeded_generator(seed, "accounts")
    book = AccountBook()
    parties = people.parties
    units = people.units
    companies = list(range(people.companies))
    individuals = [people.individual(row) for row in range(people.individuals)]

    def own(rows: list[int], kind: str, suffix: str = "") -> Int64:
        return book.add_own(
            [parties.name[p] + suffix for p in rows],
            rows,
            kind,
            [parties.unit[p] for p in rows],
            -generator.integers(60, 2500, len(rows)),
        )

    company_main = own(companies, "settlement")
    individual_main = own(individuals, "savings")
    public_bodies = own([int(p) for p in people.public_bodies], "settlement")
    estate = [int(c) for c in people.companies_of(12)]
    supervised = own(estate, "supervised", "商品房预售资金监管专户")
    heads = sorted(set(people.parent.values()))
    pools = own(heads, "pooled", "集团资金归集账户")

    head_office = 0
    loan_internal = {
        branch: int(
            book.add_own(
                [f"{units.name[branch]}贷款核算户"], [-1], "loan_internal", [branch], np.array([-3000])
            )[0]
        )
        for branch in units.branches
    }
    internal = book.add_own(
        ["待处理结算款项", "利息收入"], [-1, -1], "bank_internal", [head_office] * 2, np.array([-3000, -3000])
    )
    payment = names.company_names(generator, ["支付"] * 3, parties.taken, form="有限公司客户备付金")
    wallets_own = book.add_own(payment[:2], [-1, -1], "pooled", [head_office] * 2, np.array([-2000, -2000]))
    broker = names.company_names(
        generator, ["证券"], parties.taken, form="有限责任公司客户交易结算资金汇总账户"
    )
    pool = book.add_own(broker, [-1], "pooled", [head_office], np.array([-2000]))

    outside = [int(p) for p in people.outside_companies]
    buyer_trades = [
        ("商贸", "实业", "制造", "百货", "工程", "科技")[i]
        for i in generator.integers(0, 6, size.outside_companies)
    ]
    shops = [
        ("超市", "餐饮管理", "教育咨询", "家具", "电器", "医院管理")[i] for i in generator.integers(0, 6, 60)
    ]
    return Places(
        book=book,
        company_main=company_main,
        individual_main=individual_main,
        company_elsewhere=book.add_outside(generator, [parties.name[p] for p in companies]),
        individual_elsewhere=book.add_outside(
            generator, [parties.name[p] for p in individuals], company=False
        ),
        public_bodies=public_bodies,
        suppliers=book.add_outside(generator, [parties.name[p] for p in outside], outside),
        buyers=book.add_outside(generator, names.company_names(generator, buyer_trades, parties.taken)),
        persons=book.add_outside(
            generator, names.person_names(generator, size.outside_individuals), company=False
        ),
        payroll_banks=book.add_outside(
            generator, [f"{bank_name(b)}代发工资专户" for b in range(1, OTHER_BANKS + 1)]
        ),
        loan_internal=loan_internal,
        suspense=int(internal[0]),
        tax=book.add_outside(
            generator,
            [f"国家金库{city}中心支库" for city in names.CITIES]
            + [f"{city}社会保险基金" for city in names.CITIES],
        ),
        merchants=book.add_outside(generator, names.company_names(generator, shops, parties.taken)),
        wallets_own=wallets_own,
        wallets_elsewhere=book.add_outside(generator, payment[2:]),
        securities_pool=int(pool[0]),
        cash_pool={head: int(row) for head, row in zip(heads, pools, strict=True)},
        supervised=supervised,
        prohibited=_institutions(generator, book, size, parties.taken),
    )
