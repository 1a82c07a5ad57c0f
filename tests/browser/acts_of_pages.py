"""What the pages let their readers do: every act with the request that it sends and where it stands."""

from __future__ import annotations

from dataclasses import dataclass

from tests.http.bank import LOAN, SUPPLIER, transfer_id
from tests.http.busy import NIGHT
from tests.http.checked import CHECK
from tests.http.warned import THREAD

from loantrail.identity.abilities import Ability


@dataclass(frozen=True, slots=True)
class Act:
    """Something that a page lets its reader do: the request that it sends, where it stands, and what it is called."""

    route: str
    at: str
    words: str
    """Key of its name in the words of the pages."""
    by: frozenset[Ability] = frozenset()
    """The abilities of which one is needed, where the route asks for another one for this act than for others."""
    kind: str = "button"
    part: str = ""
    """Key of the name of the part of the page that it stands in, where the page has others that are called the same."""


def _by(*abilities: Ability) -> frozenset[Ability]:
    return frozenset(abilities)


_A = Ability
PAGES: dict[str, tuple[str, ...]] = {
    "/": ("/",),
    "/inbox": ("/inbox", "/inbox/waiting/{request}"),
    "/loans": (
        "/loans",
        f"/loans/{LOAN}?line=supplier",
        f"/loans/{LOAN}/flow",
        f"/loans/{LOAN}/check",
        f"/loans/{LOAN}/documents",
    ),
    "/customers": ("/customers", "/customers/P1/contacts", "/customers/P5"),
    "/accounts": (
        "/accounts",
        f"/accounts/{SUPPLIER}",
        f"/transactions/{transfer_id('往来')}",
        f"/transactions/{transfer_id('入市')}",
    ),
    "/ledgers": ("/ledgers",),
    "/portfolio": ("/portfolio",),
    "/checks": (f"/checks/{CHECK}",),
    "/warnings": (f"/warnings/{THREAD}",),
    "/rules": ("/rules", "/rules/{rule}", "/rules/{rule}?version={draft}", "/rules/{retiring}", "/rules/new"),
    "/lists": ("/lists",),
    "/signals": ("/signals",),
    "/imports": ("/imports", "/imports/files/{import}", "/imports/refusals/{refusal}"),
    "/nightly": ("/nightly", f"/nightly/{NIGHT}"),
    "/administration": (
        "/administration",
        "/administration/persons/{role}",
        "/administration/keys",
        "/administration/parameters",
        "/administration/calendar",
        "/administration/system",
    ),
    "/audit": ("/audit",),
    "/me": ("/me",),
    "/glossary": ("/glossary",),
}
"""Page of the menu -> addresses under it that have an act of their own."""

