"""access, deletion, imports by upload

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "ImportJob",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("spool", sa.String(length=255), nullable=False),
        sa.Column("username", sa.String(length=320), nullable=True),
        sa.Column("bytes_total", BIG_ID, nullable=False),
        sa.Column("bytes_read", BIG_ID, nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("reposts", sa.Integer(), nullable=False),
        sa.Column("restricted", sa.Integer(), nullable=False),
        sa.Column("errors", sa.LargeBinary(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ImportJob")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_ImportJob_state"), "ImportJob", ["state"])
    with op.batch_alter_table("Users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_Users_deleted_at"), ["deleted_at"], unique=False)
    op.create_table(
        "LoginFailure",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("subject", sa.LargeBinary(length=32), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_LoginFailure")),
    )
    with op.batch_alter_table("LoginFailure", schema=None) as batch_op:
        batch_op.create_index(
            "ix_LoginFailure_subject_failed_at", ["subject", "failed_at"], unique=False
        )

    op.create_table(
        "Operator",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", sa.String(length=300), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_Operator")),
        sa.UniqueConstraint("name_key", name=op.f("uq_Operator_name_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "SetupLink",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_SetupLink")),
        sa.UniqueConstraint("sha256", name=op.f("uq_SetupLink_sha256")),
    )
    op.create_table(
        "LoginSession",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("operator_id", BIG_ID, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["operator_id"],
            ["Operator.id"],
            name=op.f("fk_LoginSession_operator_id_Operator"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_LoginSession")),
        sa.UniqueConstraint("sha256", name=op.f("uq_LoginSession_sha256")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("LoginSession", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_LoginSession_operator_id"), ["operator_id"], unique=False
        )


def downgrade() -> None:
    op.drop_table("ImportJob")
    with op.batch_alter_table("Users", recreate="never") as batch_op:
        batch_op.drop_index(batch_op.f("ix_Users_deleted_at"))
        batch_op.drop_column("deleted_at")
    with op.batch_alter_table("LoginSession", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_LoginSession_operator_id"))

    op.drop_table("LoginSession")
    op.drop_table("SetupLink")
    op.drop_table("Operator")
    with op.batch_alter_table("LoginFailure", schema=None) as batch_op:
        batch_op.drop_index("ix_LoginFailure_subject_failed_at")

    op.drop_table("LoginFailure")
