"""imports know who began them, and messages that they had no chat

Revision ID: 0049
Revises: 0048
"""

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade

revision = "0049"
down_revision = "0048"
LOST: dict[str, str] = {}


def upgrade() -> None:
    op.add_column("ImportJob", sa.Column("begun_by", sa.String(32), nullable=True))
    # Version 0.2 stored messages without their chat, which another import of the file may add.
    op.execute(
        'UPDATE "Tweet" SET import_id = 0 WHERE room_id IS NULL AND import_id IS NULL'
        ' AND user_id IN (SELECT id FROM "Users" WHERE is_of_chat)'
    )


def downgrade() -> None:
    op.execute('UPDATE "Tweet" SET import_id = NULL WHERE import_id = 0')
    with remade("ImportJob") as batch:
        batch.drop_column("begun_by")
