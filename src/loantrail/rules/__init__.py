"""Rules: conditions over the fields of the signals, their versions and approval, their evaluation and back-test."""
