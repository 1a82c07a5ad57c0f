"""Accounts that turned out to be one: judged by a person, versioned, undone."""
