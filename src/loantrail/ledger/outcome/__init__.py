"""What came of imports: runs and their files, lines without partner, balances that differ."""
