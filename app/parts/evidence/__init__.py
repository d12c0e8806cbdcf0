"""Evidence: many texts in one table."""
