"""What is polled: how far each poll has come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "poll",
        *(sa.Column(name, TEXT, nullable=False) for name in ("name", "route", "state")),
        sa.Column("version", NUMBER, nullable=False, autoincrement=False),
        sa.Column("looked_at", NUMBER, nullable=True, autoincrement=False),
        sa.Column("due_at", NUMBER, nullable=False, autoincrement=False),
        sa.Column("trouble", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("poll")
