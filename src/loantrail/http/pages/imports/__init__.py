"""Files brought in through the page, what was refused, and what does not add up."""
