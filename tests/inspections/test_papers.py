"""Which papers a line lacks."""

from __future__ import annotations

import datetime

import pytest
from tests.inspections.told import TODAY, YUAN

from loantrail.inspections.model import Paper
from loantrail.inspections.papers import (
    Brought,
    Invoice,
    Known,
    Lack,
    Named,
    Payee,
    asked_of,
    lacking_fen,
    papers_of,
)
from loantrail.parameters import shipped_parameters

COMPANY = asked_of("company", shipped_parameters(), TODAY)
PERSON = asked_of("individual", shipped_parameters(), TODAY)
COTTON = Payee("6202", "P2", "丁棉业", 600_000 * YUAN)
DAY = datetime.date(2025, 3, 1)


def invoice(total: int, party: str = "P2", key: str = "") -> Invoice:
    return Invoice(f"FP{total}", party, key, total * YUAN, DAY)


def lacks(known: Known, *brought: Brought, payee: Payee = COTTON, use: str = "supplier") -> list[Lack]:
    return list(papers_of(use, [payee], known, brought, COMPANY)[0].lacks)


def test_a_supplier_is_asked_for_contract_and_invoices() -> None:
    assert lacks(Known()) == [Lack(Paper.CONTRACT, 600_000 * YUAN), Lack(Paper.INVOICE, 600_000 * YUAN)]


@pytest.mark.parametrize(
    "named",
    [
        Named("HT1", "6202", "", ""),
        Named("HT1", "", "P2", ""),
        Named("HT1", "", "", "丁棉业"),
    ],
)
def test_a_contract_or_order_names_its_payee_by_account_party_or_name(named: Named) -> None:
    for known in (Known(contracts=[named]), Known(orders=[named])):
        assert lacks(known) == [Lack(Paper.INVOICE, 600_000 * YUAN)]
    other = Payee("6209", "P9", "庚钢铁", 600_000 * YUAN)
    assert Lack(Paper.CONTRACT, 600_000 * YUAN) in lacks(Known(contracts=[named]), payee=other)


def test_nobody_is_named_by_an_empty_name() -> None:
    cash = Payee("", "", "", 600_000 * YUAN)
    assert Lack(Paper.CONTRACT, 600_000 * YUAN) in lacks(
        Known(contracts=[Named("HT1", "", "", "")]), payee=cash
    )


def test_invoices_must_reach_what_was_paid() -> None:
    contract = [Named("HT1", "6202", "", "")]
    short = Known(contracts=contract, invoices=[invoice(300_000), invoice(200_000, party="", key="丁棉业")])
    assert lacks(short) == [Lack(Paper.INVOICE, 100_000 * YUAN)]
    enough = Known(contracts=contract, invoices=[invoice(300_000), invoice(300_000)])
    assert lacks(enough) == []
    others = Known(contracts=contract, invoices=[invoice(900_000, party="P9", key="庚钢铁")])
    assert lacks(others) == [Lack(Paper.INVOICE, 600_000 * YUAN)]


def test_small_payments_are_asked_for_less() -> None:
    small = Payee("6202", "P2", "丁棉业", 499_999 * YUAN)
    assert [lack.paper for lack in lacks(Known(), payee=small)] == [Paper.INVOICE]
    tiny = Payee("6202", "P2", "丁棉业", 9_999 * YUAN)
    assert lacks(Known(), payee=tiny) == []


def test_a_voucher_speaks_for_its_payee_or_for_all_of_its_line() -> None:
    whole = [Brought("v1", Paper.CONTRACT, "supplier"), Brought("v2", Paper.INVOICE, "supplier")]
    assert lacks(Known(), *whole) == []
    of_payee = [
        Brought("v1", Paper.CONTRACT, "supplier", "6202"),
        Brought("v2", Paper.INVOICE, "supplier", "6209"),
    ]
    assert [lack.paper for lack in lacks(Known(), *of_payee)] == [Paper.INVOICE]
    elsewhere = [Brought("v1", Paper.CONTRACT, "tax"), Brought("v2", Paper.INVOICE, "tax")]
    assert len(lacks(Known(), *elsewhere)) == 2


def test_retail_is_asked_for_a_receipt_and_any_paper_of_the_payee_will_do() -> None:
    shop = Payee("6203", "P3", "戊家具", 30_000 * YUAN)

    def of(known: Known, *brought: Brought) -> list[Paper]:
        return [lack.paper for lack in papers_of("supplier", [shop], known, brought, PERSON)[0].lacks]

    assert of(Known()) == [Paper.RECEIPT]
    assert of(Known(invoices=[invoice(1, party="P3")])) == []
    assert of(Known(contracts=[Named("HT1", "6203", "", "")])) == []
    assert of(Known(), Brought("v1", Paper.INVOICE, "supplier")) == []
    assert of(Known(), Brought("v1", Paper.PHOTO, "supplier")) == [Paper.RECEIPT]


def test_uses_that_nothing_is_asked_for() -> None:
    assert lacks(Known(), use="tax") == []
    assert lacks(Known(), use="securities") == []
    elsewhere = papers_of("same_name_other_bank", [COTTON], Known(), [], COMPANY)
    assert lacking_fen(elsewhere) == {Paper.BANK_STATEMENT: 600_000 * YUAN}


def test_a_voucher_for_a_payee_that_only_a_name_tells_speaks_for_no_other() -> None:
    first, second = (Payee("", "", name, 600_000 * YUAN) for name in ("张三", "李四"))
    contract = Brought("V1", Paper.CONTRACT, "supplier", first.key)

    assert Lack(Paper.CONTRACT, 600_000 * YUAN) not in lacks(Known(), contract, payee=first)
    assert Lack(Paper.CONTRACT, 600_000 * YUAN) in lacks(Known(), contract, payee=second)
