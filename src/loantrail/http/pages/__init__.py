"""Pages that join several nouns: the loans, and where the money of one loan went."""
