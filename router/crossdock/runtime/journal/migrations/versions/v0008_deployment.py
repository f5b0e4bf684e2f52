"""Deployments: a history whose newest row is what runs, in place of a single slot."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table, with what runs now as its first row, and drop the slot."""
    for name in ("engine", "signature"):
        op.add_column("stored_release", sa.Column(name, TEXT, nullable=False, server_default=sa.text("''")))
    op.create_table(
        "deployment",
        sa.Column("number", NUMBER, nullable=False, autoincrement=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("release_id", "act", "actor", "note", "candidate_id")),
        *(sa.Column(name, NUMBER, nullable=False, autoincrement=False) for name in ("share", "until", "most_errors")),
        sa.Column("approved", TEXT, nullable=False),
        sa.Column("at", NUMBER, nullable=False, autoincrement=False),
        sa.ForeignKeyConstraint(["release_id"], ["stored_release.id"]),
        sa.PrimaryKeyConstraint("number"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO deployment (number, release_id, act, actor, note, candidate_id, share, until, most_errors, approved, at) "
        "SELECT 1, release_id, 'up', '', '', '', 0, 0, 0, '', since FROM active_release"
    )
    op.drop_table("active_release")


def downgrade() -> None:
    """Go back to the slot."""
    op.create_table(
        "active_release",
        *(sa.Column(name, NUMBER, nullable=False, autoincrement=False) for name in ("slot", "since")),
        sa.Column("release_id", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["stored_release.id"]),
        sa.PrimaryKeyConstraint("slot"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO active_release (slot, release_id, since) "
        "SELECT 1, release_id, at FROM deployment ORDER BY number DESC LIMIT 1"
    )
    op.drop_table("deployment")
    for name in ("signature", "engine"):
        op.drop_column("stored_release", name)
