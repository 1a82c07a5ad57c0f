"""The list of 100,000 loans over the interface: every order, every kind of search, every filter, deep pages.

    LOANTRAIL_BENCH_LOANS=100000 python bench/bench_loan_list.py

A bank of random loans stands in a real PostgreSQL, the server is the product's own, and what is measured is the whole
answer as a client receives it: the page of 50 loans with the sums over everything that the filter found. A spreadsheet
of all loans is written once.
"""

from __future__ import annotations

import os
import random
import socket
import statistics
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from time import perf_counter

import httpx
import psycopg
from measuring import LOANTRAIL, bar, quantile, record, size, table, working_folder

from loantrail.early_warning.patterns import PATTERNS
from loantrail.http.pages.loan_list.model import LoanSort
from loantrail.ledger.model import FIVE_CLASSES, GRANT_KINDS, LOAN_STATES, PRODUCTS
from loantrail.parties.names import party_keys, sort_key
from loantrail.tracing.store import digest_leads

LOANS = 100_000
ROUNDS = 10
BAR_SECONDS = 0.2
UNITS = 80
STAFF = 400
PLACES = "杭州 宁波 温州 嘉兴 湖州 绍兴 金华 衢州 舟山 台州 丽水 重庆 长沙 厦门 朝阳 六安 上饶 南京 苏州 无锡".split()
MARKS = "甲 盛 恒 泰 瑞 丰 华 宏 达 兴 隆 信 诚 德 源 通 利 和 顺 祥 安 康 嘉 美 新 中 联 汇 金 鑫".split()
TRADES = "纺织 贸易 建材 机械 食品 电子 物流 化工 医药 服装 五金 餐饮 汽车销售 装饰工程 信息技术".split()
FAMILIES = "王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 胡 朱 高 林 何 郭 马 罗 曾 单 解".split()
CLASSES = {"FLOW_SECURITIES": "securities", "FLOW_REALESTATE": "developer", "PRIVATE_LENDING": "lender"}
RUN = "bench"

CASES: dict[str, dict[str, str | int]] = {
    **{f"sort by {sort}": {"sort": sort.value, "direction": "ascending"} for sort in LoanSort},
    "first page": {},
    "page 1,800": {"sort": "borrower", "offset": 90_000},
    "search 中盛": {"search": "中盛"},
    "search hangzhou": {"search": "hangzhou"},
    "search hzzs": {"search": "hzzs"},
    "search credit code": {"search": "ma2704"},
    "search loan number": {"search": "00054321"},
    "search two words": {"search": "hangzhou 纺织", "sort": "borrower"},
    "search nothing": {"search": "没有这样的"},
    "product": {"product": "working_capital_loan"},
    "borrower kind": {"borrower_kind": "individual"},
    "branch with units below": {"unit": "B03"},
    "manager": {"manager": "S0042"},
    "state and class": {"state": "overdue", "five_class": "doubtful"},
    "lead": {"pattern": "FLOW_SECURITIES"},
    "suspected destination": {"suspected_class": "developer"},
    "suspected only": {"suspected": "true"},
    "seen below 50%": {"seen_below": 50},
    "amount and date": {"amount_from": "100000000", "issued_from": "2025-01-01"},
    "all at once": {
        "search": "hz", "product": "working_capital_loan", "unit": "H", "seen_below": 90, "suspected": "true",
    },
}  # fmt: skip


