"""The inbox: what a proposal that is decided on a page of its own would change."""
