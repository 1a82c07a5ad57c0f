"""What is read out of a body, and how one that cannot be read is refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from loantrail.errors import InputError, LimitExceeded
from loantrail.monitor.payload import BYTES_MAX, COMMAS_FEW, JSON, NDJSON, ROWS_MAX, XML, read_payload
from loantrail.sources.iso20022 import Iso20022Adapter
from loantrail.wording import in_chinese

LINE = b'{"booked_at": "2026-03-01T10:00:00+08:00", "account": "A", "direction": "debit", "amount_fen": 100}'


def read(body: bytes, kind: str = JSON, charset: str = ""):
    return read_payload(body, kind, "test", charset)


def test_one_row_and_an_array_of_rows_are_read() -> None:
    assert [row.position for row in read(LINE).sent] == [1]
    several = read(b"\xef\xbb\xbf [" + LINE + b",\n" + LINE + b"]")
    assert [row.position for row in several.sent] == [1, 2]
    assert several.sent[1].original == LINE
    assert several.sent[0].values["amount_fen"] == 100


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b"[]", "empty"),
        (b"7", "neither a JSON object nor an array"),
        (b"\xff\xfe", "the body is not UTF-8"),
        (b"[1]", "element 1 of the array is no object"),
        (b'[{"a": 1},\n {"b": }]', "line 2, column 8"),
        (b'\n\n{"a": 1', "line 3, column 8"),
        (b'{"a": 1} {"b": 2}', "trailing characters at line 1, column 1"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' * 50_000, "nested too deeply"),
    ],
)
def test_a_body_that_is_no_json_is_refused_as_a_whole_with_its_place(body: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read(body)


@pytest.mark.parametrize(
    "body",
    [
        b"{a:1}", b'{"a" 1}', b'{"a":1,}', b"[{},]", b'{"a":1 "b":2}', b'{"a":01}', b'{"a":tru}', b'{"a":"\\x"}', b'{"a":"\\udc00"}',
        b'{"a":"\\u12g4"}', b'{"a":"\\ud800b","c":1}', b'{"a":"\\ud800\\u0041"}', b'{"a":"x', b'{"a":1}}', b'{"a":"\x01"}',
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_body_is_said_wholly_in_chinese(body: bytes) -> None:
    with pytest.raises(InputError) as caught:
        read(body)
    said = in_chinese(caught.value.problem)
    assert said and not re.search(r"[A-Za-z]{2}", re.sub(r"JSON|Unicode|UTF-16", "", said)), said


def test_a_body_in_another_character_set_is_refused() -> None:
    with pytest.raises(InputError, match="UTF-8"):
        read(LINE, charset="gb18030")
    found = read('[{"account": "账"}]'.encode("gb18030"))
    assert [one.reason for one in found.refused] == ["json_malformed"]


@pytest.mark.parametrize("kind", [JSON, NDJSON])
def test_a_row_in_gbk_is_told_its_encoding_and_what_to_send(kind: str) -> None:
    [refused] = read('{"account": "6201", "purpose_text": "货款"}'.encode("gbk"), kind).refused

    assert refused.message == "the row is not UTF-8 and may be GBK or GB18030; send it in UTF-8"
    assert in_chinese(refused.message) == "这一行的编码不是 UTF-8，可能是 GBK 或 GB18030；请以 UTF-8 发送"


def test_a_body_in_gbk_that_breaks_off_is_told_its_encoding() -> None:
    with pytest.raises(InputError) as caught:
        read('[{"purpose_text": "货款'.encode("gbk"))
    assert in_chinese(caught.value.problem) == "请求内容的编码不是 UTF-8，可能是 GBK 或 GB18030"
    assert in_chinese(caught.value.remedy) == "请以 UTF-8 发送"


def test_rows_that_cannot_be_read_are_refused_alone() -> None:
    found = read(
        b"["
        + LINE
        + b', {"account": {"deep": 1}}, {"amount": 5}, {"source_file": "x"}, {"amount_fen": 1e400}, {"amount_fen": '
        + b"9" * 400
        + b"}]"
    )
    assert len(found.sent) + len(found.refused) == 6
    reasons = {one.position: (one.field, one.reason) for one in found.refused}
    assert reasons[2] == ("account", "value_not_plain")
    assert in_chinese(found.refused[0].message.partition("; ")[0]) == (
        "这一行的“account”不是文字、数字、true、false 或 null"
    )
    assert reasons[3] == ("amount", "field_unknown")
    assert reasons[4] == ("source_file", "field_unknown")
    assert "is given here" in found.refused[2].message
    assert found.row_count == 6


def test_a_line_that_is_no_json_leaves_the_other_lines_alone() -> None:
    found = read(LINE + b"\n\n{broken}\n" + b"[" * 5000 + b"\n" + LINE, NDJSON)
    assert [row.position for row in found.sent] == [1, 5]
    assert [(one.position, one.reason) for one in found.refused] == [
        (3, "json_malformed"),
        (4, "value_not_plain"),
    ]
    assert "line 1, column 2" in found.refused[0].message
    assert found.refused[1].message == "the row is no object; a row is an object of field names and values"


@pytest.mark.parametrize("number", [b"1e400", b"-1e999"])
@pytest.mark.parametrize(("form", "kind"), [(b"%s\n%s", NDJSON), (b"[%s, %s]", JSON)])
def test_a_number_out_of_range_is_called_that_with_its_field(number: bytes, form: bytes, kind: str) -> None:
    row = LINE[:-1] + b', "balance_fen": ' + number + b"}"

    [refused] = read(form % (LINE, row), kind).refused

    assert (refused.position, refused.field, refused.reason) == (2, "balance_fen", "value_not_plain")
    assert refused.message == (
        "'balance_fen' in the row is a number out of range; correct the row and send it again"
    )
    assert in_chinese(refused.message) == "这一行的“balance_fen”是超出范围的数；请改正这一行后重新发送"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (b'{"account": [1], broken', "object keys must be strings at line 1, column 18"),
        (b'{"account": 1e400}{', "trailing characters at line 1"),
        (b'{"account": ' + b"[" * 5000, "nested too deeply"),
    ],
)
def test_a_line_that_is_no_json_behind_a_value_that_is_not_plain_is_refused_alone(
    row: bytes, says: str
) -> None:
    found = read(LINE + b"\n" + row + b"\n" + LINE, NDJSON)

    assert [one.position for one in found.sent] == [1, 3]
    [refused] = found.refused
    assert (refused.position, refused.reason) == (2, "json_malformed")
    assert says in refused.message
    assert in_chinese(refused.message) is not None


TWICE = LINE[:-1] + b', "amount_fen": 9900}'


@pytest.mark.parametrize(
    "row",
    [
        TWICE,
        LINE[:-1] + b', "am\\u006funt_fen": 100}',
        LINE[:-1] + b', "purpose_text": "a \\\\ \\" b", "amount_fen": 100}',
        LINE[:-1] + b', "amount_fen": 1e308}',
        LINE[:-1] + b', "amount_fen": null, "unheard": 1}',
        b'{"amount_fen": 1e400, "amount_fen": 1}',
        b'{"amount_fen": [1], "amount_fen": 1}',
    ],
)
def test_a_name_that_stands_twice_in_a_row_refuses_that_row_alone(row: bytes) -> None:
    around = (
        ([row], JSON, b"%s", 1),
        ([LINE, row, LINE], JSON, b"[%s]", 2),
        ([LINE, row, LINE], NDJSON, b"%s", 2),
    )
    for rows, kind, form, place in around:
        found = read(form % (b"\n" if kind == NDJSON else b", ").join(rows), kind)
        assert [(one.position, one.field, one.reason) for one in found.refused] == [
            (place, "amount_fen", "field_twice")
        ]
        assert found.refused[0].original == row
        assert found.refused[0].message.startswith("'amount_fen' stands more than once in the row")
        assert len(found.sent) == len(rows) - 1


NAMES = some.sampled_from(["account", "purpose_text", "reference", "document_no", "sequence"])
VALUES = some.one_of(
    some.text(alphabet='a":,{}\\/\u8d26\n\x7f\u2028 ', max_size=6),
    some.integers(-9, 9),
    some.floats(allow_nan=False, allow_infinity=False),
    some.booleans(),
    some.none(),
)
WAYS: tuple[Callable[[object], str], ...] = (
    json.dumps,
    lambda value: json.dumps(value, ensure_ascii=False),
    lambda value: (
        json.dumps(value).replace("/", "\\/").replace("a", "\\u0061")
        if isinstance(value, str)
        else json.dumps(value)
    ),
)


@settings(max_examples=300, deadline=None)
@given(
    some.lists(some.lists(some.tuples(NAMES, VALUES), min_size=1, max_size=5), min_size=1, max_size=4),
    some.sampled_from(WAYS),
    some.booleans(),
)
def test_exactly_the_rows_in_which_a_name_stands_twice_are_refused(
    rows: list[list[tuple[str, object]]], written: Callable[[object], str], in_lines: bool
) -> None:
    texts = [
        "{" + ", ".join(f"{written(name)}: {written(value)}" for name, value in row) + "}" for row in rows
    ]
    body = ("\n".join(texts) if in_lines else f"[{','.join(texts)}]").encode()

    found = read(body, NDJSON if in_lines else JSON)

    twice = [number for number, row in enumerate(rows, 1) if len({name for name, _ in row}) < len(row)]
    assert [one.position for one in found.refused] == twice
    assert {one.reason for one in found.refused} <= {"field_twice"}
    kept = {one.position: one.values for one in found.sent}
    assert kept == {number: dict(row) for number, row in enumerate(rows, 1) if number not in twice}


def test_more_rows_than_are_taken_at_once_are_refused() -> None:
    for body, kind in (
        (b"[" + b",".join([b"{}"] * (ROWS_MAX + 1)) + b"]", JSON),
        (b"{}\n" * (ROWS_MAX + 1), NDJSON),
        (b"{}\n" * 1_000_000, NDJSON),
        (b"[" + b"0," * 1_000_000 + b"0]", JSON),
    ):
        with pytest.raises(LimitExceeded, match="more than 8192 rows") as caught:
            read(body, kind)
        assert in_chinese(caught.value.problem)


def test_as_many_rows_as_are_taken_at_once_are_read_whatever_commas_stand_in_them() -> None:
    row = b'{"account": "A", "purpose_text": "' + b", " * 40 + b'"}'

    found = read(b"[" + b",".join([row] * ROWS_MAX) + b"]")

    assert [one.position for one in found.sent] == list(range(1, ROWS_MAX + 1))
    with pytest.raises(InputError, match="element 2 of the array is no object"):
        read(b"[" + row + b", [" + b"0," * COMMAS_FEW + b"0]]")
    with pytest.raises(InputError, match="no JSON"):
        read(b"[" + b",".join([row] * (ROWS_MAX + 2)) + b"}")


def test_an_array_of_very_many_elements_takes_little_memory() -> None:
    body = b"[" + b"0," * (BYTES_MAX // 2 - 1) + b"0]"
    script = (
        "import resource, sys\n"
        "from loantrail.errors import LimitExceeded\n"
        "from loantrail.monitor.payload import JSON, read_payload\n"
        "read_payload(b'[{}]', JSON, 'test')\n"
        "body = sys.stdin.buffer.read()\n"
        "used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = used()\n"
        "try:\n"
        "    read_payload(body, JSON, 'test')\n"
        "except LimitExceeded:\n"
        "    print(used() - before)\n"
    )

    told = subprocess.run([sys.executable, "-c", script], input=body, capture_output=True, check=True)

    assert int(told.stdout) < 64 * 1024, "KiB"


def test_a_message_that_is_no_message_is_refused() -> None:
    for body in (b"<a/>", b"no xml", b'<!DOCTYPE a [<!ENTITY b "c">]><Document>&b;</Document>'):
        with pytest.raises(InputError):
            read(body, XML)


def test_where_a_message_is_no_xml_is_said_to_who_sent_it() -> None:
    with pytest.raises(InputError) as caught:
        read(b"<Document>\n  <a></b></Document>", XML)
    told = caught.value
    assert told.problem == "not a readable XML message: mismatched tag at line 2, column 8"
    assert in_chinese(told.problem) == "不是可读的 XML 报文：第 2 行第 8 列，标签不配对"
    assert in_chinese(told.remedy) == "请在该处改正报文后完整发送，或请发送方改正"


def test_a_message_that_its_adapter_did_not_foresee_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise TypeError("not foreseen")

    monkeypatch.setattr(Iso20022Adapter, "read", fails)
    with pytest.raises(InputError, match="the adapter iso20022 failed: TypeError: not foreseen") as caught:
        read(b"<Document/>", XML)
    assert in_chinese(caught.value.problem)


@pytest.mark.parametrize(
    "lines",
    [
        (b'{"account": "A"} {"account":', b'"B"}'),
        (b'{"account": "A"}{"account": "B"}', b'{"account": "C"}'),
        (b'{"account":', b'"A"} {"account": "B"}', b'{"account": "C"}'),
        (b'{"account": "A"}', b"", b'{"account": "B"}\r'),
        (b'  {"account": "A"}  ', b'\t{"account": "B"}'),
        (b'{"account": "}"}', b'{"account": "{"}'),
        (b'{"account": {}}', b'{"account": "B"}'),
        (b'{"account": "A", "account": "B"}', b'{"amount": 1}'),
    ],
)
def test_each_line_is_read_by_itself_whatever_stands_beside_it(lines: tuple[bytes, ...]) -> None:
    """Rows read at once are those that are read one by one."""
    together = read(b"\n".join(lines), NDJSON)
    numbered = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    for number, line in numbered:
        # A blank line before it keeps a line from being read at once with others.
        alone = read(b"\n" * number + line, NDJSON)
        sent = [(row.values, row.original) for row in together.sent if row.position == number]
        refused = [(one.reason, one.original) for one in together.refused if one.position == number]
        assert sent == [(row.values, row.original) for row in alone.sent]
        assert refused == [(one.reason, one.original) for one in alone.refused]
    assert together.row_count == len(numbered)
