"""What secures a loan: guarantees, collateral, and who stands beside the borrower."""
