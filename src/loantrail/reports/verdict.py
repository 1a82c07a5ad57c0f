"""The verdict on a loan: in one paragraph of plain words, where its money went, what is suspected, what was not seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from loantrail.http.pages.model import Lead, StatementLine, Summary
from loantrail.reports.speech import Speech, share_text

USES_NAMED: Final = 3
LEADS_NAMED: Final = 3


def verdict(
    speech: Speech,
    convention: str,
    summary: Summary | None,
    statement: Sequence[StatementLine],
    leads: Sequence[Lead],
) -> str:
    """The paragraph, in the language of `speech`. Leads are suspected, never found."""
    words = speech.words
    if summary is None or not statement:
        return words.say("report.verdict.untraced")
    joint = words.say("report.verdict.joint")
    text = words.say(
        "report.verdict.seen",
        disbursed=_spaced(speech, summary.disbursed_fen),
        convention=words.name("convention", convention),
        seen=_spaced(speech, summary.seen_fen),
        share=share_text(summary.seen_fen, summary.disbursed_fen),
    )
    largest = sorted(statement, key=lambda line: (-line.amount_fen, line.use))[:USES_NAMED]
    text += words.say(
        "report.verdict.uses",
        uses=joint.join(
            words.say(
                "report.verdict.use",
                use=words.name("use", line.use),
                amount=_spaced(speech, line.amount_fen),
            )
            for line in largest
        ),
    )
    if leads:
        named = joint.join(
            words.say(
                "report.verdict.lead",
                pattern=words.name("pattern", lead.pattern),
                amount=speech.amount(lead.amount_fen),
            )
            for lead in leads[:LEADS_NAMED]
        )
        text += words.say("report.verdict.leads", count=len(leads), leads=named)
    else:
        text += words.say("report.verdict.no_leads")
    lost = [
        words.say(key, amount=_spaced(speech, amount_fen))
        for key, amount_fen in (
            ("report.verdict.lost_other_bank", summary.lost_other_bank_fen),
            ("report.verdict.lost_pool", summary.lost_pool_fen),
        )
        if amount_fen > 0
    ]
    if lost:
        text += words.say("report.verdict.lost", parts=joint.join(lost))
    return text.strip()


def _spaced(speech: Speech, amount_fen: int) -> str:
    """Chinese text sets a number off by a space from the word before it."""
    amount = speech.amount(amount_fen)
    return f" {amount}" if speech.words.language == "zh" else amount
