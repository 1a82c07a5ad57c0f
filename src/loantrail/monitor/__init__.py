"""Takes in what the bank's systems send while it happens."""
