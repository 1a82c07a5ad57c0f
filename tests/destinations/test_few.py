"""A few payments, judged one by one, become what they become among many."""

from __future__ import annotations

import datetime
import os
from collections import Counter
from typing import Any

import hypothesis
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.destinations.random_payments import DAY, LEAST, MOST, Situation, situations
from tests.destinations.test_cases import labelled_cases, labelled_payments
from tests.destinations.test_classify import ACCOUNTS, BOOKS, PARTIES, classified, payments

from loantrail.destinations.candidates import FEW
from loantrail.destinations.classify import OUTPUT_SCHEMA, Context, classify
from loantrail.destinations.classify_few import FEW_PAYMENTS
from loantrail.destinations.corrections import corrected
from loantrail.destinations.dictionary import shipped_dictionary
from loantrail.destinations.model import Basis
from loantrail.destinations.store import STANDING_SCHEMA
from loantrail.monitor.payees import KnownPayees
from loantrail.parameters import shipped_parameters

EXAMPLES = int(os.environ.get("LOANTRAIL_FEW_EXAMPLES", "60"))
"""Random situations of each test, in the usual run."""
OFTEN = hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
)


NOTHING_KNOWN = KnownPayees(Context(ACCOUNTS.clear()))


def classes(rows: pl.DataFrame, context: Context | KnownPayees) -> pl.DataFrame:
    found = classify(rows, shipped_dictionary(), shipped_parameters(), DAY, context)
    assert dict(found.schema) == OUTPUT_SCHEMA
    return found


def with_fillers(frame: pl.DataFrame) -> pl.DataFrame:
    """So many rows that frames are used for them all."""
    return pl.concat([frame, frame.clear(FEW_PAYMENTS + 1)])


@OFTEN
@hypothesis.given(situations())
def test_random_payments_are_judged_alike(situation: Situation) -> None:
    rows, payees = situation.payments, KnownPayees(situation.context)
    among_many = classes(rows, situation.context)

    assert_frame_equal(classes(rows, payees), among_many)
    # What is near these payments is all that counts for them.
    assert_frame_equal(classes(rows, payees.near(rows)), among_many)
    assert_frame_equal(classes(rows, NOTHING_KNOWN), classes(rows, Context()))


@OFTEN
@hypothesis.given(situations())
def test_random_payments_are_corrected_alike(situation: Situation) -> None:
    rows, standing = situation.payments, situation.standing
    before = classes(rows, situation.context)

    few = corrected(before, rows, standing)

    many = corrected(with_fillers(before), with_fillers(rows), standing)
    assert_frame_equal(few, many.head(len(rows)))