def copy(connection: psycopg.Connection, target: str, rows: Iterable[tuple[object, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN".encode()) as stream:
        for row in rows:
            stream.write_row(row)


def fill(connection: psycopg.Connection, loans: int) -> None:
    """A bank of random loans, 60 parties for 100 loans, one loan in eight with leads."""
    draw = random.Random(7)
    parties = loans * 6 // 10
    units = [("H", "总行", "head_office", None)]
    units += [(f"B{n:02}", f"{PLACES[n]}分行", "branch", "H") for n in range(10)]
    units += [(f"U{n:03}", f"{PLACES[n % 20]}第{n}支行", "sub_branch", f"B{n % 10:02}") for n in range(UNITS)]
    copy(connection, "parties.organisation_unit (unit_id, name, kind, parent_unit_id)", units)
    names = [draw.choice(FAMILIES) + "".join(draw.sample(MARKS, 2)) for _ in range(STAFF)]
    copy(
        connection,
        "parties.staff (staff_id, unit_id, name, role, name_sort)",
        (
            (f"S{n:04}", f"U{n % UNITS:03}", name, "manager", sort_key(name, person=True))
            for n, name in enumerate(names)
        ),
    )
    kinds = [draw.choice(("company", "company", "individual", "sole_proprietor")) for _ in range(parties)]

    def party(n: int) -> tuple:
        person = kinds[n] != "company"
        name = (
            draw.choice(FAMILIES) + "".join(draw.sample(MARKS, 2))
            if person
            else f"{draw.choice(PLACES)}{''.join(draw.sample(MARKS, 2))}{draw.choice(TRADES)}有限公司"
        )
        code = f"{draw.randrange(10**17, 10**18)}" if person else f"91330100MA27{draw.randrange(10**6):06}"
        return (f"P{n:07}", f"U{n % UNITS:03}", kinds[n], name, code, *party_keys(name, kinds[n], code))

    copy(
        connection,
        "parties.party (party_id, unit_id, kind, name, identity_number, name_sort, name_search)",
        (party(n) for n in range(parties)),
    )
    copy(
        connection,
        "ledger.account (account, account_number, party_id)",
        ((f"62{n:010}", f"62{n:010}", f"P{n:07}") for n in range(parties)),
    )
    amounts = [draw.randrange(1, 5_000) * 1_000_000 for _ in range(loans)]
    copy(
        connection,
        "ledger.loan_contract (contract_id, borrower_party_id, product, purpose_text, payment_mode, amount_fen,"
        " signed_on, unit_id)",
        (
            (
                f"HT{n:010}", f"P{n % parties:07}", draw.choice(PRODUCTS), "经营周转", "autonomous_payment", amounts[n],
                "2024-01-01", f"U{n % UNITS:03}",
            )
            for n in range(loans)
        ),
    )  # fmt: skip
    copy(
        connection,
        "ledger.loan_note (loan_id, contract_id, disbursement_account, amount_fen, issued_on, matures_on, grant_kind,"
        " rate_ppm, balance_fen, state, five_class, unit_id)",
        (
            (
                f"JJ{n:010}", f"HT{n:010}", f"62{n % parties:010}", amounts[n],
                f"{draw.choice((2024, 2025))}-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02}", "2027-01-01",
                draw.choice(GRANT_KINDS), draw.randrange(30_000, 90_000), draw.randrange(0, amounts[n]),
                draw.choice(LOAN_STATES), draw.choice(FIVE_CLASSES), f"U{n % UNITS:03}",
            )
            for n in range(loans)
        ),
    )  # fmt: skip
    copy(
        connection,
        "ledger.loan_manager (loan_id, staff_id, role, valid_from, unit_id)",
        (
            (f"JJ{n:010}", f"S{(n * 7 + k) % STAFF:04}", role, "2024-01-01", f"U{n % UNITS:03}")
            for n in range(loans)
            for k, role in enumerate(("lead", "assist"))
        ),
    )
    connection.execute(
        "INSERT INTO tracing.run (run_id, convention, data_version, software_version, opening, created_at, loan_count,"
        " event_count, hop_count, current, data_date)"
        " VALUES (%s, 'fifo', 'x', 'x', 'stated', now(), %s, 0, 0, true, '2026-01-01')",
        (RUN, loans),
    )
    copy(
        connection,
        "tracing.loan_summary (run_id, loan_id, disbursed_fen, seen_fen, lost_other_bank_fen, lost_pool_fen,"
        " prohibited_fen, gross_returned_fen, unit_id)",
        (
            (RUN, f"JJ{n:010}", amounts[n], draw.randrange(0, amounts[n]), 0, 0, 0, 0, f"U{n % UNITS:03}")
            for n in range(loans)
        ),
    )
    codes = list(PATTERNS)
    copy(
        connection,
        "tracing.lead (run_id, loan_id, pattern, amount_fen, class, transaction_ids, explanation)",
        (
            (RUN, f"JJ{n:010}", code, draw.randrange(1, amounts[n]), CLASSES.get(code, "company"), "{}", "")
            for n in range(0, loans, 8)
            for code in draw.sample(codes, draw.choice((1, 1, 1, 2, 3)))
        ),
    )
    digest_leads(connection, RUN)
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM ANALYZE")


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def wait_for(address: str) -> None:
    for _ in range(600):
        try:
            if httpx.get(f"{address}/api/v1/health", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise SystemExit("the server did not answer")


def measured(address: str, loans: int) -> tuple[dict[str, list[float]], dict[str, int], float]:
    """Seconds of each case and round, loans that each found, and seconds for a sheet of all of them."""
    taken: dict[str, list[float]] = {name: [] for name in CASES} | {"choices": []}
    found: dict[str, int] = {}
    with httpx.Client(base_url=address, timeout=600) as client:
        for turn in range(ROUNDS + 1):
            for name, values in taken.items():
                start = perf_counter()
                answer = client.get(
                    "/api/v1/loan-choices" if name == "choices" else "/api/v1/loans", params=CASES.get(name)
                )
                seconds = perf_counter() - start
                answer.raise_for_status()
                if turn:
                    values.append(seconds)
                found[name] = answer.json().get("total_count", loans)
        start = perf_counter()
        client.get("/api/v1/loans.xlsx").raise_for_status()
        return taken, found, perf_counter() - start


def main() -> None:
    loans = size("LOANTRAIL_BENCH_LOANS", LOANS)
    with working_folder() as folder:
        environment = {**os.environ, "LOANTRAIL_HOME": str(folder / "home"), "LOANTRAIL_DATABASE_URL": ""}

        def run(*arguments: str) -> str:
            return subprocess.run(
                [str(LOANTRAIL), *arguments], env=environment, check=True, capture_output=True, text=True
            ).stdout.strip()

        url = run("database", "start").splitlines()[-1]
        server: subprocess.Popen[bytes] | None = None
        try:
            with psycopg.connect(url) as connection:
                fill(connection, loans)
            port = free_port()
            with Path(folder / "server.log").open("wb") as log:
                server = subprocess.Popen(
                    [str(LOANTRAIL), "serve", "--port", str(port)], env=environment, stdout=log, stderr=log
                )
            address = f"http://127.0.0.1:{port}"
            wait_for(address)
            taken, found, sheet = measured(address, loans)
        finally:
            if server:
                server.terminate()
                server.wait()
            run("database", "stop", "--force")
    every = [value for name, values in taken.items() if name != "choices" for value in values]
    table(
        ("request", "loans found", "p50 ms", "p99 ms"),
        [
            (name, found[name], statistics.median(values) * 1000, quantile(values, 0.99) * 1000)
            for name, values in taken.items()
        ],
    )
    print(f"spreadsheet of {loans:,} loans, all columns: {sheet:.1f} s")
    worst = max(statistics.median(values) for name, values in taken.items() if name != "choices")
    bars = [
        bar(
            f"every list answers within {BAR_SECONDS * 1000:.0f} ms at the median",
            met=worst <= BAR_SECONDS,
            margin=f"slowest median {worst * 1000:.0f} ms",
        )
    ]
    record(
        "loan_list",
        {
            "loans": loans,
            "rounds": ROUNDS,
            "bars": bars,
            "all_requests_ms": {
                "p50": statistics.median(every) * 1000,
                "p99": quantile(every, 0.99) * 1000,
                "most": max(every) * 1000,
            },
            "requests_ms": {
                name: {
                    "found": found[name],
                    "p50": statistics.median(values) * 1000,
                    "p99": quantile(values, 0.99) * 1000,
                }
                for name, values in taken.items()
            },
            "spreadsheet_seconds": sheet,
        },
        full_size=loans >= LOANS,
    )


if __name__ == "__main__":
    main()
