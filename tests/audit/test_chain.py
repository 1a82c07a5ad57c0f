"""How entries are linked, and that whatever is done to the chain is found."""

from __future__ import annotations

import datetime
import decimal
import hashlib
import json
from collections import Counter
from dataclasses import replace

import pytest
from tests.audit.made import AT_US, Log, a_log, entry, row_of
from tests.audit.tampering import TAMPERINGS, Tampering, said_otherwise, write_anew

from loantrail.audit.chain import content, hashing, header, link
from loantrail.audit.model import FIELD_LENGTH_MAX, Break, Fault, Head, Outcome
from loantrail.errors import ConfigurationError, ValueRefused
from loantrail.ids import seeded_random

TAMPERING_COUNT = 10_000
CHAINS = 20


# Linking -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["sha256", "sm3"])
def test_a_hash_can_be_computed_by_other_software_from_what_is_stored(algorithm: str) -> None:
    log = Log()
    log.append([entry(1)], "sha256")
    log.append([entry(2), entry(3)], algorithm)

    hashed_first = (
        f'{{"algorithm":"{algorithm}","batch_no":2,"first_entry_no":2,"format":1,'
        f'"head_before":"{log.rows[0].hash.hex()}","last_entry_no":3,"made_at_us":{AT_US + 1}}}'
    )
    seed = hashlib.new(algorithm, hashed_first.encode()).digest()
    second = hashlib.new(algorithm, seed + log.rows[1].content).digest()
    third = hashlib.new(algorithm, second + log.rows[2].content).digest()

    assert [row.hash for row in log.rows[1:]] == [second, third]
    assert log.batches[1].head == third
    assert log.head == Head(2, 3, algorithm, third.hex(), AT_US + 1)


def test_content_is_one_line_of_json_with_sorted_keys_and_chinese_as_it_is() -> None:
    text = content(entry(7, before=None, after={"b": 1, "a": "甲"}, acting_for="S9"), 7, 3)

    assert text == (
        '{"acting_for":"S9","action":"warning.dispose","address":"10.0.0.1","after":{"a":"甲","b":1},'
        f'"at_us":{AT_US + 7},"batch_no":3,"before":null,"entry_no":7,"object_id":"W7","object_kind":"warning",'
        '"outcome":"done","person":"S1","request_id":"00000000000000000000000000000007","unit_id":"U1",'
        '"why":"资金用于采购，“合同”与发票一致"}'
    )


def test_dates_decimals_and_choices_are_written_as_text() -> None:
    noon = datetime.datetime(2026, 3, 31, 4, tzinfo=datetime.UTC)
    after = {
        "on": datetime.date(2026, 3, 31),
        "at": noon,
        "rate": decimal.Decimal("4.350"),
        "outcome": Outcome.REFUSED,
        "key": b"\x01\xff",
        "roles": {"b", "a"},
    }

    known = json.loads(content(entry(after=after), 1, 1))["after"]

    assert known == {
        "on": "2026-03-31",
        "at": "2026-03-31T04:00:00+00:00",
        "rate": "4.350",
        "outcome": "refused",
        "key": "01ff",
        "roles": ["a", "b"],
    }


def test_what_the_database_cannot_hold_is_replaced_and_what_looks_like_it_is_kept() -> None:
    text = content(entry(why="零\x00半\ud800完", after=["a\x00", {"k\x00": "\\u0000"}]), 1, 1)

    known = json.loads(text)
    assert known["why"] == "零\ufffd半\ufffd完"
    assert known["after"] == ["a\ufffd", {"k\ufffd": "\\u0000"}]
    text.encode()


def test_numbers_that_are_none_and_keys_of_several_kinds_are_written_as_text() -> None:
    after = {1: float("nan"), "a": [float("-inf"), 1.5], None: {"at": datetime.date(2026, 3, 31)}}

    assert json.loads(content(entry(after=after), 1, 1))["after"] == {
        "1": "nan",
        "a": ["-inf", 1.5],
        "None": {"at": "2026-03-31"},
    }


def test_what_is_no_value_is_refused() -> None:
    with pytest.raises(TypeError, match="values of type object"):
        content(entry(after={"a": object()}), 1, 1)


def test_a_field_that_is_searched_by_is_shortened_and_a_reason_is_not() -> None:
    long = "长" * 5_000

    known = json.loads(content(entry(object_id=long, why=long), 1, 1))

    assert known["object_id"] == "长" * (FIELD_LENGTH_MAX - 1) + "…"
    assert known["why"] == long


@pytest.mark.parametrize("action", ["", "read", "Loan.read", "loan.", "loan read", "loan.read\n"])
def test_an_action_is_a_noun_and_a_verb(action: str) -> None:
    with pytest.raises(ValueRefused, match="does not name an action"):
        content(entry(action=action), 1, 1)


def test_an_algorithm_that_the_log_does_not_have_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no algorithm 'md5'"):
        link([entry()], Head(), "md5", AT_US)


def test_a_machine_without_sm3_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_sm3(name: str, data: bytes = b"") -> object:
        raise ValueError(f"unsupported hash type {name}")

    hashing.cache_clear()
    monkeypatch.setattr(hashlib, "new", without_sm3)

    with pytest.raises(ConfigurationError, match="no SM3"):
        hashing("sm3")


