"""A small bank at random: lines as statements give them, and the records around them."""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from loantrail.destinations.store import STANDING_SCHEMA
from loantrail.early_warning.frames import Frames
from loantrail.ledger.books.tracing_inputs import Read, inputs_of
from loantrail.ledger.merging import MERGED_SCHEMA
from loantrail.ledger.pairing import pair_lines
from loantrail.monitor.tail import LINES
from loantrail.parameters import shipped_parameters
from loantrail.tracing.books import Books, bank_frames, books_of
from loantrail.tracing.model import Convention
from loantrail.tracing.results import hop_frame
from loantrail.tracing.store import CONTEXT
from loantrail.tracing.trace import trace_history

START = datetime.datetime(2026, 3, 2, 1, 0, tzinfo=datetime.UTC)
OURS = tuple(f"62{number}" for number in range(8))
OUTSIDE = ("99securities", "99supplier", "99friend", "99wages")
NAMES = {
    "99securities": "华东证券股份有限公司",
    "99supplier": "江南钢材贸易有限公司",
    "99friend": "王小明",
    "99wages": None,
}
LOAN_ACCOUNT, POOL = "11loan", "13pool"


@dataclass(frozen=True)
class Bank:
    lines: pl.DataFrame
    """tail.LINES, by arrival."""
    context: dict[str, pl.DataFrame]
    disbursements: pl.DataFrame
    openings: pl.DataFrame


def _frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = CONTEXT[name][1]
    return pl.DataFrame([{column: row.get(column) for column in schema} for row in rows], schema=schema)


