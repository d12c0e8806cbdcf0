"""A report for a case: a ratio for each named author, with the numbers behind it."""
