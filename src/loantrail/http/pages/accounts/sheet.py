"""The list of accounts and the lines of one of them as spreadsheets."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from loantrail.http.pages.accounts.model import Line
from loantrail.http.pages.store import Row
from loantrail.reports.table_sheet import TEXTS, Form, SheetColumn, write_table
from loantrail.reports.table_sheet import Line as About
from loantrail.reports.words import Words, words

_TEXTS: Final[dict[str, dict[str, str]]] = {
    "zh": {
        "lines": "账户流水", "booked_at": "记账时间", "in": "收入", "out": "支出", "balance": "余额", "other": "对方账号",
        "other_name": "对方户名", "purpose": "摘要", "reference": "流水号", "loan": "其中贷款资金", "class": "收款方分类",
        "account": "账号", "name": "户名", "mirrored": "来源", "seen": "本行没有该户流水，取自与其往来账户的流水",
        "accounts": "账户", "institution": "开户行号", "unit": "所属机构", "kind": "账户类型", "whose": "本行流水", "ours": "有", "outside": "无",
        "opened": "开户日", "closed": "销户日", "line_count": "流水笔数", "check": "余额核对", "loans": "涉及贷款笔数",
        "resting": "留存贷款资金", "reconciled": "余额相符", "differs": "余额不符", "no_balances": "流水不带余额",
    },
    "en": {
        "lines": "Lines", "booked_at": "Booked at", "in": "In", "out": "Out", "balance": "Balance",
        "other": "Other account", "other_name": "Other name", "purpose": "Text", "reference": "Reference",
        "loan": "Of it loan money", "class": "Payee taken for", "account": "Account", "name": "Name", "mirrored": "Source",
        "seen": "no statement of its own here; from those of the accounts that dealt with it",
        "accounts": "Accounts", "institution": "Kept at", "unit": "Unit", "kind": "Kind", "whose": "Statement here", "ours": "yes",
        "outside": "no", "opened": "Opened", "closed": "Closed", "line_count": "Lines", "check": "Balances",
        "loans": "Loans", "resting": "Loan money resting", "reconciled": "balances agree",
        "differs": "balances differ", "no_balances": "no balances given",
    },
}  # fmt: skip


def write_accounts(
    path: Path, rows: Sequence[Row], run: Row | None, language: str, made_at: datetime.datetime
) -> None:
    """Write the accounts to `path`, a row each."""
    say, named = TEXTS[language] | _TEXTS[language], words(language)
    about = [
        About(say["made_at"], made_at, Form.INSTANT),
        About(say["data_date"], run["data_date"] if run else say["unknown"], Form.DAY),
    ]
    columns = [
        SheetColumn(say["account"], Form.TEXT, lambda row: row["account"], 24),
        SheetColumn(say["name"], Form.TEXT, lambda row: row["name"], 34),
        SheetColumn(say["institution"], Form.TEXT, lambda row: row["institution"], 20),
        SheetColumn(say["unit"], Form.TEXT, lambda row: row["unit_name"], 28),
        SheetColumn(say["kind"], Form.TEXT, lambda row: named.name("account_kind", row["kind"])),
        SheetColumn(say["whose"], Form.TEXT, lambda row: say["ours" if row["ours"] else "outside"], 10),
        SheetColumn(say["opened"], Form.DAY, lambda row: row["opened_on"], 12),
        SheetColumn(say["closed"], Form.DAY, lambda row: row["closed_on"], 12),
        SheetColumn(say["line_count"], Form.COUNT, lambda row: row["line_count"], 10),
        SheetColumn(
            say["check"],
            Form.TEXT,
            lambda row: say[one] if (one := row["reconciliation"]) else None,
        ),
        SheetColumn(say["resting"], Form.AMOUNT, lambda row: int(row["loan_fen"])),
        SheetColumn(say["loans"], Form.COUNT, lambda row: row["loan_count"], 10),
    ]
    currencies = sorted({row["currency"] for row in rows})
    write_table(path, say["accounts"], columns, rows, currencies, about, language, made_at)


def write_lines(
    path: Path,
    lines: Iterable[Line],
    facts: dict[str, Any],
    mirrored: bool,
    language: str,
    made_at: datetime.datetime,
) -> None:
    """Write `lines` to `path`, the newest first; money in and out in columns of their own. `facts`: account, name, currency."""
    say = TEXTS[language] | _TEXTS[language]
    about = [
        About(say["made_at"], made_at, Form.INSTANT),
        About(say["account"], facts["account"]),
        About(say["name"], facts["name"]),
    ]
    if mirrored:
        about.append(About(say["mirrored"], say["seen"]))
    write_table(
        path,
        say["lines"],
        _columns(say, words(language)),
        ({"line": line, "currency": facts["currency"]} for line in lines),
        [facts["currency"]],
        about,
        language,
        made_at,
    )


def _columns(say: dict[str, str], named: Words) -> list[SheetColumn]:
    def amount(direction: str) -> Any:
        return lambda row: row["line"].amount_fen if row["line"].direction == direction else None

    return [
        SheetColumn(say["booked_at"], Form.INSTANT, lambda row: row["line"].booked_at, 18),
        SheetColumn(say["in"], Form.AMOUNT, amount("credit")),
        SheetColumn(say["out"], Form.AMOUNT, amount("debit")),
        SheetColumn(say["balance"], Form.AMOUNT, lambda row: row["line"].balance_fen),
        SheetColumn(say["other"], Form.TEXT, lambda row: row["line"].counterparty.account, 24),
        SheetColumn(say["other_name"], Form.TEXT, lambda row: row["line"].counterparty.name, 34),
        SheetColumn(say["purpose"], Form.TEXT, lambda row: row["line"].purpose_text, 30),
        SheetColumn(say["reference"], Form.TEXT, lambda row: row["line"].reference, 24),
        SheetColumn(say["loan"], Form.AMOUNT, lambda row: row["line"].loan_fen or None),
        SheetColumn(
            say["class"],
            Form.TEXT,
            lambda row: named.name("use", one) if (one := row["line"].destination_class) else None,
            24,
        ),
    ]
