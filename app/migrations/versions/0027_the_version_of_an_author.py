"""the version of an author, which was called the number of deletions

Revision ID: 0027
Revises: 0026
"""

from alembic import op

revision = "0027"
down_revision = "0026"
LOST: dict[str, str] = {}


def upgrade() -> None:
    _rename("deletion_count", "version")


def downgrade() -> None:
    _rename("version", "deletion_count")


def _rename(old: str, new: str) -> None:
    op.alter_column("Users", old, new_column_name=new)
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        # Since 18 it keeps under a name that a column is NOT NULL.
        name = f"Users_{old}_not_null"
        constraints = connection.exec_driver_sql(
            "SELECT conname FROM pg_constraint WHERE conrelid = '\"Users\"'::regclass"
        )
        if name in constraints.scalars():
            op.execute(f'ALTER TABLE "Users" RENAME CONSTRAINT "{name}" TO "Users_{new}_not_null"')
