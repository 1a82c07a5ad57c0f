"""What must hold at the end of an episode. `CHECKS` is open: append a function of the world and a connection."""

from __future__ import annotations

import datetime
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import psycopg
from tests.simulation.world import PARTITIONS, TOPIC, Row, World

Asked = psycopg.Connection[Any]
LineKey = tuple[str, ...]
Content = tuple[Any, ...]


def is_bad(row: Row) -> bool:
    """Whether it breaks a rule by itself."""
    return row["amount_fen"] < 1 or row["booked_at"] == "never" or "unheard" in row


def content_of(row: Row) -> Content:
    at = datetime.datetime.fromisoformat(row["booked_at"])
    at = at if at.tzinfo else at.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=8)))
    return (
        at.astimezone(datetime.UTC),
        row["account"].strip(),
        row["direction"],
        row["amount_fen"],
        row.get("counterparty_account"),
        row.get("reference"),
    )


def key_of(content: Content) -> LineKey:
    """What a line with a reference is known by."""
    at, account, direction, _, _, reference = content
    day = (at + datetime.timedelta(hours=8)).date().isoformat()
    return (account, direction, day, str(reference))


class Model:
    """What must be in the books, from what was sent."""

    def __init__(self, world: World) -> None:
        self.with_reference: dict[LineKey, set[Content]] = {}
        self.without: Counter[Content] = Counter()
        sent = [parcel.rows for parcel in world.parcels if not parcel.is_refused]
        for partition in world.broker.messages:
            sent += [json.loads(message) for message in partition if message[:1] == b"["]
        for rows in sent:
            self._add(rows)

    def _add(self, rows: list[Row]) -> None:
        alone: Counter[Content] = Counter()
        for content in [content_of(row) for row in rows if not is_bad(row)]:
            if content[-1] is None:
                alone[content] += 1
            else:
                self.with_reference.setdefault(key_of(content), set()).add(content)
        # Equal rows of one parcel are several lines, those of two parcels are the same ones.
        self.without |= alone


def lines_in_books(asked: Asked) -> dict[str, Content]:
    """Line id -> content."""
    rows = asked.execute(
        "SELECT replace(line_id::text, '-', ''), booked_at, account, direction, amount_fen, counterparty_account, reference "
        "FROM ledger.statement_line"
    ).fetchall()
    found = {row[0]: (row[1].astimezone(datetime.UTC), *row[2:]) for row in rows}
    assert len(found) == len(rows), "a line stands twice in the books"
    return found


def books_equal_the_model(world: World, asked: Asked) -> None:
    model, books = Model(world), lines_in_books(asked)
    with_reference: dict[LineKey, list[Content]] = {}
    without: Counter[Content] = Counter()
    for content in books.values():
        if content[-1] is None:
            without[content] += 1
        else:
            with_reference.setdefault(key_of(content), []).append(content)
    assert without == model.without
    assert with_reference.keys() == model.with_reference.keys()
    for key, contents in with_reference.items():
        assert len(contents) == 1, f"{key} stands twice"
        assert contents[0] in model.with_reference[key], f"nobody sent {contents[0]}"


def answers_are_true(world: World, asked: Asked) -> None:
    books = lines_in_books(asked)
    by_key = {key_of(content): content for content in books.values() if content[-1] is not None}
    refusals = {row[0] for row in asked.execute("SELECT refusal_id FROM ledger.refusal").fetchall()}
    accepted: Counter[str] = Counter()
    for parcel in world.parcels:
        answers = set(parcel.given) if parcel.key is not None else list(parcel.given)
        for answer in answers:
            if answer == b"key reused":
                continue
            rows = json.loads(answer)["rows"]
            assert [row["position"] for row in rows] == list(range(1, len(parcel.rows) + 1))
            for told, sent in zip(rows, parcel.rows, strict=True):
                if told["outcome"] == "refused":
                    assert told["refusal_id"] in refusals
                    if told["reason"] == "same_key_other_content":
                        assert by_key[key_of(content_of(sent))] != content_of(sent)
                    else:
                        assert is_bad(sent)
                    continue
                assert books[told["line_id"]] == content_of(sent)
                accepted[told["line_id"]] += told["outcome"] == "accepted"
    assert not accepted or max(accepted.values()) == 1, "a line was told to be new twice"


