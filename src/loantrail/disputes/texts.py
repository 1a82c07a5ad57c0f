"""What the books say in words, as they were when a run read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Protocol

from loantrail.disputes import store
from loantrail.http.pages import store as pages
from loantrail.http.pages.model import Account
from loantrail.ledger.books.tracing_inputs import AsOf
from loantrail.ledger.merges.store import merged_at

Row = Mapping[str, object]


class Judgements(Protocol):
    """Where the classes of payees come from: a stored run, or a judgement made anew."""

    def of(self, transfer_ids: Iterable[str]) -> Mapping[str, Mapping[str, object]]:
        """`destination_class, basis, confidence_permille, evidence` by transfer."""
        ...


class StoredJudgements:
    """Those of a stored run."""

    def __init__(self, connection: store.Database, run_id: str) -> None:
        self._connection, self._run_id = connection, run_id

    def of(self, transfer_ids: Iterable[str]) -> Mapping[str, Mapping[str, object]]:
        return pages.destinations(self._connection, self._run_id, sorted(set(transfer_ids)))


class Texts:
    """Names and remarks, each read once."""

    def __init__(self, connection: store.Database, as_of: AsOf) -> None:
        self.connection, self.as_of = connection, as_of
        self._transfers: dict[str, store.Row] = {}
        self._names: dict[str, str] = {}

    def load(self, transfer_ids: Iterable[str], accounts: Iterable[str | None]) -> None:
        """Read what is said of these."""
        self._transfers |= store.transfers(
            self.connection, self.as_of, set(transfer_ids) - self._transfers.keys()
        )
        self._names |= store.account_names(
            self.connection,
            {account for account in accounts if account} - self._names.keys(),
            self.as_of.then,
        )

    @cached_property
    def merged(self) -> dict[str, str]:
        """Account that was merged away by then -> the one that stood for it."""
        return dict(merged_at(self.connection, self.as_of.read_at).iter_rows())

    def transfer(self, transfer_id: str) -> store.Row:
        """Texts of one transfer; empty where the books have none."""
        return self._transfers.get(transfer_id, {})

    def payer(self, transfer_id: str, account: str | None) -> Account:
        return self._account(account, self.transfer(transfer_id).get("debit_name"))

    def payee(self, transfer_id: str, account: str | None) -> Account:
        return self._account(account, self.transfer(transfer_id).get("credit_name"))

    def account(self, account: str | None) -> Account:
        return self._account(account, None)

    def _account(self, account: str | None, written: str | None) -> Account:
        return Account(account=account or None, name=self._names.get(account or "") or written or None)

    def lines(self) -> dict[str, list[str]]:
        """Transfer -> its statement lines, of the transfers that were loaded."""
        return {
            transfer_id: [str(row[side]) for side in ("debit_line", "credit_line") if row[side]]
            for transfer_id, row in self._transfers.items()
        }
