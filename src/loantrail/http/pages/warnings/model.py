"""What the pages of the early warnings are answered with."""

from __future__ import annotations

import datetime
from typing import Any, Literal

from pydantic import Field, computed_field

from loantrail.early_warning.deadlines import due_is_provisional
from loantrail.early_warning.duty import Because
from loantrail.early_warning.hits import Level
from loantrail.early_warning.model import Disposition, ThreadState
from loantrail.http.pages.model import Account, Answer, Failing, Fen, Priced


class Person(Answer):
    staff_id: str
    name: str
    role: str
    unit_id: str
    unit_name: str


class PersonList(Answer):
    items: list[Person]
    total_count: int
    operator: str = Field(description="Who acts where no person is named.")


class RuleWords(Answer):
    """What a rule is called, and why its hits may be false; empty where its author says nothing."""

    chinese: str
    english: str
    doubt_chinese: str
    doubt_english: str


class WarningRow(Priced):
    """One warning thread in the queue."""

    thread_id: str
    version: int
    loan_id: str
    borrower_name: str
    product: str
    loan_amount_fen: Fen
    level: Level
    state: ThreadState
    disposition: Disposition | None
    waits_for_second: bool = Field(description="A proposal or a judgement waits for a second person.")
    amount_fen: Fen = Field(description="The largest standing hit.")
    proven_fen: Fen = Field(description="The largest amount that no way of counting undercuts.")
    rule_codes: list[str]
    first_at: datetime.datetime
    opened_at: datetime.datetime
    due_at: datetime.datetime
    overdue: bool
    escalated: bool
    superseded: bool
    assignee: str
    assignee_name: str
    unit_id: str | None
    unit_name: str | None

    @computed_field(description="The deadline was counted into a year whose days off are not made known yet.")
    @property
    def due_is_provisional(self) -> bool:
        return due_is_provisional(self.level, self.disposition, self.due_at)


class WarningCount(Answer):
    value: str
    count: int


class WarningList(Answer):
    items: list[WarningRow]
    total_count: int
    overdue_count: int
    levels: list[WarningCount] = Field(description="By level, whatever level is asked for.")
    states: list[WarningCount] = Field(description="By state, whatever state is asked for.")
    units: list[WarningCount]
    rules: list[WarningCount]
    rule_words: dict[str, RuleWords] = Field(
        description="Of the rules named here that are no patterns of misuse."
    )
    unit_names: dict[str, str]
    owner_names: dict[str, str] = Field(
        description="Of those who have one of the warnings shown, and of who is asked for."
    )
    last_event: int = Field(description="The stream goes on behind this one.")
    now: datetime.datetime
    offset: int
    limit: int


class NextWarning(Answer):
    thread_id: str | None
    left_count: int = Field(description="How many the queue still holds, this one included.")


class WarningHit(Answer):
    hit_id: str
    rule_code: str
    rule_version: str
    at: datetime.datetime
    level: Level
    amount_fen: Fen
    share_ppm: int
    proven_fen: Fen | None = Field(description="Null where nothing is proven.")
    destination_class: str
    transaction_ids: list[str]
    explanation: str
    explanation_chinese: str
    standing: bool
    suppressed_by: str | None = Field(description="The entry of the allow list that keeps it out.")


Place = Literal["hit", "before", "after", "beside"]


class EvidenceLine(Answer):
    """One of the transactions that the hits rest on."""

    transfer_id: str
    of_hit: bool = Field(description="One that the hits rest on.")
    place: Place = Field(
        description="`before`: it led to what the hits rest on; `after`: it carried that money on; `beside`: paid of the same loan."
    )
    booked_at: datetime.datetime
    from_account: Account
    to_account: Account
    payer_relations: list[str] = Field(description="What the payer is to the borrower, on record.")
    payee_relations: list[str]
    named_payees: list[str] = Field(
        description="Whom contract or invoice name, where the hit says that another one was paid."
    )
    loan_fen: Fen = Field(description="The loan's money in it.")
    transfer_fen: Fen
    purpose_text: str | None
    destination_class: str | None
    basis: str | None
    evidence: str | None


class WarningDoubt(Answer):
    """A reason for which the warning may be false: a code, and the amount it speaks of."""

    code: str
    amount_fen: Fen | None = None


class Earlier(Answer):
    """What was said of another warning that has something in common with this one."""

    thread_id: str
    loan_id: str
    borrower_name: str
    level: Level
    disposition: Disposition
    disposition_reason: str
    by: str
    by_name: str
    at: datetime.datetime
    rule_codes: list[str]
    shared: list[str] = Field(description="`borrower`, `payee`, `rule`: what both have in common.")


