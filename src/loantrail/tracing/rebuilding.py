"""Computes trace, signals and hits anew from the books and compares them with what stands; replaces what differs.

Nothing that was kept of an earlier run is used. What a run over the same books by the same software gives is the same, bit
for bit: a difference means that something was changed behind the product's back, or that the product is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.metadata import version
from typing import Final

import polars as pl

from loantrail import clock
from loantrail.early_warning import store_allow
from loantrail.early_warning.taking import hit_rows
from loantrail.errors import InputError
from loantrail.ledger.pairs.store import type_of_connection
from loantrail.signals.catalogue import row_schema
from loantrail.signals.store import blocks_of_run
from loantrail.tracing import store, store_evaluation, store_rebuilding
from loantrail.tracing.comparing import (
    DIGEST,
    SHOWN,
    Compared,
    Difference,
    Kind,
    compare,
    digest_of,
    digests_of,
    row_digests,
    told_apart,
)
from loantrail.tracing.database import Traced, bounds_of_leads, trace_anew, trace_books
from loantrail.tracing.judging import judge
from loantrail.tracing.loan_bounds import BOUNDS, all_line_bounds
from loantrail.tracing.model import Convention
from loantrail.tracing.store_rebuilding import WARNING_HIT, Standing
from loantrail.tracing.warnings import Gathered, gather

TABLES: Final = (
    Kind("hop", ("hop_id",), ("loan_id", "transfer_id")),
    Kind("position", ("loan_id", "account", "use"), ("loan_id", "account", "use")),
    Kind("statement", ("loan_id", "use"), ("loan_id", "use")),
    Kind("loan_summary", ("loan_id",), ("loan_id",)),
    Kind("destination", ("transfer_id",), ("transfer_id",)),
    Kind("lead", ("loan_id", "pattern"), ("loan_id", "pattern")),
)
"""What a trace stores in the tables of these names."""
LINE_BOUNDS: Final = Kind("bounds", ("loan_id", "use"), ("loan_id", "use"))
BOUNDS_ON_REQUEST: Final = Kind("bounds_on_request", ("loan_id", "use"), ("loan_id", "use"))
SIGNAL: Final = Kind("signal", ("loan_id", "occasion_id"), ("loan_id", "occasion", "transaction_id", "at"))
RULE_HITS: Final = Kind("rule_hit", ("hit_id",), ("loan_id", "rule_code", "rule_version"))
WARNING_HITS: Final = Kind("warning_hit", ("hit_id",), ("loan_id", "rule_code", "rule_version"))
KINDS: Final = (*TABLES, LINE_BOUNDS, BOUNDS_ON_REQUEST, SIGNAL, RULE_HITS, WARNING_HITS)
KEPT_DIFFERING: Final = 1_000
"""Signal rows computed anew that are kept to be named."""


class Outdated(StrEnum):
    """Why the run that stands cannot be compared yet."""

    DATA = "data"
    SOFTWARE = "software"
    REQUESTED = "requested"
    RULES = "rules"
    LISTS = "lists"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What became of a comparison. `outdated`: why the run had to be brought up to date first, or (nothing compared)
    should be; `replaced`: whether what differed was replaced; `unsettled`: kinds that differ from the computed rows even
    after that, which only a defect of the product can make."""

    run_id: str
    outdated: tuple[Outdated, ...]
    compared: tuple[Compared, ...]
    replaced: bool = False
    unsettled: tuple[str, ...] = ()

    @property
    def is_equal(self) -> bool:
        return bool(self.compared) and all(one.is_equal for one in self.compared)


@dataclass(frozen=True, slots=True)
class _Comparison:
    """All KINDS; the columns of the tables; the rules that the warnings were looked at with."""

    compared: tuple[Compared, ...]
    schemas: dict[str, dict[str, pl.DataType]]
    codes: tuple[str, ...]


def rebuild(
    connection: type_of_connection,
    stores: bool = True,
    say: Callable[[str], object] = lambda _text: None,
) -> Rebuilt:
    """Compare what stands with what the books give. With `stores` a run that is out of date is brought up to date first,
    and rows that differ are replaced by a trace through the normal road: warnings that no longer hold are marked
    superseded, acts of people stay. Without it nothing is stored. Nobody else traces meanwhile.

    Raises InputError where the books were never traced, and as `trace_books` does.
    """
    with store_evaluation.alone(connection):
        standing, outdated = _standing(connection)
        if outdated and not stores:
            return Rebuilt(standing.run_id, outdated, ())
        if outdated:
            trace_books(connection, say=say, anew=True)
            standing, again = _standing(connection)
            if again:
                return Rebuilt(standing.run_id, again, ())
        found = _compare(connection, standing, say)
        if found is None:
            return Rebuilt(standing.run_id, (Outdated.DATA,), ())
        done = Rebuilt(standing.run_id, outdated, found.compared)
        if done.is_equal or not stores:
            return done
        again_run = trace_books(connection, say=say, anew=True).run_id
        if again_run != standing.run_id:  # lines came in meanwhile
            return replace(done, replaced=True)
        say("reading what stands now")
        after = _digests_now(connection, standing.run_id, found)
        unsettled = tuple(one.name for one in done.compared if after.get(one.name, one.digest) != one.digest)
        return replace(done, replaced=True, unsettled=unsettled)


