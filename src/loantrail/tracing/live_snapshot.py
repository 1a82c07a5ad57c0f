"""A live trace as bytes, and back: header, then arrays, compressed. No file is touched here."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from typing import Any, Final

import numpy as np

from loantrail.errors import FileUnreadable, InputError
from loantrail.tracing.kernel_state import HOP_COUNT, HOP_ROW, LOT_ROW
from loantrail.tracing.live import MARK_EVERY, LiveTrace
from loantrail.tracing.live_batch import Payment, no_events
from loantrail.tracing.live_digest import state_digest
from loantrail.tracing.live_marks import Mark, take_mark
from loantrail.tracing.model import NO_SPECIAL
from loantrail.tracing.trace import no_specials

VERSION: Final = 1
_MAGIC: Final = b"loantrail live trace\n"
_LOG: Final = (
    "debit", "credit", "amount_fen", "arrival_use", "special",  # by event
    "special_event", "special_given", "opened_by_bank", "carries_event",  # by special row
    "opening_fen", "terminal",  # by account
    "loan_borrower", "side_start", "side_borrower", "reversing", "original",
)  # fmt: skip
_HOPS: Final = tuple(name for name in HOP_ROW.names or () if name != "taken_back")
_LOTS: Final = tuple(name for name in LOT_ROW.names or () if name != "next_lot")


def snapshot(trace: LiveTrace) -> bytes:
    """Everything that `restore` needs. Lots stand in list order, so that the layout of the pools leaves no trace."""
    log, state = trace.log, trace.state
    mark = take_mark(log, state, *trace.totals_fen)
    lengths = {
        **dict.fromkeys(_LOG[:5], log.count),
        **dict.fromkeys(_LOG[5:9], log.special_count),
        **dict.fromkeys(_LOG[9:11], log.account_count),
        "loan_borrower": log.loan_count,
        "side_start": log.account_count + 2,
    }
    arrays: dict[str, Any] = {f"log.{name}": getattr(log, name)[: lengths.get(name)] for name in _LOG}
    for name in log.specials.dtype.names:
        arrays[f"special.{name}"] = log.specials[name][: log.special_count]
    for name in _HOPS:
        arrays[f"hop.{name}"] = state.hops[name][: trace.hop_count]
    for name in _LOTS:
        arrays[f"lot.{name}"] = mark.lots[name]
    for name in ("balance", "slot_balance", "reversed_fen", "lot_place", "lot_count"):
        arrays[f"mark.{name}"] = getattr(mark, name)
    flat = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    header = {
        "version": VERSION,
        "counts": [log.count, log.account_count, log.loan_count, log.special_count],
        "totals_fen": list(trace.totals_fen),
        "group": sorted(log.group.items()),
        "digest": state_digest(trace),
        "arrays": [[name, array.dtype.str, len(array)] for name, array in flat.items()],
    }
    body = b"".join(array.tobytes() for array in flat.values())
    return b"".join([_MAGIC, json.dumps(header).encode(), b"\n", zlib.compress(body, 1)])


def restore(content: bytes, mark_every: int = MARK_EVERY) -> LiveTrace:
    """The trace of a snapshot. It can go back to its beginning and to the moment of the snapshot.

    FileUnreadable when the bytes are no snapshot, are of another version, or are damaged (the digest is compared).
    """
    try:
        if not content.startswith(_MAGIC):
            raise ValueError("it does not begin as one")
        line, _, body = content[len(_MAGIC) :].partition(b"\n")
        header = json.loads(line)
        if header["version"] != VERSION:
            raise ValueError(f"it has version {header['version']}, this software reads version {VERSION}")
        raw = zlib.decompress(body)
        arrays: dict[str, Any] = {}
        at = 0
        for name, dtype, length in header["arrays"]:
            arrays[name] = np.frombuffer(raw, np.dtype(dtype), length, at).copy()
            at += arrays[name].nbytes
        trace = _filled(header, arrays, mark_every)
        if state_digest(trace) != header["digest"]:
            raise ValueError("its digest differs")
    except (ValueError, KeyError, TypeError, IndexError, zlib.error, InputError) as problem:
        raise FileUnreadable(
            f"the snapshot of the trace cannot be used: {problem}",
            remedy="Trace the books anew from their beginning",
        ) from problem
    return trace


def _filled(header: Any, arrays: dict[str, Any], mark_every: int) -> LiveTrace:
    trace = LiveTrace(mark_every, capacity=max(1024, len(arrays["hop.fen"]), len(arrays["lot.fen"])))
    log = trace.log
    log.count, log.account_count, log.loan_count, log.special_count = header["counts"]
    log.reserve(log.count, log.account_count, log.loan_count, log.special_count)
    for name in _LOG:
        array = arrays[f"log.{name}"]
        if name in ("side_borrower", "reversing", "original"):
            setattr(log, name, array)
        else:
            getattr(log, name)[: len(array)] = array
    for name in log.specials.dtype.names:
        log.specials[name][: log.special_count] = arrays[f"special.{name}"]
    log.note_ahead(np.arange(log.special_count))
    log.group = {int(event): int(row) for event, row in header["group"]}
    trace.fit()
    state = trace.state
    count = len(arrays["hop.fen"])
    for name in _HOPS:
        state.hops[name][:count] = arrays[f"hop.{name}"]
    state.counters[HOP_COUNT] = count
    lots = np.zeros(len(arrays["lot.fen"]), LOT_ROW).view(np.recarray)
    for name in _LOTS:
        lots[name] = arrays[f"lot.{name}"]
    trace.stand_at(
        Mark(
            position=log.count,
            hop_count=count,
            balance=arrays["mark.balance"],
            slot_balance=arrays["mark.slot_balance"],
            reversed_fen=arrays["mark.reversed_fen"],
            opens_slot=arrays["special.opens_slot"],
            lot_place=arrays["mark.lot_place"],
            lot_count=arrays["mark.lot_count"],
            lots=lots,
            disbursed_fen=header["totals_fen"][0],
            ended_fen=header["totals_fen"][1],
        )
    )
    return trace


def warm_up() -> None:
    """Compile every kernel of a live trace (or load it from the cache)."""
    specials = no_specials(1)
    specials.disburses[0] = 0
    trace = LiveTrace(capacity=8)
    paid = replace(
        no_events(),
        debit=np.array([-1, 0], np.int32),
        credit=np.array([0, -1], np.int32),
        amount_fen=np.array([3, 1], np.int64),
        arrival_use=np.zeros(2, np.uint8),
        special=np.array([0, NO_SPECIAL], np.int32),
        specials=specials,
        opening_fen=np.zeros(1, np.int64),
        loan_borrower=np.zeros(1, np.int32),
    )
    trace.append(paid)
    back = replace(
        no_events(),
        debit=np.array([-1], np.int32),
        credit=np.array([0], np.int32),
        amount_fen=np.array([1], np.int64),
        arrival_use=np.zeros(1, np.uint8),
        special=np.full(1, NO_SPECIAL, np.int32),
        reversing=np.array([2], np.int64),
        original=np.array([1], np.int64),
    )
    trace.append(back)
    trace.probe(Payment(0, -1, 1))
    trace.rewind(2)
    trace.result()
    restore(snapshot(trace))
