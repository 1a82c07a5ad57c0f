"""Both accounts of transactions as the trace numbered them: their texts need not be looked at again. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from loantrail.early_warning.frames import TRANSACTIONS, fitted
from loantrail.tracing.codes import code_texts
from loantrail.tracing.model import Int32
from loantrail.tracing.named import NamedHistory

_ACCOUNTS: Final = {name: TRANSACTIONS[name] for name in ("debit_account", "credit_account")}


@dataclass(frozen=True, slots=True)
class NumberedEnds:
    """`names` [m], each once; `debit` and `credit` [transactions] number of a name, -1 for nobody."""

    names: list[str]
    debit: Int32
    credit: Int32


def ends_of(transactions: pl.DataFrame) -> NumberedEnds:
    """By their texts (`debit_account`, `credit_account`)."""
    told = fitted(transactions, _ACCOUNTS)
    (debit, credit), names = code_texts(told.get_columns())
    return NumberedEnds(names.to_list(), debit, credit)


def numbered_ends(named: NamedHistory, count: int) -> NumberedEnds:
    """Of the first so many transactions that were read. The trace has a number for each currency of an account; here it is one."""
    number_of: dict[str, int] = {}
    numbers = [
        number_of.setdefault(name, len(number_of)) if name else -1 for name in named.accounts.to_list()
    ]
    # The last place is that of nobody, whose number is -1.
    plain = np.array([*numbers, -1], np.int32)
    history = named.history
    ends = np.empty((2, len(named.row_of_event)), np.int32)
    ends[:, named.row_of_event] = plain[history.debit], plain[history.credit]
    return NumberedEnds(list(number_of), ends[0, :count], ends[1, :count])
