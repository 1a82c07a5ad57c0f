"""Pairings in the books: computed for what is new, versioned, mended by hand."""