@OFTEN
@hypothesis.given(situations())
def test_accounts_learned_later_are_known_as_those_from_the_beginning(situation: Situation) -> None:
    accounts = situation.context.accounts
    assert accounts is not None
    accounts = accounts.filter(pl.col("account") != "").unique("account", maintain_order=True)
    early, late = accounts.head(len(accounts) // 2), accounts.slice(len(accounts) // 2)
    frames = {
        name: getattr(situation.context, name)
        for name in ("parties", "contract_payees", "invoices", "orders", "watch_list")
    }
    payees, rows = KnownPayees(Context(early, **frames)), situation.payments

    for part in late.iter_slices(2):
        # What was told of an account before must not stay.
        assert_frame_equal(classes(rows, payees), classes(rows, payees.near(rows)))
        payees.learn(part)

    among_many = classes(rows, Context(accounts, **frames))
    assert_frame_equal(classes(rows, payees), among_many)
    assert_frame_equal(classes(rows, payees.near(rows)), among_many)


def test_random_payments_meet_all_that_can_be_known() -> None:
    """The situations above are worth their while: every basis decides in some, and documents count."""
    met: Counter[str] = Counter()

    @hypothesis.settings(
        max_examples=250,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(situations())
    def meet(situation: Situation) -> None:
        found = classes(situation.payments, KnownPayees(situation.context))
        met.update(found["basis"].cast(pl.String))
        met["documented"] += int(found["documented"].sum())

    meet()
    never = {"relation"}
    assert set(met) == {*Basis, "documented"} - never
    assert met["documented"] > 10


def test_every_labelled_case_is_judged_alone_as_among_all() -> None:
    rows = labelled_payments(labelled_cases())
    assert len(rows) > FEW

    alone = pl.concat([classes(row, NOTHING_KNOWN) for row in rows.iter_slices(1)])

    assert_frame_equal(alone, classes(rows, Context()))


@pytest.mark.parametrize("count", [FEW_PAYMENTS, FEW_PAYMENTS + 1])
def test_as_many_as_are_few_and_one_more(count: int) -> None:
    paid = [{"credit_account": account} for account in ACCOUNTS["account"]]
    rows = payments(*(paid[number % len(paid)] for number in range(count)))
    assert_frame_equal(classes(rows, KnownPayees(BOOKS)), classes(rows, BOOKS))


MORE = {
    "accounts": [
        {
            "account": "ELSEWHERE",
            "name": "杭州甲机械有限公司",
            "owner": None,
            "kind": "external",
            "class": None,
        },
        {"account": "OWN2", "name": "杭州甲机械有限公司", "owner": None, "kind": "settlement", "class": None},
        {"account": "STALL", "name": "", "owner": "STALL", "kind": "", "class": ""},
        {"account": "MALL", "name": "海通商场", "owner": None, "kind": "settlement", "class": None},
        {"account": "POOL3", "name": "支付宝", "owner": "S", "kind": "pooled", "class": None},
        {"account": "STALL", "name": "second of one name", "owner": "S", "kind": "pooled", "class": "tax"},
    ],
    "parties": [
        {"party_id": "STALL", "name": "李四", "kind": "sole_proprietor", "industry_code": ""},
        {"party_id": "STALL", "name": "second of one name", "kind": "individual", "industry_code": "7010"},
    ],
    "orders": [{"order_id": "O", "borrower_party_id": "B", "payee_account": "STALL"}],
}
WITH_MORE = Context(
    accounts=pl.concat([ACCOUNTS, pl.DataFrame(MORE["accounts"])], how="vertical_relaxed"),
    parties=pl.concat([PARTIES, pl.DataFrame(MORE["parties"])], how="vertical_relaxed"),
    orders=pl.DataFrame(MORE["orders"]),
)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"purpose_text": "代发工资"}, ("payroll", "remark", 985, False)),
        ({"purpose_text": "代发工资", "debit_account": "P"}, ("payroll", "remark", 492, False)),
        # At half confidence the remark is no longer stronger than the bank's own account.
        ({"purpose_text": "代发工资", "debit_account": "P", "credit_account": "INNER"}, ("bank_internal", "account_kind", 950, False)),
        ({"credit_account": "ELSEWHERE"}, ("same_name_other_bank", "name", 900, False)),
        ({"credit_account": "OWN2"}, ("company", "name", 850, False)),
        # A stall keeper: by record a firm, by name a person.
        ({"credit_account": "STALL"}, ("company", "registry", 850, True)),
        ({"credit_account": "STALL", "credit_name": "李四商店"}, ("supplier", "document", 950, True)),
        ({"credit_account": "POOL3", "purpose_text": "代发工资"}, ("payroll", "remark", 985, False)),
        ({"credit_account": "S", "debit_account": None, "purpose_text": ""}, ("company", "registry", 900, False)),
    ],
)  # fmt: skip
def test_a_payment_on_the_edge(row: dict[str, Any], expected: tuple[str, str, int, bool]) -> None:
    found = classified(WITH_MORE, row).select(
        "destination_class", "basis", "confidence_permille", "documented"
    )
    assert found.row(0) == expected


INVOICE = {"buyer_party_id": "B", "seller_party_id": "S", "state": "valid"}


@pytest.mark.parametrize(
    ("invoices", "evidence"),
    [
        ([{"invoice_id": "1"}, {"invoice_id": "2"}], "invoice 1"),
        ([{"invoice_id": "1", "state": "void"}, {"invoice_id": "2"}], "invoice 2"),
        ([{"invoice_id": "1", "seller_party_id": "P"}, {"invoice_id": "2"}], "invoice 2"),
        ([{"invoice_id": "1", "buyer_party_id": "S", "seller_party_id": "B"}, {"invoice_id": "2"}], "invoice 2"),
        ([{"invoice_id": "1", "buyer_party_id": "S", "seller_party_id": "B"}], "invoice 1"),
        ([{"invoice_id": "1", "state": "void"}], None),
    ],
)  # fmt: skip
def test_the_first_document_that_counts_is_told(invoices: list[dict[str, str]], evidence: str | None) -> None:
    books = Context(ACCOUNTS, PARTIES, invoices=pl.DataFrame([INVOICE | one for one in invoices]))
    (row,) = classes(payments({"credit_account": "S"}), KnownPayees(books)).to_dicts()
    assert (row["evidence"] if row["documented"] else None) == evidence


