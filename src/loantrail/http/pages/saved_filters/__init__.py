"""What people narrow a list to, kept under names, each for themselves."""
