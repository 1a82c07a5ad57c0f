"""Compiled: 128-bit ids of hops, as hashes of their inputs (SipHash-2-4 with 128-bit output, Aumasson and
Bernstein 2012, with a fixed key: the ids guard against accident, not against forgery)."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from loantrail.jit import jit, jit_inner
from loantrail.tracing.model import Int8, Int32, Int64

UInt64 = NDArray[np.uint64]

KEY_0: Final = np.uint64(0x0706050403020100)
KEY_1: Final = np.uint64(0x0F0E0D0C0B0A0908)
_V0: Final = np.uint64(0x736F6D6570736575)
_V1: Final = np.uint64(0x646F72616E646F6D)
_V2: Final = np.uint64(0x6C7967656E657261)
_V3: Final = np.uint64(0x7465646279746573)
_EE: Final = np.uint64(0xEE)
_DD: Final = np.uint64(0xDD)
_WORD: Final = np.uint64(64)
_13: Final = np.uint64(13)
_16: Final = np.uint64(16)
_17: Final = np.uint64(17)
_21: Final = np.uint64(21)
_32: Final = np.uint64(32)
HOP_WORDS: Final = 15


@jit_inner
def rotate(x: np.uint64, by: np.uint64) -> np.uint64:
    return (x << by) | (x >> (_WORD - by))


@jit_inner
def sip_rounds(v: UInt64, count: int) -> None:
    v0, v1, v2, v3 = v[0], v[1], v[2], v[3]
    for _ in range(count):
        v0 += v1
        v1 = rotate(v1, _13) ^ v0
        v0 = rotate(v0, _32)
        v2 += v3
        v3 = rotate(v3, _16) ^ v2
        v0 += v3
        v3 = rotate(v3, _21) ^ v0
        v2 += v1
        v1 = rotate(v1, _17) ^ v2
        v2 = rotate(v2, _32)
    v[0], v[1], v[2], v[3] = v0, v1, v2, v3


@jit_inner
def begin(v: UInt64) -> None:
    v[0], v[1], v[2], v[3] = _V0 ^ KEY_0, _V1 ^ KEY_1 ^ _EE, _V2 ^ KEY_0, _V3 ^ KEY_1


@jit_inner
def absorb(v: UInt64, word: np.uint64) -> None:
    v[3] ^= word
    sip_rounds(v, 2)
    v[0] ^= word


@jit_inner
def finish(v: UInt64, digest: UInt64) -> None:
    v[2] ^= _EE
    sip_rounds(v, 4)
    digest[0] = v[0] ^ v[1] ^ v[2] ^ v[3]
    v[1] ^= _DD
    sip_rounds(v, 4)
    digest[1] = v[0] ^ v[1] ^ v[2] ^ v[3]


@jit
def digest_texts(content: Int8, offsets: Int64, digests: UInt64) -> None:
    """`digests[i]` (two words) of the bytes content[offsets[i]:offsets[i + 1]]."""
    v = np.zeros(4, np.uint64)
    for i in range(len(offsets) - 1):
        first, last = offsets[i], offsets[i + 1]
        length = last - first
        begin(v)
        whole = length // 8
        for w in range(whole):
            word = np.uint64(0)
            for b in range(8):
                word |= np.uint64(content[first + 8 * w + b]) << np.uint64(8 * b)
            absorb(v, word)
        word = np.uint64(length & 255) << np.uint64(56)
        for b in range(length - 8 * whole):
            word |= np.uint64(content[first + 8 * whole + b]) << np.uint64(8 * b)
        absorb(v, word)
        finish(v, digests[i])


@jit
def digest_hops(
    convention: int,
    loan: Int32,
    event: Int32,
    parent: Int32,
    amount_fen: Int64,
    use: Int8,
    depth: Int32,
    ended: NDArray[np.bool_],
    text_of_event: Int32,
    debit: Int32,
    credit: Int32,
    loan_digests: UInt64,
    event_digests: UInt64,
    account_digests: UInt64,
    seen_event: Int32,
    seen_count: Int32,
    digests: UInt64,
) -> None:
    """Ids of all hops, parents before children. `text_of_event[event]` is the row of `event_digests`;
    `account_digests` has the outside as its last row; `seen_*` (hops + loans rows, -1 and 0) count the hops of
    one event with the same parent, or without one the same loan."""
    v = np.zeros(4, np.uint64)
    words = np.zeros(HOP_WORDS, np.uint64)
    hops = len(loan)
    for i in range(hops):
        key = parent[i] if parent[i] >= 0 else hops + loan[i]
        if seen_event[key] == event[i]:
            seen_count[key] += 1
        else:
            seen_event[key] = event[i]
            seen_count[key] = 0
        words[0:2] = loan_digests[loan[i]]
        words[2:4] = event_digests[text_of_event[event[i]]]
        if parent[i] >= 0:
            words[4:6] = digests[parent[i]]
        else:
            words[4] = 0
            words[5] = 0
        words[6:8] = account_digests[debit[event[i]]]
        words[8:10] = account_digests[credit[event[i]]]
        words[10] = np.uint64(amount_fen[i])
        words[11] = np.uint64(np.int64(depth[i]) + 1)
        words[12] = np.uint64(use[i]) | (np.uint64(ended[i]) << np.uint64(8))
        words[13] = np.uint64(convention)
        words[14] = np.uint64(seen_count[key])
        begin(v)
        for w in range(HOP_WORDS):
            absorb(v, words[w])
        absorb(v, np.uint64((8 * HOP_WORDS) & 255) << np.uint64(56))
        finish(v, digests[i])
