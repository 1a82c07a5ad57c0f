"""`python -m tests.operating.command ...`: the command line, in the environment of the tests."""

from __future__ import annotations

from loantrail.cli.main import main

if __name__ == "__main__":
    main()
