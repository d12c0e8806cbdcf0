"""Figures as values: numbers with a finding, rows and a drawing, and the sentences on them."""
