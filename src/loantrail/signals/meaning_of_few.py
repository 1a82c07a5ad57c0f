"""What `meaning.actions_of` gives, of a few moves: row by row, as joining small frames costs more than that."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import numpy as np
import polars as pl

from loantrail.early_warning.debts import LENDER_CLASSES, REPAYING_WORDS
from loantrail.early_warning.moves import DAY_US, Move, moves_of
from loantrail.early_warning.patterns_return import NOT_A_PARTY_KINDS, guarantors_in_force
from loantrail.early_warning.related import CLOSE_RELATIONS, related_parties
from loantrail.early_warning.view import (
    BENIGN_USES,
    GENERIC_CLASSES,
    HOMECOMING_CLASSES,
    View,
    direct_arrivals,
)
from loantrail.early_warning.words import REFUND_WORDS, TRADE_WORDS
from loantrail.signals import kernel_state as k
from loantrail.signals.kernel_lineage import lineage
from loantrail.signals.meaning import ENDED_USES, SUMS_OF_CLASS

_REPAYING: Final = re.compile(REPAYING_WORDS)
_REFUND: Final = re.compile(REFUND_WORDS)
_TRADE: Final = re.compile(TRADE_WORDS)
_KEPT_USES: Final = (*BENIGN_USES, "group_cash_pool", "pooled")
Row = tuple[int, int, int, str, str | None, str | None, str | None, int, int]
"""hop, kind, fen, loan_id, account, payee, sum, pair_sum, gate: ACTIONS."""


def rows_of_few(view: View, ended: pl.DataFrame | None = None) -> list[Row]:
    """As `meaning.actions_of`, as plain rows; the view `is_few`."""
    return _Actions(view, ended).rows()


def _sum_of(class_name: str | None, purpose_text: str | None) -> str | None:
    if class_name in LENDER_CLASSES and purpose_text is not None and _REPAYING.search(purpose_text):
        return "other_debt"
    return None if class_name is None else SUMS_OF_CLASS.get(class_name)


class _Actions:
    def __init__(self, view: View, ended: pl.DataFrame | None) -> None:
        self._view = view
        self._moves = moves_of(view)
        self._hop = {move.hop_id: hop for hop, move in enumerate(self._moves)}
        self._parent = [
            -1 if move.parent_hop_id is None else self._hop.get(move.parent_hop_id, -1)
            for move in self._moves
        ]
        self._ended = None if ended is None else set(ended["hop_id"].to_list())
        quickly_us = view.number("handed_on_days") * DAY_US
        self._quick = [
            move.parent_at_us is not None and move.at_us - move.parent_at_us <= quickly_us
            for move in self._moves
        ]
        self._related: dict[tuple[str, str | None], bool] = {
            (loan, party): relation in CLOSE_RELATIONS
            for loan, party, relation in related_parties(view)
            .select("loan_id", "party_id", "relation")
            .rows()
        }
        self._began, self._passed = self._lineage()
        self._found: list[Row] = []

    def _lineage(self) -> tuple[list[int], list[int]]:
        """Of each move the hop that set its use, and the one that paid the payee it passed through; else -1."""
        codes: dict[str | None, int] = {None: -1}
        use = [codes.setdefault(move.use, len(codes)) for move in self._moves]
        before = [codes.setdefault(move.use_before, len(codes)) for move in self._moves]
        stops = [
            move.destination_class is not None and move.destination_class not in GENERIC_CLASSES
            for move in self._moves
        ]
        began, passed = np.zeros(len(use), np.int32), np.zeros(len(use), np.int32)
        lineage(
            np.array(self._parent, np.int32), np.array(use, np.int32), np.array(before, np.int32),
            codes.get("supplier", -2), np.array(stops, np.bool_), began, passed,
        )  # fmt: skip
        return began.tolist(), passed.tolist()

    def rows(self) -> list[Row]:
        """In the order of hops and kinds; of one hop and kind in the order in which they are found."""
        for hop, move in enumerate(self._moves):
            self._pairs(hop, move)
        self._uses()
        for hop, move in enumerate(self._moves):
            self._through(hop, move)
        for hop, move in enumerate(self._moves):
            self._comes_back(hop, move)
        self._close_parties()
        self._plain_payees()
        for hop, move in enumerate(self._moves):
            self._holds(hop, move)
        return sorted(self._found, key=lambda row: row[:2])

    def _add(
        self,
        hop: int,
        kind: int,
        fen: int,
        account: str | None = None,
        sums: str | None = None,
        pair_sum: int = 0,
        gate: int = k.ALWAYS,
    ) -> None:
        move = self._moves[hop]
        payee = move.payee if kind == k.PAYEE else None
        self._found.append((hop, kind, fen, move.loan_id, account, payee, sums, pair_sum, gate))

    def _is_paid_as_supplier(self, hop: int) -> bool:
        return self._began[hop] == hop and self._moves[hop].use == "supplier"

    def _pairs(self, hop: int, move: Move) -> None:
        """What pairs of a loan and a payee received, handed on, got and gave back."""
        parent = self._parent[hop]
        if self._is_paid_as_supplier(hop) and move.to_account is not None:
            self._add(hop, k.PAIR, move.amount_fen, move.to_account, pair_sum=k.SUPPLIED)
        if (
            move.use_before == "supplier"
            and self._quick[hop]
            and parent >= 0
            and self._is_paid_as_supplier(parent)
        ):
            account = self._moves[parent].to_account
            if account is not None:
                self._add(hop, k.PAIR, move.amount_fen, account, pair_sum=k.HANDED_ON)
        if move.from_side and not move.to_side and move.to_account is not None:
            self._add(hop, k.PAIR, move.amount_fen, move.to_account, pair_sum=k.PAID)
        if move.to_side and not move.from_side and move.from_account is not None and self._quick[hop]:
            self._add(hop, k.PAIR, move.amount_fen, move.from_account, pair_sum=k.GAVE_BACK)

    def _uses(self) -> None:
        arrivals = direct_arrivals(self._view).select("hop_id", "amount_fen", "arrived").rows()
        documented: list[tuple[int, int, str]] = []
        for hop_id, fen, arrived in arrivals:
            hop = self._hop[hop_id]
            move, parent = self._moves[hop], self._parent[hop]
            sums = _sum_of(arrived, move.purpose_text)
            if sums is None:
                continue
            self._add(hop, k.ADD, fen, sums=sums)
            origin = self._began[hop] if fen >= 0 else self._began[parent] if parent >= 0 else -1
            of = self._moves[origin] if origin >= 0 else move
            if (of.documented or of.ordered) and (sums == "property" or arrived == "guarantee_pawn"):
                documented.append((hop, fen, f"{sums}_documented"))
        for hop, fen, sums in documented:
            self._add(hop, k.ADD, fen, sums=sums)

    def _through(self, hop: int, move: Move) -> None:
        if self._passed[hop] < 0:
            return
        account, sums = (
            self._moves[self._passed[hop]].to_account,
            _sum_of(move.destination_class, move.purpose_text),
        )
        if account is not None and sums is not None:
            self._add(hop, k.ADD, move.amount_fen, account, sums, gate=k.OPEN)

    def _comes_back(self, hop: int, move: Move) -> None:
        """As `patterns_return.coming_back` and `like_refunds`."""
        if (
            move.depth <= 0
            or move.from_account is None
            or not (move.to_side or self._related.get((move.loan_id, move.to_owner), False))
            or move.from_side
            or self._related.get((move.loan_id, move.from_owner), False)
            or move.from_kind in NOT_A_PARTY_KINDS
            or move.use_before in HOMECOMING_CLASSES
        ):
            return
        gate = k.OPEN_OR_QUICK if move.use_before in BENIGN_USES else k.ALWAYS
        if self._parent[hop] >= 0:
            parent = self._moves[self._parent[hop]]
            named = move.purpose_text is not None and _REFUND.search(move.purpose_text)
            if parent.from_side and (named or parent.documented or parent.ordered):
                gate = k.QUICK
        self._add(hop, k.ADD, move.amount_fen, move.from_account, "returned", gate=gate)

    def _persons(self, wanted: Callable[[Move], bool]) -> set[str | None]:
        """Which of those that made these moves are individuals."""
        owners = {move.from_owner for move in self._moves if move.from_owner is not None and wanted(move)}
        if not owners:
            return set()
        parties = self._view.parties
        found = parties.filter(pl.col("party_id").is_in(list(owners)) & (pl.col("kind") == "individual"))
        return set(found["party_id"].to_list())

    def _close_parties(self) -> None:
        """As `patterns_return.staying_with_related`, and what reaches guarantors."""
        related = self._related
        if related:
            for hop, move in enumerate(self._moves):
                close = related.get((move.loan_id, move.to_owner))
                if (
                    close is not None
                    and (move.loan_id, move.from_owner) not in related
                    and not move.to_side
                    and (move.from_side or not close)
                    and not (move.documented or move.ordered)
                    and move.use not in _KEPT_USES
                    and move.to_kind != "pooled"
                ):
                    self._add(hop, k.ADD, move.amount_fen, sums="related_party")
            persons = self._persons(lambda move: (move.loan_id, move.from_owner) in related)
            for hop, move in enumerate(self._moves):
                if (
                    (move.loan_id, move.from_owner) in related
                    and not move.from_side
                    and (move.to_side or move.use in BENIGN_USES or self._buys_goods(move, persons))
                    and move.use_before not in BENIGN_USES
                ):
                    self._add(hop, k.ADD, -move.amount_fen, sums="related_party")
        guarantors = guarantors_in_force(self._view)
        if len(guarantors):
            told = set(guarantors.select("loan_id", "guarantor_party_id").rows())
            for hop, move in enumerate(self._moves):
                reached = (move.loan_id, move.to_owner) in told and move.from_owner != move.to_owner
                if reached and not move.to_side and move.depth > 0:
                    self._add(hop, k.ADD, move.amount_fen, sums="guarantor")

    @staticmethod
    def _buys_goods(move: Move, persons: set[str | None]) -> bool:
        return (
            move.from_owner in persons
            and move.destination_class == "company"
            and move.purpose_text is not None
            and _TRADE.search(move.purpose_text) is not None
        )

    def _plain_payees(self) -> None:
        outward = [
            (hop, move)
            for hop, move in enumerate(self._moves)
            if not move.to_side and move.depth > 0 and move.use_before is None
        ]
        persons = self._persons(lambda move: move.destination_class == "individual" and not move.from_side)
        for hop, move in outward:
            if move.destination_class == "individual" and (move.from_side or move.from_owner not in persons):
                self._add(hop, k.ADD, move.amount_fen, sums="individual")
        for hop, move in outward:
            if move.from_side and move.destination_class in ("unknown", "company", None):
                self._add(hop, k.ADD, move.amount_fen, sums="unknown")

    def _holds(self, hop: int, move: Move) -> None:
        """What is held and lies idle, and who is reached and paid."""
        over = move.use in ENDED_USES if self._ended is None else move.hop_id in self._ended
        if move.to_account is not None and not over:
            self._add(hop, k.HOLD, move.amount_fen, move.to_account)
        if move.from_account is not None and move.depth != 0:
            self._add(hop, k.HOLD, -move.amount_fen, move.from_account)
        if move.to_side and move.use is None:
            self._add(hop, k.IDLE, move.amount_fen)
        if move.from_side and move.use_before is None and move.depth != 0:
            self._add(hop, k.IDLE, -move.amount_fen)
        if not move.to_side and move.depth > 0:
            if move.to_account is not None:
                self._add(hop, k.REACH, move.amount_fen, move.to_account)
            if move.from_side and move.payee is not None:
                self._add(hop, k.PAYEE, move.amount_fen)
