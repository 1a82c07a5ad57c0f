"""Signals: what is known of a loan at each movement of its money and at the end of each day."""
