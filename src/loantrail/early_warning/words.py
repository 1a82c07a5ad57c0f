"""Words of payment texts that tell a sweep, a trade or a refund: regular expressions."""

from __future__ import annotations

from typing import Final

SWEEP_WORDS: Final = "自动转入|自动赎回|自动申购|余额理财|余额宝|零钱通|活期理财"
TRADE_WORDS: Final = "货款|加工费|采购|材料|服务费|租金|运费|工程款|定金"
REFUND_WORDS: Final = "退款|退货|退回|退还|冲正|返还|退定金|退票"
