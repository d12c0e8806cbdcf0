from app.db.postgresql.backend import PostgresqlBackend

__all__ = ["PostgresqlBackend"]
