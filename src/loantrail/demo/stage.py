"""What the planters of misuse and of look-alikes work with: one loan at a time, by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loantrail.demo.accounts import Places
from loantrail.demo.flow_book import NONE, FlowBook
from loantrail.demo.lending import ENTRUSTED, Loans
from loantrail.demo.model import DAYS, WAN, YUAN
from loantrail.demo.papers import KnownTruth, LookAlike, Papers, Planted
from loantrail.demo.population import Population
from loantrail.demo.season import REAL_ESTATE, date_of, day_of, instants
from loantrail.demo.spending import Draws
from loantrail.ids import seeded_generator

Int64 = NDArray[np.int64]

HOUR: int = 3_600_000_000
"""Microseconds."""
DAY: int = 24 * HOUR
REMARKS = ("货款", "往来款", "材料款", "服务费", "加工费", "周转")


@dataclass(frozen=True, slots=True)
class Case:
    """One loan that plays a part. `account` is where the money came in."""

    loan: int
    instant: int
    amount_fen: int
    account: int
    main: int
    borrower: int
    product: int
    issue_day: int


class Stage:
    """The bank's parts, a generator, and the movements that stories are made of."""

    def __init__(
        self,
        book: FlowBook,
        people: Population,
        places: Places,
        loans: Loans,
        draws: Draws,
        suppliers: Int64,
        papers: Papers,
        truth: KnownTruth,
        seed: int,
    ) -> None:
        self.book, self.people, self.places, self.loans = book, people, places, loans
        self.draws, self.suppliers, self.papers, self.truth = draws, suppliers, papers, truth
        self.generator = seeded_generator(seed, "planting")
        borrowers = {int(row) for row in loans.borrower}
        firms = [
            int(row)
            for row in np.flatnonzero(people.quiet & (people.industry != REAL_ESTATE))
            if int(row) not in borrowers
        ]
        drawn = [int(row) for row in self.generator.permutation(firms or np.arange(people.companies))]
        self._passing, self._firms = drawn[::2], drawn[1::2]
        self._persons = [
            person
            for person in (people.companies + self.generator.permutation(people.individuals)).tolist()
            if person not in borrowers
        ]
        self._next_firm = self._next_passing = self._next_person = 0

    # Choosing

    def case(self, loan: int) -> Case:
        """The loan with its first drawdown."""
        first = int(np.searchsorted(self.draws.loan, loan))
        loans = self.loans
        return Case(
            loan=loan,
            instant=int(self.draws.instant[first]),
            amount_fen=int(self.draws.amount_fen[first]),
            account=int(loans.account[loan]),
            main=int(loans.main[loan]),
            borrower=int(loans.borrower[loan]),
            product=int(loans.product[loan]),
            issue_day=int(loans.issue_day[loan]),
        )

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return int(self.generator.integers(low, high + 1))

    def part(self, amount_fen: int, low_percent: int, high_percent: int) -> int:
        """A share of an amount, whole hundreds of yuan."""
        return (
            max(amount_fen * self.between(low_percent, high_percent) // 100 // (100 * YUAN), 1) * 100 * YUAN
        )

    def pick(self, rows: Sequence[int] | Int64) -> int:
        """One of the rows."""
        return int(rows[self.between(0, len(rows) - 1)])

    def firm(self) -> int:
        """A quiet firm that borrowed nothing and may keep what it gets (party); each is used once until all were."""
        self._next_firm += 1
        return self._firms[self._next_firm % len(self._firms)]

    def person(self) -> int:
        """An individual customer who borrowed nothing (party)."""
        self._next_person += 1
        return self._persons[self._next_person % len(self._persons)]

    def account_of(self, party: int) -> int:
        """The main account of a customer."""
        return self.places.main_of(party, self.people.companies)

    def elsewhere_of(self, party: int) -> int:
        """The same customer's account at another bank."""
        return self.places.elsewhere_of(party, self.people.companies)

    def company_firm(self) -> int:
        """As `firm`, and not a sole proprietor where there is one."""
        for _ in range(len(self._firms)):
            firm = self.firm()
            if self.people.parties.kind[firm] == "company":
                return firm
        return self.firm()

    def passing_firm(self) -> int:
        """A quiet firm (party) that keeps nothing of what it passes on, and so may be used again."""
        self._next_passing += 1
        return self._passing[self._next_passing % len(self._passing)]

    def relay(self, amount_fen: int) -> int:
        """An account that passes money on: a quiet firm for large sums, mostly a person for small ones."""
        firms = 0.9 if amount_fen > 60 * WAN else 0.25
        return self.account_of(self.passing_firm() if self.generator.random() < firms else self.person())

    def controller(self, borrower: int) -> int:
        """Who controls a company; the person himself for an individual."""
        return int(self.people.owner[borrower]) if borrower < self.people.companies else borrower

    def relate(self, one: int, other: int, kind: str, share_ppm: int | None = None) -> None:
        """Put a relation on record."""
        self.people.relations.append((one, other, kind, share_ppm, -400))

    def spouse(self, person: int) -> int:
        """The spouse on record, or a new one."""
        if person not in self.people.spouse:
            other = next(
                p for p in (self.person() for _ in range(50)) if p not in self.people.spouse and p != person
            )
            self.people.spouse[person], self.people.spouse[other] = other, person
            self.relate(person, other, "spouse")
        return self.people.spouse[person]

    def related_firm(self, borrower: int) -> int:
        """A quiet firm that the borrower's controller holds at least a quarter of."""
        firm = self.firm()
        who = self.controller(borrower)
        self.relate(who, firm, "controller")
        self.relate(who, firm, "shareholder", self.between(26, 90) * 10_000)
        self.people.owner[firm] = who
        return firm

    def guarantee_account(self, loan: int) -> int:
        """The account of the loan's guarantor."""
        return self.account_of(int(self.loans.guarantor[loan]))

    # Moving

    def later(self, instant: int, low_hours: float, high_hours: float) -> int:
        """An instant some hours on, in waking hours, before the books end."""
        moved = instant + int(self.generator.uniform(low_hours, high_hours) * HOUR)
        day = int(day_of(np.array([moved]))[0])
        second = (moved - int(instants(np.array([day]), np.array([0]))[0])) // 1_000_000
        if second < 8 * 3600:
            second = 8 * 3600 + second // 4
        elif second > 22 * 3600:
            day, second = day + 1, 8 * 3600 + self.between(0, 3600)
        day = min(day, DAYS - 2)
        return max(int(instants(np.array([day]), np.array([second]))[0]), instant + 60_000_000)

    def move(
        self, instant: int, debit: int, credit: int, amount_fen: int, remark: str, document: int = NONE
    ) -> int:
        """One movement; returns its entry number."""
        return self.book.one(instant, debit, credit, amount_fen, remark, document)

    def remark(self) -> str:
        """A remark that says little."""
        return REMARKS[self.between(0, len(REMARKS) - 1)]

    def pieces(self, amount_fen: int, count: int) -> list[int]:
        """An amount in uneven pieces, whole yuan but for the last."""
        weights = self.generator.uniform(0.6, 1.4, count)
        cut = [
            int(amount_fen * int(w * 1000) // int(weights.sum() * 1000)) // YUAN * YUAN for w in weights[:-1]
        ]
        return [*cut, amount_fen - sum(cut)]

    def pieces_below(self, amount_fen: int, count: int, limit_fen: int) -> list[int]:
        """An amount in nearly even pieces, each below the limit."""
        even = amount_fen // count // WAN * WAN
        shift = min(limit_fen - 1 * WAN - even, even // 20) // WAN * WAN
        cut = [even + (shift if n % 2 else -shift) for n in range(count - count % 2)]
        cut += [even] * (count % 2)
        cut[0] += amount_fen - sum(cut)
        return cut

    def carry(
        self,
        case: Case,
        target: int,
        amount_fen: int,
        *,
        relays: int,
        split: int = 1,
        merge: bool = True,
        remark: str = "",
        start: int | None = None,
        last_remark: str = "",
    ) -> tuple[list[int], int]:
        """Bring `amount_fen` of the loan from its account to `target`: in `split` pieces, each over `relays` accounts,
        the last of which they share when they `merge`. Returns (entries, instant of the last one)."""
        entries: list[int] = []
        begin = case.instant if start is None else start
        shared = self.relay(amount_fen) if relays else 0
        arrived: list[tuple[int, int, int]] = []
        for piece in self.pieces(amount_fen, split):
            chain = (
                [self.relay(piece) for _ in range(relays - 1)] + [shared if merge else self.relay(piece)]
                if relays
                else []
            )
            here, when = case.account, begin
            for account in chain:
                when = self.later(when, 0.6, 26)
                entries.append(self.move(when, here, account, piece, remark or self.remark()))
                here = account
            arrived.append((here, when, piece))
        end = begin
        if relays and merge:
            when = self.later(max(row[1] for row in arrived), 1, 30)
            entries.append(
                self.move(when, shared, target, amount_fen, last_remark or remark or self.remark())
            )
            end = when
        else:
            for here, instant, piece in arrived:
                when = self.later(instant, 0.6, 30)
                entries.append(self.move(when, here, target, piece, last_remark or remark or self.remark()))
                end = max(end, when)
        return entries, end

    def route(self) -> tuple[int, int, str]:
        """(relays, pieces, words) of a route, plain ones more often."""
        relays = int(self.generator.choice(5, p=[0.4, 0.25, 0.15, 0.12, 0.08]))
        pieces = int(self.generator.choice(3, p=[0.5, 0.3, 0.2])) + 1
        words = "direct" if relays == 0 else f"via {relays}"
        return relays, pieces, f"{words}, {pieces} pieces" if pieces > 1 else words

    def top_up(self, case: Case, amount_fen: int) -> None:
        """The borrower's own money comes in before, so that the loan is mixed with it."""
        source = self.pick(self.places.buyers)
        self.move(case.instant - self.between(2, 40) * HOUR, source, case.account, amount_fen, "货款")

    # Papers

    def order(self, case: Case, payee: int, amount_fen: int, *, in_contract: bool = True) -> int:
        """A payment order of the bank; returns the number of its document for the movement."""
        number = f"ST{date_of(case.issue_day):%Y%m%d}{len(self.papers.orders) + 1:07d}"
        self.papers.orders.append((case.loan, payee, amount_fen, number, case.issue_day))
        if in_contract:
            self.papers.payees[(case.loan, payee)] = None
        return self.book.document(number)

    def honest_payee(self, case: Case) -> int:
        """A supplier of the borrower."""
        if case.borrower < self.people.companies:
            return self.pick(self.suppliers[case.borrower])
        return self.pick(self.places.suppliers)

    def pay_supplier(
        self,
        case: Case,
        amount_fen: int,
        payee: int | None = None,
        *,
        low_hours: float = 2,
        high_hours: float = 120,
        remark: str = "货款",
    ) -> int:
        """An honest payment with its papers; the true use is noted. Returns the entry (-1 for nothing to pay)."""
        if amount_fen <= 0:
            return NONE
        chosen = self.honest_payee(case) if payee is None else payee
        document = NONE
        if self.loans.mode[case.loan] == ENTRUSTED:
            document = self.order(case, chosen, amount_fen)
        when = self.later(case.instant, low_hours, high_hours)
        entry = self.move(when, case.account, chosen, amount_fen, remark, document)
        self.papers.invoice(chosen, case.borrower, case.issue_day + self.between(-3, 9), amount_fen)
        self.truth.use(case.loan, "supplier", amount_fen)
        return entry

    def rest_honestly(self, case: Case, amount_fen: int) -> None:
        """Spend what is left of the loan on suppliers, in one or two payments."""
        if amount_fen <= 0:
            return
        for piece in self.pieces(amount_fen, self.between(1, 2)):
            self.pay_supplier(case, piece)

    # Truth

    def plant(
        self,
        case: Case,
        pattern: str,
        destination_class: str,
        amount_fen: int,
        entries: Sequence[int],
        route: str,
        also: Sequence[str] = (),
        *,
        use: str | None = None,
    ) -> None:
        """Note a misuse; `use` is the true final use of the amount (the class itself when not given)."""
        shown = tuple(also)
        if self.loans.mode[case.loan] == ENTRUSTED and pattern != "PAYEE_MISMATCH":
            shown += ("PAYEE_MISMATCH",)  # paid past the orders that such a loan must have
        self.truth.planted.append(
            Planted(
                case.loan,
                pattern,
                destination_class,
                amount_fen,
                tuple(entries),
                case.instant,
                route,
                shown,
            )
        )
        self.truth.use(case.loan, use or destination_class, amount_fen)

    def resemble(
        self, case: Case, look_alike: str, resembles: Sequence[str], amount_fen: int, entries: Sequence[int]
    ) -> None:
        """Note honest behaviour that resembles misuse."""
        self.truth.look_alikes.append(
            LookAlike(case.loan, look_alike, tuple(resembles), amount_fen, tuple(entries), case.instant)
        )
