"""One loan counted by other conventions, for analysts."""
