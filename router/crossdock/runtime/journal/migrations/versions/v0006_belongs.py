"""The journal remembers whose it is: the environment of the release that is active, if there is one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table, and fill it."""
    op.create_table(
        "belongs",
        sa.Column("slot", NUMBER, nullable=False, autoincrement=False),
        sa.Column("environment", TEXT, nullable=False),
        sa.Column("since", NUMBER, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("slot"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO belongs (slot, environment, since)"
        " SELECT 1, r.environment, a.since FROM active_release a JOIN stored_release r ON r.id = a.release_id"
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("belongs")
