"""The customers: the list, and everything about one of them."""
