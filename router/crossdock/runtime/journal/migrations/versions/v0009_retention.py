"""Which claims have a window, by their message: retention leaves these messages alone until it is over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

WINDOWED = sa.text("expires_at IS NOT NULL")


def upgrade() -> None:
    """Make the index."""
    op.create_index("claim_window", "claim", ["message_id"], sqlite_where=WINDOWED, postgresql_where=WINDOWED)


def downgrade() -> None:
    """Drop it."""
    op.drop_index("claim_window", "claim")
