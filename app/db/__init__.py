"""The database: sessions, feed, locks, and values kept while nothing changes."""
