"""Loan checks as a page shows them."""
