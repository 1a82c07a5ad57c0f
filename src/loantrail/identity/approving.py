"""Changes of persons, roles and keys as proposals that a security administrator decides."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Final

from loantrail.approvals.deciding import Kind
from loantrail.approvals.model import Described
from loantrail.identity import store_people
from loantrail.identity.abilities import Ability, Role
from loantrail.identity.changes import (
    AssignRole,
    Change,
    EditPerson,
    MakeKey,
    ResetSignIn,
    ResumePerson,
    WithdrawRole,
    subject_of,
    written_change,
)
from loantrail.identity.changing import apply_person_change, check_person_change
from loantrail.identity.store_people import Database
from loantrail.identity.workflow import Assignment, Person, State

_TITLES: Final = {
    "create": ("新建人员", "New person"),
    "edit": ("修改人员资料", "Change of a person's data"),
    "assign": ("授予角色", "Role given"),
    "withdraw": ("收回角色", "Role withdrawn"),
    "resume": ("恢复登录", "Sign-in resumed"),
    "reset_sign_in": ("重置登录", "Sign-in reset"),
    "make_key": ("系统接口密钥", "Key of a system"),
}
_UNTOLD: Final = ("secret_hash",)


def _describe(
    connection: Database, content: Mapping[str, Any], maker: str, now: datetime.datetime
) -> Described:
    change = check_person_change(connection, content, maker, now)
    subject = subject_of(change)
    chinese, english = _TITLES[change.kind]
    person = None if isinstance(change, MakeKey) else store_people.person(connection, change.person_id)
    if person is None:
        after = {name: value for name, value in written_change(change).items() if name not in _UNTOLD}
        # The number of a key says nothing to a person.
        called = change.name if isinstance(change, MakeKey) else subject
        return Described(subject, f"{chinese}：{called}", f"{english}: {called}", None, after)
    held = store_people.assignments(connection, [person.person_id])
    before, after = told(change, person, held, now)
    name = f"{person.name} {subject}"
    return Described(subject, f"{chinese}：{name}", f"{english}: {name}", before, after)


def told(
    change: Change, person: Person, held: Sequence[Assignment], now: datetime.datetime
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A person before and after a change, for who decides it: what stays out of both is not touched."""
    standing = [one for one in held if one.valid_to is None or one.valid_to > now]
    if isinstance(change, AssignRole | WithdrawRole):
        before = [_role(one.role, one.unit_id, one.valid_from, one.valid_to) for one in standing]
        if isinstance(change, AssignRole):
            grant = change.grant
            after = [*before, _role(grant.role, grant.unit_id, grant.valid_from, grant.valid_to)]
        else:
            kept = [one for one in standing if one.assignment_id != change.assignment_id]
            after = [_role(one.role, one.unit_id, one.valid_from, one.valid_to) for one in kept]
        return {"roles": before}, {"roles": after}
    if isinstance(change, EditPerson):
        fields = ("name", "unit_id", "openid_subject")
        return {one: getattr(person, one) for one in fields}, {one: getattr(change, one) for one in fields}
    if isinstance(change, ResumePerson):
        return {"state": person.state.value}, {"state": State.ACTIVE.value}
    assert isinstance(change, ResetSignIn)
    return (
        {"has_password": person.has_password, "second_factor_on": person.second_factor_on},
        {
            "has_password": person.has_password or change.password,
            "must_change_password": change.password or person.must_change_password,
            "second_factor_on": person.second_factor_on and not change.second_factor,
        },
    )


def _role(
    role: Role, unit_id: str | None, start: datetime.datetime | None, end: datetime.datetime | None
) -> dict[str, Any]:
    return {
        "role": role.value,
        "unit_id": unit_id,
        "valid_from": None if start is None else start.isoformat(),
        "valid_to": None if end is None else end.isoformat(),
    }


def _do(
    connection: Database, content: Mapping[str, Any], maker: str, checker: str, now: datetime.datetime
) -> Mapping[str, Any]:
    applied = apply_person_change(connection, content, maker, checker, now)
    once = {"one_time_password": applied.one_time_password} if applied.one_time_password else {}
    return {"subject": applied.subject, "once": once}


PERSON_CHANGE: Final = Kind(
    "person_change", "人员与权限变更", "Change of persons and rights", Ability.APPROVE_PEOPLE, _describe, _do
)
