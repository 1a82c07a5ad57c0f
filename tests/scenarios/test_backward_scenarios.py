"""Every table in the folder `backward`: which money a payment was made of.

Columns of `expect`: `r from c` (of payment r what came in by c: a receipt from outside, or the disbursement of a loan),
`r from opening A`, `r from overdraft A`, `r from pool Z`.
"""

from __future__ import annotations

from collections import Counter

import pytest
from tests.scenarios.reading import FOLDER, Scenario, read_scenario, yuan

from loantrail.tracing.backward import Backward, Origin, Source
from loantrail.tracing.named import NamedHistory

CASES = [
    pytest.param(scenario, expected, id=path.stem)
    for path in sorted((FOLDER / "backward").glob("*.txt"))
    for scenario in [read_scenario(path)]
    for _, expected in scenario.expectations
]


def said(named: NamedHistory, source: Source) -> str:
    if source.origin in (Origin.OPENING, Origin.OVERDRAFT, Origin.POOL):
        return f"{source.origin.value} {named.accounts[source.account]}"
    return named.transaction_ids[int(named.row_of_event[source.events[-1]])]


@pytest.mark.parametrize(("scenario", "expected"), CASES)
def test_backward_scenario(scenario: Scenario, expected: dict[str, int]) -> None:
    named = scenario.run("fifo").named
    assert named is not None
    walked = Backward(named.history)
    payments = named.transaction_ids.gather(named.row_of_event).to_list()
    found: Counter[str] = Counter()
    for payment in {column.split(" from ")[0] for column in expected}:
        for source in walked.sources(payments.index(payment)):
            found[f"{payment} from {said(named, source)}"] += source.amount_fen
    assert {column: str(yuan(fen)) for column, fen in found.items()} == {
        column: str(yuan(fen)) for column, fen in expected.items()
    }
