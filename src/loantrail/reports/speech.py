"""How a document says amounts, shares, times and payees in the reader's language."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from loantrail.clock import BUSINESS_ZONE
from loantrail.http.pages.model import Account, Arrival
from loantrail.money import yuan_text
from loantrail.reports.words import Words


def instant_text(instant: datetime.datetime) -> str:
    """An instant as the bank's clock shows it: 2025-03-04 10:30:00."""
    return instant.astimezone(BUSINESS_ZONE).strftime("%Y-%m-%d %H:%M:%S")


def share_text(part_fen: int, whole_fen: int) -> str:
    """A share in per cent with one decimal, rounded to the nearest tenth; empty without a whole."""
    if whole_fen <= 0:
        return ""
    tenths = (part_fen * 2000 + whole_fen) // (2 * whole_fen)
    return f"{tenths // 10}.{tenths % 10}%"


@dataclass(frozen=True)
class Speech:
    """The words of one language, and amounts in one currency."""

    words: Words
    currency: str

    @property
    def unit(self) -> str:
        """The currency's major unit, as it stands in the head of a column."""
        return self.words.say("report.unit_yuan") if self.currency == "CNY" else self.currency

    def titled(self, key: str) -> str:
        """The title of a column of amounts, with the unit."""
        title = self.words.say(key)
        return f"{title}（{self.unit}）" if self.words.language == "zh" else f"{title} ({self.unit})"

    def bare(self, amount_fen: int | None) -> str:
        """Without unit, for a column; empty for no amount."""
        return "" if amount_fen is None else yuan_text(amount_fen, self.currency)

    def amount(self, amount_fen: int) -> str:
        """With its unit."""
        bare = yuan_text(amount_fen, self.currency)
        if self.currency == "CNY":
            return self.words.say("report.yuan", amount=bare)
        return self.words.say("report.other_currency", amount=bare, currency=self.currency)

    def payee(self, account: Account) -> tuple[str, str]:
        """Name and number of an account."""
        if account.name:
            return account.name, account.account or ""
        if account.account:
            return self.words.say("report.unnamed"), account.account
        return self.words.say("report.outside"), ""

    def judgement(self, arrival: Arrival) -> str:
        """Payment text, class with what was seen and how sure, document: in one line."""
        parts: list[str] = []
        if arrival.purpose_text:
            parts.append(arrival.purpose_text)
        if arrival.destination_class:
            parts.append(
                self.words.say("report.judged", use=self.words.name("use", arrival.destination_class))
            )
        if arrival.evidence:
            parts.append(self.words.clue(arrival.evidence))
        elif arrival.basis and arrival.basis != "none":
            parts.append(self.words.name("basis", arrival.basis))
        if arrival.confidence_permille:
            parts.append(
                self.words.say("report.confidence", share=f"{round(arrival.confidence_permille / 10)}%")
            )
        if arrival.document_no:
            parts.append(self.words.say("report.document", document=arrival.document_no))
        return " · ".join(parts)

    def proof(self, proven: bool | None) -> str:
        """Whether bounds are proven, in words."""
        if proven is None:
            return self.words.say("report.not_computed")
        return self.words.say("report.proven" if proven else "report.not_proven")

    def bases(self, basis: str | None) -> str:
        """The basis of a statement line, in words."""
        named = [one.strip() for one in (basis or "").split(",") if one.strip() not in ("", "none")]
        return " · ".join(self.words.name("basis", one) for one in named)
