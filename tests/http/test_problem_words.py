"""What goes wrong with a request is said in both languages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic_core import PydanticKnownError
from pydantic_core._pydantic_core import list_all_errors
from tests.http.conftest import client_of

from loantrail.http.openapi import openapi_text
from loantrail.wording import request_in_chinese
from loantrail.wording.catalogue import request_faults

FAULTS_OF_A_LIMIT = {
    "minLength": ("string_too_short",),
    "maxLength": ("string_too_long",),
    "pattern": ("string_pattern_mismatch",),
    "minimum": ("greater_than_equal",),
    "maximum": ("less_than_equal",),
    "exclusiveMinimum": ("greater_than",),
    "exclusiveMaximum": ("less_than",),
    "minItems": ("too_short",),
    "maxItems": ("too_long",),
    "maxProperties": ("too_long",),
    "enum": ("enum", "literal_error"),
    "const": ("literal_error",),
    "required": ("missing",),
    "discriminator": ("union_tag_invalid", "union_tag_not_found"),
    "additionalProperties": ("extra_forbidden", "dict_type"),
    "multipleOf": ("multiple_of",),
}
FAULTS_OF_A_TYPE = {
    "integer": ("int_type", "int_parsing", "int_parsing_size", "int_from_float"),
    "number": ("float_type", "float_parsing", "finite_number"),
    "boolean": ("bool_type", "bool_parsing"),
    "string": ("string_type", "string_unicode"),
    "array": ("list_type", "tuple_type", "set_type"),
    "object": ("model_type", "model_attributes_type", "dict_type", "json_invalid", "json_type"),
    "null": ("none_required",),
}
FAULTS_OF_A_FORMAT = {
    "date": ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"),
    "date-time": ("datetime_type", "datetime_parsing", "datetime_from_date_parsing", "timezone_aware"),
    "uuid": ("uuid_type", "uuid_parsing"),
}


def _faults(schema: Any) -> Iterator[str]:
    """What pydantic may call a value that breaks a part of the description."""
    if isinstance(schema, list):
        for one in schema:
            yield from _faults(one)
    elif isinstance(schema, dict):
        for key, value in schema.items():
            yield from FAULTS_OF_A_LIMIT.get(key, ())
            if isinstance(value, str):
                known = {"type": FAULTS_OF_A_TYPE, "format": FAULTS_OF_A_FORMAT}.get(key, {})
                yield from known.get(value, ())
            yield from _faults(value)


def test_every_fault_that_the_interface_can_find_has_its_chinese() -> None:
    faults = set(_faults(json.loads(openapi_text())))
    assert len(faults) > 15
    assert faults - request_faults().keys() == set()


def test_the_words_of_a_fault_name_limits_that_it_has() -> None:
    contexts = {one["type"]: one["example_context"] for one in list_all_errors()}
    assert request_faults().keys() <= contexts.keys()
    for fault in request_faults():
        context = {name: "x" if value == "" else value for name, value in (contexts[fault] or {}).items()}
        if context and fault != "too_long":
            PydanticKnownError(fault, context)
        assert request_in_chinese(fault, context, "") is not None, fault


def test_a_fault_says_its_limits() -> None:
    assert request_in_chinese("string_too_long", {"max_length": 64}, "") == "最多 64 个字符"
    assert request_in_chinese("enum", {"expected": "'asc' or 'desc'"}, "") == "须为下列之一：asc, desc"
    assert request_in_chinese("value_error", {}, "Value error, there is no loan A") == "没有借据 A"
    assert request_in_chinese("value_error", {}, "Value error, something else") is None
    assert request_in_chinese("less_than", {}, "") is None


@pytest.mark.database
def test_a_problem_is_said_in_both_languages(bank_address: str) -> None:
    with client_of(bank_address) as client:
        missing = client.get("/api/v1/loans/none").json()
        refused = client.get("/api/v1/loans", params={"limit": 0, "offset": "x"}).json()
        nowhere = client.get("/api/v1/nothing").json()
        method = client.delete("/api/v1/loans").json()
        foreign = client.get("/api/v1/loans", headers={"Host": "elsewhere.example"}).json()
        form = client.post("/api/v1/imports", content="a=b", headers={"Content-Type": "text/plain"}).json()
        body = client.post(
            "/api/v1/imports", content="{", headers={"Content-Type": "application/json"}
        ).json()
    assert (missing["detail"], missing["detail_chinese"]) == ("There is no loan none", "没有借据 none")
    assert (missing["remedy"], missing["remedy_chinese"]) == (
        "Search the list of loans",
        "请在借据列表中查找",
    )
    said = {one["field"]: one["problem_chinese"] for one in refused["fields"]}
    assert (said["limit"], said["offset"]) == ("须不小于 1", "须为整数")
    assert (refused["detail_chinese"], refused["remedy_chinese"]) == ("请求不能使用", "请改正所列字段")
    assert (nowhere["detail_chinese"], method["detail_chinese"]) == (
        "这个地址没有内容",
        "这个地址不支持该方法",
    )
    assert foreign["detail_chinese"] == "本服务器不以该名称应答"
    assert form["remedy_chinese"] == "请带上请求头 Content-Type: application/json"
    assert body["fields"][0]["problem_chinese"] == "不合 JSON 语法"
