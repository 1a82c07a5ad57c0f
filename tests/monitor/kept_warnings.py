"""What stands of hits, threads, their timelines and the outbox: to be compared with what stands elsewhere, with itself, and with what a
computation over the whole books gives."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import polars as pl
import psycopg

from loantrail.clock import business_date
from loantrail.early_warning.hits import PROVEN
from loantrail.early_warning.model import Event, Kind, Thread
from loantrail.early_warning.timeline import thread_of
from loantrail.ledger.pairs.booking import settle
from loantrail.monitor.standing import Standing
from loantrail.rules.evaluate import ReadyRules
from loantrail.rules.listing import marked, payees_of
from loantrail.signals.inputs import prepare_count
from loantrail.signals.rows import row_schema, signal_rows
from loantrail.tracing.database import Traced, trace_anew
from loantrail.tracing.judging import judge
from loantrail.tracing.loan_bounds import BOUNDS
from loantrail.tracing.model import Convention
from loantrail.tracing.warnings import gather

Asked = psycopg.Connection[Any]
Rows = list[tuple[Any, ...]]
HIT = (
    "hit_id", "rule_code", "rule_version", "loan_id", "at", "level", "amount_fen", "share_ppm", "destination_class",
    "transaction_ids", "explanation", "explanation_chinese",
)  # fmt: skip


def rows(asked: Asked, query: str, *values: object) -> Rows:
    found = asked.execute(query.encode(), values).fetchall()
    return [tuple(row) for row in found]


def lines(asked: Asked) -> Rows:
    """Each line of the books, but for the numbers and the file that its arrival gave it."""
    return rows(
        asked,
        "SELECT line_id, booked_at, account, direction, amount_fen, counterparty_account, purpose_text, reference, reverses, "
        "document_no, unit_id FROM ledger.statement_line ORDER BY line_id",
    )


def line_ids(asked: Asked) -> list[str]:
    return [
        row[0] for row in rows(asked, "SELECT replace(line_id::text, '-', '') FROM ledger.statement_line")
    ]


def last_arrival(asked: Asked) -> int:
    return rows(asked, "SELECT coalesce(max(arrival_number), 0) FROM ledger.statement_line")[0][0]


def hits(asked: Asked) -> Rows:
    """All of them, standing or not, but for the moments at which they were found and changed."""
    return rows(
        asked,
        f"SELECT {', '.join(HIT)}, proven_fen, payee_accounts, standing, suppressed_by, unit_id, thread_id "
        "FROM early_warning.hit ORDER BY hit_id",
    )


def threads(asked: Asked) -> Rows:
    return rows(
        asked,
        "SELECT thread_id, loan_id, version, level, state, first_at, superseded, escalated, rule_codes, amount_fen, proven_fen, "
        "unit_id FROM early_warning.thread ORDER BY thread_id",
    )


def events(asked: Asked) -> Rows:
    """The timelines, but for the moments of the clock."""
    return rows(
        asked,
        "SELECT thread_id, version, kind, by, data - 'due_at', unit_id FROM early_warning.thread_event ORDER BY thread_id, version",
    )


def told(asked: Asked) -> Rows:
    """The outbox, thread by thread in the order in which it is told."""
    return rows(
        asked,
        "SELECT thread_id, kind, version, level, unit_id FROM early_warning.outbox ORDER BY thread_id, outbox_id",
    )


ALL = (lines, hits, threads, events, told)


def everything(asked: Asked) -> dict[str, Rows]:
    return {one.__name__: one(asked) for one in ALL}


def assert_equal(mine: dict[str, Rows], others: dict[str, Rows]) -> None:
    for name, expected in others.items():
        lost = [row for row in expected if row not in mine[name]]
        more = [row for row in mine[name] if row not in expected]
        assert mine[name] == expected, f"{name}: lost {lost[:3]}, more {more[:3]}"


def assert_of_one_piece(asked: Asked) -> None:
    """Each thread is what its timeline comes to, tells each of its changes once, and speaks of the hits that stand of its loan."""
    timelines = _timelines(asked)
    outbox: dict[str, list[tuple[int, str]]] = {thread_id: [] for thread_id in timelines}
    for thread_id, kind, version, _, _ in told(asked):
        outbox[thread_id].append((version, kind))
    kept = {row[0]: row[1:] for row in threads(asked)}
    assert kept.keys() == timelines.keys()
    for thread_id, timeline in timelines.items():
        became, said = thread_of(timeline), outbox[thread_id]
        assert (became.version, became.level.value, became.state.value) == kept[thread_id][1:4]
        versions = [version for version, _ in said]
        assert versions == sorted(set(versions)), f"{thread_id} tells a change twice: {said}"
        assert versions[-1] == became.version, f"{thread_id} keeps its last change for itself: {said}"
        assert [kind for _, kind in said].count("new") == 1
        assert said[0][1] == "new"
        of_loan = rows(
            asked,
            "SELECT hit_id, level, amount_fen, thread_id FROM early_warning.hit WHERE loan_id = %s AND standing AND suppressed_by IS NULL",
            kept[thread_id][0],
        )
        assert {row[3] for row in of_loan} <= {thread_id}
        assert {row[:3] for row in of_loan} == _standing(became)
    strays = rows(
        asked,
        "SELECT 1 FROM early_warning.hit WHERE standing AND suppressed_by IS NULL AND thread_id IS NULL",
    )
    assert not strays, "a hit stands in no thread"


def _timelines(asked: Asked) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    for thread_id, version, kind, at, by, data in rows(
        asked,
        "SELECT thread_id, version, kind, at, by, data FROM early_warning.thread_event ORDER BY thread_id, version",
    ):
        timeline = found.setdefault(thread_id, [])
        timeline.append(Event(Kind(kind), at, by, data))
        assert version == len(timeline), f"{thread_id} has a gap before its entry {version}"
    return found


def _standing(thread: Thread) -> set[tuple[str, str, int]]:
    return {(key, hit.level.value, hit.amount_fen) for key, hit in thread.standing.items()}


def hits_of_books(connection: Asked) -> Rows:
    """HIT of what the patterns and rules say of the whole books (`traced_anew`); what is proven is what the run that stands proved."""
    return hits_of(connection, traced_anew(connection))


def traced_anew(connection: Asked) -> Traced:
    """The whole books, read and traced anew. Lines that wait to be paired are paired first; nothing else is stored."""
    connection.rollback()
    settle(connection)
    traced = trace_anew(connection, Convention.FIFO)
    connection.rollback()
    return traced


def hits_of(connection: Asked, traced: Traced) -> Rows:
    """The same of a trace of these books."""
    assert traced.view is not None
    proven = _proven(connection)
    found, codes = judge(
        connection, traced.frames, traced.view, traced.over, traced.run_id, traced.books.parameters
    )
    connection.rollback()
    gathered = gather(traced.books, traced.leads, proven, found, codes)
    return sorted(_plain(row) for row in gathered.hits.select(HIT).iter_rows())


def found_in_books(traced: Traced, rules: ReadyRules, entries: pl.DataFrame) -> pl.DataFrame:
    """FOUND of all rules, those in shadow too, over all signal rows of the whole books. `entries`: what stands on the lists."""
    assert traced.view is not None
    on_date = business_date(traced.frames.as_of)
    prepared = prepare_count(traced.frames, traced.view, (on_date, on_date), traced.over)
    signals = pl.concat([pl.DataFrame(schema=row_schema()), *signal_rows(prepared)])
    return rules.found(marked(signals, payees_of(traced.frames), entries))


def assert_state_is_that_of(traced: Traced, state: Standing) -> None:
    """Transactions with their classes, hops with their ids and where they ended, and balances are those of the whole books; no fen is
    lost."""
    transactions = state.index.transactions.all()
    theirs = traced.frames.transactions.select(transactions.columns)
    other = transactions.join(theirs, on=theirs.columns, how="anti", nulls_equal=True).to_dicts()
    missing = theirs.join(transactions, on=theirs.columns, how="anti", nulls_equal=True).to_dicts()
    assert transactions.equals(theirs), f"the state has {other}, the books have {missing}"
    hops = state.index.hops.all()
    hops_of_books = traced.frames.hops.select(
        one for one in traced.frames.hops.columns if one in hops.columns
    )
    assert hops.select(hops_of_books.columns).equals(hops_of_books)
    ended = set(traced.over["hop_id"].to_list())
    assert pl.Series(state.index.hop_ended.array.copy()).equals(hops["hop_id"].is_in(ended))
    assert_no_fen_is_lost(state)


def assert_no_fen_is_lost(state: Standing) -> None:
    """Of each loan, what is held somewhere and what ended is what was paid out."""
    trace = state.trace.result()
    hops = pl.DataFrame(
        {
            "loan": trace.hops.loan,
            "fen": trace.hops.amount_fen,
            "ended": trace.hops.ended,
            "parent": trace.hops.parent,
        }
    )
    held = pl.DataFrame({"loan": trace.holdings.loan, "fen": trace.holdings.amount_fen})
    paid_out = _by_loan(hops.filter(pl.col("parent") < 0))
    assert _by_loan(pl.concat([held, hops.filter("ended").select("loan", "fen")])) == paid_out


def _by_loan(rows: pl.DataFrame) -> dict[int, int]:
    return {loan: fen for loan, fen in rows.group_by("loan").agg(pl.col("fen").sum()).iter_rows() if fen}


def hits_that_stand(asked: Asked) -> Rows:
    """The same of what stands in the warnings."""
    found = rows(asked, f"SELECT {', '.join(HIT)} FROM early_warning.hit WHERE standing ORDER BY hit_id")
    return [_plain(row) for row in found]


def _plain(row: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(
        one.astimezone(datetime.UTC)
        if isinstance(one, datetime.datetime)
        else tuple(one)
        if isinstance(one, list)
        else one
        for one in row
    )


def _proven(connection: Asked) -> pl.DataFrame:
    found = connection.execute(
        "SELECT loan_id, use, least_fen FROM tracing.statement JOIN tracing.run USING (run_id) "
        "WHERE current AND convention = 'fifo' AND proven"
    ).fetchall()
    proven = pl.DataFrame(
        found, schema={"loan_id": pl.String, "use": pl.String, "least_fen": pl.Int64}, orient="row"
    )
    assert set(proven.columns) == set(PROVEN)
    missing = {
        name: pl.lit(None, kind).alias(name) for name, kind in BOUNDS.items() if name not in proven.columns
    }
    return proven.with_columns(
        *(value for name, value in missing.items() if name != "proven"), proven=pl.lit(value=True)
    )
