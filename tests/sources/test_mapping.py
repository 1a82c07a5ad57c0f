"""Mapping files: the layouts they describe, and what is said about a mapping that does not hold together."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from loantrail.errors import ColumnMissing, ConfigurationError
from loantrail.sources.mapped import Mapped
from loantrail.sources.mapping import read_mapping, shipped_mappings
from loantrail.sources.model import HEAD_BYTES, Batch, SourceFile
from loantrail.sources.registry import recognise

STATEMENT = """
name: test
records:
  - record_type: statement_line
    fields:
      account: {constant: "1001"}
      booked_at: day
"""


def read(folder: Path, mapping: str, content: str | pl.DataFrame, encoding: str = "utf-8") -> list[Batch]:
    """The batches that the mapping makes of the content."""
    (folder / "map.yaml").write_text(mapping, encoding="utf-8")
    path = folder / "data"
    if isinstance(content, str):
        path.write_bytes(content.encode(encoding))
    else:
        content.write_parquet(path)
    options = {"mapping": str(folder / "map.yaml")}
    return list(Mapped().read(SourceFile(path, "data", options)))


def refused(batches: list[Batch]) -> list[tuple[int, str, str]]:
    return [(r.position, r.field, r.reason) for batch in batches for r in batch.refusals]


def problem(folder: Path, mapping: str) -> str:
    (folder / "map.yaml").write_text(mapping, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_mapping(folder / "map.yaml")
    return str(caught.value).replace(str(folder), "")


@pytest.mark.parametrize(
    ("text", "direction", "fen"),
    [
        ("12.30", "credit", 1230),
        ("-12.30", "debit", 1230),
        ("－1,012.30", "debit", 101230),
        ("(5)", "debit", 500),
    ],
)
def test_one_signed_column_gives_amount_and_direction(
    tmp_path: Path, text: str, direction: str, fen: int
) -> None:
    mapping = STATEMENT + "    amount: {signed: sum}\n"
    (batch,) = read(tmp_path, mapping, f'day,sum\n2024-03-05,"{text}"\n')
    assert batch.rows.select("direction", "amount_fen").row(0) == (direction, fen)
    frame = pl.DataFrame({"day": ["2024-03-05"], "sum": [-0.07]})
    (batch,) = read(tmp_path, mapping, frame)
    assert batch.rows.select("direction", "amount_fen").row(0) == ("debit", 7)


def test_two_amount_columns_give_amount_and_direction(tmp_path: Path) -> None:
    mapping = STATEMENT + "    amount: {debit: out, credit: in}\n"
    rows = ["10.00,", ",20.00", "0.00,30.00", "5.00,0", "-7.00,", "1.00,2.00", "0.00,0.00", ","]
    batches = read(tmp_path, mapping, "day,out,in\n" + "".join(f"2024-03-05,{row}\n" for row in rows))
    (batch,) = batches
    assert batch.rows.select("position", "direction", "amount_fen").rows() == [
        (1, "debit", 1000), (2, "credit", 2000), (3, "credit", 3000), (4, "debit", 500),
    ]  # fmt: skip
    assert refused(batches) == [
        (5, "amount_fen", "amount_not_positive"),
        (6, "amount_fen", "amount_not_a_number"),
        (7, "amount_fen", "amount_not_positive"),
        (8, "amount_fen", "amount_missing"),
    ]
    assert "1.00 and 2.00" in batch.refusals[1].message
    (batch,) = read(
        tmp_path,
        STATEMENT + "    amount: {debit: out, credit: in, negative_flips: true}\n",
        "day,out,in\n2024-03-05,-7.00,\n2024-03-05,,-8.00\n",
    )
    assert batch.rows.select("direction", "amount_fen").rows() == [("credit", 700), ("debit", 800)]


def test_values_can_be_joined_extracted_translated_and_counted_from_an_origin(tmp_path: Path) -> None:
    mapping = """
