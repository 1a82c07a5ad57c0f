"""The loans that a group of lines changed, judged as a run over the books judges them.

Of a loan whose earlier transactions stayed what they were only the new ones are looked at by the rules; what the rules found in the
earlier ones is remembered, at first out of the run that the state stands on.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib.metadata import version
from typing import Any, Final

import polars as pl
from psycopg import Connection

from loantrail import clock
from loantrail.clock import business_date, microseconds
from loantrail.early_warning import store_allow
from loantrail.early_warning.frames import LEADS
from loantrail.early_warning.hits import HITS, PROVEN
from loantrail.early_warning.taking import Payees, hit_rows, told_of
from loantrail.few_rows import empty
from loantrail.monitor import store_step
from loantrail.monitor.broken_rules import BrokenRules
from loantrail.monitor.halves import with_standing, without_halves
from loantrail.monitor.judge import Judged, judge_ends_of_day, judge_loans
from loantrail.monitor.last_payment import Last, last_of
from loantrail.monitor.remembered import SAID_OF_DAYS, Remembered
from loantrail.monitor.resting import Resting, anything, may_rest, resting
from loantrail.monitor.running_away import LoansHit, loans_paid_out
from loantrail.monitor.shown import Changed
from loantrail.monitor.slice_frames import Slice, slice_of
from loantrail.monitor.slice_index import EPOCH, Index
from loantrail.parameters import ParameterBook
from loantrail.rules import store_lists
from loantrail.rules.evaluate import FOUND_BY_RULE, ReadyRule, ReadyRules
from loantrail.rules.running import Runaway, ready_rules
from loantrail.rules.stopping import RulesBroken
from loantrail.signals.catalogue import DAY, DAYS_KEPT, no_rows, row_schema
from loantrail.signals.kernel_state import DAY_US

_VERSION: Final = version("loantrail")
_DAYS_READY: Final = 8


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at to judge some loans: nothing of it becomes another when the state goes on."""

    whole: tuple[str, ...]
    """Loans of which all is looked at, sorted."""
    ends: tuple[str, ...]
    """Those of which only the end of the day can say something else, sorted."""
    parts: tuple[tuple[Slice, pl.DataFrame | None], ...]
    """Slices of the books, and what the rules found in all earlier rows (FOUND_BY_RULE); None where all rows are there."""
    rules: ReadyRules
    parameters: ParameterBook
    entries: pl.DataFrame
    """What stands on the watch and black lists (`store_lists.standing`)."""
    proven: pl.DataFrame
    codes: frozenset[str] | None = None
    """The patterns that are looked for; None: all of them, and all rows are counted whether a rule asks or not."""

    @property
    def loans(self) -> list[str]:
        return sorted((*self.whole, *self.ends))

    def judged(self) -> list[Judged]:
        """What is said of the loans that are looked at whole. Needs neither the state nor the database."""
        return [
            judge_loans(
                part, self.parameters, self.rules, self.entries, _VERSION, self.proven, before, self.codes
            )
            for part, before in self.parts
        ]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is said of loans after a group of lines."""

    loans: tuple[str, ...]
    hits: pl.DataFrame
    """HITS; one to which nothing came but halves of transfers says what it said before."""
    codes: tuple[str, ...]
    proven: pl.DataFrame
    payees: Payees
    on_date: datetime.date
    found: dict[str, pl.DataFrame]
    """Loan -> what the rules found in its rows so far (FOUND_BY_RULE)."""
    whole: tuple[str, ...]
    """Those of the loans of which all was looked at."""
    leads: pl.DataFrame
    """LEADS of these."""
    days: pl.DataFrame
    """Their ends of the day (signals.catalogue.row_schema)."""
    as_of: datetime.datetime
    doubtful: frozenset[str]
    """Loans of which all is to be looked at when they are judged next."""
    halves: frozenset[str] = frozenset()
    """Transactions on which hits would rest, were their other line there."""
    broken: frozenset[str] = frozenset()
    """Ids of versions of rules that broke since the last judgement that was kept: they judge nothing from then on."""
    rules: tuple[ReadyRule, ...] = ()
    """What was looked with and is told of."""


class Judging:
    """Judges from one state of the books on; remembers what was found."""

    def __init__(self, run_id: str, found_in_run: pl.DataFrame | None, remembered: Remembered) -> None:
        """`found_in_run`: what the rules found in the rows of the books that the state began with; None where that is not
        known: then all rows of a loan are looked at when it is judged first. `remembered`: what else these books say."""
        self._run_id = run_id
        self._remembered = remembered
        self._in_run = found_in_run
        self._found: dict[str, pl.DataFrame] = {}
        self._unknown: set[str] = set()
        self._rules: dict[datetime.date, ReadyRules] = {}
        """Those of the business dates that were asked about last."""
        self._broken = BrokenRules()
        self._rules_state = ""
        self._loans_hit = LoansHit()
        self.rules_said: str | None = None
        """What was said last of the state of the rules, for those who judge next; None: they ask."""
        self.run_said: str | None = None
        """The run that screens show, as was said last. Another one than this stands on knows records, corrections and entries of lists that
        this does not: what it found on a loan stays, until the state that stands on it judges the loan."""

    def judge_by(self, parameters: ParameterBook) -> None:
        """Take these parameters in place of those before."""
        self._remembered.judge_by(parameters)
        self._rules.clear()

    def keep(self, judgement: Judgement) -> None:
        """The judgement is in the books."""
        self._broken.say(judgement.broken)
        self._found.update(judgement.found)
        self._loans_hit.keep(judgement.hits, judgement.loans)
        self._unknown.difference_update(judgement.loans)
        self._remembered.keep(judgement.whole, judgement.leads, judgement.days, judgement.as_of)
        self._remembered.doubt(judgement.doubtful)

    def forget(self, loans: Iterable[str]) -> None:
        """Rows of these loans came that were not judged here."""
        for loan in loans:
            self._found.pop(loan, None)
            self._unknown.add(loan)
            self._remembered.doubt((loan,))
            self._loans_hit.forget()

    def look(
        self, connection: Connection[Any], index: Index, changed: Changed, *, days_too: bool = True
    ) -> Look:
        """What judging the loans that changed looks at, taken out of the state. Without `days_too` only that of which hits may rest on
        what is new (resting.py): the end of a day rests on no transaction, and of other loans all hits rest on earlier ones."""
        rules = self._ready(connection, business_date(index.as_of), index.parameters)
        whole, ends = self._parted(index, changed, rules)
        ends = ends if days_too else []
        loans = sorted((*whole, *ends))
        codes, asked = None, rules.asked | SAID_OF_DAYS
        if loans and not days_too:
            rest = self._resting(connection, index, changed, whole, rules)
            whole = loans = list(rest.loans)
            rules, codes, asked = rest.rules, rest.codes, rest.rules.asked
        if not loans:
            return Look((), (), (), rules, index.parameters, empty(store_lists.ENTRIES), empty(PROVEN))
        anew = [loan for loan in whole if self._is_anew(changed, loan)]
        others = sorted(set(whole) - set(anew))
        fresh = pl.Series(changed.transactions, dtype=pl.String)
        return Look(
            tuple(whole),
            tuple(ends),
            tuple(
                (slice_of(index, loans, index.parameters, wanted, asked), before)
                for loans, wanted, before in ((anew, None, None), (others, fresh, self._before(others)))
                if loans
            ),
            rules,
            index.parameters,
            _listed(connection),
            self._proven(connection, loans),
            codes,
        )

    def judge(
        self, connection: Connection[Any], index: Index, changed: Changed, *, days_too: bool = True
    ) -> Judgement:
        """Judge the loans that changed; only reads. `days_too` as `look` has it. A rule that breaks judges nothing from then on: the
        loans are judged without it, as after a run that stopped it."""
        while True:
            try:
                judgement = self._judged(connection, index, changed, days_too=days_too)
            except RulesBroken as problem:
                if not self._broken.add(problem.broken):
                    raise
                self._rules.clear()
            else:
                return replace(judgement, broken=self._broken.unsaid)

    def _judged(
        self, connection: Connection[Any], index: Index, changed: Changed, *, days_too: bool
    ) -> Judgement:
        look = self.look(connection, index, changed, days_too=days_too)
        day, rules, parameters, proven = business_date(index.as_of), look.rules, look.parameters, look.proven
        whole, ends, loans = look.whole, look.ends, look.loans
        if not loans:
            return replace(nothing_said(), on_date=day, as_of=index.as_of, doubtful=changed.doubtful)
        parts = look.judged()
        looked_at = list(parts)
        if ends:
            days = self._remembered.ends_of_day(index, ends, day)
            leads = self._remembered.leads_of(ends)
            before = self._before(ends)
            parts.append(judge_ends_of_day(index, leads, days, parameters, rules, _VERSION, proven, before))
        every = pl.concat([nothing_said().hits, *(part.hits for part in parts)])
        standing = partial(store_step.standing_hits, connection)
        if self.run_said not in (None, self._run_id):
            every = with_standing(every, standing(loans), parts[0].codes)
        hits, halves = without_halves(every, changed.order.waiting(), standing)
        found = pl.concat([part.found.select(*FOUND_BY_RULE) for part in parts])
        of_loan = dict.fromkeys(loans, found.clear())
        for rows in found.partition_by("loan_id", maintain_order=True) if len(found) else ():
            of_loan[rows["loan_id"][0]] = rows
        return Judgement(
            loans=tuple(loans),
            hits=hits,
            codes=parts[0].codes if parts else (),
            proven=proven,
            payees=payees_of_hits(index, hits, loans),
            on_date=day,
            found=of_loan,
            whole=tuple(whole),
            leads=pl.concat([nothing_said().leads, *(part.leads for part in looked_at)]),
            days=pl.concat(
                [
                    nothing_said().days,
                    *(
                        part.rows.filter(pl.col("occasion") == DAY).select(*row_schema())
                        for part in looked_at
                    ),
                ]
            ),
            as_of=index.as_of,
            doubtful=changed.doubtful,
            halves=halves,
            rules=rules.warning.rules,
        )

    def runaways(self, connection: Connection[Any], index: Index, judgement: Judgement) -> list[Runaway]:
        """Rules that would hit too many loans if the judgement were taken. Whoever stops one judges once more: what the rules are now is
        asked then."""
        found = self._loans_hit.runaways(
            connection, judgement, partial(loans_paid_out, index), index.parameters
        )
        if found:
            self.rules_said = None
        return found

    def told(self, connection: Connection[Any], judgement: Judgement) -> frozenset[str]:
        """Ids of the hits that no entry of the allow list keeps out."""
        entries = store_allow.in_force(connection, business_date(clock.now()))
        return told_of(hit_rows(judgement.hits, entries, judgement.proven, judgement.payees))

    def be_ready(self, connection: Connection[Any], index: Index) -> None:
        """Read the rules now: whoever needs them first would wait for it, and others with the state for that one."""
        _ = self._ready(connection, business_date(index.as_of), index.parameters).warning

    def may_rest(self, connection: Connection[Any], index: Index, payment: Last) -> bool:
        """Whether a hit may rest on a payment that is not shown."""
        rules = self._ready(connection, business_date(index.as_of), index.parameters)
        return may_rest(index, payment, rules, lambda: _listed(connection))

    # Inside --------------------------------------------------------------------------------------------------

    def _resting(
        self, connection: Connection[Any], index: Index, changed: Changed, whole: list[str], rules: ReadyRules
    ) -> Resting:
        """What may rest on what is new, for these loans."""
        rows = index.transaction_rows(pl.Series(changed.transactions, dtype=pl.String))
        payment = last_of(index, int(rows[0])) if len(rows) == 1 and not changed.gone else None
        if payment is None:
            return anything(whole, rules)
        found = resting(index, payment, rules, lambda: _listed(connection))
        return found._replace(loans=tuple(loan for loan in found.loans if loan in set(whole)))

    def _parted(self, index: Index, changed: Changed, rules: ReadyRules) -> tuple[list[str], list[str]]:
        """The loans of which all is looked at, and those of which only the end of the day can say something else. Both sorted."""
        remembered, records = self._remembered, index.records
        # Rows of what the side paid with its own money are wanted for so long.
        looked_at_us = microseconds(index.as_of) - (DAYS_KEPT + 1) * DAY_US
        more_is_asked = any(not fields <= SAID_OF_DAYS for fields in rules.asked_of_days)

        def stands(loan: str) -> bool:
            if more_is_asked or loan in changed.whole or self._is_anew(changed, loan):
                return False
            if not remembered.stands(index, loan) or remembered.mentions(loan, changed.gone):
                return False
            disbursed = records.disbursed_us[records.number_of(loan)]
            return not rules.looks_at_own_money or disbursed is None or disbursed < looked_at_us

        ends = [loan for loan in changed.loans if stands(loan)]
        whole = {*changed.loans} - {*ends}
        whole.update(
            loan for loan in changed.draining if not remembered.stands(index, loan) or remembered.drains(loan)
        )
        return sorted(whole), ends

    def _is_anew(self, changed: Changed, loan: str) -> bool:
        """Whether all rows of a loan are looked at, as what was found in them before does not count."""
        if loan in changed.anew or not self._knows(loan):
            return True
        if loan not in changed.replaced:
            return False
        ids = self._before([loan])["transaction_ids"].explode(empty_as_null=False)
        return not changed.gone.isdisjoint(ids.to_list())

    def _knows(self, loan: str) -> bool:
        return loan in self._found or (self._in_run is not None and loan not in self._unknown)

    def _before(self, loans: Sequence[str]) -> pl.DataFrame:
        kept = [self._found[loan] for loan in loans if loan in self._found]
        rest = [loan for loan in loans if loan not in self._found]
        if self._in_run is not None and rest:
            kept.append(self._in_run.filter(pl.col("loan_id").is_in(rest)))
        return pl.concat([pl.DataFrame(schema=FOUND_BY_RULE), *kept])

    def _proven(self, connection: Connection[Any], loans: Sequence[str]) -> pl.DataFrame:
        """As the run found it: what is proven now comes with the next one."""
        return store_step.proven_of(connection, self._run_id, loans) if loans else pl.DataFrame(schema=PROVEN)

    def _ready(
        self, connection: Connection[Any], day: datetime.date, parameters: ParameterBook
    ) -> ReadyRules:
        state = self.rules_said or store_step.rules_state(connection)
        if self._rules_state != state:
            if self._rules_state:
                self._in_run, self._found = None, {}
            self._rules.clear()
            self._loans_hit.forget()
            self._rules_state = state
        ready = self._rules.get(day)
        if ready is None:
            if len(self._rules) >= _DAYS_READY:
                self._rules.clear()
            stopped = store_step.stopped_rules(connection) | self._broken.ids
            ready = self._rules[day] = ready_rules(connection, day, parameters, stopped)
            self._broken.add(ready.broken)
        return ready


def _listed(connection: Connection[Any]) -> pl.DataFrame:
    """What stands on the watch and black lists."""
    return store_lists.standing(connection, business_date(clock.now()))


@cache
def nothing_said() -> Judgement:
    return Judgement(
        loans=(),
        hits=empty(HITS),
        codes=(),
        proven=empty(PROVEN),
        payees=Payees(
            transactions=pl.DataFrame(
                schema={"transaction_id": pl.String, "account": pl.String, "party_id": pl.String}
            ),
            borrowers=pl.DataFrame(schema={"loan_id": pl.String, "party_id": pl.String}),
        ),
        on_date=EPOCH.date(),
        found={},
        whole=(),
        leads=empty(LEADS),
        days=no_rows(),
        as_of=EPOCH,
        doubtful=frozenset(),
    )


def payees_of_hits(index: Index, hits: pl.DataFrame, loans: Sequence[str]) -> Payees:
    """Who was paid in the transactions that the hits rest on, and who borrowed."""
    ids = hits["transaction_ids"].explode(empty_as_null=False).unique().drop_nulls()
    rows = index.transaction_rows(ids)
    told = index.transactions.rows(rows).select("transaction_id", account="credit_account")
    accounts = index.records.accounts.of(told["account"].to_list())
    owners = accounts.select("account", party_id="owner").unique("account", keep="first")
    return Payees(
        transactions=told.join(owners, on="account", how="left", maintain_order="left"),
        borrowers=index.records.loans.of(loans).select("loan_id", party_id="borrower_party_id"),
    )
