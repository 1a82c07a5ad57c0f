"""Sends what the outbox holds to the configured channels: retried with growing pauses, failures kept and shown.

A message leaves at least once: after a crash between sending and noting it, it leaves again.
"""

from __future__ import annotations

import datetime
import io
import logging
import math
import os
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from loantrail import clock
from loantrail.defects import DEFECTS
from loantrail.early_warning import store_outbox
from loantrail.early_warning.channels import Channel, read_channels
from loantrail.early_warning.hits import Level
from loantrail.early_warning.messages import message
from loantrail.early_warning.taking import sweep
from loantrail.policy.reading import parameters_in_force
from loantrail.postgres.sessions import Sessions
from loantrail.settings import read_settings

if TYPE_CHECKING:
    from psycopg import Connection

ATTEMPTS_MOST: Final = 12
FIRST_PAUSE: Final = datetime.timedelta(minutes=1)
LONGEST_PAUSE: Final = datetime.timedelta(hours=1)
LOOK_SECONDS: Final = 5.0
SENDING_SECONDS: Final = 20.0
"""So long messages are sent before it is looked again which warnings are to be woken or escalated."""
PROBLEM_CHARACTERS: Final = 500
_LOG = logging.getLogger(__name__)

Notify = Callable[[str, str, str], str]
"""(url, title, body) -> empty, or why it could not be sent."""


def configured_channels() -> list[Channel]:
    """The channels of the file that LOANTRAIL_CHANNELS names; none without it. ConfigurationError."""
    path = read_settings().channels
    return [] if path is None else read_channels(path, os.environ)


def notify(url: str, title: str, body: str) -> str:
    """Send by apprise. What it says about a failure never holds the address."""
    import apprise  # takes a moment, and only a sender needs it

    target = apprise.Apprise()
    if not target.add(url):
        return "the address is not one that apprise knows"
    said = io.StringIO()
    listening = logging.StreamHandler(said)
    listening.setLevel(logging.WARNING)
    logger = logging.getLogger("apprise")
    logger.addHandler(listening)
    try:
        done = bool(target.notify(title=title, body=body))
    finally:
        logger.removeHandler(listening)
    if done:
        return ""
    text = " ".join(said.getvalue().replace(url, "***").split())
    return (text or "it was not delivered")[:PROBLEM_CHARACTERS]


def send_due(
    connection: Connection[Any],
    channels: Sequence[Channel],
    send: Notify = notify,
    most_seconds: float = math.inf,
) -> tuple[int, int]:
    """Plan what came since and send what is due: `(sent, failed)`. Commits after each message. Begins none after so many seconds.

    The channels take turns, and one that fails is left out until the next call: it holds up neither the others nor the caller.
    """
    now, over_at = clock.now(), clock.monotonic_seconds() + most_seconds
    if store_outbox.lock(connection):
        _plan(connection, channels, now)
    connection.commit()
    done = {True: 0, False: 0}
    turns = deque(channels)
    while turns and clock.monotonic_seconds() < over_at:
        channel = turns.popleft()
        row = store_outbox.next_due(connection, channel.name, now)
        if row is not None:
            is_sent = _send(connection, row, channel, send)
            done[is_sent] += 1
            if is_sent:
                turns.append(channel)
        connection.commit()
    return done[True], done[False]


def _plan(connection: Connection[Any], channels: Sequence[Channel], now: datetime.datetime) -> None:
    known = store_outbox.known_channels(connection, [channel.name for channel in channels])
    for channel in channels:
        rows = store_outbox.told_after(connection, known[channel.name])
        if not rows:
            continue
        for row in rows:
            level = Level(row["level"])
            if row["kind"] == "changed" or level not in channel.levels:
                continue
            not_before = channel.not_before(level, now)
            store_outbox.plan(connection, channel.name, [row["outbox_id"]], not_before, now)
        store_outbox.advance(connection, channel.name, rows[-1]["outbox_id"])


def _send(connection: Connection[Any], row: store_outbox.Row, channel: Channel, send: Notify) -> bool:
    told = store_outbox.contents(connection, row["outbox_ids"])
    title = body = ""
    try:
        title, body = message(told, channel.language, read_settings().public_url)
        problem = (
            send(channel.url, title, body) if channel.url else f"the variable {channel.url_from} is not set"
        )
    except DEFECTS as defect:
        # Its words may hold the address, so its place alone is told.
        kind = type(defect).__name__
        problem = f"the server could not send it and its log says more ({kind})"
        places = "".join(traceback.format_tb(defect.__traceback__))
        _LOG.error("channel %s: a message could not be sent (%s):\n%s", channel.name, kind, places)
    now = clock.now()
    if not problem:
        store_outbox.sent(connection, row, title, body, now)
        return True
    attempts = row["attempts"] + 1
    pause = min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)
    again_at = now + pause if attempts < ATTEMPTS_MOST else None
    store_outbox.failed(connection, row, title, body, problem, now, again_at)
    _LOG.warning("channel %s: attempt %d failed: %s", channel.name, attempts, problem)
    return False


@contextmanager
def keeping_watch(sessions: Sessions) -> Generator[None]:
    """For the length of the block warnings are woken and escalated as their time comes, and told to the channels.

    ConfigurationError for channels that cannot be used.
    """
    channels = configured_channels()
    stopping = threading.Event()
    thread = threading.Thread(
        target=_watch, args=(sessions, channels, stopping), name="warnings", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(timeout=LOOK_SECONDS)


def _watch(sessions: Sessions, channels: Sequence[Channel], stopping: threading.Event) -> None:
    while not stopping.wait(LOOK_SECONDS):
        try:
            with sessions.session() as connection:
                swept = sweep(connection, parameters_in_force(connection), clock.business_date(clock.now()))
                connection.commit()
                sent, failed = 0, 0
                if channels:
                    sent, failed = send_due(connection, channels, most_seconds=SENDING_SECONDS)
                if swept or sent or failed:
                    _LOG.info("warnings: %d changed with time, %d sent, %d failed", swept, sent, failed)
        except Exception:  # the database went away: it goes on when it is back
            _LOG.exception("warnings are not watched for the moment")