def _standing(connection: type_of_connection) -> tuple[Standing, tuple[Outdated, ...]]:
    standing = store_rebuilding.standing_run(connection)
    if standing is None:
        raise InputError("the books have not been traced", remedy="Run: loantrail trace --database")
    told = {
        Outdated.DATA: store.data_version(connection) != standing.data_version,
        Outdated.SOFTWARE: version("loantrail") != standing.software_version,
        Outdated.REQUESTED: store_rebuilding.open_requests(connection),
        Outdated.RULES: store_rebuilding.rules_changed(connection),
        Outdated.LISTS: store_rebuilding.lists_expired(connection),
    }
    connection.rollback()
    return standing, tuple(reason for reason, holds in told.items() if holds)


def _compare(
    connection: type_of_connection, standing: Standing, say: Callable[[str], object]
) -> _Comparison | None:
    """None where the books changed since the run was looked at."""
    traced = trace_anew(connection, Convention.FIFO, say)
    if traced.books.data_version != standing.data_version:
        return None
    run_id = standing.run_id
    compared: list[Compared] = []
    schemas: dict[str, dict[str, pl.DataType]] = {}
    say("comparing the trace")
    for kind in TABLES:
        rows = _table(traced, kind.name)
        schemas[kind.name] = dict(rows.schema)
        stands = store_rebuilding.rows_of(connection, run_id, kind.name, schemas[kind.name])
        connection.rollback()
        compared.append(compare(kind, stands, rows))
    bounds = bounds_of_leads(traced, say)
    compared += _compared_bounds(connection, traced, bounds, run_id)
    say("judging by the rules, and comparing the signals")
    signals = _Signals(connection, run_id)
    found = store_rebuilding.rule_hits(connection)
    assert traced.view is not None
    hits, codes = judge(
        connection,
        traced.frames,
        traced.view,
        traced.over,
        run_id,
        traced.books.parameters,
        say,
        keep=signals.pass_through,
    )
    # What the rules found was stored in this transaction alone: read back, then taken back.
    found_anew = store_rebuilding.rule_hits(connection)
    connection.rollback()
    compared += [signals.compared(connection), compare(RULE_HITS, found, found_anew)]
    say("comparing the warnings")
    gathered = gather(traced.books, traced.leads, bounds, hits, codes)
    stands = store_rebuilding.warning_hits(connection, gathered.codes)
    compared.append(compare(WARNING_HITS, stands, _warning_rows(connection, traced, gathered)))
    connection.rollback()
    return _Comparison(tuple(compared), schemas, gathered.codes)


def _table(traced: Traced, name: str) -> pl.DataFrame:
    """The rows of a table without the run; the summary with its digest of the leads (store.digest_leads)."""
    rows = traced.tables[name].drop("run_id")
    if name != "loan_summary":
        return rows
    leads = traced.tables["lead"]
    ranked = leads.sort(
        -pl.col("amount_fen"), ~pl.col("pattern").is_in(store.USE_PATTERNS), "pattern", maintain_order=True
    )
    told = ranked.group_by("loan_id", maintain_order=True).agg(
        suspected_fen=pl.col("amount_fen").first(),
        suspected_pattern=pl.col("pattern").first(),
        lead_count=pl.len().cast(pl.Int64),
        patterns=pl.col("pattern").unique().sort().str.join(","),
        lead_classes=pl.col("class").filter(pl.col("class") != "").unique().sort().str.join(","),
    )
    return rows.join(told, on="loan_id", how="left", maintain_order="left").with_columns(
        pl.col("suspected_fen", "lead_count").fill_null(0),
        pl.col("suspected_pattern", "patterns", "lead_classes").fill_null(""),
    )


