"""SQLite as the database."""
