"""A group of deliveries into the books in one transaction: keys, rows, refusals, answers and offsets, all or none.

What becomes of a row does not depend on which deliveries share its group. Rows without a reference are counted in their
own delivery, as rows of a file are in their file (`ledger.intake`).

Nearly always every key of the group is new, and entering them is the quickest way to know: then the group takes four round
trips to the database. Where one is not, what was entered is taken back and each row is looked up (`_sort_out`).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from typing import Final

import msgspec

from loantrail import clock
from loantrail.audit import store as audit
from loantrail.audit.model import Entry
from loantrail.ids import new_id
from loantrail.ledger import intake, store_entering
from loantrail.ledger import store as books
from loantrail.ledger.booked_ahead import REASON, message_of
from loantrail.ledger.intake import Broken
from loantrail.ledger.quarantine import store as quarantine
from loantrail.ledger.store_entering import NamedAccount
from loantrail.ledger.store_moments import ask_to_write, begin_writing
from loantrail.ledger.taking import DEFAULT_UNIT, DEFAULT_UNIT_NAME, KeysTaken
from loantrail.monitor import store, store_step
from loantrail.monitor.answering import Answers
from loantrail.monitor.arrived import Arrived, Footing
from loantrail.monitor.entered_lines import row_of
from loantrail.monitor.hosting import Host, Unwelcome
from loantrail.monitor.lines import (
    LINE_TYPE,
    Read,
    believed,
    months_of,
    named_accounts,
    read_lines,
)
from loantrail.monitor.model import (
    ACCEPTED,
    DUPLICATE,
    Answered,
    Delivery,
    Entered,
    KeyReused,
    Line,
    RowAnswer,
)
from loantrail.monitor.outstanding import Judge
from loantrail.monitor.sorting_out import sort_out
from loantrail.postgres.failures import database_failures

TRIES: Final = 8
_answered: Final = msgspec.json.Decoder(Answered)
_VERSION: Final = version("loantrail")


def commit_group(
    connection: store.Database,
    deliveries: Sequence[Delivery],
    judge: Judge | None = None,
    read: Read | None = None,
    host: Host | None = None,
) -> list[Answered | KeyReused]:
    """Take the deliveries in, have them judged, and commit; one answer each. Again, when somebody else held what it needed.

    `read`: their lines, where they are read already. `host`: the group is its guest (`hosting`); Unwelcome where it would have to wait,
    or something in it is not new or may not pass.
    DatabaseUnavailable or StorageExhausted when the database fails: then nothing of the group is in the books, or, where
    the answer to the commit was lost, all of it: the same deliveries again settle it.
    """
    read = read or read_lines(deliveries)
    for attempt in range(TRIES):
        try:
            with database_failures(), store.undone_on_error(connection):
                taken = believed(read, clock.now(), partial(books.newest_line, connection))
                group = _Group(connection, deliveries, taken, judge, host)
                answers = group.take()
                with connection.pipeline():
                    audit.append(connection, _entries(deliveries, answers, group.fresh))
                    connection.commit()
                if judge is not None:
                    judge.committed()
                return answers
        except BaseException as problem:
            if judge is not None:
                judge.lost()
            if host is not None and isinstance(problem, (KeysTaken, *store.COLLISIONS, *store.HELD_UP)):
                raise Unwelcome from problem
            if not isinstance(problem, (KeysTaken, *store.COLLISIONS)):
                raise
            if attempt == TRIES - 1:
                raise
            clock.sleep(0.01 * 2**attempt)
    raise AssertionError("the loop above returns or raises")


def _entries(
    deliveries: Sequence[Delivery], answers: Sequence[Answered | KeyReused], fresh: Sequence[int]
) -> list[Entry]:
    """What the audit log keeps of these deliveries: in the transaction that brings their rows into the books. Of those that are not
    fresh the answer is that of before, and so says the entry."""
    entries: list[Entry] = []
    for number, (one, told) in enumerate(zip(deliveries, answers, strict=True)):
        if one.entry is not None and isinstance(told, Answered):
            after = {"accepted": told.accepted, "duplicate": told.duplicate, "refused": told.refused}
            entries.append(replace(one.entry, after=after if number in fresh else after | {"repeated": True}))
    return entries


class _Group:
    def __init__(
        self,
        connection: store.Database,
        deliveries: Sequence[Delivery],
        read: Read,
        judge: Judge | None,
        host: Host | None,
    ) -> None:
        self._connection = connection
        self._host = host
        self._judge = judge
        self._deliveries = deliveries
        self._read = read
        self._at = clock.now()
        self._name = f"live/{clock.business_date(self._at).isoformat()}"
        self._answers = Answers(deliveries, self._at)
        self._file_id = 0
        self._keys_are_new = False
        self._arrivals: Sequence[int] = ()
        """[lines] by their number; a line that is not entered leaves its own out."""
        self._footing: Footing | None = None
        self._opened_by: dict[str, int] = {}
        """Account that was new to the books -> number of the first delivery that has a line of it."""
        self.entered: list[Entered] = []
        self.fresh: Sequence[int] = ()
        """Numbers of the deliveries that are taken in; of the others an earlier answer is given."""

    def take(self) -> list[Answered | KeyReused]:
        done, fresh = self._begin()
        self.fresh = fresh
        if not fresh:
            return [done[number] for number in range(len(self._deliveries))]
        self._take_lines(frozenset(fresh))
        if self._judge is not None and self._footing is not None and self.entered:
            arrived = Arrived(self._footing, self.entered, self._name, self._elsewhere())
            tells = None if self._host is None else self._host.tells
            self._answers.decide(self._judge.judge(self._connection, arrived, tells))
        counts = [self._answers.of(number) for number in fresh]
        with self._connection.pipeline():
            self._note(fresh, counts)
            keyed: dict[str, tuple[str, bytes]] = {}
            for number, answer in zip(fresh, counts, strict=True):
                done[number] = answer
                one = self._deliveries[number]
                if one.key is not None:
                    keyed[one.key] = one.content_hash, msgspec.json.encode(answer)
            store.keep_answers(self._connection, keyed, self._at)
        self._answer_repeats(done)
        return [done[number] for number in range(len(self._deliveries))]

    def _elsewhere(self) -> frozenset[str]:
        named = [one.line_id for one in self.entered if one.line.counterparty_institution]
        return store_step.elsewhere_of(self._connection, named) if named else frozenset()

    # What the database says first ----------------------------------------------------------------------------

    def _begin(self) -> tuple[dict[int, Answered | KeyReused], list[int]]:
        """Answers of deliveries whose key is known, and the numbers of those that are taken in now."""
        self._first_of_key: dict[str, int] = {}
        for number, one in enumerate(self._deliveries):
            if one.key is not None:
                self._first_of_key.setdefault(one.key, number)
        connection, lines = self._connection, self._read.lines
        keys = [line.source_key for line in lines]
        self._accounts = named_accounts(lines)
        all_differ = len(set(keys)) == len(keys)
        months = arrivals = entered = None
        with connection.pipeline():
            may_write = self._begin_writing()
            answered = store.ask_answers(connection, list(self._first_of_key)) if self._first_of_key else None
            file = store.ask_live_file(connection, self._name)
            footing = None if self._judge is None else store_step.ask_footing(connection)
            if lines:
                books.ensure_unit(connection, DEFAULT_UNIT, DEFAULT_UNIT_NAME)
                months = store_entering.ask_months(connection, months_of(lines))
                self._found_accounts = store_entering.ask_accounts(connection, self._accounts, DEFAULT_UNIT)
                arrivals = store_entering.ask_arrivals(connection, len(lines))
                store.mark(connection)
                if all_differ:
                    contents = [line.content_hash for line in lines]
                    entered = store_entering.enter_keys(connection, keys, contents)
        self._footing = None if footing is None else store_step.footing_told(footing)
        known = {} if answered is None else store.answers_told(answered)
        if any(answer.fetchone() != (True,) for answer in may_write):
            raise Unwelcome
        done, fresh = self._sort_deliveries(known)
        if months is not None and arrivals is not None:
            self._ensure_partitions([row[0] for row in months.fetchall()])
            told = ",".join(row[0] for row in arrivals.fetchall())
            self._arrivals = [int(number) for number in told.split(",")]
            now = frozenset(fresh)
            taken = sum(line.delivery in now for line in lines)
            self._keys_are_new = entered is not None and entered.rowcount == len(lines) == taken
            if not self._keys_are_new:
                self._only_as_host()
                store.back_to_mark(connection)
        row = file.fetchone()
        if row is not None:
            self._file_id = int(row[0])
        elif fresh:
            self._only_as_host()
            self._file_id = store.make_live_file(connection, self._name, new_id(), _VERSION, self._at)
        for number, refused in self._read.refused:
            if number not in done and self._is_first(number):
                self._answers.refuse(number, refused, self._file_id)
        self._refuse_ahead(frozenset(fresh))
        return done, fresh

    def _refuse_ahead(self, fresh: frozenset[int]) -> None:
        ahead = [line for line in self._read.ahead if line.delivery in fresh]
        wanted = [(line, Broken(0, "booked_at", REASON, message_of(line.booked_at)), None) for line in ahead]
        for line, row in zip(ahead, self._answers.refuse_lines(wanted, self._file_id), strict=True):
            self._answers.add(line.delivery, row)

    def _begin_writing(self) -> Sequence[store.Answer]:
        """Of a guest, what is asked whether it may."""
        if self._host is None:
            store.begin_group(self._connection)
            begin_writing(self._connection)
            return ()
        has_turn = store.begin_guest(self._connection, self._host.session)
        return has_turn, ask_to_write(self._connection)

    def _only_as_host(self) -> None:
        """What is done next may wait for others, or make them wait."""
        if self._host is not None:
            raise Unwelcome

    def _is_first(self, number: int) -> bool:
        key = self._deliveries[number].key
        return key is None or self._first_of_key[key] == number

    def _sort_deliveries(
        self, known: Mapping[str, tuple[str, bytes]]
    ) -> tuple[dict[int, Answered | KeyReused], list[int]]:
        done: dict[int, Answered | KeyReused] = {}
        fresh: list[int] = []
        for number, one in enumerate(self._deliveries):
            if one.key is None:
                fresh.append(number)
            elif one.key in known:
                content, answer = known[one.key]
                same = content == one.content_hash
                done[number] = _answered.decode(answer) if same else KeyReused(one.key)
            elif self._is_first(number):
                fresh.append(number)
        return done, fresh

    def _answer_repeats(self, done: dict[int, Answered | KeyReused]) -> None:
        """Deliveries whose key an earlier one of the same group has."""
        for number, one in enumerate(self._deliveries):
            if number not in done and one.key is not None:
                first = self._first_of_key[one.key]
                same = self._deliveries[first].content_hash == one.content_hash
                done[number] = done[first] if same else KeyReused(one.key)

    def _ensure_partitions(self, missing: Sequence[datetime.date]) -> None:
        """New months need partitions, which are made in a transaction of their own: then all begins again."""
        if missing:
            self._only_as_host()
            self._connection.rollback()
            books.ensure_partitions(self._connection, missing)
            raise KeysTaken

    # Rows ----------------------------------------------------------------------------------------------------

    def _take_lines(self, fresh: frozenset[int]) -> None:
        lines = [line for line in self._read.lines if line.delivery in fresh]
        for number, line in enumerate(lines):
            line.number = number
        if not lines:
            return
        if not self._keys_are_new:
            self._sort_out(lines)
            return
        self._enter([(line, line.source_key) for line in lines], self._accounts, self._found_accounts)
        for line in lines:
            self._answers.add(line.delivery, self._accepted(line, line.source_key))

    def _sort_out(self, lines: Sequence[Line]) -> None:
        """The longer way: look up who is known."""
        found = sort_out(self._connection, lines, self._sequence_of)
        if found.new:
            wanted = [(lines[row], key) for row, key in found.new.items()]
            contents = [line.content_hash for line, _ in wanted]
            keys = list(found.new.values())
            if store_entering.enter_keys(self._connection, keys, contents).rowcount < len(wanted):
                raise KeysTaken  # by an import meanwhile: who is a duplicate is looked up again
            accounts = named_accounts([line for line, _ in wanted])
            answer = store_entering.ask_accounts(self._connection, accounts, DEFAULT_UNIT)
            self._enter(wanted, accounts, answer)
        wanted = [
            (lines[row], intake.other_content(LINE_TYPE, row), self._sequence_of(lines[row]))
            for row in found.refused
        ]
        refused = dict(zip(found.refused, self._answers.refuse_lines(wanted, self._file_id), strict=True))
        for row, line in enumerate(lines):
            first = found.first_of[row]
            if first in refused:
                answer = msgspec.structs.replace(refused[first], position=line.position)
            elif first in found.there:
                answer = RowAnswer(line.position, DUPLICATE, found.there[first])
            elif first != row:
                answer = RowAnswer(line.position, DUPLICATE, found.new[first])
            else:
                answer = self._accepted(line, found.new[first])
            self._answers.add(line.delivery, answer)

    def _accepted(self, line: Line, line_id: str) -> RowAnswer:
        is_new = self._opened_by.get(line.account) == line.delivery
        return RowAnswer(line.position, ACCEPTED, line_id, account_is_new=is_new)

    def _enter(
        self,
        wanted: Sequence[tuple[Line, str]],
        accounts: Sequence[NamedAccount],
        found: store_entering.Answer,
    ) -> None:
        """Lines whose keys are entered, with what was found of the accounts that they name."""
        to_enter: list[NamedAccount] = []
        units: dict[str, str] = {}
        for place, enter, unit in found.fetchall():
            account = accounts[place - 1]
            units[account.account] = unit
            if enter:
                to_enter.append(account)
        if to_enter:
            entered = store_entering.enter_accounts(self._connection, to_enter, DEFAULT_UNIT)
            units |= entered.unit_of
            for line, _ in wanted if entered.opened else ():
                if line.account in entered.opened:
                    # To the deliveries behind it in the group the account is known.
                    self._opened_by.setdefault(line.account, line.delivery)
            self._answers.open_accounts(self._opened_by.values())
        self.entered = [
            Entered(
                line_id,
                self._arrivals[line.number],
                self._sequence_of(line),
                units.get(line.account, DEFAULT_UNIT),
                line,
            )
            for line, line_id in wanted
        ]
        rows = [row_of(one, self._file_id) for one in self.entered]
        store_entering.copy_lines(self._connection, rows)

    def _sequence_of(self, line: Line) -> int:
        """Arrival is the order of lines of one account and moment, where the sender gives no other."""
        return self._arrivals[line.number] if line.sequence is None else line.sequence

    # What is noted with them ---------------------------------------------------------------------------------

    def _note(self, fresh: Sequence[int], counts: Sequence[Answered]) -> None:
        connection, accepted = self._connection, len(self.entered)
        if self._answers.refusals:
            quarantine.add_refusals(connection, self._answers.refusals)
        if self.entered:
            times = [one.line.booked_at for one in self.entered]
            arrivals = self.entered[0].arrival_number, self.entered[-1].arrival_number
            store_entering.note_unpaired(
                connection, self._file_id, arrivals, (min(times), max(times)), accepted
            )
            store.note_waiting(connection, accepted, self._at)
        read = sum(self._deliveries[number].row_count for number in fresh)
        duplicate, refused = sum(one.duplicate for one in counts), sum(one.refused for one in counts)
        books.note_progress(connection, self._file_id, 1, 0, read, accepted, duplicate, refused)
        offsets = [offset for number in fresh for offset in self._deliveries[number].offsets]
        if offsets:
            store.keep_offsets(connection, offsets, self._at)