name: test
amount_unit: fen
records:
  - record_type: statement_line
    newest_first: true
    fields:
      account: {join: [bank, number], separator: "-"}
      booked_at: {elapsed: {column: minute, since: "2024-03-05T00:00:00Z", every: minute}}
      direction: {column: kind, values: {D: debit, C: credit}, otherwise: debit}
      amount_fen: fen
      document_no: {column: remark, extract: '合同(\\w+)'}
      purpose_text: remark
"""
    (batch,) = read(
        tmp_path,
        mapping,
        "bank,number,minute,kind,fen,remark\n01,7,61,C,5,合同A12号\n,8,0,?,6,x\n01,9,soon,D,7,\n",
    )
    rows = batch.rows.select(
        "account", "sequence", "booked_at", "direction", "amount_fen", "document_no"
    ).rows()
    assert [(row[0], row[1], row[2].isoformat(), *row[3:]) for row in rows] == [
        ("01-7", -1, "2024-03-05T01:01:00+00:00", "credit", 5, "A12号"),
        ("8", -2, "2024-03-05T00:00:00+00:00", "debit", 6, None),
    ]
    assert refused([batch]) == [(3, "booked_at", "instant_unreadable")]


TWO_SIDED = """
name: test
records:
  - record_type: statement_line
    fields: {booked_at: day, amount_fen: sum}
    two_sided:
      debit: {account: payer, counterparty_account: payee}
      credit: {account: payee, counterparty_account: payer}
"""


def test_a_transfer_in_one_row_gives_two_lines_with_one_reference(tmp_path: Path) -> None:
    rows = "day,payer,payee,sum\n2024-03-05,A,B,1.00\n2024-03-05,A,A,2.00\n2024-03-05,A,,3.00\n2024-02-30,A,B,3.00\n2024-03-06,B,C,4.00\n"
    (batch,) = read(tmp_path, TWO_SIDED, rows)
    assert batch.rows.select("position", "account", "direction", "counterparty_account", "amount_fen", "reference").rows() == [
        (1, "A", "debit", "B", 100, "1"), (2, "B", "credit", "A", 100, "1"),
        (9, "B", "debit", "C", 400, "5"), (10, "C", "credit", "B", 400, "5"),
    ]  # fmt: skip
    # a row is refused whole: no half of a transfer is booked
    assert refused([batch]) == [
        (2, "counterparty_account", "self_transfer"),
        (3, "account", "account_missing"),
        (4, "booked_at", "date_impossible"),
    ]


def test_one_row_can_give_records_of_several_types(tmp_path: Path) -> None:
    mapping = """
name: test
defaults: {unit_id: "0101"}
date_formats: ["%d.%m.%Y"]
records:
  - record_type: party
    fields: {party_id: customer, name: name, kind: {constant: company}}
  - record_type: account
    fields: {account: number, party_id: customer, opened_on: opened}
