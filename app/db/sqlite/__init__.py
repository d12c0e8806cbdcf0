from app.db.sqlite.backend import SqliteBackend

__all__ = ["SqliteBackend"]
