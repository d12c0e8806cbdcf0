"""how well the people of a chat are recognised is measured again, by its messages alone

Revision ID: 0041
Revises: 0040
"""

from alembic import op

revision = "0041"
down_revision = "0040"
LOST: dict[str, str] = {}


def upgrade() -> None:
    # Earlier versions also read what these people wrote elsewhere. Maintenance measures again.
    op.execute('UPDATE "RoomPerson" SET asked = 0, recognised = 0 WHERE asked > 0')
    op.execute('UPDATE "Room" SET judged_messages = 0 WHERE judged_messages > 0')


def downgrade() -> None:
    pass
