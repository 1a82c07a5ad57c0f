"""The web application: the interface under /api/v1, and the page."""

from __future__ import annotations

from functools import cache, partial
from http import HTTPStatus
from threading import Lock
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from loantrail.approvals.routes import router as approvals
from loantrail.approvals.routes_sheet import router as approval_sheets
from loantrail.audit.routes import router as audit_log
from loantrail.borrower_pack.routes import router as borrower_pack
from loantrail.destinations.routes import router as corrections
from loantrail.disputes.routes import router as disputes
from loantrail.early_warning.routes import router as warning_acts
from loantrail.http.bodies import Bounded
from loantrail.http.connections import Connections
from loantrail.http.discretion import Discretion
from loantrail.http.finding import ByFirstWord
from loantrail.http.pace import NOT_COUNTED, Paced
from loantrail.http.page_files import page_router
from loantrail.http.pages.accounts.routes import router as accounts
from loantrail.http.pages.accounts.routes_openings import router as openings
from loantrail.http.pages.accounts.routes_sheet import router as account_sheet
from loantrail.http.pages.accounts.routes_transactions import router as transactions
from loantrail.http.pages.administration.routes import router as administration
from loantrail.http.pages.administration.routes_sheet import router as administration_sheets
from loantrail.http.pages.checks.routes import router as checks
from loantrail.http.pages.conventions.routes import router as conventions
from loantrail.http.pages.conventions.routes_sheet import router as convention_sheet
from loantrail.http.pages.customers.routes import router as customers
from loantrail.http.pages.customers.routes_group import router as customer_group
from loantrail.http.pages.customers.routes_identifiers import router as customer_identifiers
from loantrail.http.pages.customers.routes_sheet import router as customer_sheet
from loantrail.http.pages.customers.routes_sides import router as customer_sides
from loantrail.http.pages.customers.routes_sides_sheet import router as customer_side_sheets
from loantrail.http.pages.flow.routes import router as flow
from loantrail.http.pages.flow.routes_sheet import router as flow_sheets
from loantrail.http.pages.glossary.routes_sheet import router as glossary_sheet
from loantrail.http.pages.guarantees.routes import router as guarantees
from loantrail.http.pages.history.routes import router as histories
from loantrail.http.pages.imports.routes import router as imports
from loantrail.http.pages.imports.routes_open import router as imports_open
from loantrail.http.pages.imports.routes_refusals import router as refusals
from loantrail.http.pages.imports.routes_sheet import router as import_sheets
from loantrail.http.pages.imports.routes_sources import router as data_sources
from loantrail.http.pages.inbox.routes import router as proposals
from loantrail.http.pages.ledgers.routes import router as ledgers
from loantrail.http.pages.loan_list.routes import router as loan_list
from loantrail.http.pages.nightly.routes import router as nightly
from loantrail.http.pages.nightly.routes_sheet import router as nightly_sheets
from loantrail.http.pages.payments.routes import router as payments
from loantrail.http.pages.portfolio.routes import router as portfolio
from loantrail.http.pages.portfolio.routes_sheet import router as portfolio_sheet
from loantrail.http.pages.portfolio.routes_tables import router as portfolio_tables
from loantrail.http.pages.routes import router as pages
from loantrail.http.pages.routes_sheet import router as loan_sheets
from loantrail.http.pages.saved_filters.routes import router as saved_filters
from loantrail.http.pages.search.routes import router as search
from loantrail.http.pages.warnings.routes import router as warnings
from loantrail.http.pages.warnings.routes_sheet import router as warning_sheets
from loantrail.http.pages.warnings.stream import router as warning_stream
from loantrail.http.pages.workbench.routes import router as workbench
from loantrail.http.problems import Problem, add_problem_handlers, problem_responses
from loantrail.http.requests import Requests
from loantrail.http.security import Guard, host_names
from loantrail.identity.routes import router as sign_in
from loantrail.identity.routes_handover import router as handovers
from loantrail.identity.routes_me import router as own_account
from loantrail.identity.routes_openid import router as openid
from loantrail.identity.routes_people import router as persons
from loantrail.identity.routes_sheet import router as people_sheets
from loantrail.inspections.routes import router as check_acts
from loantrail.inspections.routes_vouchers import router as vouchers
from loantrail.ledger.merges.routes import router as merges
from loantrail.ledger.pairs.routes import router as pairs
from loantrail.lists.routes import router as lists
from loantrail.lists.routes_sheet import router as list_sheet
from loantrail.monitor.routes import router as live_intake
from loantrail.monitor.routes_decisions import router as decisions
from loantrail.operating.routes import router as operating
from loantrail.parties.contacts.routes import router as contacts
from loantrail.policy.routes import router as parameter_values
from loantrail.policy.routes_calendar import router as calendar
from loantrail.reports.routes import router as reports
from loantrail.rules.routes import router as rules
from loantrail.rules.routes_backtest import router as backtests
from loantrail.rules.routes_language import router as rule_language
from loantrail.rules.routes_sheet import router as rule_sheets
from loantrail.settings import read_settings
from loantrail.signals.routes import router as signals
from loantrail.signals.routes_sheet import router as signal_sheets
from loantrail.tracing.routes import router as tracing
from loantrail.tracing.routes_evaluation import router as evaluation

