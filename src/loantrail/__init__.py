"""Loantrail (贷迹): where the money of every loan went, what that means, and what to do about it."""
