"""Bounds that no counting rule can escape: the least and the most of a loan that could have got somewhere.

`docs/concepts/bounds.md` explains the network. Every convention that conserves money is one flow through it, so
the largest flow to a place is the most that any convention can find there, and what cannot flow anywhere else is
the least. The network is solved by OR-Tools' push-relabel max flow (Goldberg and Tarjan, 1988) on whole fen.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import max_flow

from loantrail.errors import LimitExceeded
from loantrail.money import AMOUNT_FEN_MAX
from loantrail.tracing.kernel_cone import (
    SINK_ANYWHERE,
    SINK_DESTINATION,
    SOURCE,
    build_cone,
)
from loantrail.tracing.kernel_reach import plan_reversals, worth_following
from loantrail.tracing.model import (
    IN_TRANSIT,
    NO_SPECIAL,
    OUTSIDE,
    USE_NONE,
    USE_OTHER_DEBT,
    USE_OUTSIDE,
    USE_OWN_INSTALMENT,
    USE_REPAYMENT,
    Bool,
    History,
    Int32,
    Specials,
)
from loantrail.tracing.trace import valid_reversals

ARCS_MAX: Final = 2_000_000
"""Beyond so many arcs money is not followed: what reaches that frontier may be anywhere (`outer`)."""
LINE_ARCS_MAX: Final = 200_000
"""The same for statements, which solve two networks a line."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Least and most, in fen, that any counting rule can give."""

    disbursed_fen: int
    least_fen: int
    most_fen: int
    proven: bool
    """Every balance on the way is known: the figures hold whichever way one counts."""
    reasons: tuple[str, ...]
    """What made it not proven: the names under which accounts on the way hold unlimited own money."""
    outer: bool
    """The network was cut at a limit of arcs: the figures hold, and the true ones may lie closer together."""


