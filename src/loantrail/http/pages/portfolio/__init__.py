"""The portfolio (贷后总览): sums over units, industries, products, regions, classes and warning levels; names nobody."""