WARNING = "POST /api/v1/warnings/{thread_id}/acts"
CHECKS = "POST /api/v1/checks/{check_id}/acts"
VERSION = "POST /api/v1/rule-versions/{rule_id}/acts"
STATEMENT = PAGES["/loans"][1]
ACTS = (
    Act(WARNING, f"/warnings/{THREAD}", "disposition.true_positive", _by(_A.ACT_ON_WARNINGS)),
    Act(WARNING, f"/warnings/{THREAD}", "warnings.measure", _by(_A.ACT_ON_WARNINGS)),
    Act(WARNING, f"/warnings/{THREAD}", "warnings.assign_to", _by(_A.ASSIGN_WARNINGS), "combobox"),
    Act(WARNING, f"/warnings/{THREAD}", "warnings.approve", _by(_A.CHECK_WARNINGS)),
    Act(WARNING, f"/warnings/{THREAD}", "warnings.refuse", _by(_A.CHECK_WARNINGS)),
    Act("POST /api/v1/warning-assignments", f"/warnings/{THREAD}", "warnings.choose", kind="checkbox"),
    Act("POST /api/v1/warnings/deliveries/{delivery_id}/trial", f"/warnings/{THREAD}", "warnings.send_again"),
    Act(CHECKS, f"/checks/{CHECK}", "judgement.genuine", _by(_A.ACT_ON_CHECKS)),
    Act(CHECKS, f"/checks/{CHECK}", "checks.submit", _by(_A.ACT_ON_CHECKS)),
    Act(CHECKS, f"/checks/{CHECK}", "checks.assign", _by(_A.REVIEW_CHECKS), "combobox"),
    Act(CHECKS, STATEMENT, "judgement.genuine", _by(_A.ACT_ON_CHECKS)),
    Act("POST /api/v1/checks/{check_id}/vouchers", f"/checks/{CHECK}", "checks.drop"),
    Act(
        "POST /api/v1/checks/{check_id}/vouchers/{voucher_id}/withdrawal",
        f"/checks/{CHECK}",
        "checks.voucher_withdraw",
    ),
    Act(
        "POST /api/v1/checks/{check_id}/vouchers/{voucher_id}/lines",
        f"/checks/{CHECK}",
        "checks.voucher_link",
        kind="combobox",
    ),
    Act("POST /api/v1/loans/{loan_id}/disputes", STATEMENT, "disputes.make_of_line"),
    Act("GET /api/v1/loans/{loan_id}/borrower-pack.zip", STATEMENT, "band.borrower_pack", kind="link"),
    Act("POST /api/v1/loans/{loan_id}/unmasking", f"/loans/{LOAN}/flow", "unmasking.ask"),
    Act("POST /api/v1/corrections", f"/accounts/{SUPPLIER}", "accounts.class_correct_account"),
    Act("POST /api/v1/corrections", f"/transactions/{transfer_id('往来')}", "accounts.class_correct"),
    Act(
        "POST /api/v1/corrections/{correction_id}/withdrawal",
        f"/accounts/{SUPPLIER}",
        "accounts.class_withdraw",
    ),
    Act("POST /api/v1/accounts/{account}/merge", f"/accounts/{SUPPLIER}", "accounts.merge_start"),
    Act("POST /api/v1/account-merges/{merge_id}/withdrawal", f"/accounts/{SUPPLIER}", "accounts.merge_undo"),
    Act(
        "POST /api/v1/transactions/{transfer_id}/separation",
        f"/transactions/{transfer_id('往来')}",
        "accounts.pairing_split",
    ),
    Act("POST /api/v1/evaluation", "/accounts", "accounts.evaluation_again"),
    Act("POST /api/v1/customers/{party_id}/contacts", "/customers/P1/contacts", "customers.contact.new"),
    Act("POST /api/v1/customers/{party_id}/identifiers", "/customers/P5", "customers.unmask"),
    Act("POST /api/v1/export-requests", "/loans", "table.export"),
    Act("POST /api/v1/export-requests", "/ledgers", "table.export"),
    Act("POST /api/v1/rules", "/rules", "rules.new"),
    Act("POST /api/v1/rules", "/rules/new", "rules.save"),
    Act("POST /api/v1/rules", "/rules/{rule}", "rules.new_draft"),
    Act("PUT /api/v1/rule-versions/{rule_id}", "/rules/{rule}?version={draft}", "rules.edit"),
    Act(VERSION, "/rules/{rule}?version={draft}", "rules.to_shadow", _by(_A.WRITE_RULES)),
    Act(VERSION, "/rules/{rule}", "rules.propose_retire"),
    Act(VERSION, "/rules/{retiring}", "rules.retire", _by(_A.APPROVE_RULES)),
    Act(VERSION, "/rules/{retiring}", "rules.keep", _by(_A.APPROVE_RULES)),
    Act("POST /api/v1/rule-versions/{rule_id}/backtests", "/rules/{rule}", "rules.backtest_start"),
    *(
        Act(f"GET /api/v1{table}.xlsx", at, "table.export", _by(_A.EXPORT))
        for at, table in (
            ("/rules", "/rules"),
            ("/signals", "/signals/catalogue"),
            ("/inbox", "/approvals"),
            ("/imports", "/imports"),
            ("/nightly", "/nightly"),
            (f"/nightly/{NIGHT}", "/nightly/{business_date}/alarms"),
            ("/administration/keys", "/keys"),
            ("/administration/parameters", "/parameters"),
            ("/customers/P5", "/customers/{party_id}/accounts"),
            (f"/loans/{LOAN}/documents", "/loans/{loan_id}/vouchers"),
        )
    ),
    # They tell of no customer: who may read them may have them as sheets.
    *(
        Act(
            f"GET /api/v1/system/{table}.xlsx",
            "/administration/system",
            "table.export",
            part=f"admin.{table}",
        )
        for table in ("jobs", "settings")
    ),
    Act("GET /api/v1/list-entries.xlsx", "/lists", "table.export", _by(_A.EXPORT)),
    Act("POST /api/v1/list-entries", "/lists", "lists.new"),
    Act("POST /api/v1/list-entries/{entry_id}/approval", "/lists", "lists.approve"),
    Act("POST /api/v1/list-entries/{entry_id}/ending", "/lists", "lists.refuse"),
    Act("POST /api/v1/imports", "/imports", "imports.choose"),
    Act("POST /api/v1/imports/{import_id}/check", "/imports/files/{import}", "imports.check"),
    Act("POST /api/v1/imports/{import_id}/start", "/imports/files/{import}", "imports.start"),
    Act("DELETE /api/v1/imports/{import_id}", "/imports/files/{import}", "imports.remove"),
    Act("PUT /api/v1/imports/{import_id}/files/{file_name}", "/imports/files/{import}", "imports.add"),
    Act(
        "DELETE /api/v1/imports/{import_id}/files/{file_name}", "/imports/files/{import}", "imports.drop_file"
    ),
    Act("POST /api/v1/refusal-dismissals", "/imports/refusals/{refusal}", "imports.dismiss"),
    Act("POST /api/v1/refusal-replays", "/imports/refusals/{refusal}", "imports.select_row", kind="checkbox"),
    Act("POST /api/v1/nightly/alarms/{alarm_id}/acknowledgement", f"/nightly/{NIGHT}", "nightly.acknowledge"),
    Act("POST /api/v1/nightly/{business_date}/run", f"/nightly/{NIGHT}", "nightly.run_resume"),
    Act("POST /api/v1/approvals/{request_id}/decision", "/inbox/waiting/{request}", "inbox.approve"),
    Act(
        "POST /api/v1/parameters/{parameter_name}/values",
        "/administration/parameters",
        "admin.parameter_change",
    ),
    Act("POST /api/v1/calendar/days", "/administration/calendar", "calendar.change"),
    Act("POST /api/v1/handovers", "/", "workbench.hand_over_other"),
    Act("POST /api/v1/audit/verification", "/audit", "audit.verify"),
    Act("GET /api/v1/persons.xlsx", "/administration", "table.export", _by(_A.EXPORT)),
    Act("POST /api/v1/person-changes", "/administration", "admin.new_person"),
    Act("POST /api/v1/person-changes", "/administration/persons/{role}", "admin.edit"),
    Act("POST /api/v1/persons/{person_id}/suspension", "/administration/persons/{role}", "admin.suspend"),
    Act("POST /api/v1/persons/{person_id}/leaving", "/administration/persons/{role}", "admin.leave"),
    Act("POST /api/v1/persons/{person_id}/unlocking", "/administration/persons/{role}", "admin.unlock"),
    Act("POST /api/v1/keys", "/administration/keys", "admin.new_key"),
    Act("POST /api/v1/keys/{key_id}/ending", "/administration/keys", "admin.key_end"),
)
NOT_IN_THIS_BANK = {
    "POST /api/v1/disputes/{sheet_id}/verification": "no sheet is made of a trace that was written by hand",
    "POST /api/v1/transactions/{transfer_id}/pairing": "no other line fits; the form of the same card's acts",
    "POST /api/v1/transactions/{transfer_id}/release": "no pairing by hand; in one form with the separation",
    "POST /api/v1/backtests/{backtest_id}/cancellation": "no backtest runs long enough to be stopped",
    "POST /api/v1/refusals/{refusal_id}/correction": "the refused row tells no field; one form with the dismissal",
    "POST /api/v1/parameters/{parameter_name}/withdrawals": "no value is planned; in one component with the proposal",
    "POST /api/v1/rule-language/check": "a question that the form of a rule asks",
    "POST /api/v1/rule-language/completions": "a question that the form of a rule asks",
}
"""Writes of the pages that no page of this bank offers, and why."""
