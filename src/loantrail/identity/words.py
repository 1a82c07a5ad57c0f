"""What roles are called, and the first question of each one's day. Source: design, who uses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from loantrail.identity.abilities import Role


@dataclass(frozen=True, slots=True)
class RoleWords:
    chinese: str
    english: str
    question_chinese: str
    question_english: str


ROLE_WORDS: Final[dict[Role, RoleWords]] = {
    Role.RELATIONSHIP_MANAGER: RoleWords(
        "客户经理",
        "relationship manager",
        "今天哪些客户需要我处理：到期的检查、预警、将到的还款？",
        "Which of my customers need something from me today: checks due, warnings, payments coming?",
    ),
    Role.POST_LOAN_INSPECTOR: RoleWords(
        "贷后检查岗",
        "post-loan officer",
        "该检查哪些贷款，这笔贷款的钱去了哪里？",
        "Which loans to check, and where did this loan's money go?",
    ),
    Role.BRANCH_MANAGER: RoleWords(
        "行长",
        "branch head",
        "我的机构与其他机构相比如何，什么事情卡住了？",
        "How is my unit doing against others, what is stuck?",
    ),
    Role.RISK_MANAGER: RoleWords(
        "风险经理",
        "risk manager",
        "哪些预警是真的，谁在变差，规则还管用吗？",
        "Which warnings are real, who is getting worse, does the rule still work?",
    ),
    Role.HEAD_OFFICE_RISK: RoleWords(
        "总行风险管理",
        "head-office risk",
        "全行哪些预警最重，哪些事项等我复核？",
        "Which warnings of the bank weigh most, and what waits for my approval?",
    ),
    Role.LEGAL: RoleWords(
        "法务·资产保全",
        "legal and recovery",
        "哪些案件归我，哪些文书到期？",
        "Which cases are mine, what documents are due?",
    ),
    Role.AML_OFFICER: RoleWords(
        "合规·反洗钱",
        "compliance and anti-money-laundering",
        "哪些线索涉及名单或可疑交易，期限是哪天？",
        "Which leads touch lists or suspicious dealings, and when are they due?",
    ),
    Role.EXECUTIVE: RoleWords(
        "高管",
        "executive",
        "全行贷款资金流向哪些行业和用途，风险集中在哪里？",
        "Where does the bank's loan money flow by industry and use, and where is risk concentrated?",
    ),
    Role.INTERNAL_AUDITOR: RoleWords(
        "内部审计",
        "internal auditor",
        "谁依据什么做了什么，记录是否完整？",
        "Who did what, on what evidence; is the record intact?",
    ),
    Role.RULE_AUTHOR: RoleWords(
        "规则编制岗",
        "rule author",
        "这项修改能多发现多少，会多多少误报？",
        "Would this change have caught more, and at what cost in false alarms?",
    ),
    Role.IT_OPERATOR: RoleWords(
        "科技运维岗",
        "bank engineer",
        "昨晚的批量到齐了吗，系统运行正常吗？",
        "Did last night's files all arrive, and does everything run?",
    ),
    Role.SYSTEM_ADMINISTRATOR: RoleWords(
        "系统管理员",
        "system administrator",
        "谁入职、调岗、离职，要为谁开通或停用？",
        "Who joined, moved or left, and who must be let in or kept out?",
    ),
    Role.SECURITY_ADMINISTRATOR: RoleWords(
        "安全管理员",
        "security administrator",
        "哪些人员和权限变更等我复核？",
        "Which changes of persons and roles wait for my approval?",
    ),
    Role.AUDIT_ADMINISTRATOR: RoleWords(
        "审计管理员",
        "audit administrator",
        "审计日志是否完整，有没有异常操作？",
        "Is the audit log intact, and is anything in it unusual?",
    ),
}
