"""How far a person sees, told to the database; and whether something is in reach. The policies are migration 0020's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection, sql

from loantrail.identity.abilities import Ability
from loantrail.identity.model import Signed

Database = Connection[Any]

SWITCHES: Final[Mapping[str, Ability]] = {
    "audit": Ability.READ_AUDIT,
    "data": Ability.READ_DATA,
    "people": Ability.READ_PEOPLE,
    "suspicions": Ability.READ_SUSPICIONS,
    "system": Ability.RUN_SYSTEM,
    "third_parties": Ability.SEE_THIRD_PARTIES,
    "warnings": Ability.READ_WARNINGS,
}
"""`access.may(name)` of the database -> the ability that turns it on."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing that an address names: where it stands, and what is said where there is none in reach."""

    table: str
    column: str
    missing: str
    remedy: str
    by_uuid: bool = False
    may_be_replaced: bool = False


OBJECTS: Final[Mapping[str, Kind]] = {
    "loan_id": Kind("ledger.loan_note", "loan_id", "There is no loan {}", "Search the list of loans"),
    "account": Kind(
        "ledger.account",
        "account",
        "There is no account {}",
        "Search the list of accounts",
        may_be_replaced=True,
    ),
    "party_id": Kind("parties.party", "party_id", "There is no customer {}", "Search the list of customers"),
    "thread_id": Kind(
        "early_warning.thread", "thread_id", "There is no warning {}", "Open the list of warnings"
    ),
    "sheet_id": Kind(
        "disputes.sheet", "sheet_id", "There is no dispute sheet {}", "Open it from the page of its loan"
    ),
    "transfer_id": Kind(
        "published.seen_transfer",
        "transfer_uuid",
        "There is no transaction {}",
        "Search its account's lines",
        by_uuid=True,
        may_be_replaced=True,
    ),
    "repayment_id": Kind(
        "ledger.repayment",
        "repayment_id",
        "There is no repayment {}",
        "Open the loan's repayments again",
    ),
    "correction_id": Kind(
        "destinations.correction",
        "correction_id",
        "There is no correction {}",
        "Open the transaction again",
    ),
    "merge_id": Kind("ledger.account_merge", "merge_id", "There is no merge {}", "Open the account again"),
    "entry_id": Kind("lists.entry", "entry_id", "There is no entry {}", "Open the list again"),
    "refusal_id": Kind(
        "ledger.refusal", "refusal_id", "There is no refusal {}", "Open the list of refusals again"
    ),
    "check_id": Kind("inspections.check", "check_id", "There is no check {}", "Open the list of checks"),
    "voucher_id": Kind(
        "inspections.voucher", "voucher_id", "There is no voucher {}", "Open it from the page of its loan"
    ),
    "request_id": Kind("approvals.request", "request_id", "There is no proposal {}", "Open the inbox again"),
    "alarm_id": Kind("nightly.alarm", "alarm_id", "There is no alarm {}", "Open the business date again"),
}
"""Parameter of an address -> what it names. What stands here is looked for within the reach of who asks."""


def bind(connection: Database, person: Signed) -> None:
    """Let row-level security answer for this person until the transaction ends."""
    reach = person.reach
    settings = {
        "person": person.acting,
        "reach": reach.kind,
        "units": list(reach.units),
        "staff": list(reach.staff),
    } | {name: "on" if person.may(ability) else "" for name, ability in SWITCHES.items()}
    names = [f"loantrail.{name}" for name in settings]
    values = [_array(value) if isinstance(value, list) else value for value in settings.values()]
    connection.execute(
        "SELECT set_config(name, value, true) FROM unnest(%s::text[], %s::text[]) AS given (name, value)",
        (names, values),
    )


def is_there(connection: Database, kind: Kind, key: str) -> bool:
    """Whether there is such a thing, as far as the connection sees."""
    row = connection.execute(
        sql.SQL("SELECT EXISTS (SELECT 1 FROM {} WHERE {} = {})").format(
            sql.SQL(kind.table),  # pyright: ignore[reportArgumentType]  words of this file
            sql.Identifier(kind.column),
            sql.SQL("%s::uuid") if kind.by_uuid else sql.SQL("%s"),
        ),
        (key,),
    ).fetchone()
    return row is not None and bool(row[0])


def _array(values: list[str]) -> str:
    """A text[] in PostgreSQL's own notation."""
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{value}"' for value in quoted) + "}"
