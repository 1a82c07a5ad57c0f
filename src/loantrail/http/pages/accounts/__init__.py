"""The list of accounts, one account with its lines, one transaction with what was made of it."""
