"""What the parts of one customer's page answer with: relations, cash flow, documents, outside information, timeline."""

from __future__ import annotations

import datetime
from enum import StrEnum

from pydantic import Field

from loantrail.http.pages.model import Answer, Fen, Priced


class CurrencySum(Priced):
    amount_fen: Fen


# Relations ---------------------------------------------------------------------------------------------------


class RelationNode(Answer):
    """A party of the graph. One that the reader may not see has neither name nor number."""

    node_id: str
    party_id: str | None
    name: str | None
    kind: str | None
    is_customer: bool | None
    distance: int = Field(description="Relations between it and the customer; 0 is the customer.")
    balances: list[CurrencySum] = Field(description="Outstanding to the bank, by currency.")
    worst_class: str | None
    level: str | None = Field(description="The highest of its open warnings.")
    further_count: int = Field(description="Parties that are related to it and not in the graph.")


class RelationEdge(Answer):
    """A relation on record, or guarantees given: from the holder, controller, guarantor to the other."""

    source: str
    target: str
    kind: str
    share_ppm: int | None = Field(description="Share held, in millionths; null where it is not on record.")
    guaranteed: list[CurrencySum] = Field(
        description="Of guarantees: what they secure on the data date, by currency."
    )
    guarantee_count: int
    valid_from: datetime.date | None
    source_text: str | None = Field(description="Where the relation is known from.")


class OwnershipChain(Answer):
    """From the far end to the customer, or from the customer to the far end; node ids."""

    nodes: list[str]
    share_ppm: int | None = Field(
        description="Product of the shares, rounded down; null where one is unknown."
    )


class OwnershipStake(Answer):
    """What one party holds of the customer, or the customer of it, over all chains."""

    node_id: str
    party_id: str | None
    name: str | None
    kind: str | None
    share_ppm: int = Field(description="Sum over the chains with known shares.")
    direct_ppm: int
    at_least: bool = Field(description="A share on the way is not on record: it may be more.")
    chain_count: int
    chains: list[OwnershipChain]


class Relations(Answer):
    data_date: datetime.date | None
    depth: int
    nodes: list[RelationNode]
    edges: list[RelationEdge]
    owners: list[OwnershipStake] = Field(description="Who holds the customer, directly and through others.")
    holdings: list[OwnershipStake] = Field(
        description="What the customer holds, directly and through others."
    )
    circular: list[list[str]] = Field(
        description="Holdings that run in a circle: what comes round again is not counted, the shares are the least."
    )
    guarantee_circles: list[list[str]] = Field(
        description="Guarantees that lead from the customer back to it, each from the customer on."
    )
    over_whole: bool = Field(description="The shares on record of one party come to more than the whole.")
    names: dict[str, str | None] = Field(description="Names of all nodes that chains and circles speak of.")
    capped: bool = Field(description="There is more than is shown.")


# Cash flow ---------------------------------------------------------------------------------------------------


class CashMonth(Answer):
    month: datetime.date = Field(description="Its first day.")
    in_fen: Fen = Field(description="Came in, without own transfers; what was taken back is taken off.")
    out_fen: Fen
    net_fen: Fen
    own_fen: Fen = Field(description="Moved between the customer's own accounts; netted out above.")
    disbursed_fen: Fen = Field(description="Of what came in: loans of this bank paid out to the customer.")
    loan_out_fen: Fen = Field(description="Of what went out: money of the customer's own loans.")
    repaid_fen: Fen = Field(description="Of what went out: paid on loans of this bank.")
    line_count: int


class CashFlow(Priced):
    """The customer's accounts of one currency together."""

    account_count: int
    months: list[CashMonth] = Field(description="The oldest first; months without a line too.")


class CashFlows(Answer):
    """One part for each currency; CNY first. Empty where no statement is in the books."""

    first_month: datetime.date | None
    last_month: datetime.date | None
    flows: list[CashFlow]


# Documents, outside information ------------------------------------------------------------------------------


class DocumentKind(StrEnum):
    LOAN_CONTRACT = "loan_contract"
    GUARANTEE_CONTRACT = "guarantee_contract"
    PAYMENT_ORDER = "payment_order"
    DISPUTE_SHEET = "dispute_sheet"
    VOUCHER = "voucher"


class CustomerDocument(Answer):
    """Something on paper, as far as the books know of it."""

    kind: DocumentKind
    number: str
    loan_id: str | None
    document_id: str | None = Field(description="Of one that the product keeps itself, to open it.")
    title: str = Field(
        description="What it is about: in the words of the books, the guarantor or payee, the kind of paper or the use; empty "
        "where there is nothing."
    )
    on: datetime.date | None
    amount: CurrencySum | None


class CustomerDocuments(Answer):
    """The latest first."""

    total_count: int
    offset: int
    limit: int
    items: list[CustomerDocument]
    counts: dict[str, int] = Field(description="Kind -> how many there are.")


class OutsideState(StrEnum):
    DELIVERED = "delivered"
    EMPTY = "empty"
    """A source gives this kind, and says nothing of this customer."""
    NOT_DELIVERED = "not_delivered"
    NOT_APPLICABLE = "not_applicable"


class OutsideFact(Answer):
    """One value as the books hold it; days are written as 2025-03-31."""

    name: str
    value: str


class OutsideKind(Answer):
    """One kind of information from outside the bank."""

    kind: str
    state: OutsideState
    facts: list[OutsideFact]
    file: str | None = Field(description="The bank's file that brought it.")
    delivered_at: datetime.datetime | None
    business_date: datetime.date | None = Field(description="Of a nightly delivery.")


class InvoiceMonth(Answer):
    month: datetime.date
    sold_fen: Fen
    sold_count: int
    bought_fen: Fen
    bought_count: int
    void_count: int


class CustomerInvoices(Priced):
    """Valid invoices without tax, by month; the oldest month first."""

    months: list[InvoiceMonth]


class OutsideInformation(Answer):
    kinds: list[OutsideKind]
    invoices: CustomerInvoices


# Timeline ----------------------------------------------------------------------------------------------------


class TimelineEvent(Answer):
    event_id: str
    kind: str
    at: datetime.datetime
    whole_day: bool = Field(description="Only the date is known.")
    loan_id: str | None
    thread_id: str | None
    sheet_id: str | None
    check_id: str | None
    other_party_id: str | None
    other_name: str | None
    amount: CurrencySum | None
    code: str = Field(
        description="What kind of product, relation, way or step it was; empty where there is none."
    )
    level: str | None
    text: str = Field(description="What was written; empty where nothing was.")
    by: str = Field(description="Who did it; empty where the books or the system say it.")


class CustomerTimeline(Answer):
    """The latest first."""

    items: list[TimelineEvent]
    next_cursor: str | None
