"""How rows of a payment wallet become statement lines of the wallet.

A wallet is an account like any other (`alipay:user`, with `alipay:user/余额宝` for its money-market fund). What is
paid by a bank card or on credit passes through it: a line into the wallet from the card, then a line out of it to the
payee. So the wallet balances, and the bank's own statement of the card pairs with the line into the wallet instead
of being counted a second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from loantrail.sources.exact import scaled_integer
from loantrail.sources.export_rows import visible_counterparty
from loantrail.sources.exports import Row, newest_first
from loantrail.sources.statement_lines import Line, LineGatherer, joined

Direction = Literal["debit", "credit"]


@dataclass(frozen=True, slots=True)
class Side:
    """One end of a movement: an account of the wallet, or somebody outside it."""

    account: str | None = None
    name: str | None = None
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """Money that goes from one side to the other; lines are written for the sides inside the wallet."""

    source: Side
    target: Side
    amount_fen: int
    reference: str | None
    reverses: str | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class WalletRow:
    """A row with what it says happened, in order."""

    row: Row
    booked_at: str
    steps: tuple[Step, ...]
    purpose: str | None
    document_no: str | None


def amount_fen(text: str) -> int | str:
    """Fen of a wallet's amount; or the name of what is wrong."""
    value = scaled_integer(text, 2)
    if isinstance(value, str):
        return f"amount_{value}"
    return value if value > 0 else "amount_not_positive"


def payment_steps(
    payer: Side, means: Side, payee: Side, fen: int, reference: str | None, reverses: str | None = None
) -> tuple[Step, ...]:
    """From `means` (an account of the wallet, or a card outside it) to `payee`; through `payer`, the wallet, when the
    means stand outside."""
    if means.inside:
        return (Step(means, payee, fen, reference, reverses),)
    return (Step(means, payer, fen, None), Step(payer, payee, fen, reference, reverses))


def receipt_steps(
    holder: Side, means: Side, sender: Side, fen: int, reference: str | None, reverses: str | None = None
) -> tuple[Step, ...]:
    """From `sender` to `means`; through `holder`, the wallet, when the means stand outside it."""
    if means.inside:
        return (Step(sender, means, fen, reference, reverses),)
    return (Step(sender, holder, fen, reference, reverses), Step(holder, means, fen, None))


def write_lines(
    found: Sequence[WalletRow], rows: int, account_name: str | None, institution: str, lines: LineGatherer
) -> None:
    """Hand on the lines of all rows. The first line of a row has the row's position; the further ones are numbered
    behind the last of the `rows`. `sequence` runs from the oldest row on, and within a row as the money went."""
    backwards = newest_first([one.booked_at for one in found])
    extra = rows
    written: list[tuple[Line, bytes]] = []
    for index, one in enumerate(found):
        order = (len(found) - 1 - index if backwards else index) * 10
        first = True
        for step in one.steps:
            for side, other, direction in (
                (step.source, step.target, "debit"),
                (step.target, step.source, "credit"),
            ):
                if not side.inside:
                    continue
                order += 1
                extra += 0 if first else 1
                number, remark = visible_counterparty(other.account)
                line = Line(
                    position=one.row.position if first else extra,
                    sequence=order,
                    booked_at=one.booked_at,
                    account=side.account,
                    direction=direction,
                    amount_fen=step.amount_fen,
                    currency="CNY",
                    counterparty_account=number,
                    counterparty_name=other.name,
                    purpose_text=joined(one.purpose, step.remark, remark),
                    reverses=step.reverses,
                    reference=step.reference,
                    document_no=one.document_no,
                    account_name=account_name,
                    institution=institution,
                )
                written.append((line, one.row.original))
                first = False
    for line, original in sorted(written, key=lambda pair: pair[0].position):
        lines.line(line, original)