class TimelineEntry(Answer):
    version: int
    kind: str
    at: datetime.datetime
    by: str
    by_name: str
    data: dict[str, Any]


class WarningLowering(Answer):
    level: Level
    by: str
    by_name: str
    reason: str
    content_hash: str = Field(description="SHA-256 of what is proposed; who approves names it.")


class WarningFinding(Answer):
    text: str
    by: str
    by_name: str
    heard_on: datetime.date | None
    approved_by: str
    content_hash: str = Field(description="SHA-256 of what is proposed; who approves names it.")


class WarningChoices(Answer):
    """What can be chosen, by the parameters of today."""

    measures: list[str] = Field(description="Those that the level calls for first.")
    called_for: list[str]
    false_alarm_reasons: list[str]
    snooze_until_most: datetime.date | None = Field(
        description="The last day that it may be put aside to; null where it was put aside for as long as it may be."
    )
    allow_days: int


class WarningDuty(Answer):
    """Who answers for a warning as it stands, and why."""

    owner_roles: list[str]
    because: Because = Field(
        description="`level`: its level says so. Of a red one the branch works: `retail`, or `small_loan`, below `head_office_fen`."
    )
    head_office_fen: Fen = Field(
        description="Loan amount in fen of yuan from which a company's red warning is the head office's."
    )
    response_days: int | None = Field(description="Working days to answer; null where hours are counted.")
    response_hours: int | None
    escalates_to: list[str] = Field(description="Roles that are told when nobody answered in time.")
    may_judge: bool = Field(description="Who asks may judge it and take it to its end.")
    may_check: bool = Field(description="Who asks may be the second person of a lower level or a finding.")
    may_close: bool = Field(description="Who asks may be the second person that closes it.")


class WarningThread(Answer):
    """One warning, laid out for a decision."""

    row: WarningRow
    rule_words: dict[str, RuleWords]
    story_chinese: str
    story_english: str
    purpose_text: str
    managers: list[str]
    borrower_party_id: str
    disposed_by: str
    disposed_by_name: str
    disposition_reason: str
    snoozed_until: datetime.date | None
    measures: list[str]
    lowering: WarningLowering | None
    finding: WarningFinding | None
    hits: list[WarningHit]
    evidence: list[EvidenceLine]
    flow_nodes: list[str] = Field(description="Nodes of the flow that lead to the hits: show them.")
    doubts: list[WarningDoubt]
    earlier: list[Earlier]
    timeline: list[TimelineEntry] = Field(description="Oldest first.")
    choices: WarningChoices
    duty: WarningDuty
    may_close: bool = Field(description="Judged by somebody; a second person may close it.")


class VolumeMonth(Answer):
    month: str = Field(description="Year and month in which what warned happened, such as 2025-11.")
    threads: int
    severe: int = Field(description="Orange or red.")


class RuleCost(Answer):
    """What one rule adds to the work."""

    rule_code: str
    hits: int
    threads: int
    alone: int = Field(description="Threads that would not be there without it.")
    true_positives: int
    false_alarms: int
    suppressed: int
    threads_milli: int = Field(description="Its threads per 1,000 loans a month, in thousandths.")


class WarningVolume(Answer):
    """Warnings a month for each 1,000 loans, against what staff can work."""

    loans: int
    threads_milli: int = Field(
        description="New threads per 1,000 loans a month over the history of the trace, in thousandths, as the rules tell it."
    )
    severe_milli: int = Field(description="Of these orange or red.")
    months: list[VolumeMonth]
    budget: int = Field(description="New threads for each 1,000 loans a month.")
    severe_budget: int
    rules: list[RuleCost]
    rule_words: dict[str, RuleWords]


class ChannelState(Failing):
    """A way by which warnings leave, and how it fares."""

    name: str
    delivered_at: datetime.datetime | None
    failed_at: datetime.datetime | None = Field(description="Null where the last message left.")


class DeliveryRow(Failing):
    """A message that has not left."""

    delivery_id: int
    channel: str
    state: str = Field(description="`waiting`, or `failed` where it is not tried again.")
    attempts: int
    not_before: datetime.datetime
    title: str
    warnings: int
    created_at: datetime.datetime


class Channels(Answer):
    channels: list[ChannelState]
    unsent: list[DeliveryRow] = Field(description="What failed or waits, the oldest first; at most 50.")


class LoanWarning(Answer):
    """The warning of one loan, if it has one that is not settled."""

    thread: WarningRow | None
    rule_words: dict[str, RuleWords]
