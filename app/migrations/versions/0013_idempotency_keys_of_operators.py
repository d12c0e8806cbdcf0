"""idempotency keys: of whoever may write, by a token or signed in

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLE = "IdempotencyRecord"
OLD_UNIQUE = "uq_IdempotencyRecord_token_id_method_path_key"
NEW_UNIQUE = "uq_IdempotencyRecord_holder_method_path_key"
FOREIGN_KEY = "fk_IdempotencyRecord_token_id_Token"


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("holder", sa.String(length=32), nullable=True))
    op.execute("""UPDATE "IdempotencyRecord" SET holder = 'token ' || token_id""")
    with op.batch_alter_table(TABLE) as batch_op:
        batch_op.drop_constraint(op.f(OLD_UNIQUE), type_="unique")
        batch_op.drop_constraint(op.f(FOREIGN_KEY), type_="foreignkey")
        batch_op.drop_column("token_id")
        batch_op.alter_column("holder", existing_type=sa.String(length=32), nullable=False)
        batch_op.create_unique_constraint(op.f(NEW_UNIQUE), ["holder", "method", "path", "key"])


def downgrade() -> None:
    op.execute("""DELETE FROM "IdempotencyRecord" WHERE holder NOT LIKE 'token %'""")
    op.add_column(TABLE, sa.Column("token_id", BIG_ID, nullable=True))
    op.execute("""UPDATE "IdempotencyRecord" SET token_id = CAST(substr(holder, 7) AS BIGINT)""")
    with op.batch_alter_table(TABLE) as batch_op:
        batch_op.drop_constraint(op.f(NEW_UNIQUE), type_="unique")
        batch_op.drop_column("holder")
        batch_op.alter_column("token_id", existing_type=BIG_ID, nullable=False)
        batch_op.create_foreign_key(
            op.f(FOREIGN_KEY), "Token", ["token_id"], ["id"], ondelete="CASCADE"
        )
        batch_op.create_unique_constraint(op.f(OLD_UNIQUE), ["token_id", "method", "path", "key"])