def repeated_requests_got_one_answer(world: World, asked: Asked) -> None:
    del asked
    holders: Counter[str] = Counter()
    for parcel in world.parcels:
        if parcel.key is None:
            continue
        assert len(set(parcel.given)) == 1, f"{parcel.key} got {len(set(parcel.given))} answers"
        holders[parcel.key] += not parcel.is_refused
    assert all(count == 1 for count in holders.values()), "a key stands for two requests"


def offsets_are_not_ahead_of_rows(world: World, asked: Asked) -> None:
    """Also while it goes on: every message before the offset is in the books or in the quarantine."""
    offsets = dict(asked.execute("SELECT partition, next_offset FROM live.source_offset").fetchall())
    books = set(lines_in_books(asked).values())
    keys = {key_of(content) for content in books if content[-1] is not None}
    refused = {row[0] for row in asked.execute("SELECT source_file FROM ledger.refusal").fetchall()}
    for partition in range(PARTITIONS):
        messages = world.broker.messages[partition]
        assert 0 <= offsets.get(partition, 0) <= len(messages)
        for offset in range(offsets.get(partition, 0)):
            source = f"kafka {TOPIC} simulated/{partition}/{offset}"
            rows = json.loads(messages[offset]) if messages[offset][:1] == b"[" else None
            if rows is None or any(is_bad(row) for row in rows):
                assert source in refused
            for content in [content_of(row) for row in rows or () if not is_bad(row)]:
                known = content in books if content[-1] is None else key_of(content) in keys
                assert known, f"{source} was read and is not in the books"


def counts_agree(world: World, asked: Asked) -> None:
    """What is told of the lines beside them: keys, files, what waits to be paired and traced."""
    del world
    (row,) = asked.execute(
        """
        SELECT (SELECT count(*) FROM ledger.statement_line),
               (SELECT count(*) FROM ledger.intake_key),
               (SELECT count(*) FROM ledger.intake_key k JOIN ledger.statement_line l ON l.line_id = k.row_id),
               (SELECT coalesce(sum(rows_accepted), 0) FROM ledger.import_file),
               (SELECT coalesce(sum(line_count), 0) FROM ledger.pairing_pending),
               (SELECT line_count FROM live.waiting)
        """
    ).fetchall()
    assert len({int(one) for one in row}) == 1, (
        f"lines, keys, keys with lines, accepted, unpaired, untraced: {row}"
    )
    twice = asked.execute(
        "SELECT file_id, position FROM ledger.statement_line GROUP BY 1, 2 HAVING count(*) > 1"
    ).fetchall()
    assert not twice, "two lines have one place"
    strangers = asked.execute(
        "SELECT 1 FROM ledger.statement_line l JOIN ledger.import_file f USING (file_id) "
        "WHERE (f.adapter = 'live' AND l.position <> l.arrival_number) OR NOT EXISTS (SELECT 1 FROM ledger.account a WHERE a.account = l.account "
        "AND a.has_lines)"
    ).fetchall()
    assert not strangers
    noted = asked.execute(
        "SELECT 1 FROM ledger.statement_line l WHERE NOT EXISTS (SELECT 1 FROM ledger.pairing_pending p "
        "WHERE p.file_id = l.file_id AND l.arrival_number BETWEEN p.first_arrival AND p.last_arrival "
        "AND l.booked_at BETWEEN p.first_booked_at AND p.last_booked_at)"
    ).fetchall()
    assert not noted, "a line waits for no pairing"


def nothing_failed_by_itself(world: World, asked: Asked) -> None:
    """Faults are told as what they are: the database is away, or its disk is full."""
    del asked
    assert not world.problems, world.problems


CHECKS: list[Callable[[World, Asked], None]] = [
    nothing_failed_by_itself,
    books_equal_the_model,
    answers_are_true,
    repeated_requests_got_one_answer,
    offsets_are_not_ahead_of_rows,
    counts_agree,
]
