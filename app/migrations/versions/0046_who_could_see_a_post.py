"""who could see a post at its source

Revision ID: 0046
Revises: 0045
"""

import json

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade

revision = "0046"
down_revision = "0045"
LOST = {
    "posts that are for a limited audience, which a website would have": (
        "SELECT count(*) FROM \"Tweet\" WHERE visibility IS NULL OR visibility <> 'public'"
    )
}
OF_EVERYONE = ("bluesky", "reddit", "youtube", "rss")
"""Platforms whose posts everyone can see."""
IS_NOT_PUBLIC = sa.text("visibility IS NULL OR visibility <> 'public'")


def upgrade() -> None:
    op.add_column(
        "Tweet", sa.Column("visibility", sa.String(10), nullable=True, server_default="public")
    )
    posts = sa.table(
        "Tweet", *map(sa.column, ("import_id", "source_id", "room_id", "user_id", "visibility"))
    )
    users = sa.table("Users", sa.column("id"), sa.column("platform"))
    limiting = sa.select(users.c.id).where(users.c.platform.not_in(OF_EVERYONE))
    # Version 1.0 stored posts without the number of their import, and posts for followers if it was
    # told to. Nothing says which these are.
    is_old = sa.and_(
        posts.c.import_id.is_(None), posts.c.source_id.is_not(None), posts.c.user_id.in_(limiting)
    )
    is_unknown = sa.or_(is_old, posts.c.import_id.in_(_imports_with_restricted()))
    unknown = sa.update(posts).where(posts.c.room_id.is_(None), is_unknown)
    op.execute(unknown.values(visibility=None))
    op.create_index(
        "ix_Tweet_not_public",
        "Tweet",
        ["user_id"],
        sqlite_where=IS_NOT_PUBLIC,
        postgresql_where=IS_NOT_PUBLIC,
    )


def _imports_with_restricted() -> list[int]:
    jobs = sa.table("ImportJob", sa.column("id"), sa.column("options"))
    rows = op.get_bind().execute(sa.select(jobs.c.id, jobs.c.options))
    return [
        job_id
        for job_id, options in rows
        if options is None or json.loads(options).get("include_restricted")
    ]


def downgrade() -> None:
    op.drop_index("ix_Tweet_not_public", "Tweet")
    with remade("Tweet") as batch:
        batch.drop_column("visibility")
