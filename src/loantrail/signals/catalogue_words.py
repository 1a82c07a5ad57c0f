"""The words of the signal catalogue: what each signal is called and means, in both languages."""

from __future__ import annotations

from typing import Final, Literal

Kind = Literal["fen", "ppm", "permille", "count", "days", "hours", "flag", "class", "text"]
Grain = Literal["movement", "day", "both"]
Group = Literal["context", "movement", "loan", "pair", "payee", "payer", "customer", "day"]
Words = tuple[str, str, str, str]
"""Chinese name, English name, Chinese meaning, English meaning."""

PLAIN: Final[tuple[tuple[str, Kind, str, Grain, Group, Words], ...]] = (
    ("product", "class", "", "both", "context", (
        "贷款产品", "loan product", "借据的产品", "product of the loan note")),
    ("customer_kind", "class", "", "both", "context", (
        "客户类型", "kind of customer", "借款人的主体类型", "what kind of party the borrower is")),
    ("retail", "flag", "", "both", "context", (
        "零售贷款", "retail loan", "借款人为个人；未登记主体类型时按产品判断",
        "the borrower is an individual; where that is not recorded, the product is one for individuals")),
    ("payment_mode", "class", "", "both", "context", (
        "支付方式", "payment mode", "受托支付、自主支付或混合支付", "lender-entrusted, borrower-directed or mixed payment")),
    ("grant_kind", "class", "", "both", "context", (
        "发放类型", "kind of grant", "新增、借新还旧、重组、无还本续贷",
        "new, rollover, restructured, renewal without repayment")),
    ("loan_purpose_text", "text", "", "both", "context", (
        "贷款用途", "purpose of the loan", "借据约定的用途", "the purpose agreed in the loan note")),
    ("loan_amount_fen", "fen", "fen", "both", "context", (
        "贷款金额", "amount of the loan", "借据金额", "amount of the loan note")),
    ("loan_balance_fen", "fen", "fen", "both", "context", (
        "贷款余额", "balance of the loan", "截至该时刻已放款金额减已还本金，不低于 0",
        "what was paid out up to this instant less the principal repaid up to it, at least 0")),
    ("industry_code", "class", "", "both", "context", (
        "借款人行业", "industry of the borrower", "国标行业代码 (GB/T 4754)", "industry code (GB/T 4754) of the borrower")),
    ("days_since_disbursement", "days", "days", "both", "context", (
        "放款后天数", "days since disbursement", "距首次放款的整 24 小时数，向下取整",
        "whole days of 24 hours since the first disbursement, rounded down")),
    ("hours_since_disbursement", "hours", "hours", "both", "context", (
        "放款后小时数", "hours since disbursement", "距首次放款的整小时数，向下取整",
        "whole hours since the first disbursement, rounded down")),
    ("amount_fen", "fen", "fen", "movement", "movement", (
        "交易金额", "amount of the transaction", "本笔交易全额", "the whole transaction")),
    ("traced_amount_fen", "fen", "fen", "movement", "movement", (
        "其中贷款资金", "loan money in it", "本笔交易中属于该贷款的资金（先进先出）；未涉及贷款资金时为 0",
        "the part of the transaction that is this loan's money by FIFO; 0 where none is")),
    ("loan_share_ppm", "ppm", "ppm", "movement", "movement", (
        "贷款资金占交易", "loan money over the transaction", "其中贷款资金除以交易金额，百万分之几，向下取整",
        "traced_amount_fen over amount_fen, in millionths, rounded down")),
    ("traced_of_loan_ppm", "ppm", "ppm", "movement", "movement", (
        "贷款资金占贷款", "loan money over the loan", "其中贷款资金除以贷款金额，百万分之几，向下取整",
        "traced_amount_fen over loan_amount_fen, in millionths, rounded down")),
    ("depth", "count", "steps", "movement", "movement", (
        "步数", "steps from the disbursement", "资金自放款起的步数，放款为 0；同笔有多条路径时取最小；无贷款资金时为空",
        "steps from the disbursement, which is 0; the least where the transaction carries several paths; null without loan money")),
    ("is_disbursement", "flag", "", "movement", "movement", (
        "是放款", "is a disbursement", "本笔是该贷款的放款", "this transaction pays the loan out")),
    ("from_borrower_side", "flag", "", "movement", "movement", (
        "借款人一方付出", "paid by the borrower's side", "付款账户属于借款人、共同借款人或申报的关联方，或为放款账户",
        "the paying account is the borrower's, a co-borrower's, a declared related party's or the disbursement account")),
    ("to_borrower_side", "flag", "", "movement", "movement", (
        "借款人一方收款", "paid to the borrower's side", "收款账户属于借款人一方", "the account paid is one of the borrower's side")),
    ("destination_class", "class", "", "movement", "movement", (
        "去向类别", "destination class", "本笔对手的去向类别", "the destination class judged for this transaction")),
    ("class_basis", "class", "", "movement", "movement", (
        "类别依据", "basis of the class", "判定去向类别的依据", "why the class was given")),
    ("class_confidence_permille", "permille", "permille", "movement", "movement", (
        "类别置信度", "confidence of the class", "去向类别的置信度，千分之几", "confidence of the class, in thousandths")),
    ("use_before", "class", "", "movement", "movement", (
        "转出前用途", "use before", "贷款资金付出前已有的用途（金额最大的一部分）；尚无用途时为空",
        "the use that the loan money (its largest part) had when it left; null where it had none")),
    ("use_after", "class", "", "movement", "movement", (
        "到达后用途", "use after", "贷款资金到达后的用途（金额最大的一部分）；尚无用途时为空",
        "the use that the loan money (its largest part) has after arrival; null where it has none")),
    ("documented", "flag", "", "movement", "movement", (
        "有单证", "documented", "合同、发票或支付指令与本笔收款方相符", "a contract, invoice or payment order matches the payee")),
    ("ordered", "flag", "", "movement", "movement", (
        "有支付指令", "covered by a payment order", "收款账户是该贷款受托支付指令的收款账户",
        "the account paid is the payee of an entrusted-payment order of this loan")),
    ("payee_kind", "class", "", "movement", "payee", (
        "收款方主体类型", "kind of payee", "收款账户户主的主体类型；未知为空", "what kind of party owns the account paid; null where unknown")),
    ("payee_registered_days", "days", "days", "movement", "payee", (
        "收款方成立天数", "age of the payee", "收款方自成立日至营业日期的天数；未登记为空",
        "days from the payee's registration to the business date; null where not recorded")),
    ("payee_insured_staff_count", "count", "persons", "movement", "payee", (
        "收款方参保人数", "insured staff of the payee", "收款方登记的参保人数；未登记为空", "recorded insured staff of the payee; null where not recorded")),
    ("payee_has_tax", "flag", "", "movement", "payee", (
        "收款方有纳税", "payee has paid tax", "收款方在营业日期当日或之前有纳税记录；收款方未知时为空",
        "a tax payment on or before the business date is recorded; null where the payee is not known")),
    ("payee_is_related", "flag", "", "movement", "payee", (
        "收款方是关联方", "payee is related", "收款方在放款日是借款人的关联方（担保关系不算）",
        "the payee was related to the borrower on the day of disbursement; a guarantee is no such relation")),
    ("payee_relation", "class", "", "movement", "payee", (
        "与收款方关系", "relation to the payee", "与借款人的关系，多种关系取最近；不相关为空",
        "how the payee is related to the borrower, the closest of several; null where it is not")),
    ("payee_is_guarantor", "flag", "", "movement", "payee", (
        "收款方是担保人", "payee is a guarantor", "收款方在放款日是该贷款的担保人；按户主，户主未知时按户名",
        "the payee guaranteed this loan on the day of disbursement; by owner, by name where the owner is not known")),
    ("payee_is_individual", "flag", "", "movement", "payee", (
        "收款方是个人", "payee is an individual", "收款方登记为个人，未登记时按户名判断",
        "the payee is recorded as an individual or, where nothing is recorded, its name is a person's")),
    ("purpose_text", "text", "", "movement", "movement", (
        "摘要", "purpose text", "本笔交易的摘要或附言", "what the transaction says of its purpose")),
    ("credit_name", "text", "", "movement", "movement", (
        "收款户名", "name of the payee", "收款账户户名", "name of the account paid")),
    ("is_cash", "flag", "", "movement", "movement", (
        "现金", "cash", "去向类别为现金", "the destination class is cash")),
    ("payee_handed_on_ppm_3d", "ppm", "ppm", "movement", "payee", (
        "收款账户近 3 天转出比例", "handed on by the account paid, in the last 3 days",
        "payee_out_fen_3d 除以 payee_in_fen_3d，最多一百万，百万分之几，向下取整；没有流入时为空",
        "payee_out_fen_3d over payee_in_fen_3d, at most one million, in millionths, rounded down; null without money in")),
    ("payee_borrower_count_30d", "count", "borrowers", "movement", "payee", (
        "收款账户近 30 天借款人数", "borrowers whose loan money reached the account paid, in the last 30 days",
        "近 30 天有贷款资金到达该收款账户的不同借款人", "different borrowers whose loan money reached the account paid in the last 30 days")),
    ("balance_fen", "fen", "fen", "movement", "payer", (
        "付款账户余额", "balance of the paying account", "本笔之后付款账户的余额；期初余额未知时为空",
        "balance of the paying account after this transaction; null where its opening balance is not known")),
    ("labelled_fen", "fen", "fen", "movement", "payer", (
        "付款账户内贷款资金", "loan money in the paying account", "本笔之后付款账户内所有贷款的资金合计",
        "money of all loans in the paying account after this transaction")),
    ("idle_fen", "fen", "fen", "day", "day", (
        "闲置贷款资金", "idle loan money", "日终仍在借款人一方账户、尚无用途的贷款资金",
        "the loan's money without a use that still lies in accounts of the borrower's side at the end of the day")),
    ("idle_share_ppm", "ppm", "ppm", "day", "day", (
        "闲置比例", "idle share", "闲置贷款资金除以贷款金额，百万分之几，向下取整", "idle_fen over loan_amount_fen, in millionths, rounded down")),
    ("days_past_due", "days", "days", "day", "day", (
        "逾期天数", "days past due", "最早一期未还清的应还款距营业日期的天数，应还日次日为 1，无逾期为 0，没有还款计划为空",
        "days from the due date of the earliest instalment not paid in full; 1 on the day after it, 0 where none is late, null without a schedule")),
    ("overdue_count_6m", "count", "instalments", "day", "day", (
        "近 6 个月逾期期数", "overdue instalments in 6 months", "应还日在近 6 个月内、应还日当天未还清的期数；没有还款计划为空",
        "instalments due within the last 6 months that were not paid in full by the end of their due date; null without a schedule")),
    ("overdue_count_12m", "count", "instalments", "day", "day", (
        "近 12 个月逾期期数", "overdue instalments in 12 months", "应还日在近 12 个月内、应还日当天未还清的期数；没有还款计划为空",
        "instalments due within the last 12 months that were not paid in full by the end of their due date; null without a schedule")),
    ("next_due_fen", "fen", "fen", "day", "day", (
        "下一期应还", "next instalment", "营业日期之后最近一期的应还本息；没有为空", "principal and interest of the first instalment due after the business date; null without one")),
    ("next_due_days", "days", "days", "day", "day", (
        "距下一期天数", "days to the next instalment", "距营业日期之后最近一期应还日的天数；没有为空",
        "days to the first instalment due after the business date; null without one")),
    ("repayment_balance_fen", "fen", "fen", "day", "day", (
        "还款账户余额", "balance of the repayment account", "日终还款账户余额；没有还款账户或期初余额未知时为空",
        "balance of the repayment account at the end of the day; null without such an account, or where its opening balance is not known")),
    ("liquidity_ppm", "ppm", "ppm", "day", "day", (
        "还款保障", "liquidity", "还款账户余额除以下一期应还，百万分之几，向下取整；余额为负时为 0，没有下一期为空",
        "repayment_balance_fen over next_due_fen, in millionths, rounded down; 0 where the balance is negative, null without an instalment to come")),
)  # fmt: skip

