"""Lines that come live behind the end of a demo bank, as benchmarks send them."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator
from time import perf_counter
from typing import Any

import psycopg

OTHER_ACCOUNTS = 5_000
FIELDS = (
    "account", "direction", "amount_fen", "currency", "counterparty_account", "counterparty_name", "purpose_text",
    "document_no", "account_name",
)  # fmt: skip


def later_lines(connection: psycopg.Connection[Any], count: int) -> list[dict[str, Any]]:
    """The last lines of the books once more, each as long after their end as it was after its own day's beginning: nearly
    every one concerns a borrower."""
    rows = connection.execute(
        f"SELECT booked_at, reference, {', '.join(FIELDS)} FROM ledger.statement_line "
        "ORDER BY booked_at DESC, arrival_number DESC LIMIT %s",
        (count,),
    ).fetchall()
    rows.reverse()
    last = rows[-1][0]
    shift = last - rows[0][0] + datetime.timedelta(minutes=1)
    found: list[dict[str, Any]] = []
    for number, (booked_at, reference, *values) in enumerate(rows):
        row = {name: value for name, value in zip(FIELDS, values, strict=True) if value is not None}
        row["booked_at"] = (booked_at + shift).isoformat()
        row["reference"] = f"again-{reference}" if reference else f"again-{number}"
        found.append(row)
    return found


def other_lines(
    after: str, accounts: int = OTHER_ACCOUNTS, apart_ms: int = 20, name: str = "other"
) -> Iterator[dict[str, Any]]:
    """Both lines of payments among so many accounts that no loan ever reached, without end; `name` begins their references."""
    chance = random.Random(1)
    at = datetime.datetime.fromisoformat(after)
    number = 0
    while True:
        at += datetime.timedelta(milliseconds=apart_ms)
        payer, payee = chance.sample(range(accounts), 2)
        both = {
            "booked_at": at.isoformat(),
            "amount_fen": chance.randrange(100, 100_000_000),
            "currency": "CNY",
            "purpose_text": chance.choice(("货款", "往来款", "服务费", "水电费")),
        }
        for direction, own, other in (("debit", payer, payee), ("credit", payee, payer)):
            yield both | {
                "account": f"62229{own:011d}",
                "direction": direction,
                "counterparty_account": f"62229{other:011d}",
                "counterparty_name": f"第{other}号商贸有限公司",
                "reference": f"{name}-{number}-{direction}",
            }
        number += 1


def copied(connection: psycopg.Connection[Any], rows: list[dict[str, Any]]) -> float:
    """Seconds to COPY the lines into a plain table."""
    names = ("booked_at", "reference", *FIELDS)
    connection.execute(f"CREATE TEMP TABLE plain ({', '.join(f'{name} text' for name in names)})")
    begun = perf_counter()
    with connection.cursor() as cursor, cursor.copy("COPY plain FROM STDIN") as stream:
        for row in rows:
            stream.write_row([row.get(name) for name in names])
    connection.commit()
    taken = perf_counter() - begun
    connection.execute("DROP TABLE plain")
    return taken
