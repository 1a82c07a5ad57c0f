"""`loantrail monitor`: takes in what core systems drop into a folder or send through Kafka, while it happens."""

from __future__ import annotations

import logging
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from loantrail.cli.monitor_words import line_of, sentence
from loantrail.cli.speech import in_language, language_of, print_line
from loantrail.errors import ConfigurationError
from loantrail.monitor.beside import Beside
from loantrail.monitor.kafka import FORMATS, KafkaSource
from loantrail.monitor.leading import Connecting, Source, run_monitor
from loantrail.monitor.watching import STABLE_SECONDS, FolderSource, prepare_folder
from loantrail.postgres.connection import database

if TYPE_CHECKING:
    from psycopg import Connection

_OF_KAFKA: Final = {
    "topic": "--topic",
    "group": "--group",
    "form": "--format",
    "kafka_settings": "--kafka-setting",
}
_OF_FOLDER: Final = {"mapping": "--mapping", "stable_seconds": "--stable-seconds"}
"""Parameter -> option that says something of the one source alone."""


@click.command(name="monitor")
@click.option(
    "--watch", type=click.Path(path_type=Path, file_okay=False), help="Folder that files are dropped into."
)
@click.option("--mapping", help="Mapping file for the files of the folder.")
@click.option(
    "--stable-seconds",
    type=click.FloatRange(0),
    default=STABLE_SECONDS,
    show_default=True,
    help="A file without a marker NAME.done is complete when it did not change for so long.",
)
@click.option("--kafka", "brokers", help="Brokers of Kafka, as HOST:PORT, several with commas.")
@click.option("--topic", help="Topic to read.")
@click.option("--group", help="Name of this reading of the topic.")
@click.option(
    "--format",
    "form",
    type=click.Choice(sorted(FORMATS)),
    default="json",
    show_default=True,
    help="Of its messages.",
)
@click.option(
    "--kafka-setting", "kafka_settings", multiple=True, help="NAME=VALUE for librdkafka, repeatable."
)
@click.pass_context
def command(
    context: click.Context,
    watch: Path | None,
    mapping: str | None,
    stable_seconds: float,
    brokers: str | None,
    topic: str | None,
    group: str | None,
    form: str,
    kafka_settings: tuple[str, ...],
) -> None:
    """Take in files of a folder, messages of Kafka, or both, until Ctrl+C.

    One monitor is at work; others that are started stand by and take over when it ends.
    """
    if watch is None and brokers is None:
        raise ConfigurationError("there is nothing to watch", remedy="Name --watch FOLDER or --kafka BROKERS")
    if brokers is None:
        _refuse_given(context, _OF_KAFKA, "--kafka")
    if watch is None:
        _refuse_given(context, _OF_FOLDER, "--watch")
    if brokers is not None and (topic is None or group is None):
        raise ConfigurationError("--kafka needs a topic and a group", remedy="Name --topic and --group")
    if watch is not None:
        prepare_folder(watch)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    stopping = threading.Event()
    language = language_of(os.environ)

    def say(text: str) -> None:
        print_line(in_language(text, language))

    def say_that_it_ends() -> None:
        stopping.wait()
        print_line(sentence("ends", language))

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    from loantrail.monitor.wiring import step_of, tracer_of

    with database() as books, Beside(books.url) as beside:
        sessions = Connecting(books)
        tracer = tracer_of(sessions, beside)
        deciding, settling = step_of(sessions, tracer, beside)
        leads = threading.Event()

        def lead() -> None:
            leads.set()
            settling.start()
            tracer.start()  # with the run that who led before did not finish

        sources: list[Source] = []
        if watch is not None:
            options = {"mapping": mapping} if mapping else {}
            sources.append(
                FolderSource(
                    watch,
                    books,
                    settling.start,
                    options,
                    stable_seconds,
                    lambda file: print_line(line_of(file, language)),
                    stopping.is_set,
                )
            )
        if brokers is not None and topic is not None and group is not None:
            settings: dict[str, str] = {}
            for one in kafka_settings:
                name, _, value = one.partition("=")
                settings[name] = value
            kafka = KafkaSource(brokers, topic, group, settling.start, form, settings, deciding)
            kafka.check()
            sources.append(kafka)

        def follow(connection: Connection[Any]) -> None:
            leads.clear()
            deciding.follow(connection)

        # Who stands by judges nothing.
        deciding.on_owing = lambda: settling.start() if leads.is_set() else None
        deciding.want()
        # Not in the handler of the signal, which may break in while a line is being written.
        ending = threading.Thread(target=say_that_it_ends, name="ending", daemon=True)
        ending.start()
        try:
            run_monitor(books, sources, say, stopping, follow, lead)
        finally:
            settling.stop()
    ending.join()
    print_line(sentence("ended", language))


def _refuse_given(context: click.Context, options: dict[str, str], needed: str) -> None:
    """ConfigurationError where one of these options was given: without the other it would do nothing."""
    given = [
        option
        for parameter, option in options.items()
        if context.get_parameter_source(parameter) is not ParameterSource.DEFAULT
    ]
    if given:
        raise ConfigurationError(
            f"{', '.join(given)} belongs to {needed}, which is not given",
            remedy=f"Add {needed}, or leave it out",
        )
