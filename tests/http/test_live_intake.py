"""Statement lines that come in live: what is answered is what stands in the books."""

from __future__ import annotations

import json
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest
from tests.http.conftest import application, client_of
from tests.signing_in import KEY, hashed

from loantrail.monitor import writing
from loantrail.monitor.payload import BYTES_MAX, ROWS_MAX

pytestmark = pytest.mark.database
PATH = "/api/v1/transactions"
NDJSON = {"content-type": "application/x-ndjson"}


def line(number: int, **values: Any) -> dict[str, Any]:
    return {
        "booked_at": f"2026-03-{1 + number % 28:02d}T10:00:00+08:00",
        "account": f"62{number % 7}",
        "direction": "debit" if number % 2 else "credit",
        "amount_fen": 100 + number,
        "counterparty_account": f"63{number % 5}",
        "reference": f"R{number}",
        **values,
    }


@pytest.fixture
def books(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def count(books: psycopg.Connection[Any], of: str = "published.statement_line") -> int:
    row = books.execute(f"SELECT count(*) FROM {of}").fetchone()
    assert row is not None
    return int(row[0])


def test_rows_are_accepted_once_and_the_books_hold_them(
    own_client: httpx.Client, books: psycopg.Connection[Any]
) -> None:
    rows = [line(number) for number in range(5)]

    first = own_client.post(PATH, json=rows).json()
    again = own_client.post(PATH, content="\n".join(map(json.dumps, rows)), headers=NDJSON).json()
    single = own_client.post(PATH, json=line(9, amount_fen="12300", currency="USD")).json()

    assert (first["accepted"], first["duplicate"], first["refused"]) == (5, 0, 0)
    assert (again["accepted"], again["duplicate"], again["refused"]) == (0, 5, 0)
    assert [row["line_id"] for row in first["rows"]] == [row["line_id"] for row in again["rows"]]
    assert single["accepted"] == 1
    found = books.execute(
        "SELECT line_id, amount_fen, currency, source_file FROM published.statement_line ORDER BY arrival_number"
    ).fetchall()
    assert [row[0] for row in found] == [row["line_id"] for row in (*first["rows"], *single["rows"])]
    assert found[-1][1:3] == (12300, "USD")
    assert found[0][3].startswith("live/")


def test_rows_without_a_reference_are_counted_in_their_own_request(own_client: httpx.Client) -> None:
    same = line(1, reference=None)

    twice = own_client.post(PATH, json=[same, same]).json()
    again = own_client.post(PATH, json=[same, same, same]).json()

    assert twice["accepted"] == 2
    assert (again["accepted"], again["duplicate"]) == (1, 2)


def test_rows_that_break_a_rule_are_refused_alone_and_kept(
    own_client: httpx.Client, books: psycopg.Connection[Any]
) -> None:
    bad = '{"account": "620", "amount": 5}'
    body = "\n".join(
        [
            json.dumps(line(1)),
            "{broken",
            bad,
            json.dumps(line(2, amount_fen=-5)),
            json.dumps(line(3, amount_fen=1.5)),
            json.dumps(line(1, amount_fen=999)),
            json.dumps(line(4, booked_at="yesterday")),
        ]
    )

    answer = own_client.post(PATH, content=body, headers=NDJSON)

    assert answer.status_code == 200
    told = {row["position"]: row for row in answer.json()["rows"]}
    assert {place: row["reason"] for place, row in told.items()} == {
        1: None,
        2: "json_malformed",
        3: "field_unknown",
        4: "amount_not_positive",
        5: "amount_finer_than_minor_unit",
        6: "same_key_other_content",
        7: "instant_unreadable",
    }
    assert told[4]["field"] == "amount_fen"
    assert all(row["message"] and row["remedy"] and row["refusal_id"] for row in list(told.values())[1:])
    kept = dict(
        books.execute("SELECT position, original FROM ledger.refusal WHERE state = 'open'").fetchall()
    )
    assert sorted(kept) == [2, 3, 4, 5, 6, 7]
    assert bytes(kept[3]).decode() == bad
    assert count(books) == 1
    # The same bad rows again are not listed twice.
    own_client.post(PATH, content=body, headers=NDJSON)
    assert count(books, "ledger.refusal") == 6


@pytest.mark.parametrize("named", ['{"a\\u0000b": 1}', '{"a\\u0000": 1, "a\\u0000": 2}'])
def test_a_field_whose_name_no_text_can_hold_refuses_its_row_alone(
    own_client: httpx.Client, books: psycopg.Connection[Any], named: str
) -> None:
    answer = own_client.post(PATH, content=f"{json.dumps(line(1))}\n{named}", headers=NDJSON)

    assert answer.status_code == 200, answer.text
    assert [row["outcome"] for row in answer.json()["rows"]] == ["accepted", "refused"]
    kept = books.execute("SELECT original FROM ledger.refusal").fetchall()
    assert [bytes(original).decode() for (original,) in kept] == [named]


def test_what_is_wrong_with_a_row_and_what_to_do_are_said_in_chinese_too(own_client: httpx.Client) -> None:
    odd: list[dict[str, Any]] = [
        {"unheard": 1},
        {"source_file": "x"},
        {"account": {"deep": 1}},
        {"account": ""},
        {"account": "a" * 300},
        {"booked_at": "2024-02-30"},
        {"booked_at": "yesterday"},
        {"booked_at": None},
        {"booked_at": "1812-06-24"},
        {"direction": "借"},
        {"amount_fen": "x"},
        {"amount_fen": "1.5"},
        {"amount_fen": 0},
        {"amount_fen": 10**15 + 1},
        {"amount_fen": 10**30},
        {"balance_fen": "x"},
        {"sequence": "x"},
        {"currency": "XXX"},  # ISO 4217's own code for no currency: no account is kept in it
        {"purpose_text": "a\0b"},
        {"purpose_text": "货; 款" * 9, "direction": "a; b"},
        {"amount_fen": 777},
    ]
    texts = [json.dumps(line(1)), *(json.dumps(line(1, **one)) for one in odd)]
    texts += ["{broken", "[1]", "[" * 3_000, json.dumps(line(2))[:-1] + ', "account": "x"}']
    own_client.post(PATH, json=line(30, booked_at="2026-03-01T10:00:00+08:00"))
    texts.append(json.dumps(line(3, booked_at="2126-03-01T10:00:00+08:00")))

    key = {"idempotency-key": "bad-rows"}
    answer = own_client.post(PATH, content="\n".join(texts), headers=NDJSON | key)

    refused = [row for row in answer.json()["rows"] if row["outcome"] == "refused"]
    assert len(refused) == len(texts) - 1
    for row in refused:
        for said in (row["message_chinese"], row["remedy_chinese"]):
            assert said and any("\u4e00" <= character <= "\u9fff" for character in said), row
    told = {row["reason"]: row for row in refused}
    assert (
        told["amount_not_positive"]["message_chinese"]
        == "金额（amount_fen）为“0”：金额须大于零；金额只写大小，收支方向另写"
    )
    unknown, untimely = told["choice_unknown"], told["instant_unreadable"]
    assert unknown["message"].endswith(": it is none of the known values; known are debit, credit")
    assert unknown["remedy"] == (
        "Send one of the known values, or where a file has others, name them in its mapping file"
    )
    assert untimely["message"].endswith(": it cannot be read as a time")
    assert untimely["remedy_chinese"] == (
        "请写成 2026-03-01T10:15:00+08:00；文件里是其他格式的，请在其映射文件里写明"
    )
    for row in refused:
        assert row["reason"] not in row["message"], row
        assert "Expected" not in row["message_chinese"], row
    assert told["field_twice"]["remedy_chinese"] == "每个字段请只写一次"
    assert own_client.post(PATH, content="\n".join(texts), headers=NDJSON | key).content == answer.content
    # Of what is well there is nothing to say.
    [good] = own_client.post(PATH, json=line(50)).json()["rows"]
    assert (good["message_chinese"], good["remedy_chinese"]) == (None, None)


def test_an_account_number_that_shows_nothing_refuses_its_row_alone(own_client: httpx.Client) -> None:
    rows = [line(1), line(2, account="\u200b"), line(3, counterparty_account="\ufeff\u200d")]
    transfer = (
        "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08'><FIToFICstmrCdtTrf><GrpHdr><CreDtTm>"
        "2026-03-02T10:00:00</CreDtTm></GrpHdr><CdtTrfTxInf><PmtId><TxId>T1</TxId></PmtId><IntrBkSttlmAmt Ccy='CNY'>5.00"
        "</IntrBkSttlmAmt><DbtrAcct><Id><Othr><Id>6201</Id></Othr></Id></DbtrAcct><CdtrAcct><Id><Othr><Id>\u200b</Id></Othr>"
        "</Id></CdtrAcct></CdtTrfTxInf></FIToFICstmrCdtTrf></Document>"
    )

    sent = own_client.post(PATH, json=rows)
    message = own_client.post(PATH, content=transfer.encode(), headers={"content-type": "application/xml"})

    told = [[(row["outcome"], row["reason"]) for row in answer.json()["rows"]] for answer in (sent, message)]
    assert told == [
        [("accepted", None), ("refused", "account_missing"), ("accepted", None)],
        [("accepted", None), ("refused", "account_missing")],
    ]


def test_a_line_of_an_account_with_hidden_digits_is_refused_alone_and_opens_no_account(
    own_client: httpx.Client, books: psycopg.Connection[Any]
) -> None:
    rows = [
        line(1, account="6222****1234"),
        line(2, account="6222＊＊＊＊1234", currency="USD"),
        line(3, counterparty_account="6222****1234"),
    ]

    told = own_client.post(PATH, json=rows).json()

    assert [(row["outcome"], row["reason"]) for row in told["rows"]] == [
        ("refused", "account_masked"),
        ("refused", "account_masked"),
        ("accepted", None),
    ]
    first = told["rows"][0]
    assert first["message_chinese"] == "账号（account）为“6222****1234”：账号被遮蔽；这样书写的可能有多个账户"
    assert first["remedy_chinese"] == "请给出完整账号"
    found = books.execute("SELECT count(*) FROM published.account WHERE account LIKE '6222%'").fetchone()
    assert found == (0,)


def test_a_fee_under_the_number_of_its_payment_is_taken_where_balances_prove_it(
    own_client: httpx.Client, books: psycopg.Connection[Any]
) -> None:
    rows = [
        line(1, account="777", direction="credit", amount_fen=500, balance_fen=500, reference="A"),
        line(1, account="777", direction="debit", amount_fen=100, balance_fen=400, reference="P", sequence=2),
        line(1, account="777", direction="debit", amount_fen=1, balance_fen=399, reference="P", sequence=3),
    ]

    first = own_client.post(PATH, json=rows).json()
    again = own_client.post(PATH, json=rows).json()

    assert first["accepted"] == 3, first
    assert again["duplicate"] == 3, again
    ids = [row["line_id"] for row in first["rows"]]
    assert ids == [row["line_id"] for row in again["rows"]]
    found = books.execute("SELECT line_id FROM published.statement_line").fetchall()
    assert sorted(ids) == sorted(row[0] for row in found)


def test_messages_of_banks_are_taken(own_client: httpx.Client, books: psycopg.Connection[Any]) -> None:
    entry = (
        "<Ntry><Amt Ccy='CNY'>12.30</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>"
        "<BookgDt><Dt>2026-03-02</Dt></BookgDt><AcctSvcrRef>X{}</AcctSvcrRef></Ntry>"
    )
    message = (
        "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.054.001.08'><BkToCstmrDbtCdtNtfctn><GrpHdr>"
        "<MsgId>1</MsgId><CreDtTm>2026-03-02T10:00:00</CreDtTm></GrpHdr><Ntfctn><Id>1</Id><Acct><Id><Othr><Id>6201</Id>"
        "</Othr></Id><Ccy>CNY</Ccy></Acct>" + entry.format(1) + entry.format(2)
    )
    end = "</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"

    whole = own_client.post(PATH, content=message + end, headers={"content-type": "application/xml"}).json()
    broken = own_client.post(PATH, content=message, headers={"content-type": "text/xml"}).json()

    assert whole["accepted"] == 2, whole
    assert broken["duplicate"] == 2, broken
    assert [row["reason"] for row in broken["rows"] if row["outcome"] == "refused"] == ["xml_broken"]
    assert "line 1, column" in broken["rows"][0]["message"]
    assert count(books) == 2


def test_what_messages_say_of_a_line_far_ahead_and_of_themselves_is_kept_of_each(
    own_client: httpx.Client, books: psycopg.Connection[Any]
) -> None:
    def send(amount: str, day: str) -> list[dict[str, Any]]:
        message = (
            "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.054.001.08'><BkToCstmrDbtCdtNtfctn><Ntfctn><Acct><Id><Othr>"
            f"<Id>6201</Id></Othr></Id></Acct><Ntry><Amt Ccy='CNY'>{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>"
            f"<ValDt><Dt>{day}</Dt></ValDt></Ntry></Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
        )
        return own_client.post(PATH, content=message, headers={"content-type": "application/xml"}).json()[
            "rows"
        ]

    send("1.00", "2026-03-01")
    first, second, again = (
        send("11.00", "2126-03-02"),
        send("22.00", "2126-03-02"),
        send("22.00", "2126-03-02"),
    )

    assert [row["reason"] for row in first] == ["booking_date_missing", "booked_in_future"]
    assert second == again
    assert not {row["refusal_id"] for row in first} & {row["refusal_id"] for row in second}
    kept = books.execute(
        "SELECT refusal_id, record->>'amount_fen', original FROM ledger.refusal WHERE reason = 'booked_in_future'"
    ).fetchall()
    assert {row[0]: row[1] for row in kept} == {
        first[1]["refusal_id"]: "1100",
        second[1]["refusal_id"]: "2200",
    }
    assert all(row[2] for row in kept)
    assert count(books, "ledger.refusal WHERE reason = 'booking_date_missing'") == 3


def test_a_key_gets_the_same_answer_again_and_another_body_is_a_conflict(
    own_client: httpx.Client, books: psycopg.Connection[Any]
) -> None:
    key = {"Idempotency-Key": "k-1"}

    first = own_client.post(PATH, json=[line(1), line(2, amount_fen=0)], headers=key)
    own_client.post(PATH, json=line(1))
    again = own_client.post(PATH, json=[line(1), line(2, amount_fen=0)], headers=key)
    other = own_client.post(PATH, json=line(3), headers=key)

    assert first.json()["accepted"] == 1
    assert again.content == first.content
    assert other.status_code == 409
    assert other.json()["code"] == "idempotency_key_reused"
    assert count(books) == 1


def test_a_row_whose_account_the_books_do_not_know_says_so(
    own_client: httpx.Client, books: psycopg.Connection[Any]
) -> None:
    books.execute(
        "INSERT INTO ledger.account (account, account_number, kind) VALUES ('6200', '6200', 'settlement')"
    )
    books.commit()
    of_record = line(1, account="6200", counterparty_account="6900")
    mistyped = [line(number, account="6201", counterparty_account="6200") for number in (2, 3)]
    refused = line(4, account="6299", amount_fen=0)

    first = own_client.post(PATH, json=[of_record, *mistyped, refused, mistyped[0]]).json()
    later = own_client.post(PATH, json=[line(5, account="6201"), mistyped[1]]).json()
    paid_before = own_client.post(PATH, json=line(6, account="6900")).json()

    assert [(row["outcome"], row["account_is_new"]) for row in first["rows"]] == [
        ("accepted", False),
        ("accepted", True),
        ("accepted", True),
        ("refused", False),
        ("duplicate", False),
    ]
    assert first["new_accounts"] == 1
    assert [(row["outcome"], row["account_is_new"]) for row in later["rows"]] == [
        ("accepted", False),
        ("duplicate", False),
    ]
    assert later["new_accounts"] == 0
    # One of another bank that was paid is no account of ours.
    assert (paid_before["rows"][0]["account_is_new"], paid_before["new_accounts"]) == (True, 1)


def test_a_request_that_is_repeated_is_told_again_which_accounts_were_new(
    own_client: httpx.Client, books: psycopg.Connection[Any]
) -> None:
    key = {"Idempotency-Key": "k-1"}

    first = own_client.post(PATH, json=[line(1), line(8)], headers=key)
    own_client.post(PATH, json=line(15))
    again = own_client.post(PATH, json=[line(1), line(8)], headers=key)

    assert [row["account_is_new"] for row in first.json()["rows"]] == [True, True]
    assert again.content == first.content


def test_an_answer_that_an_earlier_version_kept_is_given_again(
    own_client: httpx.Client, books: psycopg.Connection[Any]
) -> None:
    key = {"Idempotency-Key": "k-1"}
    answer = own_client.post(PATH, json=line(1), headers=key).json()
    del answer["new_accounts"], answer["rows"][0]["account_is_new"]
    kept = zlib.compress(json.dumps(answer).encode())
    books.execute("UPDATE live.request SET answer = %s", (kept,))
    books.commit()

    again = own_client.post(PATH, json=line(1), headers=key).json()

    assert again["rows"][0]["outcome"] == "accepted"
    assert (again["rows"][0]["account_is_new"], again["new_accounts"]) == (False, 0)


def test_two_systems_that_name_their_requests_alike_are_each_answered(
    own_client: httpx.Client, books: psycopg.Connection[Any]
) -> None:
    of_another = KEY.replace("k", "c")
    books.execute(
        "INSERT INTO identity.api_key (key_id, secret_hash, name, abilities, made_at, maker, expires_at) "
        "SELECT 'cards', %s, 'card system', abilities, made_at, maker, expires_at FROM identity.api_key WHERE key_id = 'live'",
        (hashed(of_another),),
    )
    books.commit()
    named = {"Idempotency-Key": "1"}
    of_cards = named | {"Authorization": f"Bearer {of_another}"}

    core = own_client.post(PATH, json=line(1), headers=named).json()
    cards = own_client.post(PATH, json=line(2), headers=of_cards).json()

    assert (core["accepted"], cards["accepted"]) == (1, 1)
    assert own_client.post(PATH, json=line(2), headers=of_cards).json() == cards
    assert count(books) == 2


def test_each_request_that_is_answered_is_on_record_with_what_became_of_its_rows(
    own_client: httpx.Client, books: psycopg.Connection[Any]
) -> None:
    own_client.post(PATH, json=[line(1), line(2, amount_fen=0)], headers={"Idempotency-Key": "k-1"})
    own_client.post(PATH, json=[line(1), line(2, amount_fen=0)], headers={"Idempotency-Key": "k-1"})
    own_client.post(PATH, json=line(3), headers={"Idempotency-Key": "k-1"})
    own_client.post(PATH, json=line(1))

    told = books.execute(
        "SELECT content::jsonb -> 'after' FROM audit.entry WHERE content::jsonb ->> 'action' = 'transactions.send' "
        "ORDER BY entry_no"
    ).fetchall()

    assert [row[0] for row in told] == [
        {"accepted": 1, "duplicate": 0, "refused": 1},
        {"accepted": 1, "duplicate": 0, "refused": 1, "repeated": True},
        {"accepted": 0, "duplicate": 1, "refused": 0},
    ]


def test_rows_whose_entry_of_the_log_cannot_be_written_are_not_in_the_books(
    own_client: httpx.Client, books: psycopg.Connection[Any]
) -> None:
    own_client.post(PATH, json=line(1))
    books.execute("ALTER TABLE audit.entry ADD CONSTRAINT full_up CHECK (entry_no < 0) NOT VALID")
    try:
        answer = own_client.post(PATH, json=line(2))
    finally:
        books.execute("ALTER TABLE audit.entry DROP CONSTRAINT full_up")

    assert answer.status_code == 500
    assert count(books) == 1


def test_32_clients_at_once_with_the_same_keys_get_one_answer_each(
    own_address: str, books: psycopg.Connection[Any]
) -> None:
    def send(number: int) -> tuple[int, bytes]:
        with client_of(own_address) as client:
            key = number % 4
            body = [line(key, reference=f"K{key}-{row}") for row in range(3)]
            if number >= 28:
                body = body[:2]
            found = client.post(PATH, json=body, headers={"Idempotency-Key": f"key-{key}"})
            return found.status_code, found.content

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(send, range(32)))

    for key in range(4):
        good = {
            content for number, (status, content) in enumerate(answers) if number % 4 == key and status == 200
        }
        assert len(good) == 1
        statuses = [status for number, (status, _) in enumerate(answers) if number % 4 == key]
        # Whichever body came first holds the key.
        assert sorted(statuses) in ([200] * 7 + [409], [200] + [409] * 7)
    assert 8 <= count(books) <= 12
    assert count(books, "live.request") == 4


