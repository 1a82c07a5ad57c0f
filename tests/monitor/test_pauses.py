"""How long the collector of cyclic garbage holds all threads up."""

from __future__ import annotations

import subprocess
import sys

CHANGES = """
import gc, sys
from loantrail.collecting import OBJECTS_BETWEEN_COLLECTIONS
from loantrail.monitor.pauses import SWITCH_SECONDS, keep_pauses_short
stays = [[] for _ in range(1_000)]
keep_pauses_short()
assert gc.get_freeze_count() > 1_000
assert gc.get_threshold()[0] == OBJECTS_BETWEEN_COLLECTIONS
assert abs(sys.getswitchinterval() - SWITCH_SECONDS) < 1e-6
del stays
keep_pauses_short()
before = gc.get_freeze_count()
stays = [[] for _ in range(1_000)]
keep_pauses_short()
assert gc.get_freeze_count() >= before + 1_000
"""


def test_what_is_there_to_stay_is_not_looked_at_again() -> None:
    subprocess.run([sys.executable, "-c", CHANGES], check=True, timeout=60)


STARTS = """
import contextlib, gc, sys
from loantrail.cli import main
from loantrail.collecting import OBJECTS_BETWEEN_COLLECTIONS
sys.argv = ["loantrail", "prepare", "--help"]
with contextlib.suppress(SystemExit):
    main.main()
assert gc.get_threshold()[0] == OBJECTS_BETWEEN_COLLECTIONS
"""


def test_a_command_that_loads_much_is_not_held_up_either() -> None:
    subprocess.run([sys.executable, "-c", STARTS], check=True, timeout=60, capture_output=True)
