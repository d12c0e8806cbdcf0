"""version 2.0.0: the audience of posts, who came to a chat and left it, joined names, tokens that
end, assistants, and what is known of imports; recognition in chats is measured again

Revision ID: 0053
Revises: 0043
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade
from app.models.base import UtcDateTime

revision = "0053"
down_revision = "0043"
LOST = {
    "posts that are for a limited audience, which a website would have": (
        "SELECT count(*) FROM \"Tweet\" WHERE visibility IS NULL OR visibility <> 'public'"
    ),
    "posts that know which imports sent them": (
        'SELECT count(*) FROM "Tweet" WHERE met_by IS NOT NULL'
    ),
    "tokens with an end": 'SELECT count(*) FROM "Token" WHERE ends_at IS NOT NULL',
    "lines of people who came to a chat or left it": 'SELECT count(*) FROM "RoomMove"',
    "names joined to another author (part them first)": (
        'SELECT count(*) FROM "Users" WHERE joined_to_id IS NOT NULL'
    ),
    "lines of people who changed their name": (
        'SELECT count(*) FROM "RoomMove" WHERE became_id IS NOT NULL'
    ),
}
OF_EVERYONE = ("bluesky", "reddit", "youtube", "rss")
"""Platforms whose posts everyone can see."""
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INDEXES = {
    "ix_Tweet_not_public": ("Tweet", "user_id", "visibility IS NULL OR visibility <> 'public'"),
    "ix_Users_joined_to_id": ("Users", "joined_to_id", "joined_to_id IS NOT NULL"),
}
_COLUMNS: dict[str, dict[str, Any]] = {
    "ImportJob": {"digest": sa.LargeBinary(), "scope": sa.String(8), "begun_by": sa.String(32)},
    "Tweet": {"met_by": sa.String(255), "name_id": _BIG},
    "Room": {"fit": sa.LargeBinary(), "told": sa.LargeBinary()},
    "Token": {"ends_at": UtcDateTime},
    "Site": {"assistants": sa.String(16)},
    "Users": {"joined_to_id": _BIG},
}
_posts = sa.table(
    "Tweet",
    *map(sa.column, ("import_id", "source_id", "room_id", "user_id", "visibility")),
    *map(sa.column, ("met_by", "is_met_again")),
)


def upgrade() -> None:
    for table, columns in _COLUMNS.items():
        for name, kind in columns.items():
            op.add_column(table, sa.Column(name, kind, nullable=True))
    _tell_audiences()
    # Nothing says which import it was: no undo removes these posts, as before.
    op.execute(sa.update(_posts).where(_posts.c.is_met_again).values(met_by=",0,"))
    with remade("Tweet") as batch:
        batch.drop_column("is_met_again")
    for name, (table, column, condition) in _INDEXES.items():
        where = sa.text(condition)
        op.create_index(name, table, [column], sqlite_where=where, postgresql_where=where)
    # Maintenance judges the people of each chat again.
    op.execute('UPDATE "Room" SET judged_messages = 0 WHERE judged_messages > 0')
    # Version 0.2 stored messages without their chat, which another import of the file may add.
    op.execute(
        'UPDATE "Tweet" SET import_id = 0 WHERE room_id IS NULL AND import_id IS NULL'
        ' AND user_id IN (SELECT id FROM "Users" WHERE is_of_chat)'
    )
    op.create_table(
        "RoomMove",
        sa.Column("id", _BIG, primary_key=True),
        *(
            sa.Column(
                column, _BIG, sa.ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=False
            )
            for column, table in (("room_id", "Room"), ("user_id", "Users"))
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("has_left", sa.Boolean(), nullable=False),
        sa.Column("import_id", _BIG, nullable=False),
        sa.Column("became_id", _BIG, nullable=True),
        sqlite_autoincrement=True,
    )
    for column in ("room_id", "user_id", "import_id"):
        op.create_index(f"ix_RoomMove_{column}", "RoomMove", [column])


def _tell_audiences() -> None:
    op.add_column(
        "Tweet", sa.Column("visibility", sa.String(10), nullable=True, server_default="public")
    )
    users = sa.table("Users", sa.column("id"), sa.column("platform"))
    limiting = sa.select(users.c.id).where(users.c.platform.not_in(OF_EVERYONE))
    # Version 1.0 stored posts without the number of their import, and posts for followers if it was
    # told to. Nothing says which these are.
    is_old = sa.and_(
        _posts.c.import_id.is_(None),
        _posts.c.source_id.is_not(None),
        _posts.c.user_id.in_(limiting),
    )
    is_unknown = sa.or_(is_old, _posts.c.import_id.in_(_imports_with_restricted()))
    unknown = sa.update(_posts).where(_posts.c.room_id.is_(None), is_unknown)
    op.execute(unknown.values(visibility=None))


def _imports_with_restricted() -> list[int]:
    jobs = sa.table("ImportJob", sa.column("id"), sa.column("options"))
    rows = op.get_bind().execute(sa.select(jobs.c.id, jobs.c.options))
    return [
        job_id
        for job_id, options in rows
        if options is None or json.loads(options).get("include_restricted")
    ]


def downgrade() -> None:
    for name, (table, _, _) in _INDEXES.items():
        op.drop_index(name, table)
    op.drop_table("RoomMove")
    op.execute('DELETE FROM "Token" WHERE ends_at IS NOT NULL')
    op.execute('UPDATE "Tweet" SET import_id = NULL WHERE import_id = 0')
    op.add_column(
        "Tweet", sa.Column("is_met_again", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    is_met = _posts.c.met_by.is_not(None)
    op.execute(sa.update(_posts).where(is_met).values(is_met_again=sa.true()))
    for table, columns in _COLUMNS.items():
        with remade(table) as batch:
            for name in columns:
                batch.drop_column(name)
    with remade("Tweet") as batch:
        batch.drop_column("visibility")
