"""Names of industries: the sections and divisions of GB/T 4754-2017 (国民经济行业分类), in Chinese and English.

The standard follows ISIC Rev.4; the English names are its, or stay close to them. A code of the bank's records is the
class of four digits (or fewer); its first two are the division, and divisions make up a section.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

UNKNOWN: Final = ""
"""What a missing code, or one of no section, counts as."""


@dataclass(frozen=True, slots=True)
class Industry:
    """A section (a letter) or a division (two digits)."""

    code: str
    chinese: str
    english: str


# Section letter, first and last division, names; then the divisions in their order.
_SECTIONS: Final[tuple[tuple[str, int, int, str, str], ...]] = (
    ("A", 1, 5, "农、林、牧、渔业", "Agriculture, forestry, animal husbandry and fishery"),
    ("B", 6, 12, "采矿业", "Mining"),
    ("C", 13, 43, "制造业", "Manufacturing"),
    ("D", 44, 46, "电力、热力、燃气及水生产和供应业", "Electricity, heat, gas and water supply"),
    ("E", 47, 50, "建筑业", "Construction"),
    ("F", 51, 52, "批发和零售业", "Wholesale and retail trade"),
    ("G", 53, 60, "交通运输、仓储和邮政业", "Transport, storage and post"),
    ("H", 61, 62, "住宿和餐饮业", "Accommodation and catering"),
    ("I", 63, 65, "信息传输、软件和信息技术服务业", "Information transmission, software and IT services"),
    ("J", 66, 69, "金融业", "Finance"),
    ("K", 70, 70, "房地产业", "Real estate"),
    ("L", 71, 72, "租赁和商务服务业", "Leasing and business services"),
    ("M", 73, 75, "科学研究和技术服务业", "Scientific research and technical services"),
    ("N", 76, 79, "水利、环境和公共设施管理业", "Water, environment and public facilities"),
    ("O", 80, 82, "居民服务、修理和其他服务业", "Household services, repair and other services"),
    ("P", 83, 83, "教育", "Education"),
    ("Q", 84, 85, "卫生和社会工作", "Health and social work"),
    ("R", 86, 90, "文化、体育和娱乐业", "Culture, sports and entertainment"),
    ("S", 91, 96, "公共管理、社会保障和社会组织", "Public administration and social organisations"),
    ("T", 97, 97, "国际组织", "International organisations"),
)
_DIVISIONS: Final[tuple[tuple[str, str], ...]] = (
    ("农业", "Crop farming"), ("林业", "Forestry"), ("畜牧业", "Animal husbandry"), ("渔业", "Fishery"),
    ("农、林、牧、渔专业及辅助性活动", "Support to agriculture, forestry and fishery"),
    ("煤炭开采和洗选业", "Coal mining and washing"), ("石油和天然气开采业", "Oil and gas extraction"),
    ("黑色金属矿采选业", "Ferrous metal ore mining"), ("有色金属矿采选业", "Non-ferrous metal ore mining"),
    ("非金属矿采选业", "Non-metal ore mining"), ("开采专业及辅助性活动", "Support to mining"), ("其他采矿业", "Other mining"),
    ("农副食品加工业", "Processing of farm products"), ("食品制造业", "Food"), ("酒、饮料和精制茶制造业", "Liquor, beverages and tea"),
    ("烟草制品业", "Tobacco"), ("纺织业", "Textiles"), ("纺织服装、服饰业", "Clothing"),
    ("皮革、毛皮、羽毛及其制品和制鞋业", "Leather, fur, feather and footwear"),
    ("木材加工和木、竹、藤、棕、草制品业", "Wood, bamboo, rattan and straw products"), ("家具制造业", "Furniture"),
    ("造纸和纸制品业", "Paper"), ("印刷和记录媒介复制业", "Printing and reproduction of media"),
    ("文教、工美、体育和娱乐用品制造业", "Goods for culture, crafts, sports and entertainment"),
    ("石油、煤炭及其他燃料加工业", "Processing of petroleum, coal and other fuels"),
    ("化学原料和化学制品制造业", "Chemicals"), ("医药制造业", "Medicines"), ("化学纤维制造业", "Chemical fibres"),
    ("橡胶和塑料制品业", "Rubber and plastics"), ("非金属矿物制品业", "Non-metallic mineral products"),
    ("黑色金属冶炼和压延加工业", "Smelting and rolling of ferrous metals"),
    ("有色金属冶炼和压延加工业", "Smelting and rolling of non-ferrous metals"), ("金属制品业", "Metal products"),
    ("通用设备制造业", "General machinery"), ("专用设备制造业", "Special machinery"), ("汽车制造业", "Automobiles"),
    ("铁路、船舶、航空航天和其他运输设备制造业", "Railway, ship, aerospace and other transport equipment"),
    ("电气机械和器材制造业", "Electrical machinery"), ("计算机、通信和其他电子设备制造业", "Computers, communication and electronics"),
    ("仪器仪表制造业", "Instruments"), ("其他制造业", "Other manufacturing"), ("废弃资源综合利用业", "Use of waste resources"),
    ("金属制品、机械和设备修理业", "Repair of metal products and machinery"),
    ("电力、热力生产和供应业", "Electricity and heat"), ("燃气生产和供应业", "Gas"), ("水的生产和供应业", "Water"),
    ("房屋建筑业", "Building construction"), ("土木工程建筑业", "Civil engineering"), ("建筑安装业", "Building installation"),
    ("建筑装饰、装修和其他建筑业", "Building decoration and other construction"),
    ("批发业", "Wholesale"), ("零售业", "Retail"),
    ("铁路运输业", "Rail transport"), ("道路运输业", "Road transport"), ("水上运输业", "Water transport"),
    ("航空运输业", "Air transport"), ("管道运输业", "Pipeline transport"), ("多式联运和运输代理业", "Multimodal transport and agencies"),
    ("装卸搬运和仓储业", "Handling and storage"), ("邮政业", "Post"),
    ("住宿业", "Accommodation"), ("餐饮业", "Catering"),
    ("电信、广播电视和卫星传输服务", "Telecommunications, broadcasting and satellite transmission"),
    ("互联网和相关服务", "Internet services"), ("软件和信息技术服务业", "Software and IT services"),
    ("货币金融服务", "Monetary and financial services"), ("资本市场服务", "Capital market services"), ("保险业", "Insurance"),
    ("其他金融业", "Other finance"), ("房地产业", "Real estate"), ("租赁业", "Leasing"), ("商务服务业", "Business services"),
    ("研究和试验发展", "Research and development"), ("专业技术服务业", "Professional technical services"),
    ("科技推广和应用服务业", "Promotion and application of technology"),
    ("水利管理业", "Water management"), ("生态保护和环境治理业", "Ecological protection and environmental control"),
    ("公共设施管理业", "Public facilities"), ("土地管理业", "Land management"),
    ("居民服务业", "Household services"), ("机动车、电子产品和日用产品修理业", "Repair of vehicles, electronics and household goods"),
    ("其他服务业", "Other services"), ("教育", "Education"), ("卫生", "Health"), ("社会工作", "Social work"),
    ("新闻和出版业", "News and publishing"), ("广播、电视、电影和录音制作业", "Radio, television, film and sound recording"),
    ("文化艺术业", "Culture and arts"), ("体育", "Sports"), ("娱乐业", "Entertainment"),
    ("中国共产党机关", "Organs of the Communist Party of China"), ("国家机构", "State bodies"),
    ("人民政协、民主党派", "People's political consultative conference and democratic parties"),
    ("社会保障", "Social security"), ("群众团体、社会团体和其他成员组织", "Mass and social organisations"),
    ("基层群众自治组织及其他组织", "Grass-roots self-governing organisations"), ("国际组织", "International organisations"),
)  # fmt: skip

SECTIONS: Final = {letter: Industry(letter, zh, en) for letter, _, _, zh, en in _SECTIONS}
DIVISIONS: Final = {
    f"{number:02d}": Industry(f"{number:02d}", zh, en) for number, (zh, en) in enumerate(_DIVISIONS, 1)
}
SECTION_OF: Final = {
    f"{number:02d}": letter for letter, first, last, _, _ in _SECTIONS for number in range(first, last + 1)
}
"""Division -> its section."""
DIVISIONS_OF: Final = {
    letter: tuple(f"{number:02d}" for number in range(first, last + 1))
    for letter, first, last, _, _ in _SECTIONS
}
"""Section -> its divisions."""


def industry_named(code: str) -> Industry | None:
    """The section or division of that code; None for a class, and for what is none."""
    return SECTIONS.get(code) or DIVISIONS.get(code)
