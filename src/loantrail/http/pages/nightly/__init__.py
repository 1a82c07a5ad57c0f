"""Nightly deliveries: business dates, their files, steps, alarms and the general ledger."""
