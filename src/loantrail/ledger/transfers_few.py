"""From a few lines and their pairs to transfers in one order: `transfers` line by line, without frames. Pure.

Same rows, same order, same problems; the words of `transfers` hold here too.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl

from loantrail.few_rows import FewRows
from loantrail.ids import derived_ids
from loantrail.ledger.few import INSTANT, plain_columns
from loantrail.ledger.kernel_order import NOBODY, Int64, by_first_place, order_transfers
from loantrail.ledger.pairing_model import PAIR_SCHEMA
from loantrail.ledger.transfers_model import (
    CONTRADICTS,
    PROBLEM_SCHEMA,
    TRANSACTION_COLUMNS,
    UNKNOWN_ORIGINAL,
    Transfers,
)

_TEXT: Final = pl.String()
_NUMBER: Final = pl.Int64()
_READ: Final[dict[str, Any]] = {
    "line_id": _TEXT,
    "source_file": _TEXT,
    "position": _NUMBER,
    "booked_at": INSTANT,
    "sequence": _NUMBER,
    "account": _TEXT,
    "direction": _TEXT,
    "amount_fen": _NUMBER,
    "currency": _TEXT,
    "counterparty_account": _TEXT,
    "counterparty_name": _TEXT,
    "purpose_text": _TEXT,
    "reverses": _TEXT,
    "reference": _TEXT,
    "document_no": _TEXT,
    "account_name": _TEXT,
}
_OPTIONAL: Final = ("reference", "document_no", "account_name")
_NEVER_NULL: Final = ("line_id", "source_file", "position", "booked_at", "sequence", "direction")
_NULLABLE: Final = tuple(name for name in _READ if name not in _NEVER_NULL)
_DIRECTIONS: Final = frozenset(("debit", "credit"))
# So many own accounts are looked through at most, and two of each line: more belong to frames.
_OWN_MAX: Final = 1024
_TRANSACTIONS: Final = FewRows(
    {
        name: INSTANT if name == "booked_at" else _NUMBER if name in ("sequence", "amount_fen") else _TEXT
        for name in TRANSACTION_COLUMNS
    }
)
_NODES: Final = FewRows(
    {
        **PAIR_SCHEMA,
        "booked_at": INSTANT,
        "sequence": _NUMBER,
        "source_file": _TEXT,
        "position": _NUMBER,
        "transaction_id": _TEXT,
    }
)
_PROBLEMS: Final = FewRows(PROBLEM_SCHEMA)

type_of_columns = dict[str, list[Any]]


class Node(NamedTuple):
    """A transfer: the rows of its lines."""

    debit: int | None
    credit: int | None
    lead: int
    """The one that its time and its place in a file are taken from."""
    basis: str | None
    transaction_id: str


def few_transfers(lines: pl.DataFrame, pairs: pl.DataFrame, own: pl.Series | None) -> Transfers | None:
    """`transfers.build_transfers` of few lines. None where they are not plain: other types of columns, nulls where a
    statement line has none, very many own accounts."""
    read = plain_columns(lines, _READ, _NULLABLE, _OPTIONAL)
    paired = plain_columns(pairs, PAIR_SCHEMA, ())
    if read is None or paired is None or not _DIRECTIONS.issuperset(read["direction"]):
        return None
    if own is not None and (len(own) > max(_OWN_MAX, 2 * len(lines)) or own.dtype != _TEXT):
        return None
    nodes = _nodes(read, paired)
    node_of_line = [NOBODY] * len(lines)
    for number, node in enumerate(nodes):
        for row in (node.debit, node.credit):
            if row is not None:
                node_of_line[row] = number
    order, forced, circle = _order(read, node_of_line, len(nodes))
    reverses, problems = _reversals(read, node_of_line, nodes)
    for node, was_forced in zip(nodes, forced, strict=True):
        if was_forced:
            problems.append(
                (*_place(read, node.lead), node.transaction_id, "order_contradiction", CONTRADICTS)
            )
    problems.sort(key=lambda problem: problem[:2])
    ids = [node.transaction_id for node in nodes]
    return Transfers(
        transactions=_transactions(
            read,
            [(nodes[number], reverses[number]) for number in order],
            set(read["account"] if own is None else own.to_list()),
        ),
        transaction_of_line=pl.Series("transaction_id", [ids[number] for number in node_of_line], _TEXT),
        circle=by_first_place(circle[order]),
        problems=_PROBLEMS.frame(problems),
        lines=_with_optional(lines).with_row_index("row"),
        nodes=_NODES.frame(
            [
                (
                    *(node.debit, node.credit, node.basis),
                    *(read["booked_at"][node.lead], read["sequence"][node.lead]),
                    *(*_place(read, node.lead), node.transaction_id),
                )
                for node in nodes
            ]
        ),
    )


def _with_optional(lines: pl.DataFrame) -> pl.DataFrame:
    missing = [name for name in _OPTIONAL if name not in lines.columns]
    if not missing:
        return lines
    nulls = [None] * len(lines)
    return pl.DataFrame([*lines.get_columns(), *(pl.Series(name, nulls, _TEXT) for name in missing)])


def _nodes(read: type_of_columns, paired: type_of_columns) -> list[Node]:
    """The transfers in order of preference."""
    lines = read["line_id"]
    debits, credits = paired["debit"], paired["credit"]
    ids = derived_ids(("transfer",), [lines[row] for row in debits], [lines[row] for row in credits])
    nodes = [
        Node(debit, credit, debit, basis, transaction_id)
        for debit, credit, basis, transaction_id in zip(debits, credits, paired["basis"], ids, strict=True)
    ]
    taken = {*debits, *credits}
    nodes += [
        Node(row, None, row, None, lines[row])
        if direction == "debit"
        else Node(None, row, row, None, lines[row])
        for row, direction in enumerate(read["direction"])
        if row not in taken
    ]
    booked, sequences = read["booked_at"], read["sequence"]
    preference = [(booked[node.lead], sequences[node.lead], node.transaction_id) for node in nodes]
    return [nodes[number] for number in sorted(range(len(nodes)), key=preference.__getitem__)]


def _order(
    read: type_of_columns, node_of_line: list[int], node_count: int
) -> tuple[list[int], list[bool], Int64]:
    """Transfers in the order that keeps each account's own, and what `order_transfers` says of contradictions."""
    statements: dict[tuple[str, str], list[int]] = {}
    for row, key in enumerate(zip(read["account"], read["currency"], strict=True)):
        # Lines of no known account or currency follow nobody.
        if None not in key:
            statements.setdefault(key, []).append(row)
    booked, sequences, files, positions = (
        read[name] for name in ("booked_at", "sequence", "source_file", "position")
    )
    side_of_line = [int(direction == "credit") for direction in read["direction"]]
    before = np.full((node_count, 2), NOBODY, dtype=np.int64)
    for rows in statements.values():
        if len(rows) == 1:
            continue
        rows.sort(key=lambda row: (booked[row], sequences[row], files[row], positions[row]))
        for one, next_one in pairwise(rows):
            before[node_of_line[next_one], side_of_line[next_one]] = 2 * node_of_line[one] + side_of_line[one]
    order, forced, circle = order_transfers(before)
    return order.tolist(), forced.tolist(), circle