_NET: Final = "扣除其后退回借款人一方的部分，不低于 0"
_NET_ENGLISH: Final = "less what came back from there to the borrower's side, at least 0"

GROUP_WORDS: Final[dict[str, Words]] = {
    "securities": (
        "流向证券投资", "loan money into securities",
        f"到达证券、期货、理财、投资型保险或虚拟资产的贷款资金，{_NET}",
        f"the loan's money that reached securities, futures, wealth management, investment insurance or virtual assets, {_NET_ENGLISH}",
    ),
    "property": (
        "流向房地产", "loan money into property",
        f"到达开发商、购房或监管账户、他行按揭的贷款资金，{_NET}",
        f"the loan's money that reached developers, property purchases, supervised accounts or mortgages elsewhere, {_NET_ENGLISH}",
    ),
    "property_documented": (
        "其中有单证的房地产", "documented part of the property",
        f"流向房地产中有合同、发票或支付指令的部分，{_NET}",
        f"the part of the money into property that a contract, invoice or payment order documents, {_NET_ENGLISH}",
    ),
    "other_debt": (
        "归还其他债务", "loan money that repaid other debt",
        f"归还他行贷款、信用卡、融资租赁或本行其他贷款的贷款资金，{_NET}",
        f"the loan's money that repaid loans elsewhere, cards, leases or other loans here, {_NET_ENGLISH}",
    ),
    "private_lending": (
        "流向借贷机构", "loan money to lenders",
        f"到达小贷、民间借贷、担保、典当或疑似地下钱庄的贷款资金，{_NET}",
        f"the loan's money that reached lenders, guarantee companies, pawn shops or suspected underground banks, {_NET_ENGLISH}",
    ),
    "private_lending_documented": (
        "其中有单证的担保典当", "documented part to guarantee companies",
        f"流向担保、典当中有单证的部分（如担保费），{_NET}",
        f"the part that reached guarantee companies and pawn shops with a document, such as a fee, {_NET_ENGLISH}",
    ),
    "forbidden": (
        "流向禁止用途", "loan money into forbidden uses",
        f"用于股权投资、股东分红或涉赌的贷款资金，{_NET}",
        f"the loan's money that reached equity investments, dividends or gambling, {_NET_ENGLISH}",
    ),
    "cash": (
        "取现", "loan money drawn in cash",
        f"以现金支取的贷款资金，{_NET}", f"the loan's money drawn in cash, {_NET_ENGLISH}",
    ),
    "acceptance_margin": (
        "转作承兑保证金", "loan money into acceptance margin",
        f"转入承兑保证金（含借款人自己的保证金账户）或票据贴现的贷款资金，{_NET}",
        f"the loan's money that became margin for acceptance bills, in the borrower's own margin account too, or their discount, {_NET_ENGLISH}",
    ),
    "time_deposit": (
        "转作定期存款", "loan money into time deposits",
        f"转入定期或结构性存款（含借款人自己的）的贷款资金，{_NET}",
        f"the loan's money that went into time or structured deposits, the borrower's own too, {_NET_ENGLISH}",
    ),
    "related_party": (
        "留在关联方", "loan money that stays with related parties",
        "无单证到达关联方的贷款资金，扣除其转作经营用途或付回借款人一方的部分，不低于 0",
        "the loan's money that reached related parties without a document, less what they passed on to a use of the business or to the borrower's side, at least 0",
    ),
    "guarantor": (
        "到达担保人", "loan money that reached guarantors",
        "到达该贷款担保人的贷款资金，担保人自己账户间互转不计",
        "the loan's money that reached a guarantor of the loan; transfers among a guarantor's own accounts do not count",
    ),
    "same_name_out": (
        "同名划转他行", "loan money to own accounts elsewhere",
        f"到达借款人他行同名账户的贷款资金，{_NET}", f"the loan's money that reached accounts of the borrower's name at other banks, {_NET_ENGLISH}",
    ),
    "individual": (
        "流向个人", "loan money to individuals",
        "尚无用途的贷款资金，由非个人或借款人一方付给个人（去向类别为个人）的金额，付给借款人一方的不计，不扣退回",
        "the loan's money without a use yet that was paid to individuals (by destination class) outside the borrower's side; what one individual passes to another is not counted again; gross",
    ),
    "unknown": (
        "去向不明", "loan money to unknown destinations",
        "去向类别为未知或无贸易依据企业、由借款人一方付出的贷款资金，不扣退回",
        "the loan's money that the borrower's side paid where the destination class is unknown or a company without evidence; gross",
    ),
    "returned": (
        "回流", "loan money that came back",
        "自他人付回借款人一方、其实际控制人、配偶、法定代表人或家属的贷款资金；退款、自有资金由证券、钱包、存款、资金池转回的不计；"
        "有单证收款方付回的，仅在其为关联方、担保人、新成立或数日内转出大部分时计",
        "the loan's money that others paid back to the borrower's side, its controller, spouse, legal representative or family, without refunds and without own money coming home from brokers, wallets, deposits and pools; from a documented payee only where that is related, a guarantor, young, or hands on most of it within days",
    ),
    "documented": (
        "有贸易依据的支付", "loan money to documented suppliers",
        f"到达有合同、发票或支付指令的供应商的贷款资金，{_NET}", f"the loan's money that reached suppliers with a contract, invoice or payment order, {_NET_ENGLISH}",
    ),
}  # fmt: skip
"""Sum of a loan's money -> its words, in the order of the kernel's columns."""
