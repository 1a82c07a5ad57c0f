"""What is answered for each row of the deliveries of a group, and the refusals that the quarantine keeps of it."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

import msgspec

from loantrail.ledger.intake import LINE, Broken
from loantrail.ledger.quarantine.store import StoredRefusal, refusal_id
from loantrail.ledger.taking import stored_refusal
from loantrail.monitor.lines import accepted_rows
from loantrail.monitor.model import (
    ACCEPTED,
    DUPLICATE,
    REFUSED,
    Answered,
    Delivery,
    Line,
    Refused,
    RowAnswer,
    RowDecision,
    remedy_of,
)
from loantrail.wording import in_chinese


class Answers:
    """Of the rows of these deliveries, which are named by their numbers."""

    def __init__(self, deliveries: Sequence[Delivery], at: datetime.datetime) -> None:
        self._deliveries, self._at = deliveries, at
        self._rows: list[list[RowAnswer]] = [[] for _ in deliveries]
        self.refusals: list[StoredRefusal] = []
        self._new_accounts: Counter[int] = Counter()

    def add(self, number: int, row: RowAnswer) -> None:
        """What is answered for one row."""
        self._rows[number].append(row)

    def open_accounts(self, numbers: Iterable[int]) -> None:
        """For each account that was new to the books, the number of the delivery that opened it."""
        self._new_accounts.update(numbers)

    def decide(self, decisions: Mapping[str, RowDecision]) -> None:
        """Put the decisions (line -> decision) to the answers of the rows that were accepted."""
        for rows in self._rows:
            for place, row in enumerate(rows):
                one = decisions.get(row.line_id or "") if row.outcome == ACCEPTED else None
                if one is not None:
                    rows[place] = msgspec.structs.replace(
                        row, decision=one.decision, hits=one.hits, undecided=one.undecided
                    )

    def of(self, number: int) -> Answered:
        """The answer to a delivery."""
        rows = sorted(self._rows[number], key=lambda row: row.position)
        outcomes = [row.outcome for row in rows]
        return Answered(
            outcomes.count(ACCEPTED),
            outcomes.count(DUPLICATE),
            outcomes.count(REFUSED),
            tuple(rows),
            self._new_accounts[number],
        )

    # Refusals ------------------------------------------------------------------------------------------------

    def refuse(self, number: int, refused: Refused, file_id: int) -> None:
        """A row of which no line could be made."""
        source = self._deliveries[number].source
        stored = StoredRefusal(
            refusal_id=refusal_id(
                LINE,
                source,
                refused.position,
                refused.field,
                refused.reason,
                refused.original,
                refused.told_by,
            ),
            file_id=file_id,
            source_file=source,
            position=refused.position,
            record_type=LINE,
            field=refused.field,
            reason=refused.reason,
            message=refused.message,
            original=refused.original,
            record=None,
            corrected=None,
            state="open",
            created_at=self._at,
        )
        self.refusals.append(stored)
        self.add(
            number,
            _refused_row(refused.position, refused.field, refused.reason, refused.message, stored.refusal_id),
        )

    def refuse_lines(
        self, wanted: Sequence[tuple[Line, Broken, int | None]], file_id: int
    ) -> list[RowAnswer]:
        """Lines with what is wrong with them and their sequence, None for that which was sent; what is answered for each."""
        records: dict[tuple[int, int], dict[str, Any]] = {}
        for number in {line.delivery for line, _, _ in wanted}:
            places = {line.position for line, _, _ in wanted if line.delivery == number}
            found = _records(self._deliveries[number], places)
            records |= {(number, place): record for place, record in found.items()}
        return [
            self._refuse_line(line, broken, records[line.delivery, line.position], sequence, file_id)
            for line, broken, sequence in wanted
        ]

    def _refuse_line(
        self, line: Line, broken: Broken, record: dict[str, Any], sequence: int | None, file_id: int
    ) -> RowAnswer:
        source = self._deliveries[line.delivery].source
        # Its place in the delivery, so that the same row sent again is the same refusal.
        record = record | {"source_file": source, "position": line.position}
        if sequence is not None:
            record["sequence"] = sequence
        stored = stored_refusal(broken, LINE, record, source, line.position, file_id)
        if line.original is not None:
            again = refusal_id(LINE, source, line.position, broken.field, broken.reason, line.original)
            stored = replace(stored, original=line.original, refusal_id=again)
        self.refusals.append(stored)
        return _refused_row(line.position, broken.field, broken.reason, broken.message, stored.refusal_id)


def in_both_languages(answer: Answered) -> Answered:
    """The answer with Chinese words for what was refused."""
    rows = [
        msgspec.structs.replace(
            row, message_chinese=in_chinese(row.message or ""), remedy_chinese=in_chinese(row.remedy or "")
        )
        if row.outcome == REFUSED
        else row
        for row in answer.rows
    ]
    return replace(answer, rows=rows)


def _records(delivery: Delivery, places: Set[int]) -> dict[int, dict[str, Any]]:
    """The typed rows at these positions as they were sent, not yet prepared."""
    found: dict[int, dict[str, Any]] = {}
    if delivery.typed is not None:
        for row in delivery.typed.iter_rows(named=True):
            if row["position"] in places:
                found[row["position"]] = row
    sent = [row for row in delivery.sent if row.position in places]
    if sent:
        rows, _ = accepted_rows(sent)
        for row, values in zip(sent, rows.iter_rows(named=True), strict=True):
            found[row.position] = values
    return found


def _refused_row(position: int, field: str, reason: str, message: str, refusal: str) -> RowAnswer:
    what, remedy = remedy_of(message)
    return RowAnswer(position, REFUSED, None, field, reason, what, remedy, refusal)