def _transactions(
    read: type_of_columns, in_order: list[tuple[Node, str | None]], own: set[str | None]
) -> pl.DataFrame:
    """`TRANSACTION_COLUMNS` of transfers with what they take back. The missing end is the counterparty's account where that
    is not ours."""
    accounts, names, counterparties = read["account"], read["account_name"], read["counterparty_name"]
    amounts, currencies = read["amount_fen"], read["currency"]
    documents, purposes = read["document_no"], read["purpose_text"]
    others = [other if other and other not in own else None for other in read["counterparty_account"]]
    booked_at_us: int | None = None
    rows: list[tuple[Any, ...]] = []
    for sequence, (node, taken_back) in enumerate(in_order, start=1):
        debit, credit = node.debit, node.credit
        own_time: int = read["booked_at"][node.lead]
        booked_at_us = own_time if booked_at_us is None else max(own_time, booked_at_us)
        rows.append(
            (
                node.transaction_id,
                booked_at_us,
                sequence,
                _first_known(accounts, debit, others, credit),
                _first_known(accounts, credit, others, debit),
                _first_known(amounts, debit, amounts, credit),
                _first_known(currencies, debit, currencies, credit),
                taken_back,
                _first_known(documents, debit, documents, credit),
                _first_known(purposes, debit, purposes, credit),
                _first_known(names, credit, counterparties, debit),
            )
        )
    return _TRANSACTIONS.frame(rows)


def _first_known(one: list[Any], row: int | None, other: list[Any], other_row: int | None) -> Any:
    """The value of one column in one row, else that of the other column in the other row."""
    if row is not None and one[row] is not None:
        return one[row]
    return None if other_row is None else other[other_row]


def _place(read: type_of_columns, row: int) -> tuple[str, int]:
    return read["source_file"][row], read["position"][row]


def _reversals(
    read: type_of_columns, node_of_line: list[int], nodes: list[Node]
) -> tuple[list[str | None], list[tuple[Any, ...]]]:
    """Per transfer the id of the one it takes back, or None; and a problem for each original not found."""
    reverses: list[str | None] = [None] * len(nodes)
    problems: list[tuple[Any, ...]] = []
    for row, name in enumerate(read["reverses"]):
        if not name:
            continue
        found = _originals(read, row, name)
        number = node_of_line[row]
        if len(found) == 1:
            if node_of_line[found[0]] != number:
                reverses[number] = nodes[node_of_line[found[0]]].transaction_id
        else:
            problem = "reversal_ambiguous" if found else "reversal_of_unknown"
            message = UNKNOWN_ORIGINAL.format(name)
            problems.append((*_place(read, row), nodes[number].transaction_id, problem, message))
    return reverses, problems


def _originals(read: type_of_columns, row: int, name: str) -> list[int]:
    """The lines that a line may take back under this name: by its reference, else its document number, else its position in
    the same file."""
    accounts, currencies, directions = read["account"], read["currency"], read["direction"]
    account, currency = accounts[row], currencies[row]
    if account is None or currency is None:
        return []
    opposite = [
        other
        for other in range(len(accounts))
        if accounts[other] == account
        and currencies[other] == currency
        and directions[other] != directions[row]
    ]
    for named_by in ("reference", "document_no"):
        values = read[named_by]
        found = [other for other in opposite if values[other] == name]
        if found:
            return found
    files, positions = read["source_file"], read["position"]
    return [other for other in opposite if files[other] == files[row] and str(positions[other]) == name]
