"""The rules over a run of the books: signal rows of its trace, judged by every version that judges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import polars as pl

from loantrail.clock import business_date
from loantrail.early_warning.frames import Frames
from loantrail.early_warning.view import View
from loantrail.ledger.pairs.store import type_of_connection
from loantrail.parameters import ParameterBook
from loantrail.rules import store_hits
from loantrail.rules.cost import Span, loans_had, span_of_books
from loantrail.rules.listing import payees_of
from loantrail.rules.running import hits_of_run
from loantrail.signals.inputs import prepare_count
from loantrail.signals.rows import signal_rows
from loantrail.signals.store import kept


def judge(
    connection: type_of_connection,
    frames: Frames,
    view: View,
    ended: pl.DataFrame,
    run_id: str,
    parameters: ParameterBook,
    say: Callable[[str], object] = lambda _text: None,
    keep: Callable[[type_of_connection, str, Iterable[pl.DataFrame]], Iterator[pl.DataFrame]] = kept,
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The hits (HITS) of the published rules over all movements of a run and the end of its last day, and the codes that
    were looked with; what every version found is stored. The caller commits. `view`: the frames, prepared; `ended`: hops
    (`hop_id`) that came to rest; `keep` hands the parts of the signal rows on and sees to where they stay."""
    on_date = business_date(frames.as_of)
    prepared = prepare_count(frames, view, (on_date, on_date), ended)
    span = span_of_books(frames.transactions) or Span(on_date, on_date)
    loans = len(loans_had(view, span))
    rows = keep(connection, run_id, signal_rows(prepared))
    found = hits_of_run(connection, rows, loans, run_id, on_date, parameters, say, payees_of(frames))
    # What a rule costs is told over the days that the books tell of.
    store_hits.set_span(connection, span.first, span.last)
    return found
