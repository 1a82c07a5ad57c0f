"""From delivered rows to typed and keyed statement lines, the same as an import makes of them.

Nearly all rows are written in one plain form (`plain_rows`). Every other row goes through `sources.columns.accept` and
`intake.prepared`, which are the authority: what is read plainly is read there alike.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import msgspec
import polars as pl

from loantrail.clock import BUSINESS_ZONE
from loantrail.ledger import intake
from loantrail.ledger.booked_ahead import Newest, believed_until
from loantrail.ledger.identity import HOME_CURRENCY
from loantrail.ledger.intake import HEAD_OF_CONTENT, LINE, LINE_CONTENT, RECORD_TYPES, Occurrences
from loantrail.ledger.store_entering import NamedAccount
from loantrail.ledger.taking import DEFAULT_UNIT
from loantrail.monitor.model import Delivery, Line, Refused, Sent, Value
from loantrail.monitor.payload import FIELDS
from loantrail.monitor.plain_rows import instant_text, plain_line
from loantrail.sources.columns import accept
from loantrail.sources.kinds import Reading

LINE_TYPE: Final = RECORD_TYPES[LINE]
_READING: Final = Reading(amount_unit="minor")
# Before that the zone kept the time of its own meridian.
_WHOLE_HOURS_FROM: Final = "1901-01-02"


@dataclass(frozen=True, slots=True)
class Read:
    """`lines` in the order of the deliveries; `refused` with the number of its delivery."""

    lines: Sequence[Line]
    refused: Sequence[tuple[int, Refused]]
    ahead: Sequence[Line] = ()
    """Lines of a date that no bank can have booked, which are left out of the others (`believed`)."""


def read_lines(deliveries: Sequence[Delivery]) -> Read:
    """Typed lines of all deliveries. What becomes of a row does not depend on the other deliveries."""
    refused: list[tuple[int, Refused]] = []
    found: dict[tuple[int, int], Line] = {}
    order: list[list[Line | Sent]] = []
    instants: dict[str, tuple[datetime.datetime, str]] = {}
    odd: list[tuple[int, Sent]] = []
    for number, delivery in enumerate(deliveries):
        refused += [(number, one) for one in delivery.refused]
        own: list[Line | Sent] = []
        if delivery.typed is not None:
            own += _typed(number, delivery.typed)
        for row in delivery.sent:
            line = plain_line(number, row, instants)
            if line is None:
                odd.append((number, row))
                own.append(row)
            else:
                own.append(line)
        order.append(own)
    if odd:
        slow, refused_rows = _accepted(odd)
        refused += refused_rows
        found = {(line.delivery, line.position): line for line in slow}
    lines: list[Line] = []
    for number, own in enumerate(order):
        begin = len(lines)
        for one in own:
            line = one if isinstance(one, Line) else found.get((number, one.position))
            if line is not None:
                lines.append(line)
        _give_keys(lines[begin:])
    for number, line in enumerate(lines):
        line.number = number
    return Read(lines, refused)


def believed(read: Read, now: datetime.datetime, newest: Newest) -> Read:
    """Without the lines of a date that no bank can have booked (`ledger.booked_ahead`): they are told apart."""
    until = believed_until([line.booked_at for line in read.lines], now, newest)
    lines = [line for line in read.lines if line.booked_at <= until]
    if len(lines) == len(read.lines):
        return read
    for number, line in enumerate(lines):
        line.number = number
    return Read(lines, read.refused, [line for line in read.lines if line.booked_at > until])


def apart(read: Read, deliveries: int) -> list[Read]:
    """What was read of each of so many deliveries."""
    lines: list[list[Line]] = [[] for _ in range(deliveries)]
    refused: list[list[tuple[int, Refused]]] = [[] for _ in range(deliveries)]
    for line in read.lines:
        lines[line.delivery].append(line)
    for number, one in read.refused:
        refused[number].append((number, one))
    return [Read(*told) for told in zip(lines, refused, strict=True)]


def together(parts: Sequence[Read]) -> Read:
    """What was read of one delivery each, as that of a group of these deliveries in this order."""
    lines = [line for part in parts for line in part.lines]
    for number, part in enumerate(parts):
        for line in part.lines:
            line.delivery = number
    for number, line in enumerate(lines):
        line.number = number
    return Read(lines, [(number, one) for number, part in enumerate(parts) for _, one in part.refused])


# Keys --------------------------------------------------------------------------------------------------------


def _give_keys(lines: Sequence[Line]) -> None:
    """Keys of the lines of one delivery: equal ones without a reference are counted within it."""
    occurrences = Occurrences()
    for line in lines:
        content = intake.line_digest(
            HEAD_OF_CONTENT,
            (
                line.instant_text,
                line.account,
                line.direction,
                str(line.amount_fen),
                line.currency,
                line.counterparty_account,
                line.counterparty_name,
                line.purpose_text,
                None if line.balance_fen is None else str(line.balance_fen),
                line.reverses,
                line.reference,
                line.document_no,
                line.counterparty_institution,
            ),
        )
        line.content_hash = content
        if line.reference is None:
            line.source_key = intake.key_by_content(content, occurrences.next_of(content))
        else:
            line.source_key = intake.key_by_reference(
                line.account, line.currency, line.direction, _business_date(line), line.reference
            )


def _business_date(line: Line) -> str:
    if line.instant_text < _WHOLE_HOURS_FROM:
        return line.booked_at.astimezone(BUSINESS_ZONE).date().isoformat()
    return _date_of_hour(line.instant_text[:13])


@lru_cache(maxsize=4096)
def _date_of_hour(hour: str) -> str:
    """The business date of an hour in UTC."""
    at = datetime.datetime.fromisoformat(f"{hour}:00:00+00:00")
    return at.astimezone(BUSINESS_ZONE).date().isoformat()


def months_of(lines: Sequence[Line]) -> list[datetime.date]:
    """First days of the months that the lines need partitions for."""
    days = {datetime.date.fromisoformat(day) for day in {_business_date(line)[:7] + "-01" for line in lines}}
    return sorted(days)


def named_accounts(lines: Sequence[Line]) -> list[NamedAccount]:
    """Accounts that lines name, one each: what `intake.auto_accounts` gives of a frame, in another order."""
    found: dict[str, NamedAccount] = {}
    for line in lines:
        known = found.get(line.account)
        if known is None:
            number, bank = _number_of(line.account, line.currency), line.institution or ""
            found[line.account] = NamedAccount(
                line.account, number, bank, line.currency, line.account_name, has_lines=True
            )
        else:
            known.institution = known.institution or line.institution or ""
            known.name = known.name or line.account_name
    for line in lines:
        account = line.counterparty_account
        if account is None:
            continue
        known = found.get(account)
        if known is None:
            # A counterparty of which only a masked number is known is no account.
            if "*" not in account and "＊" not in account:
                number, bank = _number_of(account, line.currency), line.counterparty_institution or ""
                found[account] = NamedAccount(
                    account, number, bank, line.currency, line.counterparty_name, has_lines=False
                )
        else:
            known.institution = known.institution or line.counterparty_institution or ""
            known.name = known.name or line.counterparty_name
    return list(found.values())


def _number_of(account: str, currency: str) -> str:
    return account if currency == HOME_CURRENCY else account.removesuffix(f"/{currency}")


def proven(lines: Sequence[Line], sequences: Sequence[int]) -> list[bool]:
    """Which of the lines of one delivery follow from the running balances of it; `sequences` of all of them."""
    if all(line.balance_fen is None for line in lines):
        return [False] * len(lines)
    frame = pl.DataFrame(
        {
            "row_number": range(len(lines)),
            "account": [line.account for line in lines],
            "currency": [line.currency for line in lines],
            "booked_at": pl.Series([line.booked_at for line in lines], dtype=pl.Datetime("us", "UTC")),
            "sequence": pl.Series(list(sequences), dtype=pl.Int64),
            "source_file": [""] * len(lines),
            "position": [line.number for line in lines],
            "direction": [line.direction for line in lines],
            "amount_fen": pl.Series([line.amount_fen for line in lines], dtype=pl.Int64),
            "balance_fen": pl.Series([line.balance_fen for line in lines], dtype=pl.Int64),
        }
    )
    rows = frozenset(intake.proven_rows(frame).to_list())
    return [number in rows for number in range(len(lines))]


# Rows of every other form ------------------------------------------------------------------------------------


def _accepted(sent: Sequence[tuple[int, Sent]]) -> tuple[list[Line], list[tuple[int, Refused]]]:
    """Rows that were sent as plain values, by the readers of all sources."""
    rows, found = accepted_rows([row for _, row in sent])
    refused = [(sent[place][0], one) for place, one in found]
    gone = {place for place, _ in found}
    owners = [owner for place, owner in enumerate(sent) if place not in gone]
    lines = _prepared(rows)
    for line, (delivery, row) in zip(lines, owners, strict=True):
        line.delivery, line.position, line.original = delivery, row.position, row.original
        given = row.values.get("sequence")
        if given is None or (isinstance(given, str) and not given.strip()):
            line.sequence = None
    return lines, refused


def accepted_rows(sent: Sequence[Sent]) -> tuple[pl.DataFrame, list[tuple[int, Refused]]]:
    """Typed rows, not yet prepared, and the refused ones with their places in `sent`. A sequence that was not given is 0."""
    columns: dict[str, list[str | None]] = {}
    for name in FIELDS:
        values = [_as_text(row.values.get(name)) for row in sent]
        if any(value is not None for value in values):
            columns[name] = values
    given = columns.get("sequence", [None] * len(sent))
    columns["sequence"] = [value if value is not None and value.strip() else "0" for value in given]
    texts = pl.DataFrame([pl.Series(name, values, dtype=pl.String) for name, values in columns.items()])
    found = accept(LINE_TYPE, texts, "live", [row.original for row in sent], reading=_READING)
    refused = [
        (
            one.position - 1,
            Refused(sent[one.position - 1].position, one.field, one.reason, one.message, one.original),
        )
        for one in found.refusals
    ]
    return found.rows, refused


def _typed(delivery: int, frame: pl.DataFrame) -> list[Line]:
    lines = _prepared(frame)
    for line in lines:
        line.delivery = delivery
    return lines


def _prepared(frame: pl.DataFrame) -> list[Line]:
    """Lines of typed rows; `position` is theirs."""
    rows = intake.prepared(LINE_TYPE, frame, DEFAULT_UNIT)
    return [_line_of(row) for row in rows.iter_rows(named=True)]


def _line_of(row: Mapping[str, object]) -> Line:
    values = {
        name: row[name] for name in (*LINE_CONTENT, "position", "account_name", "institution", "sequence")
    }
    at = row["booked_at"]
    assert isinstance(at, datetime.datetime)
    return msgspec.convert(
        {**values, "delivery": 0, "original": None, "instant_text": instant_text(at)}, Line, strict=True
    )


def _as_text(value: Value) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)
