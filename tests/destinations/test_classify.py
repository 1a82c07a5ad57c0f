"""Which source decides the class, and what documents, accounts and patterns add."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from loantrail.destinations.classify import OUTPUT_SCHEMA, Context, classify
from loantrail.destinations.dictionary import load_dictionary, shipped_dictionary
from loantrail.errors import ColumnMissing, FileUnreadable, ValueRefused
from loantrail.monitor.payees import KnownPayees
from loantrail.parameters import shipped_parameters

DAY = datetime.date(2025, 6, 1)
NOON = datetime.datetime(2025, 6, 1, 4, tzinfo=datetime.UTC)


def payments(*rows: dict[str, Any]) -> pl.DataFrame:
    base = {
        "debit_account": "B.main",
        "credit_account": "X",
        "credit_name": None,
        "purpose_text": None,
        "amount_fen": 100_000,
    }
    return pl.DataFrame(
        [
            {"transaction_id": f"T{number}", "booked_at": NOON, **base, **row}
            for number, row in enumerate(rows)
        ],
        infer_schema_length=None,
        schema_overrides={"credit_name": pl.String, "purpose_text": pl.String},
    )


def classified(context: Context | None, *rows: dict[str, Any]) -> pl.DataFrame:
    """By frames; asking about the payments one by one says the same."""
    made, known = payments(*rows), context or Context()
    result = classify(made, shipped_dictionary(), shipped_parameters(), DAY, known)
    whole = known if known.accounts is not None else replace(known, accounts=ACCOUNTS.clear())
    alone = classify(made, shipped_dictionary(), shipped_parameters(), DAY, KnownPayees(whole))
    assert_frame_equal(alone, result)
    return result


def judged(context: Context | None = None, *rows: dict[str, Any]) -> list[tuple[str, str]]:
    result = classified(context, *rows)
    return [(row["destination_class"], row["basis"]) for row in result.to_dicts()]


ACCOUNTS = pl.DataFrame(
    [
        {
            "account": "B.main",
            "name": "杭州甲机械有限公司",
            "owner": "B",
            "kind": "settlement",
            "class": None,
        },
        {"account": "DEP", "name": "杭州甲机械有限公司", "owner": "B", "kind": "time_deposit", "class": None},
        {
            "account": "GIVEN",
            "name": "某某证券股份有限公司",
            "owner": None,
            "kind": "settlement",
            "class": "supplier",
        },
        {
            "account": "POOL",
            "name": "支付宝(中国)网络技术有限公司",
            "owner": None,
            "kind": "pooled",
            "class": None,
        },
        {"account": "POOL2", "name": "某结算专户", "owner": None, "kind": "pooled", "class": None},
        {"account": "INNER", "name": "代理业务过渡户", "owner": None, "kind": "bank_internal", "class": None},
        {"account": "DEV", "name": "大海实业有限公司", "owner": "DEV", "kind": "settlement", "class": None},
        {"account": "S", "name": "宁波乙五金有限公司", "owner": "S", "kind": "settlement", "class": None},
        {"account": "P", "name": "张三", "owner": "P", "kind": "savings", "class": None},
    ]
)
PARTIES = pl.DataFrame(
    [
        {"party_id": "B", "name": "杭州甲机械有限公司", "kind": "company", "industry_code": "3421"},
        {"party_id": "DEV", "name": "大海实业有限公司", "kind": "company", "industry_code": "7010"},
        {"party_id": "S", "name": "宁波乙五金有限公司", "kind": "company", "industry_code": "5174"},
        {"party_id": "P", "name": "张三", "kind": "individual", "industry_code": None},
    ]
)
BOOKS = Context(accounts=ACCOUNTS, parties=PARTIES)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"credit_account": "GIVEN"}, ("supplier", "correction")),
        ({"credit_account": "DEP"}, ("time_deposit", "account_kind")),
        ({"credit_account": "DEV", "purpose_text": "货款"}, ("developer", "registry")),
        ({"credit_account": "POOL"}, ("payment_institution", "name")),
        ({"credit_account": "POOL2"}, ("pooled", "account_kind")),
        ({"credit_account": "INNER"}, ("bank_internal", "account_kind")),
        ({"credit_account": "INNER", "purpose_text": "代发工资"}, ("payroll", "remark")),
        ({"credit_account": "P", "purpose_text": "往来"}, ("individual", "registry")),
        ({"credit_account": "S", "purpose_text": "货款"}, ("company", "registry")),
        ({"credit_account": "S", "purpose_text": "首付"}, ("property_purchase", "remark")),
        ({"credit_account": "X", "credit_name": "杭州甲机械有限公司"}, ("same_name_other_bank", "name")),
        ({"credit_account": None, "purpose_text": "现金支取"}, ("cash", "remark")),
        ({"credit_account": "P", "purpose_text": "现金支取"}, ("individual", "registry")),
        ({"credit_account": "P", "purpose_text": "电费"}, ("individual", "registry")),
        ({"credit_account": "P", "purpose_text": "工资", "amount_fen": 20_000_000}, ("payroll", "remark")),
        (
            {"credit_account": "P", "purpose_text": "工资", "amount_fen": 20_000_001},
            ("individual", "registry"),
        ),
        ({"credit_account": None}, ("unknown", "none")),
    ],
)
def test_the_order_of_sources(row: dict[str, Any], expected: tuple[str, str]) -> None:
    assert judged(BOOKS, row) == [expected]


@pytest.mark.parametrize(
    ("column", "code", "expected"),
    [
        ("merchant_code", "6211", ("securities", "merchant_code")),
        ("merchant_code", "7995", ("gambling", "merchant_code")),
        ("credit_institution", "011331000010", ("tax", "bank_code")),
        ("credit_institution", "102331000010", ("other_bank", "bank_code")),
    ],
)
def test_codes(column: str, code: str, expected: tuple[str, str]) -> None:
    assert judged(None, {column: code}) == [expected]


def test_a_watch_list_speaks_before_names() -> None:
    listed = Context(
        watch_list=pl.DataFrame({"name": ["某某科技有限公司"], "class": ["gambling"], "source": ["police"]})
    )
    assert judged(listed, {"credit_name": "某某科技有限公司"}) == [("gambling", "watch_list")]


def with_documents(**frames: pl.DataFrame) -> Context:
    return Context(accounts=ACCOUNTS, parties=PARTIES, **frames)


@pytest.mark.parametrize(
    "context",
    [
        with_documents(invoices=pl.DataFrame({"invoice_id": ["1"], "seller_party_id": ["S"], "seller_name": [None], "buyer_party_id": ["B"], "buyer_name": [None], "state": ["valid"]}, schema_overrides={"seller_name": pl.String, "buyer_name": pl.String})),
        with_documents(invoices=pl.DataFrame({"invoice_id": ["1"], "seller_name": ["宁波乙五金有限责任公司"], "buyer_name": ["杭州甲机械 有限公司"], "state": ["valid"]})),
        with_documents(invoices=pl.DataFrame({"invoice_id": ["1"], "buyer_name": ["宁波乙五金有限公司"], "seller_name": ["杭州甲机械有限公司"], "state": ["valid"]})),
        with_documents(contract_payees=pl.DataFrame({"contract_id": ["C"], "borrower_party_id": ["B"], "name": ["宁波乙五金有限公司"]})),
        with_documents(orders=pl.DataFrame({"order_id": ["O"], "borrower_party_id": ["B"], "payee_account": ["S"]})),
        with_documents(orders=pl.DataFrame({"order_id": ["O"], "payee_account": ["S"], "document_no": ["D1"]})),
    ],
    ids=["invoice by party", "invoice by name", "customer by name", "contract", "order", "order by document"],
)  # fmt: skip
def test_documents_make_a_supplier(context: Context) -> None:
    paid = {"credit_account": "S", "purpose_text": "货款", "document_no": "D1"}
    elsewhere = {"credit_account": "P", "document_no": "D2"}
    result = classified(context, paid, elsewhere)
    assert result["destination_class"].to_list() == ["supplier", "individual"]
    assert result["basis"].to_list()[0] == "document"
    assert result["documented"].to_list() == [True, False]


def test_a_void_invoice_or_anothers_invoice_is_no_evidence() -> None:
    void = pl.DataFrame(
        {"invoice_id": ["1"], "seller_party_id": ["S"], "buyer_party_id": ["B"], "state": ["void"]}
    )
    others = void.with_columns(buyer_party_id=pl.lit("P"), state=pl.lit("valid"))
    for invoices in (void, others):
        assert judged(with_documents(invoices=invoices), {"credit_account": "S"}) == [("company", "registry")]


def test_a_document_does_not_hide_a_developer() -> None:
    context = with_documents(
        orders=pl.DataFrame({"order_id": ["O"], "borrower_party_id": ["B"], "payee_account": ["DEV"]})
    )
    result = classified(context, {"credit_account": "DEV"})
    assert result.select("destination_class", "documented").row(0) == ("developer", True)


@pytest.mark.parametrize(
    ("persons", "amounts", "expected"),
    [
        (5, 812_345, "payroll"),
        (4, 812_345, "individual"),
        (5, 800_000, "individual"),
        (5, 40_000, "individual"),
    ],
)
def test_many_persons_on_one_day_look_like_wages(persons: int, amounts: int, expected: str) -> None:
    names = ["张三", "李四", "王五", "赵六", "孙七"][:persons]
    rows = [{"credit_account": name, "credit_name": name, "amount_fen": amounts + 1000 * 0} for name in names]
    assert {cls for cls, _ in judged(None, *rows)} == {expected}


def test_result_keeps_order_and_schema() -> None:
    rows = payments({"credit_name": "张三"}, {"purpose_text": "工资"}, {})
    result = classify(rows, shipped_dictionary(), shipped_parameters(), DAY)
    assert dict(result.schema) == OUTPUT_SCHEMA
    assert result["transaction_id"].to_list() == ["T0", "T1", "T2"]
    empty = classify(rows.clear(), shipped_dictionary(), shipped_parameters(), DAY)
    assert dict(empty.schema) == OUTPUT_SCHEMA
    assert empty.is_empty()


HEADER = "kind,class,term,match,confidence_permille,unless,note\n"


def test_a_bank_adds_and_replaces_terms(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text(
        HEADER + "name,lender,张三,exact,900,,\nname,company,某证券股份有限公司,contains,1000,,ours\n",
        encoding="utf-8",
    )
    dictionary = load_dictionary([own])
    result = classify(
        payments({"credit_name": "张三"}, {"credit_name": "张三丰"}, {"credit_name": "某证券股份有限公司"}),
        dictionary,
        shipped_parameters(),
        DAY,
    )
    assert result["destination_class"].to_list() == ["lender", "individual", "company"]


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ("colour,lender,张三,exact,900,,", "row 2, field kind"),
        ("name,moon,张三,exact,900,,", "row 2, field class"),
        ("name,lender,,exact,900,,", "row 2, field term"),
        ("name,lender,张三,near,900,,", "row 2, field match"),
        ("name,lender,张三,exact,1001,,", "row 2, field confidence_permille"),
        ("name,lender,张三,exact,-1,,", "row 2, field confidence_permille"),
    ],
)
def test_a_faulty_dictionary_row_is_named(tmp_path: Path, row: str, place: str) -> None:
    own = tmp_path / "own.csv"
    own.write_text(HEADER + row + "\n", encoding="utf-8")
    with pytest.raises(ValueRefused, match=place):
        load_dictionary([own])


def test_an_unreadable_dictionary_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match="absent"):
        load_dictionary([tmp_path / "absent.csv"])
    own = tmp_path / "own.csv"
    own.write_text("kind,class\n", encoding="utf-8")
    with pytest.raises(ColumnMissing, match="term"):
        load_dictionary([own])
