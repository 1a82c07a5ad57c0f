"""What the shape of a name says: a person, a company, a bank. Weaker than any dictionary term."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache, reduce
from operator import or_
from typing import Final

import polars as pl

from loantrail.destinations.plain import HAN, REMEMBERED_MOST, by_frame, is_plain

SURNAMES: Final = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪"
    "田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛"
    "温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐梅莫庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席"
    "卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来缪苟全褚娄窦"
    "岑穆涂肖代闫付闻党习仇麦佟荆楚匡冷宗简娜敖明"
)
COMPOUND_SURNAMES: Final = (
    "欧阳",
    "司马",
    "上官",
    "诸葛",
    "司徒",
    "东方",
    "皇甫",
    "尉迟",
    "公孙",
    "慕容",
    "令狐",
    "夏侯",
    "端木",
    "南宫",
)
# A short name that ends like this is a place of business, not a person.
_BUSINESS_ENDS: Final = (
    "店|厂|部|社|馆|坊|铺|行|站|所|院|校|局|处|中心|公司|集团|超市|酒楼|饭店|宾馆|银行|支行|分行|医院|学校|大学|基金|证券|"
    "信托|商场|市场|农场|园艺|工厂|协会|学会|委员会|政府|商会|联社|合作社|事务所|工作室|经营户|养殖场|加油站|幼儿园"
)
_COMPANY_WORDS: Final = (
    "公司|集团|厂|合作社|事务所|商行|经营部|工作室|门市部|商店|超市|中心|医院|学校|大学|学院|研究院|研究所|协会|学会|委员会|"
    "政府|幼儿园|农场|养殖场|加油站|批发部|服务部|饭店|酒楼|宾馆|酒店|个体工商户|有限合伙|合伙企业|LTD|LIMITED|CO\\.|"
    "INC|CORP|GMBH|联社|商贸|工程队|专业户|商会|基金会|经营户|销售部|加工厂|办事处|项目部|个体经营|局$|院$|药房|房$|店$|部$|馆$|坊$|铺$|行$|场$|站$|所$"
)

NAME_NOTHING: Final = 0
NAME_INDIVIDUAL: Final = 1
NAME_COMPANY: Final = 2


_PERSON_SHAPES: Final = (
    "[{surnames}]{han}{{1,2}}",
    "(?:{compounds}){han}{{1,2}}",
    "[{surnames}][{surnames}]{han}{{2}}",
    # Masked names (张*, *小明) and minority names with a dot are persons too.
    "{han}{{1,8}}[·•]{han}{{1,10}}",
    r"{han}\*{{1,2}}|\*{{1,2}}{han}{{1,2}}|{han}\*{han}",
)
_KEY_LEAVES_OUT: Final = r"[\s()\[\]【】《》<>·•.,，。、\-_/&'\"]"
_LEGAL_FORMS: Final = "股份有限公司|有限责任公司|有限公司|公司"


def _person_shapes(han: str) -> list[str]:
    """Each fits the whole of a name. `han`: an ideograph, as a regular expression."""
    compounds = "|".join(COMPOUND_SURNAMES)
    return [shape.format(surnames=SURNAMES, compounds=compounds, han=han) for shape in _PERSON_SHAPES]


def name_shape(name: pl.Expr) -> pl.Expr:
    """NAME_INDIVIDUAL, NAME_COMPANY or NAME_NOTHING for a normalised name (UInt8)."""
    shapes = [name.str.contains(rf"^(?:{shape})$") for shape in _person_shapes(r"\p{Han}")]
    person = reduce(or_, shapes) & ~name.str.contains(rf"(?:{_BUSINESS_ENDS})$")
    company = name.str.contains(_COMPANY_WORDS)
    return (
        pl.when(person)
        .then(NAME_INDIVIDUAL)
        .when(company)
        .then(NAME_COMPANY)
        .otherwise(NAME_NOTHING)
        .fill_null(NAME_NOTHING)
        .cast(pl.UInt8)
    )


_OF_PERSON: Final = re.compile("|".join(_person_shapes(HAN)))
_ENDS_AS_BUSINESS: Final = re.compile(rf"(?:{_BUSINESS_ENDS})\Z")
_OF_COMPANY: Final = re.compile(_COMPANY_WORDS.replace("$", r"\Z"))


@lru_cache(maxsize=REMEMBERED_MOST)
def shape_of_name(name: str) -> int:
    """As `name_shape`, of one normalised name."""
    if not is_plain(name):
        return int(str(by_frame(name_shape(pl.col("text")), name)))
    if _OF_PERSON.fullmatch(name) and not _ENDS_AS_BUSINESS.search(name):
        return NAME_INDIVIDUAL
    return NAME_COMPANY if _OF_COMPANY.search(name) else NAME_NOTHING


def company_key(column: str) -> pl.Expr:
    """The column reduced to what two spellings of one company's name share: NFKC, upper case, without brackets,
    punctuation, white space and the legal form. Null where nothing is left."""
    text = (
        pl.col(column)
        .str.normalize("NFKC")
        .str.to_uppercase()
        .str.replace_all(_KEY_LEAVES_OUT, "")
        .str.replace(rf"(?:{_LEGAL_FORMS})$", "")
    )
    return pl.when(text != "").then(text)


_LEFT_OUT: Final = re.compile(_KEY_LEAVES_OUT)
_ENDS_AS_LEGAL_FORM: Final = re.compile(rf"(?:{_LEGAL_FORMS})\Z")


@lru_cache(maxsize=REMEMBERED_MOST)
def key_of_company(name: str) -> str | None:
    """As `company_key`, of one name."""
    if not is_plain(name):
        found = by_frame(company_key("text"), name)
        return None if found is None else str(found)
    text = _LEFT_OUT.sub("", unicodedata.normalize("NFKC", name).upper())
    return _ENDS_AS_LEGAL_FORM.sub("", text, count=1) or None
