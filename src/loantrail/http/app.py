"""The web application: the interface under /api/v1, and the page."""

from __future__ import annotations

from threading import Lock
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from loantrail.destinations.routes import router as corrections
from loantrail.disputes.routes import router as disputes
from loantrail.early_warning.routes import router as warning_acts
from loantrail.http.connections import Connections
from loantrail.http.page_files import page_router
from loantrail.http.pages.accounts.routes import router as accounts
from loantrail.http.pages.accounts.routes_transactions import router as transactions
from loantrail.http.pages.conventions.routes import router as conventions
from loantrail.http.pages.flow.routes import router as flow
from loantrail.http.pages.guarantees.routes import router as guarantees
from loantrail.http.pages.imports.routes import router as imports
from loantrail.http.pages.imports.routes_open import router as imports_open
from loantrail.http.pages.imports.routes_refusals import router as refusals
from loantrail.http.pages.loan_list.routes import router as loan_list
from loantrail.http.pages.nightly.routes import router as nightly
from loantrail.http.pages.payments.routes import router as payments
from loantrail.http.pages.routes import router as pages
from loantrail.http.pages.warnings.routes import router as warnings
from loantrail.http.pages.warnings.stream import router as warning_stream
from loantrail.http.problems import Problem, add_problem_handlers
from loantrail.http.security import Guard
from loantrail.ledger.merges.routes import router as merges
from loantrail.ledger.pairs.routes import router as pairs
from loantrail.lists.routes import router as lists
from loantrail.monitor.routes import router as live_intake
from loantrail.monitor.routes_decisions import router as decisions
from loantrail.reports.routes import router as reports
from loantrail.rules.routes import router as rules
from loantrail.rules.routes_backtest import router as backtests
from loantrail.signals.routes import router as signals
from loantrail.tracing.routes import router as tracing
from loantrail.tracing.routes_evaluation import router as evaluation

API_PREFIX: Final = "/api/v1"


class _Guarded(FastAPI):
    """The guard stands outside everything, so that an answer to an unforeseen error passes it too."""

    _describing = Lock()
    _description: dict[str, Any] | None = None

    def build_middleware_stack(self) -> ASGIApp:
        return Guard(super().build_middleware_stack())

    def openapi(self) -> dict[str, Any]:
        """The description, made when it is first asked for: it takes longer than all else that a start does."""
        with self._describing:
            if self._description is None:
                self._description = _with_problems(super().openapi())
            return self._description


def create_app(connections: Connections) -> FastAPI:
    """The application over a database that `connections` reaches. Opens nothing itself; answers only requests that
    name a loopback host."""
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
    add_problem_handlers(app)
    interface = APIRouter(prefix=API_PREFIX)
    interface.include_router(loan_list)
    interface.include_router(pages)
    interface.include_router(guarantees)
    interface.include_router(conventions)
    interface.include_router(flow)
    interface.include_router(payments)
    interface.include_router(imports)
    interface.include_router(imports_open)
    interface.include_router(refusals)
    interface.include_router(nightly)
    interface.include_router(tracing)
    interface.include_router(accounts)
    interface.include_router(transactions)
    interface.include_router(evaluation)
    interface.include_router(corrections)
    interface.include_router(pairs)
    interface.include_router(live_intake)
    interface.include_router(decisions)
    interface.include_router(merges)
    interface.include_router(reports)
    interface.include_router(disputes)
    interface.include_router(rules)
    interface.include_router(backtests)
    interface.include_router(lists)
    interface.include_router(signals)
    interface.include_router(warning_stream)
    interface.include_router(warnings)
    interface.include_router(warning_acts)
    app.include_router(interface)
    app.include_router(page_router())
    return app


def _with_problems(description: dict[str, Any]) -> dict[str, Any]:
    schemas = description.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return description
