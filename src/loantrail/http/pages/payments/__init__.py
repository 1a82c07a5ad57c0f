"""Where the money of one loan went, as a graph folded to what a reader can take in."""
