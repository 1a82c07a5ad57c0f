"""Dispute sheets 争议核对单: everything that an amount of a trace rests on, kept unchanged and computed again on demand."""