@dataclass(frozen=True, slots=True)
class Cone:
    """Everything that the money of a set of loans may have done, as a flow network."""

    disbursed_fen: int
    nodes: int
    arcs: NDArray[np.int64]  # [arcs, 3] tail, head, fen
    sinks: NDArray[np.int64]  # [sinks, 4] tail, fen, use (or a SINK_ code), account
    touched: Bool  # [m] accounts that the money may have lain in
    reasons: tuple[str, ...]
    outer: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a statement: money with one of `uses`, and money without use that rests in `held` accounts."""

    uses: frozenset[int] = frozenset()
    held: Bool | None = None
    """Mask [m]: closing holdings of these accounts, and what ended in them where they are terminal."""
    held_in_transit: bool = False


def bounds(
    history: History,
    loans: Collection[int],
    destinations: Collection[int],
    unlimited: Mapping[str, Bool] | None = None,
    outside_is_destination: bool = False,
    arcs_max: int = ARCS_MAX,
) -> Bounds:
    """Least and most of `loans` together that could have reached `destinations`, where it is followed no further.

    `loans` and `destinations` are indices. `unlimited` names, by reason, the accounts `[m]` whose balance is not
    known (opening inferred, records that do not reconcile, an account outside the bank): they hold unlimited own
    money. Exact for the total of the loans; bounds of single loans do not add up to it.
    Raises LimitExceeded when the loans paid out more than 2^62 fen.
    """
    destination = np.zeros(history.account_count, np.bool_)
    destination[np.asarray(sorted(destinations), np.int64)] = True
    cone = reachable(
        history,
        loans,
        destination,
        unlimited,
        follow_uses=False,
        outside_counts=outside_is_destination,
        arcs_max=arcs_max,
    )
    use = cone.sinks[:, 2]
    wanted = use == SINK_DESTINATION
    if outside_is_destination:
        wanted |= use == USE_OUTSIDE
    return _solve(cone, wanted)


def reachable(
    history: History,
    loans: Collection[int],
    destination: Bool | None = None,
    unlimited: Mapping[str, Bool] | None = None,
    follow_uses: bool = True,
    outside_counts: bool = False,
    arcs_max: int = ARCS_MAX,
) -> Cone:
    """The network of everything that the money of `loans` may have done.

    With `follow_uses` money is kept apart by its use so far, from its first final arrival until it returns to the
    borrower's side; all loans must then have one borrower (ValueError). Without it only money that can still reach
    a destination (outside too with `outside_counts`) is followed: the rest certainly ends elsewhere.
    """
    history = _plain(history)
    m = history.account_count
    in_set = np.zeros(history.loan_count, np.bool_)
    in_set[np.asarray(sorted(loans), np.int64)] = True
    side = np.zeros(m, np.bool_)
    if follow_uses:
        borrowers = np.unique(history.loan_borrower[in_set])
        if len(borrowers) > 1:
            raise ValueError("bounds by use are for loans of one borrower")
        of_account = np.repeat(np.arange(m), np.diff(history.side_start))
        side[of_account[np.isin(history.side_borrower, borrowers)]] = True
    if destination is None:
        destination = np.zeros(m, np.bool_)
    unknown = np.zeros(m, np.bool_)
    for mask in (unlimited or {}).values():
        unknown |= mask
    disbursed = _disbursed_fen(history, in_set)
    later, earlier = valid_reversals(history)
    lotless = history.terminal | destination
    fen, mode = plan_reversals(
        history.debit,
        history.credit,
        history.amount_fen,
        history.opening_fen,
        lotless,
        destination,
        unknown,
        earlier,
        later,
    )
    specials = history.specials
    worth = worth_following(
        history.debit,
        history.credit,
        history.special,
        specials.disburses,
        specials.opens_slot,
        specials.carries,
        history.terminal,
        side if follow_uses else destination,
        outside_counts,
        later,
        mode,
        follow_uses,
    )
    layer_of_use, layer_use = _layers(history, follow_uses)
    arcs, sinks, nodes, touched, stopped = build_cone(
        history.debit,
        history.credit,
        history.amount_fen,
        history.arrival_use,
        history.special,
        specials.disburses,
        specials.opens_slot,
        specials.carries,
        specials.repays,
        history.opening_fen,
        history.terminal,
        destination,
        unknown,
        side,
        in_set,
        worth,
        layer_of_use,
        layer_use,
        follow_uses,
        disbursed,
        earlier,
        later,
        fen,
        mode,
        arcs_max,
    )
    reasons = tuple(sorted(name for name, mask in (unlimited or {}).items() if (mask & touched).any()))
    return Cone(disbursed, nodes, arcs, sinks, touched, reasons, stopped)


def line_bounds(cone: Cone, line: Line) -> Bounds:
    """Least and most of one statement line; `cone` comes from `reachable` with `follow_uses`.

    An outer bound: the fen of different uses share accounts, not the capacities of this network.
    """
    use, account = cone.sinks[:, 2], cone.sinks[:, 3]
    wanted = np.isin(use, [code for code in line.uses if code != USE_NONE])
    if line.held is not None:
        wanted |= (use == USE_NONE) & (account >= 0) & line.held[np.maximum(account, 0)]
    if line.held_in_transit:
        wanted |= (use == USE_NONE) & (account == IN_TRANSIT)
    return _solve(cone, wanted)


def class_bounds(
    history: History, loan: int, uses: Collection[int], unlimited: Mapping[str, Bool] | None = None
) -> Bounds:
    """Least and most of one loan whose use is one of `uses` (codes of `Hops.use`)."""
    return statement_bounds(history, loan, [Line(frozenset(uses))], unlimited)[0]


def statement_bounds(
    history: History, loan: int, lines: Sequence[Line], unlimited: Mapping[str, Bool] | None = None
) -> list[Bounds]:
    """Bounds of every line of one loan's statement; the network is built once."""
    cone = reachable(history, [loan], unlimited=unlimited, arcs_max=LINE_ARCS_MAX)
    return [line_bounds(cone, line) for line in lines]


