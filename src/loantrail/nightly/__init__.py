"""Nightly deliveries of the bank: checked whole, taken in once, alarmed when something is wrong."""
