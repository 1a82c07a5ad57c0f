"""The pack for a borrower 借款人材料: the borrower's own records of one loan, and of nobody else."""
