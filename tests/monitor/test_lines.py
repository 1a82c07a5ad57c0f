"""Lines that are read quickly are those that the readers of all sources make, with the keys that an import gives them."""

from __future__ import annotations

import random

import pytest

from loantrail.ids import seeded_random
from loantrail.ledger import intake
from loantrail.ledger.intake import LINE, RECORD_TYPES, Occurrences
from loantrail.ledger.taking import DEFAULT_UNIT
from loantrail.money import LINE_FEN_MOST
from loantrail.monitor import lines as reading
from loantrail.monitor.lines import named_accounts, read_lines
from loantrail.monitor.model import Delivery, Line, Sent, Value
from loantrail.monitor.plain_rows import plain_line

ODD_TEXTS = (
    "", " ", "  x", "y  ", "\u3000z", "a\tb", "a\nb", "a\\b", "\\.", "ＡＢ１２", "e\u0301", "\x1f", "\x1e", "a\x1fb\x1ec", "\ufeff",
    "a\u200bb", "x" * 300, "名" * 100, "0", "null", "N/A", " nonref ", "Ⅳ", "ß", "\x00", "a\x7fb",
)  # fmt: skip
ACCOUNTS = (
    "6222000000000001", "62", "6222 0000 1", "6222-0000-0000-0001", "6222****1234", "6222＊＊1234", "DE89370400440532013000",
    "de89370400440532013000", "６２２２", "A/USD", "a-b", "00123", "[x]", "", "1" * 65, "1" * 300,
)  # fmt: skip
INSTANTS = (
    "2026-03-01T10:00:00+08:00", "2026-03-01 10:00:00.25Z", "2026-02-28T23:59:59.999999-05:30", "2026-03-01 10:00:00",
    "2026-03-01T23:59:59", "2026-03-01", "2026-13-01T10:00:00Z", "1991-09-14T23:30:00", "1988-07-01T00:30:00+08:00",
    "1900-01-01T15:55:00Z", "2200-12-31T23:00:00Z", "2201-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "1992-01-01T00:00:00+14:00",
    "2026-03-01T24:00:00Z", "2026-03-01T10:00:60Z", "2026-03-01T10:00:00+15:00", "2026-02-30T10:00:00Z", "2024-02-29T10:00:00Z",
    "20260301101500", " 2026-03-01T10:00:00Z", "yesterday", "2026-03-01T10:00:00.1234567Z",
)  # fmt: skip
AMOUNTS: tuple[Value, ...] = (
    1, 100, 0, -5, LINE_FEN_MOST, 2**62, True, 1.5, 100.0, "100", "1,000", "007", "+5", "-0", "0", "", " 7", "1e3", "¥5", "12345678901234567890",
)  # fmt: skip
CURRENCIES: tuple[Value, ...] = ("CNY", "USD", "JPY", "cny", "RMB", "人民币", "", "XXX", 156)


def some_row(chance: random.Random, position: int) -> Sent:
    """A row in which most is plain and anything may be odd."""

    def odd(values: tuple[Value, ...], usual: Value, share: float = 0.15) -> Value:
        return chance.choice(values) if chance.random() < share else usual

    values: dict[str, Value] = {
        "booked_at": odd(
            INSTANTS, f"2026-03-{chance.randint(1, 28):02d}T1{chance.randint(0, 9)}:00:00+08:00"
        ),
        "account": odd(ACCOUNTS, f"62{chance.randint(1, 5)}"),
        "direction": odd(("debit", "credit", "Debit", "借", "", None, True), "debit", 0.1),
        "amount_fen": odd(AMOUNTS, chance.randint(1, 4)),
    }
    for name, usual in (
        ("currency", odd(CURRENCIES, "CNY", 0.3)),
        ("counterparty_account", odd(ACCOUNTS, "6301", 0.3)),
        ("counterparty_name", odd(ODD_TEXTS, "客户")),
        ("purpose_text", odd(ODD_TEXTS, "货款")),
        ("balance_fen", odd(AMOUNTS, chance.randint(1, 4))),
        ("reverses", odd(ODD_TEXTS, "R1")),
        ("reference", odd(ODD_TEXTS, f"R{chance.randint(1, 3)}")),
        ("document_no", odd((*ODD_TEXTS, 5, 1.5, False), "D")),
        ("counterparty_institution", odd(ODD_TEXTS, "ICBKCNBJ")),
        ("account_name", odd(ODD_TEXTS, "我")),
        ("institution", odd(ODD_TEXTS, "ABOCCNBJ")),
        ("sequence", odd(AMOUNTS, chance.randint(-3, 3))),
    ):
        if chance.random() < 0.6:
            values[name] = usual
    return Sent(position, values, b"{}")


