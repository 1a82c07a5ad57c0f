"""How the system is set and how it fares, for those who run it."""
