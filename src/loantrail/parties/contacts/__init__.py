"""The contact log: what was said with a customer, and what is to follow."""
