"""A large file handed out, as a proposal that a second person decides."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Final

from loantrail.approvals import store
from loantrail.approvals.deciding import Kind
from loantrail.approvals.model import Described
from loantrail.clock import business_date
from loantrail.identity.abilities import Ability
from loantrail.policy.reading import parameters_in_force


def _describe(
    connection: store.Database, content: Mapping[str, Any], maker: str, now: datetime.datetime
) -> Described:
    del now
    name = store.name_of(connection, maker)
    return Described(
        subject=content["path"],
        title_chinese=f"导出文件：{content['path']}（{name}）",
        title_english=f"Export of a file: {content['path']} ({name})",
        before=None,
        after={"path": content["path"], "conditions": content["query"], "person": maker},
        unit_id=store.unit_of_person(connection, maker),
    )


def _do(
    connection: store.Database, content: Mapping[str, Any], maker: str, checker: str, now: datetime.datetime
) -> Mapping[str, Any]:
    del content, maker, checker
    days = parameters_in_force(connection).at_or_first("export_open_days", business_date(now)).number
    return {"until": (now + datetime.timedelta(days=days)).isoformat()}


EXPORT: Final = Kind("export", "导出文件", "Export of a file", Ability.APPROVE, _describe, _do)