def bank_at_random(seed: int, steps: int = 60, alike: bool = True, crowd: int = 0) -> Bank:
    """Loans are paid out, money moves between accounts of the bank and others, some of it through a pool, instalments are paid,
    payments are taken back; lines come one behind the other, the second line of a transfer sometimes much later. With `alike`
    several payments have the same amount, so that more than one pairing is thinkable. `crowd`: so many more accounts pay each
    other, and now and then pay or are paid by one of the others. Some lines name the number of one of our accounts and another
    institution: it is another account of the same number, of which no statement comes."""
    dice, crowding, abroad = random.Random(seed), random.Random(seed + 1), random.Random(seed + 2)
    others = [f"64{number:02}" for number in range(crowd)]
    lines: list[dict[str, Any]] = []
    disbursed: list[dict[str, Any]] = []
    repaid: list[dict[str, Any]] = []
    loans = [f"L{number}" for number in range(3)]
    at = START
    held_back: list[dict[str, Any]] = []
    number = 0

    def line(account: str, direction: str, fen: int, **values: Any) -> dict[str, Any]:
        nonlocal number
        number += 1
        return dict.fromkeys(LINES) | {
            "line_id": f"{seed % 65536:04x}{number:028x}", "source_file": "live", "booked_at": at, "sequence": number,
            "account": account, "direction": direction, "amount_fen": fen, "currency": "CNY",
            "counterparty_elsewhere": False,
        } | values  # fmt: skip

    def told(pair: list[dict[str, Any]]) -> None:
        for one in pair:
            (held_back if dice.random() < 0.15 else lines).append(one)

    for step in range(steps):
        at += datetime.timedelta(minutes=dice.choice((0, 1, 7, 90, 600)))
        while held_back and dice.random() < 0.4:
            lines.append(held_back.pop(dice.randrange(len(held_back))))
        kind = dice.random()
        fen = dice.choice((100, 100, 250, 700, 1_000, 5_000, dice.randrange(1, 9_000))) + (
            0 if alike else 10_000 + step
        )
        if loans and (step in (2, 9) or kind < 0.05):
            loan, account = loans[0], OURS[len(loans)]
            fen = 10_000 * dice.randrange(1, 9)
            tranches = dice.choice((1, 1, 2))
            for tranche in range(tranches):
                disbursed.append(
                    {"loan_id": loan, "account": account, "amount_fen": fen, "currency": "CNY", "booked_at": at,
                     "reference": f"D{loan}{tranche}"}
                )  # fmt: skip
                told(
                    [line(LOAN_ACCOUNT, "debit", fen, counterparty_account=account, reference=f"D{loan}{tranche}"),
                     line(account, "credit", fen, counterparty_account=LOAN_ACCOUNT, reference=f"D{loan}{tranche}")]
                )  # fmt: skip
            loans.pop(0)
        elif kind < 0.55:
            payer, payee = dice.sample(OURS, 2)
            names = dice.random() < 0.8
            reference = f"R{step}" if dice.random() < 0.4 else None
            told(
                [line(payer, "debit", fen, counterparty_account=payee if names else None, reference=reference),
                 line(payee, "credit", fen, counterparty_account=payer if dice.random() < 0.7 else None, reference=reference)]
            )  # fmt: skip
        elif kind < 0.75:
            other = dice.choice(OUTSIDE)
            told(
                [line(dice.choice(OURS), "debit", fen, counterparty_account=other, counterparty_name=NAMES[other],
                      reference=f"O{step}", purpose_text=dice.choice((None, "货款", "银证转账", "工资")))]
            )  # fmt: skip
        elif kind < 0.85:
            other = dice.choice(OUTSIDE)
            told(
                [
                    line(
                        dice.choice(OURS),
                        "credit",
                        fen,
                        counterparty_account=other,
                        counterparty_name=NAMES[other],
                    )
                ]
            )
        elif kind < 0.93:
            payer, payee = dice.sample(OURS, 2)
            told([line(payer, "debit", fen, counterparty_account=POOL, document_no=f"P{step}"),
                  line(POOL, "credit", fen, counterparty_account=payer, document_no=f"P{step}")])  # fmt: skip
            at += datetime.timedelta(minutes=5)
            told([line(POOL, "debit", fen, counterparty_account=payee, document_no=f"P{step}"),
                  line(payee, "credit", fen, counterparty_account=POOL, document_no=f"P{step}")])  # fmt: skip
        elif disbursed:
            one = dice.choice(disbursed)
            reference = f"I{step}"
            repaid.append(
                {"repayment_id": reference, "loan_id": one["loan_id"], "paid_at": at, "principal_fen": fen,
                 "interest_fen": 0, "account": one["account"], "reference": reference}
            )  # fmt: skip
            told([line(one["account"], "debit", fen, counterparty_account=LOAN_ACCOUNT, reference=reference),
                  line(LOAN_ACCOUNT, "credit", fen, counterparty_account=one["account"], reference=reference)])  # fmt: skip
        for _payment in range(crowding.randrange(4) if crowd else 0):
            payer, payee = crowding.sample(others, 2)
            if crowding.random() < 0.06:
                payer = crowding.choice(OURS)
            elif crowding.random() < 0.06:
                payee = crowding.choice(OURS)
            amount = fen if crowding.random() < 0.1 else crowding.randrange(1, 90_000)
            names, wage = crowding.random() < 0.8, crowding.random() < 0.2
            both = [
                line(payer, "debit", amount, counterparty_account=payee if names else None, purpose_text="工资" if wage else None),
                line(payee, "credit", amount, counterparty_account=payer if names else None),
            ]  # fmt: skip
            told(both if crowding.random() < 0.8 else both[:1])
        taken_back = [
            row
            for row in (lines if alike else lines[-6:])
            if row["reference"] and row["reference"].startswith("O")
        ]
        if taken_back and dice.random() < 0.05:
            original = dice.choice(taken_back)
            lines.append(
                line(original["account"], "credit", original["amount_fen"], reverses=original["reference"],
                     counterparty_account=original["counterparty_account"])
            )  # fmt: skip
    lines += held_back
    for one in lines:
        if one["counterparty_account"] in (*OURS, *others, POOL):
            one["counterparty_elsewhere"] = abroad.random() < 0.08
    frame = pl.DataFrame(lines, schema=LINES).with_columns(
        arrival_number=pl.int_range(1, pl.len() + 1), position=pl.int_range(1, pl.len() + 1)
    )
    owners = {account: f"K{index // 2}" for index, account in enumerate(OURS)}
    context = {name: _frame(name, []) for name in CONTEXT}
    context["accounts"] = _frame(
        "accounts",
        [
            *(
                {"account": one, "owner": owners[one], "kind": "settlement", "name": f"客户{owners[one]}"}
                for one in OURS
            ),
            {"account": LOAN_ACCOUNT, "kind": "loan_internal"},
            {"account": POOL, "kind": "pooled", "name": "清算"},
        ],
    ).sort("account")
    context["parties"] = _frame(
        "parties",
        [{"party_id": one, "name": f"客户{one}", "kind": "company"} for one in sorted(set(owners.values()))],
    )
    context["loans"] = _frame(
        "loans",
        [
            {"loan_id": one["loan_id"], "contract_id": f"C{one['loan_id']}", "product": "working_capital_loan",
             "customer_kind": "company", "amount_fen": one["amount_fen"], "disbursed_at": one["booked_at"],
             "borrower_party_id": owners[one["account"]], "disbursement_account": one["account"],
             "repayment_account": one["account"]}
            for one in disbursed
            if one["reference"].endswith("0")
        ],
    )  # fmt: skip
    context["repayments"] = _frame("repayments", repaid)
    context["orders"] = _frame(
        "orders",
        [
            {"order_id": "E1", "loan_id": disbursed[0]["loan_id"], "payee_account": "99supplier", "amount_fen": 3_000}
        ]
        if disbursed
        else [],
    )  # fmt: skip
    given = [one for one in OURS if dice.random() < 0.5]
    openings = pl.DataFrame(
        {"account": given, "balance_fen": [dice.randrange(0, 5_000) for _ in given]},
        schema={"account": pl.String, "balance_fen": pl.Int64},
    )
    wanted = pl.DataFrame(
        disbursed,
        schema={"loan_id": pl.String, "account": pl.String, "amount_fen": pl.Int64, "currency": pl.String,
                "booked_at": pl.Datetime("us", "UTC"), "reference": pl.String},
    )  # fmt: skip
    return Bank(frame, context, wanted, openings)