def warm_up() -> None:
    """Compile the kernels of the bounds, or load them from the cache, by way of one tiny history."""
    one = np.array([0, 1], np.int32)
    none = np.full(1, -1, np.int32)
    false = np.zeros(1, np.bool_)
    history = History(
        debit=np.array([OUTSIDE, 0], np.int32),
        credit=one,
        amount_fen=np.array([2, 1], np.int64),
        arrival_use=np.zeros(2, np.uint8),
        special=np.array([0, NO_SPECIAL], np.int32),
        specials=Specials(np.zeros(1, np.int32), none, none, np.zeros(1, np.int64), false, none, none),
        opening_fen=np.zeros(2, np.int64),
        terminal=np.zeros(2, np.bool_),
        side_start=np.array([0, 1, 1], np.int32),
        side_borrower=np.zeros(1, np.int32),
        loan_borrower=np.zeros(1, np.int32),
    )
    bounds(history, [0], [1])


def _plain(history: History) -> History:
    """The same arrays, contiguous and writable: the kernels are compiled for such arrays alone."""

    def plain(table: History | Specials) -> dict[str, Any]:
        return {
            column.name: np.require(value, requirements=["C", "W"])
            for column in fields(table)
            if isinstance(value := getattr(table, column.name), np.ndarray)
        }

    return replace(history, **plain(history), specials=replace(history.specials, **plain(history.specials)))


def _layers(history: History, follow_uses: bool) -> tuple[Int32, Int32]:
    """Layer of every code of a use (0 for none), and the code of every layer."""
    seen = np.flatnonzero(np.bincount(history.arrival_use, minlength=256)) if follow_uses else np.zeros(0)
    uses = set(seen.tolist()) - {USE_NONE, USE_REPAYMENT}
    if USE_REPAYMENT in seen:
        uses |= {USE_OWN_INSTALMENT, USE_OTHER_DEBT}
    layer_use = np.array([USE_NONE, *sorted(uses)], np.int32)
    layer_of_use = np.zeros(256, np.int32)
    layer_of_use[layer_use] = np.arange(len(layer_use))
    return layer_of_use, layer_use


def _disbursed_fen(history: History, in_set: Bool) -> int:
    rows = np.flatnonzero(history.special >= 0)
    loan = history.specials.disburses[history.special[rows]]
    rows, loan = rows[loan >= 0], loan[loan >= 0]
    total = sum(history.amount_fen[rows[in_set[loan]]].tolist())
    if total > AMOUNT_FEN_MAX:
        raise LimitExceeded("the loans paid out more than 2^62 fen", remedy="Ask for fewer loans at once")
    return total


def _solve(cone: Cone, wanted: Bool) -> Bounds:
    """Two max flows over one network: to the wanted sinks, and to all others."""
    anywhere = cone.sinks[:, 2] == SINK_ANYWHERE
    wanted = wanted & ~anywhere
    most = least = 0
    if wanted.any() or anywhere.any():
        line, elsewhere = cone.nodes, cone.nodes + 1
        to_line, to_other = wanted | anywhere, ~wanted
        tails = np.concatenate([cone.arcs[:, 0], cone.sinks[to_line, 0], cone.sinks[to_other, 0]])
        heads = np.concatenate(
            [cone.arcs[:, 1], np.full(to_line.sum(), line), np.full(to_other.sum(), elsewhere)]
        )
        fen = np.concatenate([cone.arcs[:, 2], cone.sinks[to_line, 1], cone.sinks[to_other, 1]])
        solver: Any = max_flow.SimpleMaxFlow()  # its stubs name element types, not arrays
        solver.add_arcs_with_capacity(tails.astype(np.int32), heads.astype(np.int32), fen)
        most = _flow(solver, line)
        least = cone.disbursed_fen - _flow(solver, elsewhere)
    return Bounds(cone.disbursed_fen, least, most, not cone.reasons, cone.reasons, cone.outer)


def _flow(solver: Any, sink: int) -> int:
    status = solver.solve(SOURCE, sink)
    if status != solver.OPTIMAL:
        raise LimitExceeded(f"the network of the loan could not be solved ({status})")
    return solver.optimal_flow()
