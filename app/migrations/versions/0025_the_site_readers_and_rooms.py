"""the site's row, readers and their invitations, rooms

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from app.migrations.tables import remade

revision = "0025"
down_revision = "0024"
LOST = {
    "chats": 'SELECT count(*) FROM "Room"',
    "readers": "SELECT count(*) FROM \"Operator\" WHERE role <> 'operator'",
    "invitations": 'SELECT count(*) FROM "Invitation"',
    "choices in Settings": (
        'SELECT count(*) FROM "Site" WHERE public IS NOT NULL OR is_own_chosen'
    ),
}
CLOSED = sa.text('SELECT count(*) FROM "Site" WHERE NOT public')

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

SAMPLES = (
    *("골목빵집", "12번버스", "the_night_ferry", "느티나무도서관", "saltmarsh_light"),
    *("pier_street_museum", "언덕천문대", "no9_kettle_cafe"),
)
_FIRST_ARCHIVE = sa.text("""
    UPDATE "Site" SET own_user_id = (
        SELECT min(id) FROM "Users" WHERE deleted_at IS NULL AND tweet_count > 0
        AND NOT is_of_chat AND username_key NOT IN :samples
    )
""").bindparams(sa.bindparam("samples", list(SAMPLES), expanding=True))
"""The first author who is no sample and nobody of a chat, as a fresh database takes its first."""


def upgrade() -> None:
    _create_site()
    _create_readers()
    _create_rooms()


def _create_site() -> None:
    site = op.create_table(
        "Site",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("public", sa.Boolean(), nullable=True),
        sa.Column("own_user_id", BIG_ID, nullable=True),
        sa.Column("is_own_chosen", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(
            ["own_user_id"],
            ["Users.id"],
            name=op.f("fk_Site_own_user_id_Users"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_Site")),
    )
    op.bulk_insert(site, [{"id": 1, "is_own_chosen": False}])
    op.execute(_FIRST_ARCHIVE)


def _create_readers() -> None:
    role = sa.Column("role", sa.String(8), server_default="operator", nullable=False)
    op.add_column("Operator", role)
    op.create_table(
        "Invitation",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("name", sa.String(100), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("created_by_id", BIG_ID, nullable=True),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        sa.Column("used_by_id", BIG_ID, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by_id"],
            ["Operator.id"],
            name=op.f("fk_Invitation_created_by_id_Operator"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["used_by_id"],
            ["Operator.id"],
            name=op.f("fk_Invitation_used_by_id_Operator"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_Invitation")),
        sa.UniqueConstraint("sha256", name=op.f("uq_Invitation_sha256")),
        sqlite_autoincrement=True,
    )


def _create_rooms() -> None:
    _create_room_tables()
    # SQLite adds a column with a foreign key only by itself, and needs no copy of the posts then.
    kind = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    op.execute(
        f'ALTER TABLE "Tweet" ADD COLUMN room_id {kind}'
        ' CONSTRAINT "fk_Tweet_room_id_Room" REFERENCES "Room" (id) ON DELETE SET NULL'
    )
    in_room = sa.text("room_id IS NOT NULL")
    op.create_index(
        "ix_Tweet_room_id_created_at_id",
        "Tweet",
        ["room_id", "created_at", "id"],
        sqlite_where=in_room,
        postgresql_where=in_room,
    )


def _create_room_tables() -> None:
    op.create_table(
        "Room",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("external_id", sa.String(512), nullable=True),
        sa.Column("title", sa.String(320), nullable=True),
        sa.Column("name", sa.String(320), nullable=True),
        sa.Column("joined_to_id", BIG_ID, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["joined_to_id"],
            ["Room.id"],
            name=op.f("fk_Room_joined_to_id_Room"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_Room")),
        sa.UniqueConstraint("platform", "external_id", name=op.f("uq_Room_platform_external_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_Room_platform_title", "Room", ["platform", "title"])
    op.create_index("ix_Room_joined_to_id", "Room", ["joined_to_id"])
    op.create_table(
        "RoomPerson",
        sa.Column("room_id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["room_id"], ["Room.id"], name=op.f("fk_RoomPerson_room_id_Room"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["Users.id"], name=op.f("fk_RoomPerson_user_id_Users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("room_id", "user_id", name=op.f("pk_RoomPerson")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_RoomPerson_user_id", "RoomPerson", ["user_id"])


def check_downgrade(connection: sa.Connection, public: bool | None) -> None:
    """Raise CommandError if the downgrade would open a closed site, since it deletes the switch.

    public: the setting of this name, which keeps the site closed without the switch.
    """
    if public is not False and connection.scalar(CLOSED):
        raise CommandError(
            "the site is private in Settings, but at revision 0024 anyone could read it;"
            " set SAYWHO_PUBLIC=0 first"
        )


def downgrade() -> None:
    config = op.get_context().config
    check_downgrade(op.get_bind(), config.attributes.get("public") if config else None)
    op.drop_index("ix_Tweet_room_id_created_at_id", "Tweet")
    with remade("Tweet") as batch:
        batch.drop_column("room_id")
    op.drop_table("RoomPerson")
    op.drop_table("Room")
    op.drop_table("Invitation")
    # An account that may only read must not become one with every right.
    op.execute(
        'DELETE FROM "LoginSession" WHERE operator_id IN '
        "(SELECT id FROM \"Operator\" WHERE role <> 'operator')"
    )
    op.execute("DELETE FROM \"Operator\" WHERE role <> 'operator'")
    with remade("Operator") as batch:
        batch.drop_column("role")
    op.drop_table("Site")
