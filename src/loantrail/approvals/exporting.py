"""A large file handed out, as a proposal that a second person decides."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Final

from loantrail.approvals import store
from loantrail.approvals.deciding import Kind
from loantrail.approvals.model import Described
from loantrail.identity.abilities import Ability

OPEN_FOR: Final = datetime.timedelta(days=7)
"""How long an approved file can be fetched."""


def _describe(
    connection: store.Database, content: Mapping[str, Any], maker: str, now: datetime.datetime
) -> Described:
    del now
    return Described(
        subject=content["path"],
        title_chinese=f"导出文件：{content['path']}（{maker}）",
        title_english=f"Export of a file: {content['path']} ({maker})",
        before=None,
        after={"path": content["path"], "conditions": content["query"], "person": maker},
        unit_id=store.unit_of_person(connection, maker),
    )


def _do(
    connection: store.Database, content: Mapping[str, Any], maker: str, checker: str, now: datetime.datetime
) -> Mapping[str, Any]:
    del connection, content, maker, checker
    return {"until": (now + OPEN_FOR).isoformat()}


EXPORT: Final = Kind("export", "导出文件", "Export of a file", Ability.APPROVE, _describe, _do)