"""
    party, account = read(tmp_path, mapping, "customer,name,number,opened\nP1,某公司,1001,31.01.2020\nP2,\n")
    assert (party.record_type, account.record_type) == ("party", "account")
    assert party.rows.select("party_id", "unit_id").rows() == [("P1", "0101")]
    assert str(account.rows["opened_on"][0]) == "2020-01-31"
    # what is wrong with the line itself is told once
    assert refused([party, account]) == [(2, "number", "fields_too_few")]


def test_the_header_may_stand_below_other_lines(tmp_path: Path) -> None:
    mapping = STATEMENT + "    amount: {signed: sum}\n"
    text = "某银行账户明细\n起始日期,2024-03-01\n\nday,sum\n2024-03-05,1.00\n"
    (batch,) = read(tmp_path, mapping, text, encoding="gb18030")
    assert batch.rows["position"].to_list() == [1]


def test_a_file_without_a_mapped_column_says_which(tmp_path: Path) -> None:
    mapping = STATEMENT + "    amount: {signed: sum}\n"
    with pytest.raises(ColumnMissing, match=r"data, field sum: .*lacks: sum"):
        read(tmp_path, mapping, "day,total\n2024-03-05,1.00\n")
    with pytest.raises(ColumnMissing, match="lacks: day"):
        read(tmp_path, mapping, pl.DataFrame({"sum": [1]}))


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        ("name: x\nrecords: [\n", "map.yaml, row 3: is not YAML"),
        ("name: x\n", "records: Field required"),
        ("name: x\nzone: Mars\nrecords: []\n", "map.yaml, row 2, field zone: there is no time zone called Mars"),
        (STATEMENT + "    amont: {signed: x}\n", "row 8, field records.0.amont: Extra inputs"),
        (STATEMENT + "    amount: {signed: x, debit: y}\n", "row 8, field records.0.amount: needs either signed, or"),
        (STATEMENT.replace("statement_line", "line"), "row 4, field records.0.record_type: there is no record type line"),
        (STATEMENT, "statement_line also needs amount_fen, direction"),
        (STATEMENT + "      amuont_fen: x\n", "statement_line has no field amuont_fen"),
        (STATEMENT.replace('"1001"', "1001"), "row 6, field records.0.fields.account.constant: write 1001 in quotation"),
        (STATEMENT + "      purpose_text: {column: a, constant: b}\n", "row 8, field records.0.fields.purpose_text: needs exactly one"),
        (STATEMENT + '      purpose_text: {column: a, extract: "("}\n', "extract is no regular expression"),
        ("name: x\nencoding: utf-9\nrecords: []\n", "there is no encoding called utf-9"),
        ("- a\n", "holds no mapping"),
    ],
)  # fmt: skip
def test_a_mapping_that_does_not_hold_together_names_file_line_and_key(
    tmp_path: Path, mapping: str, told: str
) -> None:
    assert told in problem(tmp_path, mapping)


def test_a_mapping_that_is_not_there_names_the_shipped_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="core_banking_statement"):
        read_mapping(tmp_path / "nowhere.yaml")
    assert read_mapping(Path("core_banking_statement")).name == "core_banking_statement"


def test_every_shipped_mapping_is_named_as_its_file_and_recognised_by_something() -> None:
    names = [mapping.name for mapping in shipped_mappings()]
    assert names == sorted(names)
    assert {"amlsim_transactions", "amlworld_transactions", "core_banking_statement"} <= set(names)
    assert all(mapping.recognised_by for mapping in shipped_mappings())


CORE = """账号,户名,币种,交易日期,交易时间,流水号,借方发生额,贷方发生额,余额,对方账号,对方户名,摘要,凭证号
6222020200112233,某某贸易有限公司,01,20240305,102030,A0001,,"1,000,000.00","1,000,000.00",9558801001,某某银行贷款户,贷款发放,
6222020200112233,某某贸易有限公司,01,20240305,112030,A0002,"300,000.00",,"700,000.00",6217001001,某某钢材有限公司,货款,HT2024-01
6222020200112233,某某贸易有限公司,01,20240306,090000,A0003,"-300,000.00",,"1,000,000.00",6217001001,某某钢材有限公司,红字冲正,
6222020200112233,某某贸易有限公司,01,20240231,090000,A0004,1.00,,"999,999.00",,,手续费,
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_core_banking_export_is_recognised_and_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "明细.csv"
    path.write_bytes(CORE.encode(encoding))
    adapter = recognise(path)
    assert adapter.name == "mapping"
    (batch,) = adapter.read(SourceFile(path, "明细.csv"))
    assert batch.rows.select("direction", "amount_fen", "balance_fen", "reference", "document_no").rows() == [
        ("credit", 100_000_000, 100_000_000, "A0001", None),
        ("debit", 30_000_000, 70_000_000, "A0002", "HT2024-01"),
        ("credit", 30_000_000, 100_000_000, "A0003", None),
    ]
    assert str(batch.rows["booked_at"][0]) == "2024-03-05 02:20:30+00:00"
    assert batch.rows["currency"].unique().to_list() == ["CNY"]
    assert refused([batch]) == [(4, "booked_at", "date_impossible")]
    assert batch.refusals[0].original == CORE.splitlines()[4].encode(encoding.removesuffix("-sig"))
    assert path.read_bytes()[:HEAD_BYTES]
