"""The embedded database under violence: whatever is killed, nothing committed is lost and nothing is left over."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from tests.postgres_fixtures import quick_folder

from loantrail.postgres.attach import stop_server, supervisor_alive
from loantrail.postgres.layout import Layout, Status, read_status
from loantrail.postgres.programs import programs_folder
from loantrail.postgres.server_settings import server_settings
from loantrail.postgres.system_user import OWN_USER, server_user

pytestmark = [
    pytest.mark.crash,
    pytest.mark.database,
    pytest.mark.skipif("LOANTRAIL_DATABASE_URL" in os.environ, reason="the embedded database is not in use"),
]

GRACE_SECONDS = 0.6

PREAMBLE = """
import sys
from loantrail.postgres.connection import database

def line(text):
    print(text, flush=True)

def server_process(connection):
    return connection.execute("SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)").fetchone()[0]

def keep(connection, number):
    connection.execute("CREATE TABLE IF NOT EXISTS kept (number integer)")
    connection.execute("INSERT INTO kept VALUES (%s)", (number,))
    connection.commit()

def kept(connection):
    return [row[0] for row in connection.execute("SELECT number FROM kept ORDER BY number")]
"""


@dataclass
class Office:
    """A home folder, and the commands that run on it."""

    home: Path
    prefix: tuple[str, ...] = ()
    grace_seconds: float = GRACE_SECONDS
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def layout(self) -> Layout:
        return Layout(self.home)

    def begin(self, program: str) -> subprocess.Popen[str]:
        """A command that runs on its own until its input ends."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LOANTRAIL_")}
        environment |= {
            "LOANTRAIL_HOME": str(self.home),
            "LOANTRAIL_DATABASE_GRACE_SECONDS": str(self.grace_seconds),
            "HOME": str(self.home),
        }
        command = subprocess.Popen(
            [*self.prefix, sys.executable, "-c", PREAMBLE + program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.running.append(command)
        return command

    def run(self, program: str) -> str:
        """Run a command to its end and return what it printed."""
        command = self.begin(program)
        said, errors = command.communicate(timeout=110)
        assert command.returncode == 0, errors
        return said.strip()

    def status(self) -> Status:
        status = read_status(self.layout)
        assert status is not None
        return status

    def server_processes(self) -> list[int]:
        """All server processes that work in this home's data folder."""
        return [process.pid for process in processes_in(self.layout.data)]

    def kept(self) -> str:
        return self.run("with database(migrated=False) as books, books.connection() as c: line(kept(c))")

    def keep(self, number: int) -> str:
        """Commit one row; returns the server's process id."""
        return self.run(
            "with database(migrated=False) as books, books.connection() as c:\n"
            f"    keep(c, {number}); line(server_process(c))"
        )


def processes_in(folder: Path) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def said_by(command: subprocess.Popen[str]) -> str:
    """The next line that a running command prints."""
    assert command.stdout is not None
    text = command.stdout.readline().strip()
    if not text and command.poll() is not None:
        assert command.stderr is not None
        pytest.fail(command.stderr.read())
    return text


def tell(command: subprocess.Popen[str]) -> None:
    """Let a command that waits for a line of input go on."""
    assert command.stdin is not None
    command.stdin.write("\n")
    command.stdin.flush()


def kill(process_id: int) -> None:
    """Kill a process and wait until it has let go of what it held."""
    killed = psutil.Process(process_id)
    killed.kill()
    wait_for(lambda: not killed.is_running() or is_zombie(killed), 10)


def is_zombie(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_for(what: Callable[[], bool], seconds: float) -> None:
    limit = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < limit, f"not within {seconds} s"
        time.sleep(0.02)


@contextmanager
def office_at(home: Path, prefix: tuple[str, ...] = ()) -> Iterator[Office]:
    home.mkdir(parents=True, exist_ok=True)
    if home.parent.stat().st_mode & 0o001:
        home.chmod(0o711)  # root's server runs as another user, who must pass
    office = Office(home, prefix)
    try:
        yield office
    finally:
        for command in office.running:
            command.kill()
            command.communicate()
        if home.exists():
            stop_server(office.layout)
            for process in processes_in(office.layout.data):
                process.kill()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def office() -> Iterator[Office]:
    folder = Path(tempfile.mkdtemp(prefix="loantrail-crash-", dir=quick_folder()))
    with office_at(folder) as made:
        yield made


def as_ordinary_user() -> tuple[str, ...]:
    """What makes root an ordinary user. The user namespace keeps root's files readable: the interpreter may
    stand in root's own folder."""
    if os.geteuid() != 0:
        return ()
    unshare = shutil.which("unshare")
    prefix = (unshare or "", "--user", "--map-user=65534", "--map-group=65534")
    if unshare is None or subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this system lets root make no user namespace to be an ordinary user in")
    return prefix


HOLD = """
with database(migrated=False) as books, books.connection() as c:
    line(server_process(c))
    sys.stdin.readline()
    line(c.execute("SELECT 7").fetchone()[0])
"""


def test_two_commands_share_one_server_and_the_second_goes_on_alone(office: Office) -> None:
    first, second = office.begin(HOLD), office.begin(HOLD)
    server = said_by(first)
    assert said_by(second) == server
    tell(first)
    assert said_by(first) == "7"
    assert first.wait(30) == 0
    time.sleep(GRACE_SECONDS * 3)
    tell(second)
    assert said_by(second) == "7"
    assert office.status().server == int(server)


def test_the_server_stops_when_nobody_uses_it(office: Office) -> None:
    office.keep(1)
    assert office.server_processes()
    wait_for(
        lambda: not office.server_processes() and not supervisor_alive(office.layout), GRACE_SECONDS + 10
    )
    assert office.status().state == "stopped"
    assert office.kept() == "[1]"


def test_the_server_waits_for_the_next_command(office: Office) -> None:
    office.grace_seconds = 60.0
    assert office.keep(1) == office.keep(2)


def test_a_killed_command_loses_nothing_committed_and_leaves_no_server(office: Office) -> None:
    command = office.begin(
        "with database(migrated=False) as books, books.connection() as c:\n"
        "    keep(c, 1); c.execute('INSERT INTO kept VALUES (2)'); line('open'); sys.stdin.readline()"
    )
    assert said_by(command) == "open"
    kill(command.pid)
    wait_for(lambda: not office.server_processes(), GRACE_SECONDS + 10)
    assert office.kept() == "[1]"


def test_a_killed_server_comes_back_with_all_that_was_committed(office: Office) -> None:
    command = office.begin(
        "with database(migrated=False) as books:\n"
        "    with books.connection() as c: keep(c, 1); line(server_process(c))\n"
        "    sys.stdin.readline()\n"
        "    with books.connection() as c: line(kept(c)); line(server_process(c))"
    )
    before = int(said_by(command))
    kill(before)
    tell(command)
    assert said_by(command) == "[1]"
    assert int(said_by(command)) != before
    assert office.status().restarts == 1


def test_a_killed_server_process_of_one_connection_is_told_as_such(office: Office) -> None:
    command = office.begin(
        "from loantrail.errors import DatabaseUnavailable\n"
        "with database(migrated=False) as books:\n"
        "    try:\n"
        "        with books.connection() as c:\n"
        "            keep(c, 1); line(c.info.backend_pid); sys.stdin.readline(); c.execute('SELECT 1')\n"
        "    except DatabaseUnavailable as problem: line(problem.remedy)\n"
        "    with books.connection() as c: line(kept(c))"
    )
    kill(int(said_by(command)))
    tell(command)
    assert "What was committed is safe" in said_by(command)
    assert said_by(command) == "[1]"


def test_a_killed_supervisor_takes_its_server_along(office: Office) -> None:
    office.grace_seconds = 60.0
    office.keep(1)
    kill(office.status().supervisor)
    wait_for(lambda: not office.server_processes(), 10)
    assert office.kept() == "[1]"


def test_a_killed_supervisor_is_replaced_while_a_command_goes_on(office: Office) -> None:
    command = office.begin(
        "with database(migrated=False) as books:\n"
        "    with books.connection() as c: keep(c, 1)\n"
        "    line('kept'); sys.stdin.readline()\n"
        "    with books.connection() as c: keep(c, 2); line(kept(c))"
    )
    assert said_by(command) == "kept"
    kill(office.status().supervisor)
    tell(command)
    assert said_by(command) == "[1, 2]"


def test_supervisor_and_server_killed_together(office: Office) -> None:
    office.keep(1)
    status = office.status()
    assert status.server is not None
    kill(status.supervisor)
    kill(status.server)
    assert office.kept() == "[1]"


def start_unsupervised(office: Office, socket_folder: Path) -> int:
    """A server on the office's data without a supervisor."""
    layout, user = office.layout, server_user(office.layout.data)
    settings = [part for name, value in server_settings().items() for part in ("-c", f"{name}={value}")]
    program = programs_folder(user) / "postgres"
    drop = {"user": user.user_id, "group": user.group_id, "extra_groups": []} if user.other else {}
    server = subprocess.Popen(
        [str(program), "-D", str(layout.data), "-k", str(socket_folder), *settings],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
        **drop,
    )
    pid_file = layout.data / "postmaster.pid"
    wait_for(lambda: pid_file.exists() and "ready" in pid_file.read_text(), 20)
    office.running.append(server)  # pyright: ignore[reportArgumentType]  waited for and killed like the others
    return server.pid


def test_a_server_without_supervisor_is_taken_over_and_stopped_in_the_end(office: Office) -> None:
    office.keep(1)
    stop_server(office.layout)
    orphan = start_unsupervised(office, office.layout.socket_folder(os.geteuid()))
    assert office.keep(2) == str(orphan)
    wait_for(lambda: not office.server_processes(), GRACE_SECONDS + 10)
    assert office.kept() == "[1, 2]"


def test_a_server_that_listens_elsewhere_is_replaced(office: Office) -> None:
    office.keep(1)
    stop_server(office.layout)
    elsewhere = office.layout.data
    orphan = start_unsupervised(office, elsewhere)
    assert office.keep(2) != str(orphan)
    assert office.kept() == "[1, 2]"


def test_a_stale_lock_file_that_names_a_foreign_process_is_no_obstacle(office: Office) -> None:
    office.keep(1)
    stop_server(office.layout)
    user = server_user(office.layout.data)
    drop = {"user": user.user_id, "group": user.group_id, "extra_groups": []} if user.other else {}
    stranger = subprocess.Popen(["sleep", "60"], cwd="/", **drop)
    office.running.append(stranger)  # pyright: ignore[reportArgumentType]
    socket_folder = office.layout.socket_folder(user.user_id)
    lines = [
        str(stranger.pid),
        str(office.layout.data),
        "1700000000",
        "5432",
        str(socket_folder),
        "",
        "0 0",
        "ready",
    ]
    for stale in (office.layout.data / "postmaster.pid", socket_folder / ".s.PGSQL.5432.lock"):
        stale.write_text("\n".join(lines) + "\n")
        os.chown(stale, user.user_id, user.group_id)
    assert office.kept() == "[1]"
    assert stranger.poll() is None


def test_an_interrupted_first_start_leaves_nothing_in_the_way(office: Office) -> None:
    command = office.begin(HOLD)
    wait_for(lambda: list(office.layout.folder.glob("data.new-*")) != [], 20)
    supervisor = int(office.layout.supervisor_lock.read_text())
    kill(command.pid)
    kill(supervisor)
    office.keep(1)
    assert list(office.layout.folder.glob("data.new-*")) == []
    assert office.kept() == "[1]"


def test_many_commands_at_once_start_one_server(office: Office) -> None:
    commands = [office.begin(HOLD) for _ in range(8)]
    assert len({said_by(command) for command in commands}) == 1
    for command in commands:
        tell(command)
        assert said_by(command) == "7"


def test_the_server_leaves_when_its_folder_is_removed(office: Office) -> None:
    office.grace_seconds = 60.0
    office.keep(1)
    status = office.status()
    shutil.rmtree(office.layout.folder, ignore_errors=True)
    wait_for(lambda: not psutil.pid_exists(status.supervisor), 15)
    assert status.server is not None
    assert not psutil.pid_exists(status.server)


def test_a_path_too_long_for_a_socket_works() -> None:
    folder = Path(tempfile.mkdtemp(prefix="loantrail-crash-", dir=quick_folder()))
    folder.chmod(0o711)
    home = folder / ("deep-" * 12) / ("deeper-" * 10)
    home.parent.mkdir(mode=0o711)
    with office_at(home) as office:
        office.keep(1)
        socket_folder = Path(office.status().socket_folder)
        assert len(str(socket_folder)) < 80
        assert socket_folder.stat().st_mode & 0o777 == 0o700
        assert office.kept() == "[1]"
        stop_server(office.layout)
        socket_folder.rmdir()
    shutil.rmtree(folder)


def test_its_files_are_closed_to_others_and_it_listens_on_no_network(office: Office) -> None:
    said = office.run(
        "with database(migrated=False) as books, books.connection() as c:\n"
        "    line(c.execute(\"SELECT current_setting('listen_addresses'), current_setting('fsync')\").fetchone())"
    )
    assert said == "('', 'on')"
    for folder in (office.layout.folder, office.layout.data):
        assert folder.stat().st_mode & 0o777 == 0o700
    if os.geteuid() == 0:
        assert psutil.Process(office.status().server).username() == OWN_USER


def test_an_ordinary_user_has_it_all_too() -> None:
    prefix = as_ordinary_user()
    folder = Path(tempfile.mkdtemp(prefix="loantrail-crash-", dir=quick_folder()))
    with office_at(folder, prefix) as office:
        command = office.begin(HOLD)
        said_by(command)
        if prefix:
            assert office.status().server_user == "nobody"
        office.keep(1)
        kill(command.pid)
        wait_for(lambda: not office.server_processes(), GRACE_SECONDS + 10)
        kill_after = office.keep(2)
        kill(int(kill_after))
        kill(office.status().supervisor)
        assert office.kept() == "[1, 2]"
        wait_for(lambda: not office.server_processes(), GRACE_SECONDS + 10)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as another user")
def test_root_is_told_when_the_servers_user_cannot_reach_the_folder(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with office_at(closed / "home") as office:
        said = office.run(
            "from loantrail.errors import ConfigurationError\n"
            "try:\n"
            "    with database(): pass\n"
            "except ConfigurationError as problem: line(problem)"
        )
        assert "may not pass the folder" in said
        assert "LOANTRAIL_HOME" in said


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of 160 MiB; only root can make one."""
    folder = Path(tempfile.mkdtemp(prefix="loantrail-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", "size=160m,mode=711", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        folder.rmdir()
        pytest.skip("this system lets us make no small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
    folder.rmdir()


FILL = """
from loantrail.errors import DatabaseUnavailable, LoantrailError, StorageExhausted
with database(migrated=False) as books:
    try:
        with books.connection() as c:
            for number in range(1, 100):
                keep(c, number)
                line(number)
                c.execute("CREATE TABLE IF NOT EXISTS ballast (text text)")
                c.execute("INSERT INTO ballast SELECT md5(n::text) || md5((-n)::text) FROM generate_series(1, 50000) n")
    except (StorageExhausted, DatabaseUnavailable) as problem:
        line(type(problem).__name__)
        line(problem)
"""


def test_a_full_disk_is_named_and_loses_nothing_committed(small_disk: Path) -> None:
    with office_at(small_disk / "home") as office:
        office.keep(0)
        ballast = small_disk / "ballast"
        room = shutil.disk_usage(small_disk).free
        ballast.write_bytes(bytes(max(0, room - (24 << 20))))
        *committed, kind, problem = office.run(FILL).splitlines()
        assert kind == "StorageExhausted", problem
        assert "disk is full" in problem
        assert "Free some space" in problem
        ballast.unlink()
        assert office.kept() == str([0, *map(int, committed)])


def test_a_disk_too_full_to_start_is_named(small_disk: Path) -> None:
    with office_at(small_disk / "home") as office:
        ballast = small_disk / "ballast"
        ballast.write_bytes(bytes(shutil.disk_usage(small_disk).free - (20 << 20)))
        said = office.run(
            "from loantrail.errors import StorageExhausted\n"
            "try:\n"
            "    with database() as books: pass\n"
            "except StorageExhausted as problem: line(problem)"
        )
        assert "the disk is full" in said
        ballast.unlink()
        office.keep(1)
        assert office.kept() == "[1]"