def plain(line: Line) -> dict[str, object]:
    return {name: getattr(line, name) for name in line.__struct_fields__ if name != "is_plain"}


@pytest.mark.parametrize("seed", range(8))
def test_a_row_read_plainly_is_the_row_that_the_readers_of_all_sources_make(seed: int) -> None:
    chance = seeded_random(seed)
    rows = [some_row(chance, position) for position in range(1, 401)]

    quick = [plain_line(0, row, {}) for row in rows]
    slow, refused = reading._accepted([(0, row) for row in rows])

    known = {line.position: line for line in slow}
    told = {one.position for _, one in refused}
    for row, line in zip(rows, quick, strict=True):
        assert (row.position in known) != (row.position in told)
        if line is not None:
            assert plain(line) == plain(known[row.position]), row.values
    assert sum(line is not None for line in quick) > 40
    assert sum(line is None for line in quick) > 40


@pytest.mark.parametrize("seed", range(4))
def test_lines_have_the_keys_and_accounts_that_an_import_gives_them(seed: int) -> None:
    """Each delivery counts its equal rows as a file does."""
    chance = seeded_random(seed)
    deliveries = [
        Delivery(
            f"test {number}", [some_row(chance, position) for position in range(1, chance.randint(2, 120))]
        )
        for number in range(5)
    ]

    read = read_lines(deliveries)

    for number, delivery in enumerate(deliveries):
        own = [line for line in read.lines if line.delivery == number]
        frame, _ = reading.accepted_rows(delivery.sent)
        prepared = intake.prepared(RECORD_TYPES[LINE], frame, DEFAULT_UNIT)
        keyed = intake._line_keys(prepared.with_row_index("row_number"), Occurrences())
        assert [line.source_key for line in own] == keyed.get_column("source_key").to_list()
        assert [line.content_hash for line in own] == keyed.get_column("content_hash").to_list()
        sequences = keyed.get_column("sequence").to_list()
        flags = reading.proven([*own], sequences)
        assert flags == keyed.get_column("proven").to_list()
        expected = intake.auto_accounts(prepared).unique("account", keep="first", maintain_order=True)
        accounts = {one.account: one for one in named_accounts(own)}
        assert sorted(accounts) == expected.get_column("account").to_list()
        for row in expected.iter_rows(named=True):
            mine = accounts[row["account"]]
            assert (mine.currency, mine.has_lines) == (
                row["currency"],
                row["has_lines"],
            ) or "/" in mine.account
        months = (
            prepared.get_column("booked_at")
            .dt.convert_time_zone("Asia/Shanghai")
            .dt.date()
            .dt.truncate("1mo")
        )
        assert reading.months_of(own) == sorted(months.unique().to_list())


def test_what_becomes_of_a_row_does_not_depend_on_the_other_deliveries() -> None:
    chance = seeded_random(3)
    deliveries = [
        Delivery(f"test {number}", [some_row(chance, position) for position in range(1, 30)])
        for number in range(4)
    ]

    together = read_lines(deliveries)

    for number, delivery in enumerate(deliveries):
        alone = read_lines([delivery])
        shared = [line for line in together.lines if line.delivery == number]
        assert [line.source_key for line in shared] == [line.source_key for line in alone.lines]
        assert [one for place, one in together.refused if place == number] == [
            one for _, one in alone.refused
        ]


def test_a_line_of_more_than_any_amount_is_refused_and_the_others_stay() -> None:
    usual: dict[str, Value] = {
        "booked_at": "2026-03-01T10:00:00+08:00", "account": "621", "direction": "debit", "amount_fen": LINE_FEN_MOST
    }  # fmt: skip
    odd: list[dict[str, Value]] = [
        {"amount_fen": LINE_FEN_MOST + 1},
        {"amount_fen": str(LINE_FEN_MOST + 1)},
        {},
    ]
    rows = [Sent(position, {**usual, **one}, b"{}") for position, one in enumerate(odd, 1)]

    read = read_lines([Delivery("test", rows)])

    assert [line.position for line in read.lines] == [3]
    assert [(one.position, one.field, one.reason) for _, one in read.refused] == [
        (1, "amount_fen", "amount_too_large"),
        (2, "amount_fen", "amount_too_large"),
    ]