def test_sm3_is_that_of_the_standard() -> None:
    # GB/T 32905-2016, appendix A.1.
    assert hashing("sm3")(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


# Verifying ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("piece", [1, 2, 7, 1_000])
def test_a_chain_that_nobody_touched_is_whole(piece: int) -> None:
    log = a_log(1)
    half = Log()
    for batch in log.batches[:5]:
        half.batches.append(batch)
    earlier = Head(5, log.batches[4].last_entry_no, log.batches[4].algorithm, log.batches[4].head.hex())

    found = log.verified([earlier, log.head, Head()], piece)

    assert found.broken is None
    assert (found.entry_count, found.batch_count, found.anchors) == (len(log.rows), 12, 3)
    assert found.head == log.head


def test_an_empty_log_is_whole_and_a_head_of_it_says_nothing() -> None:
    assert Log().verified([Head()]).is_whole
    cut = Log().verified([a_log(1, batches=1).head]).broken
    assert cut is not None
    assert (cut.fault, cut.entry_no) == (Fault.CUT, 1)


@pytest.mark.parametrize("seed", range(CHAINS))
def test_every_tampering_is_found(seed: int) -> None:
    random = seeded_random(seed)
    made = a_log(seed, batches=random.randint(3, 14))
    kinds: Counter[str] = Counter()
    for _ in range(TAMPERING_COUNT // CHAINS):
        tampered = made.copy()
        tampering: Tampering = random.choice(TAMPERINGS)
        first = tampering(tampered, random)
        assert (tampered.rows, tampered.batches) != (made.rows, made.batches), tampering.__name__

        found = tampered.verified([made.head], random.choice((1, 3, 1_000))).broken

        assert found is not None, f"{tampering.__name__} of entry {first} was not found"
        named = found.since <= first <= found.entry_no
        # Only where the chain is consistent in itself is more than one entry under suspicion.
        exact = found.entry_no == first or found.fault in (Fault.ANCHOR, Fault.CUT)
        assert named and exact, f"{tampering.__name__} of entry {first}: {found}"
        kinds[tampering.__name__] += 1
    assert set(kinds) == {one.__name__ for one in TAMPERINGS}


def test_a_chain_written_anew_is_narrowed_down_by_an_earlier_head() -> None:
    log = a_log(3)
    earlier = log.batches[4]
    anchors = [Head(5, earlier.last_entry_no, earlier.algorithm, earlier.head.hex()), log.head]
    anew = Log()
    for batch in log.batches:
        entries = [
            entry(number, why="改" if batch.batch_no == 8 else "")
            for number in range(batch.first_entry_no, batch.last_entry_no + 1)
        ]
        anew.append(entries, batch.algorithm)
    anew.rows[: earlier.last_entry_no] = log.rows[: earlier.last_entry_no]
    anew.batches[:5] = log.batches[:5]
    rest = Log(anew.rows[: earlier.last_entry_no], anew.batches[:5], anchors[0])
    for batch in log.batches[5:]:
        rest.append([entry(1)] * (batch.last_entry_no - batch.first_entry_no + 1), batch.algorithm)

    found = rest.verified(anchors).broken

    assert found is not None
    assert (found.fault, found.since, found.entry_no) == (
        Fault.ANCHOR,
        earlier.last_entry_no + 1,
        log.head.entry_no,
    )


# What is consistent in its hashes and still no log -----------------------------------------------------------


def test_rows_that_are_cut_within_a_batch_are_missed_without_any_head() -> None:
    log = Log()
    log.append([entry(number) for number in (1, 2, 3)])
    del log.rows[2:]

    assert log.verified().broken == Break(Fault.MISSING, 3, 1, "3", "2", since=3)


def test_a_head_that_lies_within_a_batch_now_is_another_chain() -> None:
    log, other = Log(), Log()
    log.append([entry(1), entry(2)])
    other.append([entry(number) for number in (1, 2, 3)])

    found = other.verified([log.head]).broken

    assert found == Break(Fault.ANCHOR, 2, 1, f"1 {log.head.head}", "", since=1)


def test_an_entry_that_says_another_batch_than_its_own_is_broken() -> None:
    log = Log()
    log.append([entry(1)])
    log.rows[0] = row_of(said_otherwise(log.rows[0].content, batch_no=2), b"")
    write_anew(log, 1)

    assert log.verified().broken == Break(Fault.BATCH, 1, 1, "1", "2", since=1)


def test_a_batch_that_ends_before_it_begins_is_broken() -> None:
    log = Log()
    log.append([entry(1)])
    log.batches[0] = replace(log.batches[0], last_entry_no=0)
    log.rows[0].hash = hashing("sha256")(hashing("sha256")(header(log.batches[0], "")) + log.rows[0].content)

    assert log.verified().broken == Break(Fault.BATCH, 1, 1, "1", "0", since=1)


def test_a_missing_batch_is_told_apart_from_a_changed_one() -> None:
    log = a_log(5)
    gone = log.batches.pop(3)

    found = log.verified().broken

    assert found is not None
    assert (found.fault, found.entry_no) == (Fault.BATCH, gone.first_entry_no)