def test_many_small_requests_share_commits(own_address: str, books: psycopg.Connection[Any]) -> None:
    def send(number: int) -> int:
        with client_of(own_address) as client:
            return sum(
                client.post(PATH, json=line(number * 10 + row)).json()["accepted"] for row in range(10)
            )

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(send, range(16))) == 160

    groups = books.execute("SELECT batches_committed, rows_accepted FROM ledger.import_file").fetchone()
    assert groups is not None
    assert groups[1] == 160
    assert groups[0] < 120


def test_what_is_too_large_is_refused_without_being_read(own_client: httpx.Client) -> None:
    many = own_client.post(PATH, json=[{}] * (ROWS_MAX + 1))
    started = time.monotonic()
    million = own_client.post(PATH, content=b"{}\n" * 1_000_000, headers=NDJSON)
    in_array = own_client.post(
        PATH,
        content=b"[" + b"{}," * 999_999 + b"{}]",
        headers={"content-type": "application/json"},
    )
    large = own_client.post(
        PATH, content=b" " * (BYTES_MAX + 1), headers={"content-type": "application/json"}
    )
    untold = own_client.post(
        PATH, content=(b" " * 2**20 for _ in range(17)), headers={"content-type": "application/json"}
    )
    taken = time.monotonic() - started

    for answer in (many, million, in_array, large, untold):
        assert answer.status_code == 413
        assert answer.json()["code"] == "request_too_large"
        assert "parts" in answer.json()["remedy"]
    assert taken < 3


