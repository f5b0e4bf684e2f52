"""The document chain: what each document says of an order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    names = ("partner", "direction", "document", "stage", "number", "control")
    op.create_table(
        "link",
        *(sa.Column(name, TEXT, nullable=False) for name in ("reference", "kind", "ref")),
        sa.Column("n", NUMBER, nullable=False, autoincrement=False),
        *(sa.Column(name, TEXT, nullable=False) for name in names),
        sa.Column("at", NUMBER, nullable=False, autoincrement=False),
        sa.Column("data", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("reference", "kind", "ref", "n"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("link")
