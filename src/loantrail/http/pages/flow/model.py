"""What the flow of a loan's money is answered with."""

from __future__ import annotations

import datetime
from enum import StrEnum

from pydantic import Field

from loantrail.http.pages.model import Answer, Fen, Priced


class By(StrEnum):
    """What a node is: an account, or an account at one hop (so that money that comes round stands again)."""

    ACCOUNT = "account"
    HOP = "hop"


class Share(Answer):
    use: str = Field(description="A line of the statement, or empty: money on its way that has no use yet.")
    amount_fen: Fen


class Member(Answer):
    """An account that a summary stands for."""

    node_id: str = Field(description="Ask for it by `show`.")
    account: str | None
    name: str | None
    use: str = Field(description="For money that left the records: its use.")
    amount_fen: Fen = Field(description="What it was paid from the summary's node, over the whole trace.")


class FlowNode(Answer):
    """A node. What lay there before plus what came in is what went out plus what rests, to the fen."""

    node_id: str
    kind: str = Field(
        description="`loan`; `account`; `outside`: left the records; `folded`: what lies behind a closed node; "
        "`rest`: the accounts of an open node that are not shown."
    )
    behind: str | None = Field(
        description="The node it stands behind: the one that paid it most, over the whole trace."
    )
    account: str | None
    name: str | None
    layer: int = Field(description="0 the loan, 1 the account it was paid to, then one more for each hop.")
    role: str = Field(description="`borrower`, `related` or empty.")
    use: str = Field(description="What most of the money that came here is counted as; empty: no use yet.")
    line_group: str
    destination_class: str | None = Field(description="What the payee of most of the money was taken for.")
    patterns: list[str] = Field(
        description="Leads that speak of payments that came here: suspected, not found."
    )
    before_fen: Fen = Field(description="What lay here at the start of the range of dates.")
    in_fen: Fen
    out_fen: Fen
    resting_fen: Fen = Field(description="What lies here at the end of the range of dates, or ended here.")
    resting: list[Share]
    open: bool
    target_count: int = Field(
        description="Accounts that it paid this loan's money on to, over the whole trace."
    )
    account_count: int = Field(description="1, or how many accounts the summary stands for.")
    members: list[Member] = Field(description="The largest of them that the node itself paid.")
    member_count: int


class FlowEdge(Answer):
    """This loan's money from one node to another within the range of dates."""

    source: str
    target: str
    amount_fen: Fen
    transaction_count: int
    first_on: datetime.date
    last_on: datetime.date
    uses: list[Share]
    patterns: list[str]


class FlowDay(Answer):
    day: datetime.date
    disbursed_fen: Fen
    moved_fen: Fen


class Flow(Priced):
    """The folded graph. Its resting amounts sum to the statement, to the fen."""

    loan_id: str
    traced: bool
    layered: bool = Field(description="False where the convention keeps no paths: then there is no graph.")
    convention: str | None
    data_date: datetime.date | None
    by: By
    since: datetime.date | None
    until: datetime.date | None
    disbursed_fen: Fen = Field(description="Paid out up to the end of the range.")
    hop_count: int
    account_count: int
    nodes: list[FlowNode]
    edges: list[FlowEdge]
    lines: list[Share] = Field(
        description="Where the money rests at the end of the range, by statement line."
    )
    days: list[FlowDay] = Field(description="Every day with a movement, whatever the range.")


class Found(Answer):
    """A node that was searched for."""

    account: str
    name: str | None
    amount_fen: Fen = Field(description="This loan's money that came to it.")
    layer: int
    path: list[str] = Field(description="Node ids from the first account to this one: open them to see it.")


class FoundList(Answer):
    total_count: int
    items: list[Found]


class FlowTransaction(Answer):
    transfer_id: str
    booked_at: datetime.datetime
    payer_account: str | None
    payer_name: str | None
    payee_account: str | None
    payee_name: str | None
    amount_fen: Fen = Field(description="This loan's money in it.")
    transfer_fen: Fen | None = Field(description="The whole transaction.")
    purpose_text: str | None
    hop: int = Field(description="How many hops from the disbursement.")
    uses: list[str]
    patterns: list[str]


class FlowTransactions(Priced):
    total_count: int
    amount_fen: Fen = Field(description="The sum over all of them.")
    offset: int
    limit: int
    items: list[FlowTransaction]