def _compared_bounds(
    connection: type_of_connection, traced: Traced, bounds: pl.DataFrame, run_id: str
) -> tuple[Compared, Compared]:
    """Bounds of the loans with leads, and of others for which somebody asked."""
    stands = store_rebuilding.rows_of(connection, run_id, "statement", BOUNDS, only="least_fen")
    connection.rollback()
    warned = pl.col("loan_id").is_in(traced.leads["loan_id"].unique().implode())
    asked = stands.filter(~warned)
    known = asked.join(traced.statement, on=["loan_id", "use"], how="semi")["loan_id"].unique().sort()
    return (
        compare(LINE_BOUNDS, stands.filter(warned), bounds),
        compare(
            BOUNDS_ON_REQUEST, asked, all_line_bounds(traced.bounds_from, traced.statement, known.to_list())
        ),
    )


def _warning_rows(connection: type_of_connection, traced: Traced, gathered: Gathered) -> pl.DataFrame:
    """The hits as the warnings would keep them now, WARNING_HIT."""
    entries = store_allow.in_force(connection, clock.business_date(clock.now()))
    units = traced.books.context["loans"].select("loan_id", "unit_id").unique("loan_id")
    return (
        hit_rows(gathered.hits, entries, gathered.proven, gathered.payees)
        .join(units, on="loan_id", how="left", maintain_order="left")
        .select(pl.col(name).cast(dtype) for name, dtype in WARNING_HIT.items())
    )


class _Signals:
    """Compares signal rows part by part; what is held of each is its key and digest."""

    def __init__(self, connection: type_of_connection, run_id: str) -> None:
        self._run_id = run_id
        self._unreadable: list[Difference] = []
        self._standing = self._read(connection)
        self._anew = [row_digests(pl.DataFrame(schema=row_schema()), SIGNAL.key)]
        self._differing = [pl.DataFrame(schema=row_schema())]
        self._room = KEPT_DIFFERING

    def _read(self, connection: type_of_connection) -> pl.DataFrame:
        found = [row_digests(pl.DataFrame(schema=row_schema()), SIGNAL.key)]
        for part, block, rows in blocks_of_run(connection, self._run_id):
            if rows is None:
                self._unreadable.append(Difference("unreadable", {"part": str(part), "block": str(block)}))
            else:
                found.append(row_digests(rows, SIGNAL.key))
        return pl.concat(found)

    def pass_through(
        self, connection: type_of_connection, run_id: str, parts: Iterable[pl.DataFrame]
    ) -> Iterator[pl.DataFrame]:
        """Hands the parts on and notes them; stores nothing."""
        del connection, run_id
        for rows in parts:
            digests = row_digests(rows, SIGNAL.key)
            self._anew.append(digests)
            if self._room > 0:
                known = self._standing[DIGEST]
                other = rows.filter(~digests[DIGEST].is_in(known.implode())).head(self._room)
                self._room -= len(other)
                self._differing.append(other)
            yield rows

    def compared(self, connection: type_of_connection) -> Compared:
        """What was noted against what stands."""
        anew = pl.concat(self._anew)
        other = self._standing.join(anew, on=DIGEST, how="anti").sort(SIGNAL.key)
        loans = other["loan_id"].unique(maintain_order=True).head(3 * SHOWN)
        stands = [pl.DataFrame(schema=row_schema())]
        if len(loans):
            wanted = pl.col("loan_id").is_in(loans.implode())
            stands += [
                rows.filter(wanted)
                for _, _, rows in blocks_of_run(connection, self._run_id)
                if rows is not None
            ]
            connection.rollback()
        told = told_apart(
            SIGNAL, self._standing, anew, pl.concat(stands), pl.concat(self._differing), list(row_schema())
        )
        # A block that cannot be read is a difference, even where its rows stand a second time.
        return replace(told, differences=(*self._unreadable[:SHOWN], *told.differences))


def _digests_now(connection: type_of_connection, run_id: str, found: _Comparison) -> dict[str, str]:
    """Kind -> digest of what stands. Bounds on request are gone with the run that held them."""

    def digest(rows: pl.DataFrame) -> str:
        return digest_of(rows.columns, digests_of(rows))

    told = {
        name: digest(store_rebuilding.rows_of(connection, run_id, name, schema))
        for name, schema in found.schemas.items()
    }
    told["bounds"] = digest(store_rebuilding.rows_of(connection, run_id, "statement", BOUNDS, "least_fen"))
    digests = [digests_of(rows) for _, _, rows in blocks_of_run(connection, run_id) if rows is not None]
    told["signal"] = digest_of(list(row_schema()), pl.concat([pl.Series(DIGEST, [], pl.Binary), *digests]))
    told["rule_hit"] = digest(store_rebuilding.rule_hits(connection))
    told["warning_hit"] = digest(store_rebuilding.warning_hits(connection, found.codes))
    connection.rollback()
    return told
