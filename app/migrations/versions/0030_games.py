"""games: questions, players, answers, and codes that no game has

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
LOST = {"games": 'SELECT count(*) FROM "Game"'}

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "Game",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("code", sa.String(8), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        *(_number(name) for name in ("question", "questions", "seconds", "version")),
        sa.Column("user_ids", sa.String(200), nullable=False),
        sa.Column("room_id", BIG_ID, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_Game")),
        sa.UniqueConstraint("code", name=op.f("uq_Game_code")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "GameQuestion",
        sa.Column("game_id", BIG_ID, nullable=False),
        _number("number"),
        *(sa.Column(name, BIG_ID, nullable=False) for name in ("tweet_id", "user_id")),
        sa.Column("model_user_id", BIG_ID, nullable=False),
        sa.Column("model_probability", sa.Double(), nullable=False),
        sa.Column("asked_ms", BIG_ID, nullable=True),
        sa.Column("over_ms", BIG_ID, nullable=True),
        _of_game("GameQuestion"),
        sa.PrimaryKeyConstraint("game_id", "number", name=op.f("pk_GameQuestion")),
    )
    _create_players()
    op.create_table(
        "WrongCode",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("network", sa.LargeBinary(32), nullable=False),
        sa.Column("sent_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_WrongCode")),
    )
    op.create_index("ix_WrongCode_network_sent_at", "WrongCode", ["network", "sent_at"])


def _create_players() -> None:
    op.create_table(
        "GamePlayer",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("game_id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("name_key", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("seen_ms", BIG_ID, nullable=True),
        _of_game("GamePlayer"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_GamePlayer")),
        sa.UniqueConstraint("sha256", name=op.f("uq_GamePlayer_sha256")),
        sqlite_autoincrement=True,
    )
    own_name = "uq_GamePlayer_game_id_name_key"
    op.create_index(own_name, "GamePlayer", ["game_id", "name_key"], unique=True)
    op.create_table(
        "GameAnswer",
        sa.Column("player_id", BIG_ID, nullable=False),
        _number("number"),
        *(sa.Column(name, BIG_ID, nullable=False) for name in ("game_id", "user_id")),
        *(_number(name) for name in ("ms", "points")),
        _of_game("GameAnswer"),
        sa.ForeignKeyConstraint(
            ["player_id"],
            ["GamePlayer.id"],
            name=op.f("fk_GameAnswer_player_id_GamePlayer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("player_id", "number", name=op.f("pk_GameAnswer")),
    )
    op.create_index("ix_GameAnswer_game_id_number", "GameAnswer", ["game_id", "number"])


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _of_game(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_game_id_Game")
    return sa.ForeignKeyConstraint(["game_id"], ["Game.id"], name=name, ondelete="CASCADE")


def downgrade() -> None:
    for table in ("WrongCode", "GameAnswer", "GamePlayer", "GameQuestion", "Game"):
        op.drop_table(table)
