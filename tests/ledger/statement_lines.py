"""Statement lines for tests, written as one reads a statement."""

from __future__ import annotations

import polars as pl

from loantrail.ledger.model import STATEMENT_LINE
from loantrail.sources.columns import polars_schema

SCHEMA = polars_schema(STATEMENT_LINE)


def lines(text: str, source_file: str = "bank.csv") -> pl.DataFrame:
    """Rows `time | account | debit/credit | fen | key=value ...` as a frame of statement lines.

    `time` is `MM-DD HH:MM` of 2024 in Asia/Shanghai; keys are `to` (counterparty account), `ref`, `bal`,
    `reverses`, `ccy`, `file`, `pos`, `name`, `inst`, `to_inst`, `doc`, `text`.
    """
    names = {
        "to": "counterparty_account", "ref": "reference", "bal": "balance_fen", "reverses": "reverses",
        "ccy": "currency", "file": "source_file", "pos": "position", "name": "counterparty_name",
        "inst": "institution", "to_inst": "counterparty_institution", "doc": "document_no", "text": "purpose_text",
    }  # fmt: skip
    rows: list[dict[str, object]] = []
    for number, line in enumerate((raw.strip() for raw in text.strip().splitlines()), start=1):
        when, account, direction, fen, *rest = (part.strip() for part in line.split("|"))
        row: dict[str, object] = {
            "source_file": source_file, "position": number, "booked_at": when, "sequence": number,
            "account": account, "direction": direction, "amount_fen": int(fen), "currency": "CNY",
        }  # fmt: skip
        for item in rest[0].split() if rest else []:
            key, value = item.split("=", 1)
            row[names[key]] = int(value) if key in ("bal", "pos") else value
        row["sequence"] = row["position"]
        rows.append(row)
    schema = {**SCHEMA, "booked_at": pl.String()}
    frame = pl.DataFrame(rows, schema=schema)
    when = pl.format("2024-{}", "booked_at").str.to_datetime("%Y-%m-%d %H:%M", time_unit="us")
    return frame.with_columns(
        when.dt.replace_time_zone("Asia/Shanghai").dt.convert_time_zone("UTC").alias("booked_at")
    ).select(list(SCHEMA))
