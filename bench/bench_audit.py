"""Claim: `loantrail audit verify` checks at least 200,000 entries a second. Beside it the same bytes merely read and hashed.

A log of a million entries in a database of its own, a third of the batches one act alone, the others up to fourteen, once with
SHA-256 and once with SM3. Then single entries appended and committed, one after the other. LOANTRAIL_BENCH_ENTRIES changes the
number of entries.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from time import perf_counter
from typing import Any

import psycopg
from measuring import (
    alternate,
    bar,
    medians,
    quantile,
    ratio_of_turns,
    record,
    seconds,
    size,
    table,
    working_folder,
)

ENTRIES = 1_000_000
ROUNDS = 3
APPENDS = 1_000
LEAST_ENTRIES_A_SECOND = 200_000
AT_US = 1_790_000_000_000_000


def acts(count: int) -> Iterator[Any]:
    """What people of a bank do: mostly looking, now and then a decision with what was before and after."""
    from loantrail.audit.model import Entry
    from loantrail.ids import seeded_random

    random = seeded_random(1)
    for number in range(count):
        decides = random.random() < 0.3
        yield Entry(
            at_us=AT_US + number * 1_000,
            person=f"S{random.randrange(2_000):05d}",
            action="warning.dispose" if decides else "loan.read",
            object_kind="warning" if decides else "loan",
            object_id=f"L{random.randrange(10**7):012d}",
            before={"state": "open", "level": "red", "version": 3} if decides else None,
            after={"state": "closed", "level": "red", "version": 4, "reason": "采购合同、发票与收款方一致"}
            if decides
            else None,
            why="已核实资金用于采购原材料，与合同约定用途一致" if decides else "",
            request_id=f"{random.getrandbits(128):032x}",
            address=f"10.{random.randrange(256)}.{random.randrange(256)}.7",
            unit_id=f"U{random.randrange(90):03d}",
        )


def write_log(connection: psycopg.Connection[Any], count: int, algorithm: str) -> int:
    """Link the entries as the product does and COPY them, which is quicker than appending each batch. Bytes of content."""
    from loantrail.audit.chain import link
    from loantrail.audit.model import Head
    from loantrail.ids import seeded_random

    random = seeded_random(2)
    head, batches, total_bytes, waiting = Head(), [], 0, acts(count)
    with connection.cursor() as cursor, cursor.copy("COPY audit.entry (content, hash) FROM STDIN") as stream:
        while head.entry_no < count:
            wanted = 1 if random.random() < 1 / 3 else random.randint(2, 14)
            entries = [
                entry for _, entry in zip(range(min(wanted, count - head.entry_no)), waiting, strict=False)
            ]
            batch, linked = link(entries, head, algorithm, entries[-1].at_us)
            for content, digest in linked:
                stream.write_row((content, digest))
                total_bytes += len(content.encode())
            batches.append(batch)
            head = Head(batch.batch_no, batch.last_entry_no, algorithm, batch.head.hex(), batch.made_at_us)
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY audit.batch (batch_no, algorithm, first_entry_no, last_entry_no, made_at_us, head) FROM STDIN"
        ) as stream,
    ):
        for one in batches:
            stream.write_row(
                (one.batch_no, one.algorithm, one.first_entry_no, one.last_entry_no, one.made_at_us, one.head)
            )
    connection.commit()
    # Not while it is measured.
    connection.autocommit = True
    connection.execute("VACUUM (ANALYZE) audit.entry, audit.batch")
    connection.execute("CHECKPOINT")
    connection.autocommit = False
    return total_bytes


def read_and_hash(connection: psycopg.Connection[Any], algorithm: str) -> None:
    """The same bytes from the same table, hashed one onto the other, nothing looked at."""
    from loantrail.audit.chain import hashing

    hash_of, digest = hashing(algorithm), b""
    rows = connection.cursor(binary=True).stream(
        "SELECT convert_to(content, 'UTF8'), hash FROM audit.entry ORDER BY entry_no", size=200
    )
    for content, _ in rows:
        digest = hash_of(digest + content)
    connection.rollback()


def measure(algorithm: str, count: int) -> dict[str, Any]:
    from loantrail.audit import store
    from loantrail.audit.verifying import verify
    from loantrail.postgres.connection import database

    with working_folder() as folder:
        os.environ.update(LOANTRAIL_HOME=str(folder), LOANTRAIL_DATABASE_URL="")
        with database() as books, books.connect() as connection:
            total_bytes = write_log(connection, count, algorithm)

            def verified() -> None:
                found = verify(connection)
                assert found.is_whole
                assert found.entry_count == count

            taken = alternate(
                {
                    "verify": lambda: seconds(verified),
                    "read_and_hash": lambda: seconds(lambda: read_and_hash(connection, algorithm)),
                },
                ROUNDS,
            )
            appended: list[float] = []
            for entry in acts(APPENDS):
                begun = perf_counter()
                with connection.transaction():
                    store.append(connection, [entry], algorithm)
                appended.append(perf_counter() - begun)
    middle = medians(taken)
    return {
        "entries": count,
        "bytes_per_entry": total_bytes / count,
        "entries_per_second": count / middle["verify"],
        "entries_per_second_each_round": [count / one for one in taken["verify"]],
        "read_and_hash_entries_per_second": count / middle["read_and_hash"],
        "verify_over_read_and_hash": ratio_of_turns(taken["verify"], taken["read_and_hash"]),
        "append_seconds_p50": quantile(appended, 0.5),
        "append_seconds_p99": quantile(appended, 0.99),
    }


def main() -> None:
    count = size("LOANTRAIL_BENCH_ENTRIES", ENTRIES)
    found = {algorithm: measure(algorithm, count) for algorithm in ("sha256", "sm3")}
    table(
        ("algorithm", "verified/s", "read and hashed/s", "ratio", "append p50 ms", "append p99 ms"),
        [
            (
                name,
                int(one["entries_per_second"]),
                int(one["read_and_hash_entries_per_second"]),
                one["verify_over_read_and_hash"],
                1000 * one["append_seconds_p50"],
                1000 * one["append_seconds_p99"],
            )
            for name, one in found.items()
        ],
    )
    bars = [
        bar(
            f"at least {LEAST_ENTRIES_A_SECOND:,} entries a second verified ({name})",
            met=one["entries_per_second"] >= LEAST_ENTRIES_A_SECOND,
            margin=f"{one['entries_per_second']:,.0f}",
        )
        for name, one in found.items()
    ]
    record("audit", {"by_algorithm": found, "bars": bars}, full_size=count >= ENTRIES)


if __name__ == "__main__":
    main()
