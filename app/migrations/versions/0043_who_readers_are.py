"""which person of their chat a reader says to be

Revision ID: 0043
Revises: 0042
"""

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade

revision = "0043"
down_revision = "0042"
LOST = {
    "choices of readers who they are": (
        'SELECT count(*) FROM "Operator" WHERE person_id IS NOT NULL'
    )
}


def upgrade() -> None:
    # SQLite adds a column with a foreign key only by itself.
    kind = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    op.execute(
        f'ALTER TABLE "Operator" ADD COLUMN person_id {kind} CONSTRAINT'
        ' "fk_Operator_person_id_Users" REFERENCES "Users" (id) ON DELETE SET NULL'
    )
    is_chosen: sa.Column[bool] = sa.Column(
        "is_person_chosen", sa.Boolean(), server_default=sa.false(), nullable=False
    )
    op.add_column("Operator", is_chosen)


def downgrade() -> None:
    with remade("Operator") as batch:
        batch.drop_column("is_person_chosen")
        batch.drop_column("person_id")