def test_overload_is_told_with_a_time_to_try_again(
    own_client: httpx.Client,
    books: psycopg.Connection[Any],
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writing, "ROWS_WAITING_MAX", 3)
    with psycopg.connect(database_url) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtext('loantrail.live.writer'))")
        results: list[int] = []

        def send(number: int) -> None:
            with client_of(str(own_client.base_url).rstrip("/")) as client:
                results.append(client.post(PATH, json=[line(number), line(number + 50)]).status_code)

        waiting = threading.Thread(target=send, args=(1,))
        waiting.start()
        limit = time.monotonic() + 60
        stuck = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while books.execute(stuck).fetchone() == (0,) and time.monotonic() < limit:
            books.rollback()
            time.sleep(0.05)
        answer = own_client.post(PATH, json=[line(2), line(3)])
        other.rollback()
    waiting.join()

    assert answer.status_code == 503
    assert answer.json()["code"] == "overloaded"
    assert int(answer.headers["Retry-After"]) >= 1
    assert results == [200]
    assert own_client.post(PATH, json=[line(2), line(3)]).json()["accepted"] == 2


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "application/x-ndjson", "origin": "https://elsewhere.example"}, 403),
        ({"content-type": "application/x-ndjson", "sec-fetch-site": "same-origin"}, 415),
        ({"content-type": "application/xml", "sec-fetch-site": "cross-site"}, 403),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/octet-stream"}, 415),
        ({"content-type": "application/json", "sec-fetch-site": "same-origin"}, 422),
    ],
)
def test_a_browser_sends_no_live_lines(
    own_client: httpx.Client, headers: dict[str, str], status: int
) -> None:
    assert own_client.post(PATH, content=b"{", headers=headers).status_code == status


