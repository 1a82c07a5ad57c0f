"""Why a condition is refused: a stable code, where, and in both languages what is wrong and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Problem:
    """`start` and `length` count characters of the text; `line` and `column` begin at 1. `names` are proposals."""

    code: str
    start: int
    length: int
    line: int
    column: int
    chinese: str
    english: str
    remedy_chinese: str
    remedy_english: str
    names: tuple[str, ...] = ()


_TEXTS: Final[dict[str, tuple[str, str, str, str]]] = {
    "empty": (
        "条件是空的", "The condition is empty",
        "写一个条件，例如 traced_amount_fen >= wan(50)", "Write a condition, such as traced_amount_fen >= wan(50)",
    ),
    "too_long": (
        "条件有 {count} 个字符，最多 {limit} 个", "The condition has {count} characters, at most {limit} are allowed",
        "把它拆成几条规则", "Split it into several rules",
    ),
    "too_deep": (
        "条件嵌套超过 {limit} 层", "The condition is nested more than {limit} levels deep",
        "去掉多余的括号，或拆成几条规则", "Remove needless brackets, or split it into several rules",
    ),
    "calculation_too_deep": (
        "除法、share_ppm、least、greatest 嵌套超过 {limit} 层",
        "Divisions, share_ppm, least and greatest stand more than {limit} levels deep within each other",
        "合并除数，least 和 greatest 可以写多个值", "Divide once by the product; least and greatest take several values",
    ),
    "comment": (
        "条件里不能有注释", "A condition may not hold a comment",
        "说明写在规则的名称和依据里", "Write explanations into the rule's name and legal basis",
    ),
    "several_statements": (
        "只能写一个条件，不能有分号", "Only one condition, without a semicolon",
        "删去分号及其后的内容，多个条件用 AND 或 OR 连接", "Remove the semicolon and what follows; join conditions with AND or OR",
    ),
    "assignment": (
        "条件只能比较，不能赋值", "A condition compares, it assigns nothing",
        "比较是否相等写一个等号", "Write a single = to compare",
    ),
    "statement": (
        "“{name}”是语句，不是条件", "“{name}” begins a statement, not a condition",
        "只写条件本身，例如 traced_amount_fen >= wan(50)", "Write the condition alone, such as traced_amount_fen >= wan(50)",
    ),
    "subquery": (
        "条件里不能有子查询", "A condition may not hold a sub-query",
        "使用字段目录里的时间窗字段，例如 securities_fen_30d", "Use a windowed field of the catalogue, such as securities_fen_30d",
    ),
    "wide_character": (
        "“{name}”是全角字符", "“{name}” is a full-width character",
        "改用半角的 {proposal}", "Write {proposal} instead",
    ),
    "unclosed_text": (
        "文本缺少右引号", "A text is not closed",
        "在文本末尾加单引号", "Close it with a single quotation mark",
    ),
    "syntax": (
        "这里读不懂：“{name}”", "This cannot be read: “{name}”",
        "检查前后的运算符、括号和逗号", "Check the operators, brackets and commas around it",
    ),
    "incomplete": (
        "条件没有写完", "The condition is not complete",
        "补上缺少的部分，检查括号是否成对", "Add what is missing, and check that brackets are paired",
    ),
    "unsupported": (
        "规则条件里不能用“{name}”", "“{name}” cannot be used in the condition of a rule",
        "可用：AND OR NOT、比较、IN、BETWEEN、LIKE、IS NULL、加减乘除和列出的函数",
        "Allowed are AND, OR, NOT, comparisons, IN, BETWEEN, LIKE, IS NULL, + - * / and the listed functions",
    ),
    "unknown_field": (
        "没有字段“{name}”", "There is no field “{name}”",
        "{near}从字段目录里选择", "{near}Choose a field of the catalogue",
    ),
    "wrong_occasion": (
        "字段“{name}”只在{grain}上有值", "The field “{name}” has values only {grain}",
        "换一个字段，或改变规则的判断时点", "Choose another field, or change when the rule is judged",
    ),
    "unknown_parameter": (
        "没有参数“:{name}”", "There is no parameter “:{name}”",
        "{near}输入冒号会列出参数；各项说明见“管理 › 参数”页", "{near}A colon brings up the parameters; the page Administration › Parameters tells of each",
    ),
    "parameter_without_name": (
        "参数写法有误", "This names no parameter",
        "参数写作冒号加名称，例如 :idle_funds_days", "Write a colon and a name, such as :idle_funds_days",
    ),
    "unknown_class": (
        "“{name}”不是字段 {field} 的取值", "“{name}” is no value of the field {field}",
        "{near}可用：{known}", "{near}Its values are {known}",
    ),
    "unknown_function": (
        "没有函数“{name}”", "There is no function “{name}”",
        "可用的函数：{known}", "The functions are {known}",
    ),
    "aggregate": (
        "条件只看一行，不能用汇总函数“{name}”", "A condition looks at one row: the aggregate “{name}” cannot be used",
        "使用字段目录里的时间窗字段，例如 out_fen_7d", "Use a windowed field of the catalogue, such as out_fen_7d",
    ),
    "arguments": (
        "函数 {name} 的写法是 {usage}", "The function {name} is written {usage}",
        "按这个写法改", "Write it so",
    ),
    "not_whole": (
        "“{name}”不是整数", "“{name}” is not a whole number",
        "金额用 wan(50) 或 yuan(500)，比例用 percent(5)；单位是分和百万分之一",
        "Write amounts as wan(50) or yuan(500), shares as percent(5); units are fen and millionths",
    ),
    "too_large": (
        "数字“{name}”太大", "The number “{name}” is too large",
        "最大为 9223372036854775807", "The largest is 9223372036854775807",
    ),
    "division_by_zero": (
        "不能除以零", "A division by zero",
        "换一个除数", "Divide by something else",
    ),
    "units": (
        "单位不同：{left} 与 {right}", "Different units: {left} and {right}",
        "只比较或相加同一单位的值；比例用 share_ppm(部分, 总额)", "Compare and add values of one unit; for a share write share_ppm(part, whole)",
    ),
    "type": (
        "这里需要{wanted}，不是{found}", "This must be {wanted}, not {found}",
        "换成{wanted}", "Put {wanted} here",
    ),
    "null_comparison": (
        "与 NULL 比较永远不成立", "A comparison with NULL never holds",
        "写 IS NULL 或 IS NOT NULL", "Write IS NULL or IS NOT NULL",
    ),
    "regular_expression": (
        "正则表达式有误：{reason}", "The regular expression is not valid: {reason}",
        "改正它；不支持前后断言和反向引用", "Correct it; look-around and back-references are not supported",
    ),
    "regular_expression_large": (
        "正则表达式太大", "The regular expression is too large",
        "最多 {limit} 个字符，重复次数不超过 {repeat}", "At most {limit} characters, and no part repeated more than {repeat} times",
    ),
}  # fmt: skip

CODES: Final = tuple(_TEXTS)
TYPES: Final[dict[str, tuple[str, str]]] = {
    "fen": ("金额（分）", "an amount in fen"),
    "usd_cent": ("金额（美分）", "an amount in US cents"),
    "ppm": ("比例（百万分之一）", "a share in millionths"),
    "permille": ("千分比", "a share in thousandths"),
    "count": ("次数或个数", "a count"),
    "days": ("天数", "a number of days"),
    "working_days": ("工作日数", "a number of working days"),
    "hours": ("小时数", "a number of hours"),
    "months": ("月数", "a number of months"),
    "years": ("年数", "a number of years"),
    "number": ("数字", "a number"),
    "flag": ("条件", "a condition"),
    "class": ("类别", "a class"),
    "classes": ("类别清单", "a list of classes"),
    "text": ("文本", "a text"),
    "literal": ("用单引号写的文本", "a text in single quotation marks"),
    "parameter": ("参数", "a parameter"),
    "any": ("值", "a value"),
}


def problem(
    text: str, code: str, start: int, end: int, names: tuple[str, ...] = (), /, **said: str | int
) -> Problem:
    """The problem of that code at text[start:end]. `said` fills its words in; a value `x_chinese` is x in Chinese."""
    start = max(0, min(start, len(text)))
    end = max(start, min(end, len(text)))
    before = text[:start]
    english = {name: value for name, value in said.items() if not name.endswith("_chinese")}
    chinese = english | {
        name.removesuffix("_chinese"): value for name, value in said.items() if name.endswith("_chinese")
    }
    if names:
        chinese["near"], english["near"] = (
            f"是不是 {'、'.join(names)}？",
            f"Did you mean {', '.join(names)}? ",
        )
    words = _TEXTS[code]
    plain = {"near": ""}
    return Problem(
        code=code,
        start=start,
        length=end - start,
        line=before.count("\n") + 1,
        column=start - (before.rfind("\n") + 1) + 1,
        chinese=words[0].format(**(plain | chinese)),
        english=words[1].format(**(plain | english)),
        remedy_chinese=words[2].format(**(plain | chinese)),
        remedy_english=words[3].format(**(plain | english)),
        names=names,
    )