def test_a_payment_between_own_accounts_is_no_document_of_others() -> None:
    books = Context(ACCOUNTS, PARTIES, invoices=pl.DataFrame([INVOICE | {"invoice_id": "1"}]))
    own = payments({"credit_account": "DEP"}, {"credit_account": "B.main"})
    assert classes(own, KnownPayees(books))["documented"].to_list() == [False, False]


def test_what_was_said_of_other_books_is_not_said_of_these() -> None:
    rows = payments({"credit_account": "S"})
    found = classes(rows, KnownPayees(BOOKS))

    def said(told_class: str) -> Any:
        one = {"account": "S", "destination_class": told_class, "reason": told_class}
        return corrected(found, rows, pl.DataFrame([one], schema=STANDING_SCHEMA))["evidence"].item()

    assert [said(one) for one in ("tax", "cash", "supplier", "tax")] == ["tax", "cash", "supplier", "tax"]


def test_wages_of_one_day_in_china_are_those_from_four_to_four_by_universal_time() -> None:
    def paid(*hours: int) -> list[str]:
        rows = [
            {
                "credit_account": name,
                "credit_name": name,
                "amount_fen": 812_345,
                "booked_at": datetime.datetime(2025, 5, 31, hour, tzinfo=datetime.UTC),
            }
            for hour, name in zip(hours, ["张三", "李四", "王五", "赵六", "孙七"], strict=True)
        ]
        return classes(payments(*rows), NOTHING_KNOWN)["basis"].to_list()

    assert paid(16, 17, 18, 22, 23) == ["model"] * 5
    assert paid(15, 16, 17, 18, 22) == ["name"] * 5


PERSONS = ["张三", "李四", "王五", "赵六", "孙七", "周八"]
UNEVEN, EVEN = 812_345, 800_000


@pytest.mark.parametrize(
    ("paid", "is_wages"),
    [
        ([(name, UNEVEN) for name in PERSONS[:5]], True),
        ([(name, UNEVEN) for name in PERSONS[:4]], False),
        ([(name, UNEVEN) for name in [*PERSONS[:4], "张三"]], False),
        ([(name, UNEVEN) for name in [*PERSONS[:4], "张 三"]], False),
        (list(zip(PERSONS, [UNEVEN] * 3 + [EVEN] * 3, strict=True)), True),
        (list(zip(PERSONS, [UNEVEN] * 2 + [EVEN] * 4, strict=True)), False),
        (list(zip(PERSONS[:5], [LEAST, MOST, UNEVEN, UNEVEN, UNEVEN], strict=True)), True),
        (list(zip(PERSONS[:5], [LEAST - 1, MOST, UNEVEN, UNEVEN, UNEVEN], strict=True)), False),
        (list(zip(PERSONS[:5], [LEAST, MOST + 1, UNEVEN, UNEVEN, UNEVEN], strict=True)), False),
    ],
)
def test_what_wages_must_be_like(paid: list[tuple[str, int]], is_wages: bool) -> None:
    rows = [
        {"credit_account": f"X{number}", "credit_name": name, "amount_fen": amount}
        for number, (name, amount) in enumerate(paid)
    ]
    assert set(classified(None, *rows)["basis"]) == ({"model"} if is_wages else {"name"})
    # Without its day, or from a person's account, no payment is a wage.
    unknown = payments(*rows).with_columns(pl.lit(None, pl.Datetime("us", "UTC")).alias("booked_at"))
    assert_frame_equal(classes(unknown, NOTHING_KNOWN), classes(unknown, Context()))
    assert set(classes(unknown, NOTHING_KNOWN)["basis"]) == {"name"}
    assert set(classified(BOOKS, *(row | {"debit_account": "P"} for row in rows))["basis"]) == {"name"}
