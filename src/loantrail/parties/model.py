"""Who there is: organisation units, staff, parties (customers and others), how they are related."""

from __future__ import annotations

from typing import Final

from loantrail.records import Field, Kind, RecordType

UNIT_KINDS: Final = ("head_office", "branch", "sub_branch", "department")
PARTY_KINDS: Final = ("company", "individual", "sole_proprietor", "public_body", "financial_institution")
IDENTITY_KINDS: Final = (
    "unified_social_credit_code",
    "resident_identity_card",
    "passport",
    "foreign_registration",
    "other",
)
RELATION_KINDS: Final = (
    "shareholder",
    "controller",
    "legal_representative",
    "executive",
    "spouse",
    "family",
    "same_address",
    "same_phone",
    "same_agent",
    "group_member",
    "guarantees",
)

ORGANISATION_UNIT: Final = RecordType(
    name="organisation_unit",
    schema="parties",
    chinese="机构",
    key=("unit_id",),
    fields=(
        Field("unit_id", Kind.TEXT, chinese="机构编号"),
        Field("name", Kind.TEXT, chinese="机构名称"),
        Field("kind", Kind.CHOICE, choices=UNIT_KINDS, chinese="机构类型"),
        Field(
            "parent_unit_id",
            Kind.TEXT,
            required=False,
            references="organisation_unit.unit_id",
            chinese="上级机构",
        ),
    ),
)

STAFF: Final = RecordType(
    name="staff",
    schema="parties",
    chinese="员工",
    key=("staff_id",),
    fields=(
        Field("staff_id", Kind.TEXT, chinese="工号"),
        Field("unit_id", Kind.TEXT, references="organisation_unit.unit_id", chinese="所属机构"),
        Field("name", Kind.TEXT, chinese="姓名"),
        Field("role", Kind.TEXT, chinese="岗位"),
    ),
)

PARTY: Final = RecordType(
    name="party",
    schema="parties",
    chinese="客户与相关主体",
    key=("party_id",),
    fields=(
        Field("party_id", Kind.TEXT, chinese="客户号"),
        Field("unit_id", Kind.TEXT, references="organisation_unit.unit_id", chinese="管户机构"),
        Field("kind", Kind.CHOICE, choices=PARTY_KINDS, chinese="主体类型"),
        Field("name", Kind.TEXT, chinese="名称"),
        Field("is_customer", Kind.BOOLEAN, default=1, chinese="是否本行客户"),
        Field("identity_kind", Kind.CHOICE, required=False, choices=IDENTITY_KINDS, chinese="证件类型"),
        Field("identity_number", Kind.TEXT, required=False, chinese="证件号码"),
        Field("industry_code", Kind.TEXT, required=False, chinese="行业 (GB/T 4754)"),
        Field("registered_on", Kind.DATE, required=False, chinese="成立日期"),
        Field("insured_staff_count", Kind.INTEGER, required=False, minimum=0, chinese="参保人数"),
        Field("tax_paid_on", Kind.DATE, required=False, chinese="最近纳税日期"),
        Field("region_code", Kind.TEXT, required=False, chinese="行政区划"),
        Field("phone", Kind.TEXT, required=False, chinese="电话"),
        Field("address", Kind.TEXT, required=False, chinese="地址"),
    ),
)

PARTY_RELATION: Final = RecordType(
    name="party_relation",
    schema="parties",
    chinese="关联关系",
    key=("from_party_id", "to_party_id", "kind", "valid_from"),
    fields=(
        Field("from_party_id", Kind.TEXT, references="party.party_id", chinese="主体"),
        Field("to_party_id", Kind.TEXT, references="party.party_id", chinese="对方"),
        Field("kind", Kind.CHOICE, choices=RELATION_KINDS, chinese="关系"),
        Field("share_ppm", Kind.RATE_PPM, required=False, minimum=0, chinese="持股比例 (百万分之一)"),
        Field("valid_from", Kind.DATE, chinese="生效日"),
        Field("valid_to", Kind.DATE, required=False, chinese="失效日"),
        Field("source", Kind.TEXT, required=False, chinese="来源"),
        Field("unit_id", Kind.TEXT, references="organisation_unit.unit_id", chinese="机构"),
    ),
)

BANK_CAPITAL: Final = RecordType(
    name="bank_capital",
    schema="parties",
    chinese="本行资本净额",
    key=("effective_from",),
    fields=(
        Field("effective_from", Kind.DATE, chinese="起用日"),
        Field("net_capital_fen", Kind.AMOUNT_FEN, minimum=1, chinese="资本净额"),
        Field("net_tier1_capital_fen", Kind.AMOUNT_FEN, minimum=1, chinese="一级资本净额"),
        Field("source", Kind.TEXT, required=False, chinese="依据 (报表)"),
    ),
)
"""In CNY, consolidated as the bank reports it; each holds from its day until the next."""

RECORD_TYPES: Final = (ORGANISATION_UNIT, STAFF, PARTY, PARTY_RELATION, BANK_CAPITAL)
