"""hosts of names are no words: profiles are counted again

Revision ID: 0054
Revises: 0053
"""

import sqlalchemy as sa
from alembic import op

from saywho.engine.features import RECIPE
from saywho.engine.profiles import profile_of

revision = "0054"
down_revision = "0053"
LOST: dict[str, str] = {}
_TEXTS = sa.text('SELECT text FROM "Tweet" WHERE user_id = :author AND event_id <= :event')
_COUNTED = sa.text(
    'UPDATE "Profile" SET recipe = :recipe, counts = :counts, texts = :texts, posts = :posts'
    " WHERE user_id = :author"
)


def upgrade() -> None:
    connection = op.get_bind()
    rows = connection.exec_driver_sql('SELECT user_id, as_of_event FROM "Profile"').all()
    for author, event in rows:
        texts = connection.scalars(_TEXTS, {"author": author, "event": event}).all()
        profile = profile_of(texts)
        blobs = {"counts": profile.counts.to_bytes(), "texts": profile.texts.to_bytes()}
        values = {"author": author, "recipe": RECIPE, "posts": profile.posts, **blobs}
        connection.execute(_COUNTED, values)
    # Maintenance judges the people of each chat again, and makes the background.
    op.execute(
        'UPDATE "Room" SET judged_messages = 0, fit = NULL, told = NULL WHERE judged_messages > 0'
    )


def downgrade() -> None:
    """Leave the profiles, which an older version counts again."""
