"""What somebody with all rights over the tables can do to the log. Each changes it in place and returns the number of the first
entry that is no longer what it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any, Final

from tests.audit.made import Log, entry, row_of

from loantrail.audit.chain import COLUMNS, hashing, header
from loantrail.audit.model import Batch, Head

Tampering = Callable[[Log, Random], int]


def batch_of(log: Log, number: int) -> int:
    """The place of the batch that holds an entry."""
    return next(
        place for place, one in enumerate(log.batches) if one.first_entry_no <= number <= one.last_entry_no
    )


def digest_before(log: Log, number: int) -> bytes:
    batch = log.batches[batch_of(log, number)]
    if number > batch.first_entry_no:
        return log.rows[number - 2].hash
    head = log.rows[number - 2].hash.hex() if number > 1 else ""
    return hashing(batch.algorithm)(header(batch, head))


def write_anew(log: Log, first: int) -> None:
    """Recompute every hash and head from an entry on, as somebody does who knows how the chain is made."""
    for number in range(first, len(log.rows) + 1):
        place = batch_of(log, number)
        batch = log.batches[place]
        digest = hashing(batch.algorithm)(digest_before(log, number) + log.rows[number - 1].content)
        log.rows[number - 1].hash = digest
        if number == batch.last_entry_no:
            log.batches[place] = replace(batch, head=digest)


def said_otherwise(content: bytes, **values: Any) -> bytes:
    known = json.loads(content) | values
    return json.dumps(known, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def flipped(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]


def any_number(log: Log, random: Random) -> int:
    return random.randint(1, len(log.rows))


def renumber(log: Log) -> None:
    for number, row in enumerate(log.rows, 1):
        row.columns["entry_no"] = number


# In one place ------------------------------------------------------------------------------------------------


def change_a_byte(log: Log, random: Random) -> int:
    number = any_number(log, random)
    row = log.rows[number - 1]
    row.content = flipped(row.content, random)
    return number


def change_what_it_says_with_its_columns(log: Log, random: Random) -> int:
    number = any_number(log, random)
    log.rows[number - 1] = row_of(
        said_otherwise(log.rows[number - 1].content, person="S7"), log.rows[number - 1].hash
    )
    return number


def change_a_hash(log: Log, random: Random) -> int:
    number = any_number(log, random)
    row = log.rows[number - 1]
    row.hash = flipped(row.hash, random)
    return number


def change_a_column(log: Log, random: Random) -> int:
    number = any_number(log, random)
    name = random.choice([one for one in COLUMNS if one != "entry_no"])
    held = log.rows[number - 1].columns[name]
    log.rows[number - 1].columns[name] = held + 1 if isinstance(held, int) else f"{held or ''}x"
    return number


def empty_a_column(log: Log, random: Random) -> int:
    number = any_number(log, random)
    log.rows[number - 1].columns[random.choice(("person", "action", "object_id", "outcome"))] = None
    return number


def change_and_recompute_its_own_hash(log: Log, random: Random) -> int:
    number = any_number(log, random)
    batch = log.batches[batch_of(log, number)]
    content = said_otherwise(log.rows[number - 1].content, why="从未")
    log.rows[number - 1] = row_of(content, hashing(batch.algorithm)(digest_before(log, number) + content))
    # The next entry rests on the hash that was there: it is the first that does not fit, or the head of the batch.
    return number if number == batch.last_entry_no else number + 1


# Places ------------------------------------------------------------------------------------------------------


def swap_contents(log: Log, random: Random) -> int:
    one, other = sorted(random.sample(range(len(log.rows)), 2))
    log.rows[one], log.rows[other] = (
        row_of(log.rows[other].content, log.rows[one].hash),
        row_of(log.rows[one].content, log.rows[other].hash),
    )
    renumber(log)
    return one + 1


def swap_rows(log: Log, random: Random) -> int:
    one, other = sorted(random.sample(range(len(log.rows)), 2))
    log.rows[one], log.rows[other] = log.rows[other], log.rows[one]
    renumber(log)
    return one + 1


def give_it_another_number(log: Log, random: Random) -> int:
    number = any_number(log, random)
    other = random.choice([-1, 0, len(log.rows) + 1, len(log.rows) + 10**12, any_number(log, random)])
    if other == number:
        other = number + 1
    log.rows[number - 1].columns["entry_no"] = other
    return min(number, other)


def delete_one(log: Log, random: Random) -> int:
    number = any_number(log, random)
    del log.rows[number - 1]
    return number


def delete_one_and_close_the_gap(log: Log, random: Random) -> int:
    number = any_number(log, random)
    del log.rows[number - 1]
    renumber(log)
    return number


def insert_one(log: Log, random: Random) -> int:
    number = any_number(log, random)
    like = log.rows[number - 1]
    log.rows.insert(number - 1, row_of(said_otherwise(like.content, person="S7"), like.hash))
    renumber(log)
    return number


def double_one(log: Log, random: Random) -> int:
    number = any_number(log, random)
    like = log.rows[number - 1]
    log.rows.insert(number, row_of(like.content, like.hash))
    return number


# Batches -----------------------------------------------------------------------------------------------------


def _change_batch(log: Log, random: Random, change: Callable[[Batch], Batch]) -> int:
    place = random.randrange(len(log.batches))
    batch = log.batches[place]
    log.batches[place] = change(batch)
    return batch.first_entry_no


def change_a_header(log: Log, random: Random) -> int:
    name = random.choice(("batch_no", "made_at_us", "last_entry_no"))
    by = random.choice((-1, 1, 10**9))
    return _change_batch(log, random, lambda one: replace(one, **{name: getattr(one, name) + by}))


def change_where_a_batch_begins(log: Log, random: Random) -> int:
    by = random.choice((-1, 1, 10**12))
    return _change_batch(log, random, lambda one: replace(one, first_entry_no=one.first_entry_no + by))


def change_the_algorithm(log: Log, random: Random) -> int:
    other = {"sha256": random.choice(("sm3", "md5")), "sm3": random.choice(("sha256", "SM3"))}
    return _change_batch(log, random, lambda one: replace(one, algorithm=other[one.algorithm]))


def change_a_head(log: Log, random: Random) -> int:
    place = random.randrange(len(log.batches))
    batch = log.batches[place]
    log.batches[place] = replace(batch, head=flipped(batch.head, random))
    return batch.last_entry_no


def delete_a_batch(log: Log, random: Random) -> int:
    return log.batches.pop(random.randrange(len(log.batches))).first_entry_no


def delete_a_batch_with_its_entries(log: Log, random: Random) -> int:
    batch = log.batches.pop(random.randrange(len(log.batches)))
    del log.rows[batch.first_entry_no - 1 : batch.last_entry_no]
    return batch.first_entry_no


def double_a_batch(log: Log, random: Random) -> int:
    place = random.randrange(len(log.batches))
    batch = log.batches[place]
    log.batches.insert(place, batch)
    return batch.last_entry_no + 1


def add_a_batch_without_entries(log: Log, random: Random) -> int:
    last = log.batches[-1]
    first = last.last_entry_no + 1
    log.batches.append(
        replace(
            last, batch_no=last.batch_no + 1, first_entry_no=first, last_entry_no=first + random.randrange(3)
        )
    )
    return first


def join_two_batches(log: Log, random: Random) -> int:
    place = random.randrange(len(log.batches) - 1)
    one, other = log.batches[place : place + 2]
    log.batches[place : place + 2] = [replace(one, last_entry_no=other.last_entry_no, head=other.head)]
    return one.first_entry_no


# Consistent: only a head that is kept elsewhere tells --------------------------------------------------------


def cut_the_tail(log: Log, random: Random) -> int:
    batches = random.randrange(len(log.batches))
    log.batches = log.batches[:batches]
    last = log.batches[-1].last_entry_no if batches else 0
    log.rows = log.rows[:last]
    return last + 1


def cut_the_tail_within_a_batch(log: Log, random: Random) -> int:
    wide = [place for place, one in enumerate(log.batches) if one.last_entry_no > one.first_entry_no]
    if not wide:
        return cut_the_tail(log, random)
    place = random.choice(wide)
    batch = log.batches[place]
    last = random.randint(batch.first_entry_no, batch.last_entry_no - 1)
    log.batches = [*log.batches[:place], replace(batch, last_entry_no=last)]
    log.rows = log.rows[:last]
    write_anew(log, batch.first_entry_no)
    # Its first entry has another hash now; that is seen only where the anchored head should be.
    return last + 1


def cut_the_rows_alone(log: Log, random: Random) -> int:
    kept = random.randrange(len(log.rows))
    log.rows = log.rows[:kept]
    return kept + 1


def change_and_write_the_chain_anew(log: Log, random: Random) -> int:
    number = any_number(log, random)
    log.rows[number - 1] = row_of(
        said_otherwise(log.rows[number - 1].content, person="S7"), log.rows[number - 1].hash
    )
    write_anew(log, number)
    return number


def cut_the_tail_and_write_another(log: Log, random: Random) -> int:
    first = cut_the_tail(log, random)
    before = log.batches[-1] if log.batches else None
    log.head = (
        Head(before.batch_no, before.last_entry_no, before.algorithm, before.head.hex(), before.made_at_us)
        if before
        else Head()
    )
    while log.head.entry_no < first + 2:
        log.append([entry(log.head.entry_no + 1, why="从未")], "sha256")
    return first


def change_the_algorithm_and_write_the_chain_anew(log: Log, random: Random) -> int:
    place = random.randrange(len(log.batches))
    batch = log.batches[place]
    log.batches[place] = replace(batch, algorithm="sm3" if batch.algorithm == "sha256" else "sha256")
    write_anew(log, batch.first_entry_no)
    return batch.first_entry_no


TAMPERINGS: Final[tuple[Tampering, ...]] = (
    change_a_byte,
    change_what_it_says_with_its_columns,
    change_a_hash,
    change_a_column,
    empty_a_column,
    change_and_recompute_its_own_hash,
    swap_contents,
    swap_rows,
    give_it_another_number,
    delete_one,
    delete_one_and_close_the_gap,
    insert_one,
    double_one,
    change_a_header,
    change_where_a_batch_begins,
    change_the_algorithm,
    change_a_head,
    delete_a_batch,
    delete_a_batch_with_its_entries,
    double_a_batch,
    add_a_batch_without_entries,
    join_two_batches,
    cut_the_tail,
    cut_the_tail_within_a_batch,
    cut_the_rows_alone,
    change_and_write_the_chain_anew,
    cut_the_tail_and_write_another,
    change_the_algorithm_and_write_the_chain_anew,
)
