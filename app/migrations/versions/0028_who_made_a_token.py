"""who made a token; the open invitations of accounts that were removed end

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade
from app.runtime.clock import now

revision = "0028"
down_revision = "0027"
LOST = {"creators of tokens": 'SELECT count(*) FROM "Token" WHERE created_by_id IS NOT NULL'}

TIME = sa.DateTime(timezone=True)
INVITATION = sa.table(
    "Invitation",
    *(sa.column(name, TIME) for name in ("used_at", "ended_at")),
    sa.column("created_by_id", sa.BigInteger()),
)


def upgrade() -> None:
    # SQLite adds a column with a foreign key only by itself.
    kind = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    op.execute(
        f'ALTER TABLE "Token" ADD COLUMN created_by_id {kind} CONSTRAINT'
        ' "fk_Token_created_by_id_Operator" REFERENCES "Operator" (id) ON DELETE SET NULL'
    )
    columns = INVITATION.c.created_by_id, INVITATION.c.used_at, INVITATION.c.ended_at
    is_left = (column.is_(None) for column in columns)
    op.execute(sa.update(INVITATION).where(*is_left).values(ended_at=now()))


def downgrade() -> None:
    with remade("Token") as batch:
        batch.drop_column("created_by_id")