def bank_of_two_currencies(seed: int) -> Bank:
    """A bank whose customers hold accounts in dollars beside those in yuan; loans are paid out in both."""
    home, abroad = bank_at_random(seed), _in_dollars(bank_at_random(seed + 5_000))
    lines = pl.concat([home.lines, abroad.lines]).sort("position", "currency")
    context = {name: pl.concat([home.context[name], abroad.context[name]]) for name in CONTEXT}
    context["parties"] = home.context["parties"]
    context["accounts"] = context["accounts"].sort("account")
    return Bank(
        lines.with_columns(arrival_number=pl.int_range(1, pl.len() + 1)),
        context,
        pl.concat([home.disbursements, abroad.disbursements]),
        pl.concat([home.openings, abroad.openings]),
    )


def _in_dollars(bank: Bank) -> Bank:
    return Bank(
        _dollars(bank.lines),
        {name: _dollars(frame) for name, frame in bank.context.items()},
        _dollars(bank.disbursements),
        _dollars(bank.openings),
    )


def _dollars(frame: pl.DataFrame) -> pl.DataFrame:
    """Accounts by their keys in dollars, everything else by ids of its own."""
    accounts = [name for name in frame.columns if name.endswith("account")]
    own = ("loan_id", "contract_id", "repayment_id", "order_id", "reference", "reverses", "document_no")
    return frame.with_columns(
        *(pl.format("{}/USD", name).alias(name) for name in accounts),
        *(pl.format("U{}", name).alias(name) for name in own if name in frame.columns),
        *([pl.lit("USD").alias("currency")] if "currency" in frame.columns else []),
    )


@dataclass(frozen=True)
class Traced:
    books: Books
    hops: pl.DataFrame
    """frames.HOPS and `ended`."""
    frames: Frames
    balances: list[tuple[str, int]]
    """Accounts and what they hold; one with money of two currencies stands twice."""


def traced_at_once(bank: Bank, lines: pl.DataFrame) -> Traced:
    """The road of whole books over these lines."""
    pairs = pair_lines(lines, tie="line_id").pairs
    ids = lines["line_id"]
    named_pairs = pl.DataFrame(
        {
            "debit_line": ids.gather(pairs["debit"]),
            "credit_line": ids.gather(pairs["credit"]),
            "basis": pairs["basis"],
        }
    )
    read = Read(
        lines=lines.drop("arrival_number", "counterparty_elsewhere"),
        pairs=named_pairs,
        disbursements=bank.disbursements,
        openings=bank.openings,
        merged=pl.DataFrame(schema=MERGED_SCHEMA),
        last_arrival=int(lines["arrival_number"].max() or 0),  # pyright: ignore[reportArgumentType]  whole numbers
        read_at=START,
    )
    books = books_of(
        inputs_of(read), bank.context, pl.DataFrame(schema=STANDING_SCHEMA), shipped_parameters()
    )
    traced = trace_history(books.named.history, Convention.FIFO)
    hops = hop_frame(books.named, traced).with_columns(
        pl.Series("booked_at", books.named.booked_at_us[traced.hops.event]).cast(pl.Datetime("us", "UTC")),
        pl.Series("ended", traced.hops.ended),
    )
    frames = replace(
        bank_frames(
            books, hops, pl.DataFrame(schema={"loan_id": pl.String, "use": pl.String, "amount_fen": pl.Int64})
        )
    )
    balances = list(zip(books.named.accounts.to_list(), traced.balance_fen.tolist(), strict=True))
    return Traced(books, hops, frames, balances)
