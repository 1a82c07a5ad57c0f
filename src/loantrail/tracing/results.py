"""The frames that a trace gives: hops, positions, statement."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loantrail.tracing.kernel_digest import digest_hops, digest_texts
from loantrail.tracing.model import Convention, Int64, Trace
from loantrail.tracing.named import NamedHistory
from loantrail.tracing.statement import USE_NAMES, Rest, rests, statement_of

_USE_TEXTS = pl.Series([USE_NAMES.get(code, "") for code in range(256)], dtype=pl.String)


def text_digests(texts: pl.Series) -> NDArray[np.uint64]:
    """[texts, 2] 128-bit digests of UTF-8 texts."""
    encoded = [b"" if text is None else text.encode() for text in texts.to_list()]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    digests = np.zeros((len(encoded), 2), np.uint64)
    digest_texts(np.frombuffer(b"".join(encoded) or b"\0", np.uint8), offsets, digests)
    return digests


def hop_ids(named: NamedHistory, trace: Trace) -> pl.Series:
    """[hops] 32 hexadecimal digits: a hash of loan, convention, transaction, parent, accounts, amount, depth,
    use and ordinal, so that the same facts give the same id anywhere."""
    hops, history = trace.hops, named.history
    count = len(hops.loan)
    events, places = np.unique(hops.event, return_inverse=True)
    text_of_event = np.zeros(history.event_count, np.int32)
    text_of_event[events] = np.arange(len(events))
    debit, credit = history.debit[events], history.credit[events]
    touched = np.unique(np.concatenate([debit, credit]))
    touched = touched[touched >= 0]
    place = np.full(history.account_count + 1, len(touched), np.int32)
    place[touched] = np.arange(len(touched))
    accounts = np.vstack([text_digests(named.accounts.gather(touched)), np.zeros((1, 2), np.uint64)])
    digests = np.zeros((count, 2), np.uint64)
    digest_hops(
        int(trace.convention),
        hops.loan,
        places.astype(np.int32),
        hops.parent,
        hops.amount_fen,
        hops.use,
        hops.depth,
        hops.ended,
        np.arange(len(events), dtype=np.int32),
        place[debit],
        place[credit],
        text_digests(pl.Series(named.loans, dtype=pl.String)),
        text_digests(named.transaction_id(events)),
        accounts,
        np.full(count + history.loan_count, -1, np.int32),
        np.zeros(count + history.loan_count, np.int32),
        digests,
    )
    return pl.Series("hop_id", [digest.hex() for digest in _rows(digests)], dtype=pl.String)


def _rows(digests: NDArray[np.uint64]) -> list[bytes]:
    content = digests.astype("<u8").tobytes()
    return [content[start : start + 16] for start in range(0, len(content), 16)]


def hop_frame(named: NamedHistory, trace: Trace) -> pl.DataFrame:
    """`hop_id, parent_hop_id, loan_id, transaction_id, from_account, to_account, amount_fen, depth, use`, in the
    order in which the money moved. An empty account is the outside world."""
    hops, history = trace.hops, named.history
    ids = hop_ids(named, trace)
    lineage = trace.convention not in (Convention.PRO_RATA, Convention.POISON)
    has_parent = pl.Series(hops.parent >= 0)
    parents = ids.gather(np.maximum(hops.parent, 0)) if len(ids) else ids
    depth = pl.Series(hops.depth.astype(np.int32))
    return pl.DataFrame(
        {
            "hop_id": ids,
            "parent_hop_id": pl.select(pl.when(has_parent).then(parents)).to_series(),
            "loan_id": pl.Series(named.loans, dtype=pl.String).gather(hops.loan),
            "transaction_id": named.transaction_id(hops.event),
            "from_account": named.account_name(history.debit[hops.event]),
            "to_account": named.account_name(history.credit[hops.event]),
            "amount_fen": pl.Series(hops.amount_fen),
            "depth": depth if lineage else pl.select(pl.when(depth >= 0).then(depth)).to_series(),
            "use": _USE_TEXTS.gather(hops.use),
        }
    )


def position_frame(named: NamedHistory, rest: Rest, use_codes: NDArray[np.uint8]) -> pl.DataFrame:
    """`loan_id, account, use, amount_fen`: labelled money still held in accounts that can pay it on."""
    held = np.flatnonzero(rest.held)
    positions = (
        pl.DataFrame(
            {
                "loan": rest.loan[held],
                "account": named.account_name(rest.account[held]),
                "use": _USE_TEXTS.gather(use_codes[held]),
                "amount_fen": rest.amount_fen[held],
            },
            schema={"loan": pl.Int64, "account": pl.String, "use": pl.String, "amount_fen": pl.Int64},
        )
        .group_by("loan", "account", "use")
        .agg(pl.col("amount_fen").sum())
        .sort("loan", "account", "use")
    )
    return positions.select(
        pl.Series("loan_id", named.loans, dtype=pl.String).gather(positions["loan"]),
        "account",
        "use",
        "amount_fen",
    )


def result_frames(
    named: NamedHistory, trace: Trace, related: Int64 | None = None
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Hops, positions and statement of a trace. Raises ConservationBroken (see `statement_of`)."""
    rest = rests(named.history, trace, related)
    lines = statement_of(rest, named.history, trace.convention, named.loans)
    ended = int(np.count_nonzero(trace.hops.ended))
    use_codes = np.zeros(len(rest.loan), np.uint8)
    use_codes[ended : ended + len(trace.holdings.use)] = trace.holdings.use
    return hop_frame(named, trace), position_frame(named, rest, use_codes), lines
