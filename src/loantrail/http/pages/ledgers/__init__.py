"""The ledgers in the columns that banks know: filters, sums, spreadsheets."""
