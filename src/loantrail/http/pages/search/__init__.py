"""One search over customers, loans, accounts and warnings."""
