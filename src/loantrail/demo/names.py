"""Generated Chinese names: places, persons, companies, institutions. None stands for anyone who exists.

Brands (商号) are drawn from pools of characters; a draw that contains the name of a well-known institution is
drawn again. Places are invented.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

BANK_NAME: Final = "澜江商业银行"
CITIES: Final = ("澜江市", "云溪市", "栖州市", "棠浦市", "雁洲市", "沐川口市", "青岫市", "浔陵市")
DISTRICTS: Final = ("东湖区", "西岭区", "南塘区", "北渚区", "高桥区", "临港区")
STREETS: Final = (
    "桂雨路",
    "听松街",
    "锦帆路",
    "采石巷",
    "望潮路",
    "文渊街",
    "长堤路",
    "百草街",
    "槐荫路",
    "飞鹤街",
)

_SURNAMES: Final = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛"
_GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰红梅建国志文斌辉鑫宇浩然子涵欣怡梓轩雨泽晨思远嘉琪博俊峰雪婷佳慧颖琳倩璐瑶诗雅翔飞鹏凯晓东海波春秋月云清源林森柏松竹君"
_BRAND_FIRST: Final = "昊澜恒沐卓锦弘骏瀚铭岚祺煜钰宸皓翊森砺朗翰璟沛荣裕垚茂颂澄岱彦嵘凌暄稷霖"
_BRAND_SECOND: Final = "拓沣晟坤岳诺驰瑾澍祎珩霆暻冉屿钊韬楷昱沁淇芮崧渝嫣恺玺颐禾蔚栩峤煊"
_BRAND_THIRD: Final = "达业通元和源捷盈旺泽航宁信凯隆昌丰联成远"

WELL_KNOWN: Final = (
    "工商 农业银行 建设银行 中国 交通银行 招商 平安 中信 光大 民生 浦发 兴业 华夏 广发 邮储 华泰 国泰 君安 海通 "
    "广发 申万 银河 国信 东方财富 易方达 嘉实 南方基金 天弘 余额宝 支付宝 微信 腾讯 阿里 京东 百度 美团 滴滴 华为 小米 字节 "
    "万科 恒大 碧桂园 保利 融创 绿地 龙湖 中海 万达 富力 雅居乐 复星 海航 海尔 格力 联想 比亚迪 吉利 长城 茅台 五粮液 "
    "昆仑 恒瑞 恒力 荣盛 荣耀 恒生 恒信 恒丰 裕达 弘业 宇通 卓远 锦江 瀚蓝"
).split()  # fmt: skip
"""Fragments that no generated name may contain."""


def contains_well_known(name: str) -> bool:
    """Whether a name contains a fragment of the name of a well-known institution."""
    return any(fragment in name for fragment in WELL_KNOWN)


def _characters(generator: np.random.Generator, pool: str, count: int) -> NDArray[np.str_]:
    letters = np.array(list(pool))
    return letters[generator.integers(0, len(letters), count)]


def person_names(generator: np.random.Generator, count: int) -> list[str]:
    """`count` names of persons; common surnames more often."""
    rank = np.minimum((len(_SURNAMES) * generator.random(count) ** 1.8).astype(np.int64), len(_SURNAMES) - 1)
    surnames = np.array(list(_SURNAMES))[rank]
    first = _characters(generator, _GIVEN, count)
    second = _characters(generator, _GIVEN, count)
    single = generator.random(count) < 0.14
    return [
        f"{s}{a}" if one else f"{s}{a}{b}"
        for s, a, b, one in zip(surnames, first, second, single, strict=True)
    ]


def brands(generator: np.random.Generator, count: int) -> list[str]:
    """`count` brands of two or three characters."""
    found: list[str] = []
    while len(found) < count:
        need = count - len(found)
        first = _characters(generator, _BRAND_FIRST, need)
        second = _characters(generator, _BRAND_SECOND, need)
        third = _characters(generator, _BRAND_THIRD, need)
        long = generator.random(need) < 0.6
        drawn = (
            f"{a}{b}{c}" if three else f"{a}{b}"
            for a, b, c, three in zip(first, second, third, long, strict=True)
        )
        found.extend(brand for brand in drawn if not contains_well_known(brand))
    return found


def company_names(
    generator: np.random.Generator, trades: list[str], taken: set[str], form: str = "有限公司"
) -> list[str]:
    """One company name for each trade word (`建材`, `纺织`, ...): city, brand, trade, legal form. None is in
    `taken`, to which they are added."""
    names: list[str] = []
    cities = [place.removesuffix("市") for place in CITIES]
    places = generator.integers(0, len(cities), len(trades))
    for trade, place, brand in zip(trades, places, brands(generator, len(trades)), strict=True):
        name = f"{cities[place]}{brand}{trade}{form}"
        while name in taken:
            name = f"{cities[place]}{brands(generator, 1)[0]}{trade}{form}"
        taken.add(name)
        names.append(name)
    return names


def addresses(generator: np.random.Generator, count: int) -> list[str]:
    """`count` addresses in invented places."""
    cities = generator.integers(0, len(CITIES), count)
    districts = generator.integers(0, len(DISTRICTS), count)
    streets = generator.integers(0, len(STREETS), count)
    numbers = generator.integers(1, 999, count)
    rooms = generator.integers(101, 2899, count)
    return [
        f"{CITIES[c]}{DISTRICTS[d]}{STREETS[s]}{n}号{r}室"
        for c, d, s, n, r in zip(cities, districts, streets, numbers, rooms, strict=True)
    ]
