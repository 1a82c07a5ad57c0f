"""The numbers in force: the shipped ones, and over them what the bank decided by two persons."""