API_PREFIX: Final = "/api/v1"


class _Guarded(FastAPI):
    """The guard stands outside everything, so that an answer to an unforeseen error passes it too; around it every request is
    told of."""

    _describing = Lock()
    _description: dict[str, Any] | None = None

    def build_middleware_stack(self) -> ASGIApp:
        settings = read_settings()
        public_url, paced = settings.public_url, settings.requests_per_second
        return Requests(
            Guard(
                Bounded(Paced(Discretion(super().build_middleware_stack()), paced)), host_names(public_url)
            ),
            lambda: self,
        )

    def openapi(self) -> dict[str, Any]:
        """The description, made when it is first asked for: it takes longer than all else that a start does."""
        with self._describing:
            if self._description is None:
                self._description = _with_problems(super().openapi())
            return self._description


def create_app(connections: Connections, web_connections: Connections) -> FastAPI:
    """The application over a database that both reach: `connections` as the owner of its tables, `web_connections` as the
    web application's own role. Opens nothing itself; answers only requests that name a loopback host, or that of LOANTRAIL_PUBLIC_URL."""
    app = _Guarded(
        title="Loantrail",
        summary="Where the money of every loan went.",
        version="1",
        openapi_url=f"{API_PREFIX}/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    app.state.connections = connections
    app.state.web_connections = web_connections
    add_problem_handlers(app)
    app.router.routes.extend(_interface())
    app.include_router(page_router())
    app.router.middleware_stack = ByFirstWord(app.router, API_PREFIX)
    return app


@cache
def _interface() -> list[BaseRoute]:
    """The routes of the interface, put together once for all applications of a process: it takes longer than all else that is
    done here."""
    interface = APIRouter()
    include = partial(interface.include_router, prefix=API_PREFIX)
    # Of routes whose addresses begin with one word the first that fits answers.
    include(live_intake)
    include(decisions)
    # So sheets stand before the pages: `/approvals/mine.xlsx` is no id of a proposal.
    include(import_sheets)
    include(approval_sheets)
    include(administration_sheets)
    include(customer_side_sheets)
    include(nightly_sheets)
    include(loan_sheets)
    include(flow_sheets)
    include(convention_sheet)
    include(glossary_sheet)
    include(portfolio_sheet)
    include(people_sheets)
    include(rule_sheets)
    include(signal_sheets)
    include(warning_sheets)
    include(sign_in)
    include(openid)
    include(own_account)
    include(persons)
    include(handovers)
    include(loan_list)
    include(ledgers)
    include(portfolio)
    include(portfolio_tables)
    include(saved_filters)
    include(pages)
    include(operating)
    include(guarantees)
    include(conventions)
    include(flow)
    include(payments)
    include(imports)
    include(imports_open)
    include(data_sources)
    include(refusals)
    include(nightly)
    include(tracing)
    include(openings)
    include(account_sheet)
    include(accounts)
    include(transactions)
    include(evaluation)
    include(corrections)
    include(pairs)
    include(merges)
    include(reports)
    include(borrower_pack)
    include(disputes)
    include(approvals)
    include(proposals)
    include(rules)
    include(rule_language)
    include(backtests)
    include(list_sheet)
    include(lists)
    include(signals)
    include(warning_stream)
    include(warnings)
    include(warning_acts)
    include(checks)
    include(check_acts)
    include(vouchers)
    include(histories)
    include(customer_sheet)
    include(customers)
    include(customer_sides)
    include(customer_group)
    include(customer_identifiers)
    include(contacts)
    include(search)
    include(workbench)
    include(administration)
    include(parameter_values)
    include(calendar)
    include(audit_log)
    return interface.routes


def _with_problems(description: dict[str, Any]) -> dict[str, Any]:
    schemas = description.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    status = HTTPStatus.TOO_MANY_REQUESTS
    paced = problem_responses(status)[int(status)]
    for path, operations in description["paths"].items():
        for operation in operations.values() if path not in NOT_COUNTED else ():
            operation["responses"].setdefault(str(int(status)), paced)
    return description
