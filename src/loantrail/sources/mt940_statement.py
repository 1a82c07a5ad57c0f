"""A SWIFT statement message while it is read: its entries become statement lines, its balances are compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from loantrail.money import is_currency, yuan_text
from loantrail.sources.mt940_fields import (
    Balance,
    Details,
    Entry,
    currency_of_balance,
    given_reference,
    is_day,
    minor_units,
    read_balance,
    read_details,
    read_entry,
    read_sum,
)
from loantrail.sources.statement_lines import Line, LineGatherer, joined

_REQUIRED_OF_STATEMENT: Final = (
    ("20",),
    ("25", "25P"),
    ("28C", "28"),
    ("60F", "60M", "60"),
    ("62F", "62M", "62"),
)
_REQUIRED_OF_REPORT: Final = (("20",), ("25", "25P"), ("28C", "28"), ("34F",))


@dataclass(slots=True)
class Pending:
    """An entry whose details may still follow."""

    entry: Entry
    original: list[str]


@dataclass(slots=True)
class Message:
    """One MT940 or MT942."""

    number: int
    """1-based within the file."""
    line_number: int
    default_account: str | None
    default_currency: str | None
    tags: set[str] = field(default_factory=set[str])
    account: str | None = None
    institution: str | None = None
    currency: str | None = None
    opening: Balance | None = None
    closing: Balance | None = None
    running_fen: int = 0
    followed: bool = True
    """Whether every entry could be added up."""
    sums: dict[str, tuple[int | None, int, str]] = field(
        default_factory=dict[str, tuple[int | None, int, str]]
    )
    booked: dict[str, list[int]] = field(default_factory=lambda: {"debit": [0, 0], "credit": [0, 0]})
    """Number and sum of the entries of each direction."""
    pending: Pending | None = None
    closed: bool = False
    """The closing balance has passed: what :86: says now is about the statement."""

    @property
    def is_report(self) -> bool:
        """MT942, the report of the day so far, as its fields show."""
        return bool(self.tags & {"34F", "13D", "90D", "90C"}) and not self.tags & {"60F", "60M", "62F", "62M"}

    def where(self) -> str:
        return f"message {self.number} (line {self.line_number}) of account {self.account or '?'}"


def take_field(message: Message, tag: str, content: str, position: int, lines: LineGatherer) -> int:
    """Work one field in; returns the next free position."""
    message.tags.add(tag)
    if tag in ("86", "NS"):
        if message.pending is not None:
            message.pending.original.append(f":{tag}:{content}")
            if tag == "86":
                message.pending.entry.details.append(content)
            else:
                message.pending.entry.details.append("\n".join(line[2:] for line in content.split("\n")))
        return position
    position = finish_entry(message, position, lines)
    if tag == "61":
        entry = read_entry(content)
        if entry is None:
            message.followed = False
            lines.refuse(
                position,
                ":61:",
                "statement_line_unreadable",
                f"field :61: of {message.where()} is not value date, mark, amount and references; the bank must "
                "correct it",
                f":61:{content}".encode(),
            )
            return position + 1
        message.pending = Pending(entry, [f":61:{content}"])
    elif tag in ("25", "25P"):
        number, _, institution = content.strip().partition("\n")
        message.account = number.strip() or None
        message.institution = institution.strip() or (
            number.partition("/")[0].strip() if "/" in number else None
        )
    elif tag == "34F":
        message.currency = content.strip()[:3]
    elif tag in ("90D", "90C"):
        read = read_sum(content)
        if read is None:
            _unreadable(message, tag, content, lines)
        else:
            message.sums["debit" if tag == "90D" else "credit"] = read
            message.currency = message.currency or read[2]
    elif tag in ("60F", "60M", "60", "62F", "62M", "62"):
        _take_balance(message, tag, content, lines)
    return position


def _take_balance(message: Message, tag: str, content: str, lines: LineGatherer) -> None:
    balance = read_balance(content, message.currency)
    if balance is None:
        message.followed = message.followed and not tag.startswith("60")
        _unreadable(message, tag, content, lines)
    if tag.startswith("60"):
        message.opening = balance
        message.running_fen = balance.amount_fen if balance is not None else 0
        message.currency = balance.currency if balance is not None else currency_of_balance(content)
    else:
        message.closing = balance
        message.closed = True


def _unreadable(message: Message, tag: str, content: str, lines: LineGatherer) -> None:
    shown = content.strip()[:60]
    lines.notice(
        f":{tag}:",
        "balance_unreadable",
        f"field :{tag}: of {message.where()} reads {shown!r}, which is not mark, date, currency and amount; entries "
        "are kept, the balance is not checked",
        f":{tag}:{content}".encode(),
    )


def finish_entry(message: Message, position: int, lines: LineGatherer) -> int:
    """Hand on the entry whose details are now complete; returns the next free position."""
    pending, message.pending = message.pending, None
    if pending is None:
        return position
    entry, original = pending.entry, "\n".join(pending.original).encode()
    currency = message.currency or message.default_currency
    problem = _problem(message, entry, currency)
    if problem is not None:
        if problem[1] != "entry_not_booked":
            message.followed = False
        lines.refuse(position, problem[0], problem[1], problem[2], original)
        return position + 1
    assert currency is not None
    amount_fen = minor_units(entry.amount, currency)
    assert isinstance(amount_fen, int)
    message.running_fen += amount_fen if entry.direction == "credit" else -amount_fen
    count = message.booked[entry.direction]
    count[0] += 1
    count[1] += amount_fen
    known = message.followed and message.opening is not None and message.opening.currency == currency
    lines.line(
        _line(message, entry, position, amount_fen, currency, message.running_fen if known else None),
        original,
    )
    return position + 1


def _problem(message: Message, entry: Entry, currency: str | None) -> tuple[str, str, str] | None:
    """Field, reason and message of what keeps the entry from being a line."""
    if entry.is_expected:
        return (
            ":61:",
            "entry_not_booked",
            f"the mark {entry.mark} announces an entry; it comes again once it is booked",
        )
    if currency is None:
        return (
            ":60F:",
            "currency_missing",
            f"{message.where()} names no currency (:60F:, :34F:); give the option `currency`",
        )
    if not is_currency(currency):
        return (
            ":60F:",
            "currency_unknown",
            f"{currency!r} is no ISO 4217 code; correct it or give the option `currency`",
        )
    if not is_day(entry.booked_on):
        named = "entry date" if entry.entry_date else "value date"
        return (
            ":61:",
            "date_impossible",
            f"the {named} {entry.booked_on} is not in the calendar; the bank must correct it",
        )
    amount_fen = minor_units(entry.amount, currency)
    if isinstance(amount_fen, str):
        return (
            ":61:",
            amount_fen,
            f"the amount {entry.amount!r} {currency}: {amount_fen}; the bank must correct it",
        )
    return None


def _line(
    message: Message, entry: Entry, position: int, amount_fen: int, currency: str, balance_fen: int | None
) -> Line:
    details = [read_details(content) for content in entry.details]
    first = details[0] if details else Details()
    customer, bank = given_reference(entry.customer_reference), given_reference(entry.bank_reference)
    shared = first.end_to_end or customer
    # a reversal repeats the references of what it takes back; its own is the bank's
    reverses = shared if entry.is_reversal else None
    reference = bank if entry.is_reversal else (shared or bank)
    return Line(
        position=position,
        sequence=position,
        booked_at=entry.booked_on,
        account=message.account or message.default_account,
        direction=entry.direction,
        amount_fen=amount_fen,
        currency=currency,
        counterparty_account=first.counterparty_account,
        counterparty_name=first.counterparty_name,
        purpose_text=joined(
            first.posting_text,
            *(each.purpose for each in details),
            entry.supplement,
            "reversal" if entry.is_reversal else None,
        ),
        balance_fen=balance_fen,
        reverses=reverses,
        reference=reference if reference != reverses else None,
        document_no=bank or customer,
        counterparty_institution=first.counterparty_bank,
        institution=message.institution,
    )


def finish_message(message: Message, position: int, lines: LineGatherer) -> int:
    """The message is complete: say what it lacks and whether its balances or sums agree with its entries."""
    position = finish_entry(message, position, lines)
    required = _REQUIRED_OF_REPORT if message.is_report else _REQUIRED_OF_STATEMENT
    missing = [choice[0] for choice in required if not message.tags & set(choice)]
    if missing:
        fields = ", ".join(f":{tag}:" for tag in missing)
        lines.notice(
            fields,
            "field_missing",
            f"{message.where()} lacks {fields}; what it holds is kept, ask the bank for the rest",
        )
    opening, closing = message.opening, message.closing
    if opening is not None and closing is not None:
        currency = closing.currency
        if opening.currency != currency:
            lines.notice(
                ":62F:",
                "balance_currency_differs",
                f"{message.where()} opens in {opening.currency} and closes in {currency}: not checked",
            )
        elif not message.followed or message.running_fen != closing.amount_fen:
            reached = yuan_text(message.running_fen, currency) if message.followed else "no certain amount in"
            lines.notice(
                ":62F:",
                "balance_difference",
                f"opening balance and entries of {message.where()} come to {reached} {currency}, its closing balance "
                f"says {yuan_text(closing.amount_fen, currency)} {currency}; all its entries are kept, ask the bank what "
                "is missing",
            )
    for direction, (number, sum_fen, currency) in message.sums.items():
        count, total_fen = message.booked[direction]
        if sum_fen != total_fen or (number is not None and number != count):
            lines.notice(
                ":90D:" if direction == "debit" else ":90C:",
                "total_difference",
                f"{message.where()} announces {number if number is not None else 'some'} {direction} entries of "
                f"{yuan_text(sum_fen, currency)} {currency}, it holds {count} of {yuan_text(total_fen, currency)}; all are "
                "kept",
            )
    return position
