"""What a message's route has put aside, beside its body."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the column."""
    op.add_column("message", sa.Column("held", TEXT, nullable=False, server_default=sa.text("''")))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("message", "held")
