"""descriptions of media are in the word index

Revision ID: 0020
Revises: 0019
"""

from alembic import op

revision = "0020"
down_revision = "0019"

# What keeps the index in step with the posts on SQLite, for the terms of a post.
NAMES = ("insert", "delete", "update")
VIEW = 'CREATE VIEW "TweetTerms" AS SELECT id, saywho_terms({}) AS terms FROM "Tweet"'
ADD = 'INSERT INTO "TweetWords" (rowid, terms) VALUES (new.id, saywho_terms({}));'
REMOVE = """
    INSERT INTO "TweetWords" ("TweetWords", rowid, terms)
        VALUES ('delete', old.id, saywho_terms({}));
"""


def upgrade() -> None:
    _create("text", "user_id", "media")


def downgrade() -> None:
    _create("text", "user_id")


def _create(*columns: str) -> None:
    """Create view and triggers anew; maintenance rebuilds an index of other terms."""
    if op.get_context().dialect.name != "sqlite":
        return
    for name in NAMES:
        op.execute(f'DROP TRIGGER "TweetWords_{name}"')
    op.execute('DROP VIEW "TweetTerms"')
    op.execute(VIEW.format(", ".join(columns)))
    add = ADD.format(", ".join(f"new.{name}" for name in columns))
    remove = REMOVE.format(", ".join(f"old.{name}" for name in columns))
    # Counts are renewed together with media that stay as they are.
    is_changed = " OR ".join(f"new.{name} IS NOT old.{name}" for name in columns)
    when = f" WHEN {is_changed}" if "media" in columns else ""
    op.execute(f'CREATE TRIGGER "TweetWords_insert" AFTER INSERT ON "Tweet" BEGIN {add} END')
    op.execute(f'CREATE TRIGGER "TweetWords_delete" AFTER DELETE ON "Tweet" BEGIN {remove} END')
    op.execute(
        f'CREATE TRIGGER "TweetWords_update" AFTER UPDATE OF {", ".join(columns)} ON "Tweet"'
        f"{when} BEGIN {remove} {add} END"
    )
