"""`loantrail report`: the fund-flow report of a loan, as PDF or spreadsheet."""

from __future__ import annotations

from pathlib import Path

import click

from loantrail.errors import InputError


@click.command("report", help="Write the fund-flow report of LOAN: .pdf to print, .xlsx to compute with.")
@click.argument("loan")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File to write."
)
@click.option("--language", type=click.Choice(("zh", "en")), default="zh", show_default=True)
def command(loan: str, out: Path, language: str) -> None:
    """Read the report out of the traced books and write it whole."""
    from loantrail import clock
    from loantrail.errors import LoantrailError
    from loantrail.postgres.connection import database
    from loantrail.reports.loan_report import read_loan_report
    from loantrail.tracing.database import line_bounds
    from loantrail.tracing.outputs import write_whole

    if out.suffix not in (".pdf", ".xlsx"):
        raise click.UsageError("the file must end in .pdf or .xlsx")
    with database() as books, books.connect() as connection:
        report = read_loan_report(connection, loan)
        connection.rollback()
        if report is None:
            raise InputError(f"there is no loan {loan}", remedy="Check the loan number")
        if any(line.least_fen is None for line in report.statement):
            try:
                line_bounds(connection, loan)
            except LoantrailError as problem:
                click.echo(f"bounds are not computed: {problem}", err=True)
            connection.rollback()
            report = read_loan_report(connection, loan)
            assert report is not None
    made_at = clock.now()
    if out.suffix == ".pdf":
        from loantrail.reports.fund_flow import fund_flow_document
        from loantrail.reports.typeset import pdf

        content = pdf(fund_flow_document(report, language, made_at), made_at)
    else:
        from loantrail.reports.spreadsheet import fund_flow_sheet

        content = fund_flow_sheet(report, language, made_at)
    write_whole(out, lambda part: part.write_bytes(content))
    click.echo(f"written: {out}")
