"""Rules and signal rows for the tests, told in a few words."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import polars as pl

from loantrail.early_warning.hits import Level
from loantrail.ids import derived_id
from loantrail.rules.model import Content, LevelRule, RuleVersion, State
from loantrail.signals.rows import row_schema

START = datetime.datetime(2025, 3, 1, 2, 0, tzinfo=datetime.UTC)
WAN = 1_000_000
CONTENT = Content(
    code="FLOW_SECURITIES",
    chinese="流向证券",
    english="Into securities",
    legal_basis="办法",
    products=(),
    customer_kinds=(),
    occasion="movement",
    condition="destination_class = 'securities' AND securities_fen >= wan(10)",
    levels=(LevelRule(Level.RED, "securities_fen >= wan(100)"), LevelRule(Level.YELLOW, "TRUE")),
    amount_field="securities_fen",
    owner_role="risk_manager",
    actions=("verify",),
    doubt_chinese="可能是退款",
    doubt_english="May be a refund",
)


def version(state: State = State.PUBLISHED, number: int = 1, **fields: Any) -> RuleVersion:
    """A version of the rule above; `fields` of its content or of itself."""
    own = {
        name: fields.pop(name) for name in list(fields) if name in RuleVersion.__slots__ and name != "content"
    }
    content = replace(CONTENT, **fields)
    made = RuleVersion(
        rule_id=derived_id("rule", content.code, number),
        content=content,
        version=number,
        state=state,
        maker="甲",
        made_at=START,
        editors=("甲",),
        effective_from=datetime.date(2025, 1, 1) if state is State.PUBLISHED else None,
    )
    return replace(made, **own)


def rows(*told: dict[str, Any]) -> pl.DataFrame:
    """Movement rows, an hour after each other; what is not told is null."""
    made: list[dict[str, Any]] = []
    for number, one in enumerate(told):
        at = START + datetime.timedelta(hours=number)
        made.append(
            {
                "occasion_id": derived_id("row", number),
                "occasion": "movement",
                "loan_id": "L1",
                "transaction_id": f"T{number}",
                "at": at,
                "business_date": at.date(),
                "product": "working_capital_loan",
                "customer_kind": "company",
                "loan_amount_fen": 1_000 * WAN,
                "destination_class": "securities",
            }
            | one
        )
    schema = row_schema()
    return pl.DataFrame([{name: one.get(name) for name in schema} for one in made], schema=schema)
