"""Where there is a table there is an export: every table of the page is known, with its sheet or with the reason why it has none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from loantrail.http.app import create_app
from loantrail.http.openapi import NO_CONNECTIONS

WEB = Path(__file__).resolve().parents[2] / "web" / "src"
TABLE = re.compile(r"<(?:Table|RowsTable|WideTable)\b(?!\.)")
"""How a table begins; `Table.Summary` is a part of one."""
ADDRESS = re.compile(r"[\"`](/api/v1/[^\"`\s]*\.xlsx)[\"`]")
FRAMES = {"table/RowsTable.tsx", "portfolio/WideTable.tsx"}
"""What tables are made of: counted where they are used."""

SHEETS: dict[str, list[str]] = {
    "accounts/AccountsPage.tsx": ["/accounts"],
    "accounts/Lines.tsx": ["/accounts/{}/lines"],
    "administration/Keys.tsx": ["/keys"],
    "administration/Parameters.tsx": ["/parameters"],
    "administration/Persons.tsx": ["/persons"],
    "administration/System.tsx": ["/system/jobs", "/system/settings"],
    "audit/EntryTable.tsx": ["/audit/entries"],
    "customers/CashFlow.tsx": ["/customers/{}/cash-flow"],
    "customers/CustomerTable.tsx": ["/customers"],
    "customers/Documents.tsx": ["/customers/{}/documents"],
    "customers/OutsideTab.tsx": ["/customers/{}/invoices"],
    "customers/Overview.tsx": ["/customers/{}/loans", "/customers/{}/accounts"],
    "customers/Ownership.tsx": ["/customers/{}/ownership"],
    "customers/RelationTable.tsx": ["/customers/{}/relations"],
    "flow/EdgeTable.tsx": ["/loans/{}/flow"],
    "imports/Balances.tsx": ["/reconciliations"],
    "imports/Files.tsx": ["/imports"],
    "imports/History.tsx": ["/import-runs", "/import-runs"],
    "imports/LineTable.tsx": ["/unpaired"],
    "imports/Refusals.tsx": ["/refusals"],
    "imports/Sources.tsx": ["/data-sources/deliveries", "/data-sources"],
    "imports/UploadedFiles.tsx": ["/imports/{}/files", "/imports/{}/would-refuse"],
    "inbox/Decided.tsx": ["/approvals/{}"],
    "inbox/Waiting.tsx": ["/approvals"],
    "ledgers/LedgerView.tsx": ["/ledgers/{}"],
    "lists/EntryTable.tsx": ["/list-entries"],
    "loan_list/LoanTable.tsx": ["/loans"],
    "loans/Classification.tsx": ["/loans/{}/classification", "/loans/{}/classification/told-afterwards"],
    "loans/Conventions.tsx": ["/loans/{}/conventions"],
    "loans/Documents.tsx": ["/loans/{}/papers", "/loans/{}/vouchers", "/loans/{}/dispute-sheets"],
    "loans/Guarantees.tsx": ["/loans/{}/{}", "/loans/{}/{}", "/loans/{}/{}"],
    "nightly/Dates.tsx": ["/nightly"],
    "nightly/FileTable.tsx": ["/nightly/{}/files"],
    "nightly/LedgerTable.tsx": ["/nightly/{}/ledger"],
    "nightly/Steps.tsx": ["/nightly/{}/steps"],
    "payments/Repayments.tsx": ["/loans/{}/repayments"],
    "portfolio/ConcentrationView.tsx": ["/portfolio/{}", "/portfolio/concentration/customers"],
    "portfolio/GroupTable.tsx": ["/portfolio"],
    "portfolio/MigrationView.tsx": ["/portfolio/{}", "/portfolio/{}"],
    "portfolio/UsesMatrix.tsx": ["/portfolio/{}"],
    "portfolio/UsesView.tsx": ["/portfolio/{}"],
    "rules/Hits.tsx": ["/rule-versions/{}/hits"],
    "rules/Patterns.tsx": ["/rule-patterns"],
    "rules/RuleList.tsx": ["/rules"],
    "signals/LoanSignals.tsx": ["/loans/{}/signals"],
    "warnings/Volume.tsx": ["/warnings/volume", "/warnings/rules"],
}
"""File -> for each of its tables the address of the sheet, as the button of the page asks for it: `{}` is what the page fills in."""

OWN = "one's own, a few lines that one reads and ends"
DOCUMENT = "part of a dispute sheet, which is printed and saved whole, with its hash"
GLANCE = "a few lines of the workbench, each of which leads to the page that has the sheet"
NO_SHEET: dict[str, list[str]] = {
    "accounts/Pairing.tsx": ["a choice to be made: which line this one belongs to"],
    "disputes/Grounds.tsx": [DOCUMENT] * 3,
    "disputes/Sections.tsx": [DOCUMENT] * 4,
    "disputes/Verification.tsx": ["what a check just came to, told by the sheet when it is checked again"],
    "identity/Delegations.tsx": [OWN],
    "identity/Sessions.tsx": [OWN],
    "loans/Statement.tsx": ["handed out with the report of the loan, whose links stand in the page's head"],
    "workbench/Executive.tsx": [GLANCE],
    "workbench/PortfolioCard.tsx": [GLANCE],
    "workbench/RulesCard.tsx": [GLANCE],
}
"""File -> for each of its tables why it has no sheet."""


def tables() -> dict[str, int]:
    """File -> how many tables are written in it."""
    counted = {
        str(file.relative_to(WEB)): len(TABLE.findall(file.read_text("utf-8"))) for file in WEB.rglob("*.tsx")
    }
    return {name: count for name, count in counted.items() if count > 0 and name not in FRAMES}


def asked_for() -> set[str]:
    """The addresses of sheets that buttons of the page ask for, `{}` for what is filled in."""
    found = {address for file in WEB.rglob("*.tsx") for address in ADDRESS.findall(file.read_text("utf-8"))}
    return {
        re.sub(r"\$\{(?:[^{}]|\{[^{}]*\})*\}", "{}", one)[len("/api/v1") : -len(".xlsx")] for one in found
    }


def handed_out() -> set[str]:
    """The addresses at which the interface answers with sheets."""
    found: set[str] = set()

    def walk(routes: list[object]) -> None:
        for route in routes:
            if isinstance(route, APIRoute):
                found.add(route.path)
            inner = getattr(route, "original_router", None)
            if inner is not None:
                walk([*inner.routes])

    walk([*create_app(NO_CONNECTIONS, NO_CONNECTIONS).routes])
    return {path.removeprefix("/api/v1")[: -len(".xlsx")] for path in found if path.endswith(".xlsx")}


def test_every_table_of_the_page_has_a_sheet_or_a_reason() -> None:
    known = {name: len(told) for name, told in (SHEETS | NO_SHEET).items()}

    assert SHEETS.keys() & NO_SHEET.keys() == set()
    assert tables() == known, "a new table gets a sheet (add_sheet, ExportButton) and a line here"


@pytest.mark.parametrize("name", sorted(SHEETS))
def test_the_sheet_of_a_table_has_its_button(name: str) -> None:
    assert set(SHEETS[name]) <= asked_for()


def test_every_button_asks_for_a_sheet_that_there_is() -> None:
    there = handed_out()

    def answers(address: str) -> bool:
        wanted = re.compile(re.escape(address).replace(r"\{\}", "[^/]+"))
        return any(wanted.fullmatch(one) for one in there)

    assert [address for address in sorted(asked_for()) if not answers(address)] == []


def test_every_sheet_of_the_interface_is_asked_for() -> None:
    """A sheet that no button asks for is found by nobody."""
    wanted = [re.compile(re.escape(one).replace(r"\{\}", r"[^/]+")) for one in asked_for()]
    # By a link in the head of the loan's page.
    linked = {"/loans/{loan_id}/report"}

    assert [
        one for one in sorted(handed_out() - linked) if not any(each.fullmatch(one) for each in wanted)
    ] == []