def test_lines_are_paired_soon_and_what_waits_is_told(
    own_client: httpx.Client, books: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = [
        line(1, account="6201", direction="debit", counterparty_account="6202", amount_fen=77),
        line(
            1, account="6202", direction="credit", counterparty_account="6201", amount_fen=77, reference="R1"
        ),
    ]

    own_client.post(PATH, json=pair)
    waiting = own_client.get("/api/v1/evaluation").json()

    assert waiting["untraced_lines"] == 2
    assert waiting["waiting_since"] is not None
    limit = time.monotonic() + 20
    while own_client.get("/api/v1/evaluation").json()["unpaired_lines"] and time.monotonic() < limit:
        time.sleep(0.1)
    assert books.execute(
        "SELECT count(*) FROM published.transfer WHERE credit_line IS NOT NULL"
    ).fetchone() == (1,)


def test_a_server_that_starts_goes_on_with_what_waits(
    database_url: str, books: psycopg.Connection[Any], _own_home: None
) -> None:
    with application(database_url) as address, client_of(address) as client:
        assert client.post(PATH, json=[line(1), line(2)]).json()["accepted"] == 2
    with application(database_url) as address, client_of(address) as client:
        limit = time.monotonic() + 20
        while client.get("/api/v1/evaluation").json()["unpaired_lines"] and time.monotonic() < limit:
            time.sleep(0.1)
    assert count(books, "ledger.pairing_pending") == 0


def test_two_servers_over_one_database_take_a_request_in_once(
    database_url: str, books: psycopg.Connection[Any], _own_home: None
) -> None:
    with application(database_url) as one, application(database_url) as other:

        def send(number: int) -> tuple[int, bytes]:
            address = one if number % 2 else other
            body = [line(number // 8, reference=f"S{number // 8}-{row}") for row in range(20)]
            headers = {"Idempotency-Key": f"s-{number // 8}"}
            with client_of(address) as client:
                answer = client.post(PATH, json=body, headers=headers)
            return answer.status_code, answer.content

        with ThreadPoolExecutor(24) as pool:
            answers = list(pool.map(send, range(24)))

    for key in range(3):
        assert len(set(answers[8 * key : 8 * key + 8])) == 1
        assert answers[8 * key][0] == 200
        assert json.loads(answers[8 * key][1])["accepted"] == 20
    assert count(books) == 60
