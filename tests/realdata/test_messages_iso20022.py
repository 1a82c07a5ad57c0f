"""Every camt and pacs sample against its expected content, and against the published schemas."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from lxml import etree

from loantrail.errors import FileUnreadable
from loantrail.sources.model import Refusal, SourceFile
from loantrail.sources.registry import named, recognise

pytestmark = pytest.mark.realdata


BEFORE = {"camt053.v2.multi.statement.xml": 1}
"""Entries that the expected file leaves out: of several statements it holds the last."""


def read(path: Path, **options: str) -> tuple[list[dict[str, Any]], list[Refusal]]:
    adapter = recognise(path)
    assert adapter.name == "iso20022"
    batches = list(adapter.read(SourceFile(path, path.name, options)))
    rows = pl.concat([batch.rows for batch in batches]).to_dicts()
    refusals = [refusal for batch in batches for refusal in batch.refusals]
    assert sum(batch.records_read for batch in batches) == len(rows) + sum(
        one.position > 0 for one in refusals
    )
    return rows, refusals


def names(folder: Path) -> list[Path]:
    return sorted((folder / "messages" / "camt").glob("*.xml"))


def minor(value: dict[str, Any]) -> tuple[int, str]:
    return abs(int(value["getAmount"])), value["getCurrency"]["getCode"]


def party(detail: dict[str, Any], kind: str) -> dict[str, Any] | None:
    for one in detail["getRelatedParties"]:
        if one["getRelatedPartyType"]["__CLASS__"].endswith(f"\\{kind}"):
            return one
    return None


def test_every_sample_is_read_as_expected(real_data: Path) -> None:
    read_entries = 0
    for path in names(real_data):
        if path.name == "camt053.v2.wrong.xml":
            continue
        expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        rows, refusals = read(path)
        by_position = {row["position"]: row for row in rows} | {
            one.position: one for one in refusals if one.position
        }
        position = BEFORE.get(path.name, 0)
        for left_out in range(1, position + 1):
            by_position.pop(left_out)
        for entry in expected["getEntries"]:
            position += 1
            line = by_position.pop(position)
            read_entries += 1
            if entry["getStatus"] != "BOOK":
                assert isinstance(line, Refusal)
                assert (line.reason, line.field) == ("entry_not_booked", "Sts"), path.name
                continue
            assert isinstance(line, dict), (path.name, line)
            compare_entry(path.name, entry, line)
        assert not {key for key in by_position if key}, path.name
    assert read_entries == 24


def compare_entry(name: str, entry: dict[str, Any], line: dict[str, Any]) -> None:
    assert (line["amount_fen"], line["currency"]) == minor(entry["getAmount"]), name
    assert line["direction"] == {"CRDT": "credit", "DBIT": "debit"}[entry["getCreditDebitIndicator"]], name
    account = entry["getRecord"]["getAccount"]
    if isinstance(account, dict):
        assert line["account"] == account["getIdentification"], name
    if entry["getBookingDate"] is not None:
        expected = datetime.datetime.fromisoformat(entry["getBookingDate"]["0"])
        read_at = line["booked_at"]
        if expected.time() == datetime.time(0):
            # a date alone is that business date in Asia/Shanghai
            assert (
                read_at.astimezone(datetime.timezone(datetime.timedelta(hours=8))).date() == expected.date()
            ), name
        else:
            assert read_at == expected, name
    details = entry["getTransactionDetails"]
    details = [details[0]] if details and isinstance(details[0], dict) else []
    if entry["getTransactionDetail"] and isinstance(entry["getTransactionDetail"], dict):
        details = [entry["getTransactionDetail"]]
    several = len(entry["getTransactionDetails"] or []) > 1
    batch = entry["getBatchPaymentId"] is not None
    if not details or several or batch:
        return
    detail = details[0]
    other = party(detail, "Debtor" if line["direction"] == "credit" else "Creditor")
    if other is not None:
        assert line["counterparty_name"] == other["getRelatedPartyType"]["getName"], name
        if isinstance(other["getAccount"], dict):
            # deliberate: a sample pays from an account to itself; no account is its own counterparty
            number = other["getAccount"]["getIdentification"]
            assert line["counterparty_account"] == (number if number != line["account"] else None), name
    references = detail["getReference"]
    if isinstance(references, dict):
        shared = [
            references["getUuidEndToEndReference"],
            references["getTransactionId"],
            references["getEndToEndId"],
        ]
        given = [one for one in shared if one]
        if given:
            assert line["reference"] == given[0], name
    elif entry["getAccountServicerReference"]:
        assert line["reference"] == entry["getAccountServicerReference"], name
    remittance = detail["getRemittanceInformation"]
    if isinstance(remittance, dict) and remittance["getMessage"]:
        assert " ".join(remittance["getMessage"].split()) in line["purpose_text"], name


def test_balances_are_those_expected(real_data: Path) -> None:
    """Booked opening balances, as far as a line shows them: balance after the first line less the line."""
    seen = 0
    for path in names(real_data):
        if path.name == "camt053.v2.wrong.xml":
            continue
        expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        rows, _ = read(path)
        for entry, row in zip(expected["getEntries"], rows[BEFORE.get(path.name, 0) :], strict=False):
            record = entry["getRecord"]
            if not isinstance(record, dict):
                continue
            opening = [one for one in record.get("getBalances") or [] if one["getType"] == "opening"]
            if not opening or row["balance_fen"] is None:
                continue
            signed = row["amount_fen"] if row["direction"] == "credit" else -row["amount_fen"]
            assert row["balance_fen"] - signed == int(opening[0]["getAmount"]["getAmount"]), path.name
            seen += 1
    assert seen >= 8


def test_differences_of_the_samples_are_named(real_data: Path) -> None:
    """Found by hand in the samples: which balances contradict, which batches cannot be broken."""
    found = {
        path.name: sorted({one.reason for one in read(path)[1]})
        for path in names(real_data)
        if path.name != "camt053.v2.wrong.xml"
    }
    assert found["camt053.v2.five.decimals.xml"] == ["balance_difference"]
    assert found["camt053.v2.all-balance-types.xml"] == ["balance_difference"]
    assert found["camt053.v2.multi.statement.xml"] == []
    assert found["camt053.v2.minimal.xml"] == ["balance_currency_differs"]
    assert found["camt052.v1.xml"] == ["batch_not_broken"]
    assert found["camt054.v4.xml"] == ["batch_not_broken"]
    assert found["camt052.v6.Amt-zero.xml"] == ["entry_not_booked"]
    assert found["camt054.v8-with-UETR.xml"] == ["booking_date_missing"]


def test_statements_of_one_file_follow_each_other(real_data: Path) -> None:
    """18.15 + 8.85 = 27.00 closes the first statement and opens the second, 27.00 - 7.00 = 20.00."""
    rows, refusals = read(real_data / "messages" / "camt" / "camt053.v2.multi.statement.xml")
    assert refusals == []
    assert [(row["direction"], row["amount_fen"], row["balance_fen"], row["reference"]) for row in rows] == [
        ("credit", 885, 2700, "000000001"),
        ("debit", 700, 2000, "000000002"),
    ]


def test_the_sample_that_is_wrong_on_purpose_is_refused_by_name(real_data: Path) -> None:
    path = real_data / "messages" / "camt" / "camt053.v2.wrong.xml"
    with pytest.raises(FileUnreadable, match=r"wrong\.xml: the message holds no statement"):
        read(path)


def test_the_pacs_sample_names_no_accounts(real_data: Path) -> None:
    """Its debtor and creditor have a name and no account: both sides are refused, each by its field."""
    rows, refusals = read(real_data / "messages" / "cbpr_plus" / "pacs.008.min.xml")
    assert rows == []
    assert [(one.position, one.field, one.reason) for one in refusals] == [
        (1, "DbtrAcct", "account_missing"),
        (2, "CdtrAcct", "account_missing"),
    ]
    assert b"EXEndToEndId" in refusals[0].original


def with_zero_amount(data: bytes) -> bytes:
    return data.replace(b"<Sts>PDNG</Sts>", b"<Sts>BOOK</Sts>").replace(
        b'<Amt Ccy="SEK">200000</Amt>', b'<Amt Ccy="SEK">0</Amt>'
    )


def test_a_zero_amount_is_refused_by_name(real_data: Path, tmp_path: Path) -> None:
    sample = real_data / "messages" / "camt" / "camt052.v6.Amt-zero.xml"
    changed = tmp_path / "zero.xml"
    changed.write_bytes(with_zero_amount(sample.read_bytes()))
    rows, refusals = read(changed)
    assert rows == []
    assert [(one.position, one.field, one.reason) for one in refusals if one.position] == [
        (1, "amount_fen", "amount_not_positive")
    ]


def schema_of(folder: Path, kind: str) -> etree.XMLSchema | None:
    path = folder / "messages" / "xsd" / f"{kind}.xsd"
    return etree.XMLSchema(etree.parse(str(path))) if path.is_file() else None


def test_samples_that_the_schema_accepts_are_read_whole(real_data: Path) -> None:
    """What the published schema accepts is read without a break and without an unreadable value."""
    valid: set[str] = set()
    for path in [*names(real_data), real_data / "messages" / "cbpr_plus" / "pacs.008.min.xml"]:
        document = etree.parse(str(path)).getroot()
        message = document if etree.QName(document).localname == "Document" else document[-1]
        kind = etree.QName(message).namespace.rpartition(":")[2]
        schema = schema_of(real_data, kind)
        if schema is None or not schema.validate(message):
            continue
        valid.add(path.name)
        _, refusals = read(path)
        unreadable = {"xml_broken", "direction_unknown", "amount_not_a_number", "entry_status_unknown"}
        assert not {one.reason for one in refusals} & unreadable, path.name
    assert valid >= {"camt053.v2.minimal.xml", "camt054.v2.xml"}, valid


@pytest.mark.parametrize(
    "kind",
    [
        "camt.053.001.02",
        "camt.053.001.04",
        "camt.053.001.06",
        "camt.053.001.08",
        "camt.053.001.10",
        "camt.053.001.13",
    ],
)
def test_a_schema_valid_statement_of_each_version_is_read_to_the_fen(
    real_data: Path, tmp_path: Path, kind: str
) -> None:
    version = int(kind[-2:])
    status = "<Sts><Cd>BOOK</Cd></Sts>" if version >= 7 else "<Sts>BOOK</Sts>"
    bic = "BIC" if version == 2 else "BICFI"
    inner = ("<Pty>", "</Pty>") if version >= 7 else ("", "")
    amount = '<Amt Ccy="CNY">0.{}</Amt><CdtDbtInd>DBIT</CdtDbtInd>' if version >= 3 else ""
    wrapped = '<AmtDtls><TxAmt><Amt Ccy="CNY">0.{}</Amt></TxAmt></AmtDtls>'
    details = "".join(
        f"<TxDtls><Refs><EndToEndId>E{fen}</EndToEndId></Refs>{amount.format(fen)}{wrapped.format(fen)}"
        f"<RltdPties><Cdtr>{inner[0]}<Nm>供应商{fen}</Nm>{inner[1]}</Cdtr>"
        f"<CdtrAcct><Id><Othr><Id>62220{fen}</Id></Othr></Id></CdtrAcct></RltdPties>"
        f"<RltdAgts><CdtrAgt><FinInstnId><{bic}>BKCHCNBJ</{bic}></FinInstnId></CdtrAgt></RltdAgts>"
        "<RmtInf><Ustrd>货款</Ustrd></RmtInf></TxDtls>"
        for fen in (40, 60)
    )
    balance = (
        "<Bal><Tp><CdOrPrtry><Cd>{}</Cd></CdOrPrtry></Tp><Amt Ccy='CNY'>{}</Amt><CdtDbtInd>CRDT</CdtDbtInd>"
        "<Dt><Dt>2026-03-02</Dt></Dt></Bal>"
    )
    text = (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{kind}"><BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId>'
        "<CreDtTm>2026-03-03T00:00:00+08:00</CreDtTm></GrpHdr><Stmt><Id>S1</Id>"
        "<CreDtTm>2026-03-03T00:00:00+08:00</CreDtTm><Acct><Id><Othr><Id>6222001</Id></Othr></Id><Ccy>CNY</Ccy></Acct>"
        + balance.format("OPBD", "10.00")
        + balance.format("CLBD", "9.00")
        + f'<Ntry><Amt Ccy="CNY">1.00</Amt><CdtDbtInd>DBIT</CdtDbtInd>{status}<BookgDt><Dt>2026-03-02</Dt></BookgDt>'
        "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>DMCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
        f"<NtryDtls>{details}</NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>"
    )
    schema = schema_of(real_data, kind)
    assert schema is not None
    schema.assertValid(etree.fromstring(text.encode()))
    path = tmp_path / "statement.xml"
    path.write_text(text, encoding="utf-8")
    rows, refusals = read(path)
    assert refusals == []
    assert [(row["amount_fen"], row["balance_fen"], row["reference"]) for row in rows] == [
        (40, 960, "E40"),
        (60, 900, "E60"),
    ]
    assert {row["counterparty_institution"] for row in rows} == {"BKCHCNBJ"}
    assert rows[1]["counterparty_name"] == "供应商60"


def test_the_adapter_is_known_by_name() -> None:
    assert named("iso20022").chinese.startswith("ISO 20022")
