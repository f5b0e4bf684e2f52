"""Messages that wait: for a person, for an answer, for others of their group."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "waiting",
        sa.Column("seq", NUMBER, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("message_id", "kind", "scope", "key", "place", "note")),
        *(sa.Column(name, NUMBER, nullable=False, autoincrement=False) for name in ("node", "at")),
        *(sa.Column(name, NUMBER, nullable=True) for name in ("n", "total", "closes")),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("waiting_message", "waiting", ["message_id"], unique=True)
    op.create_index("waiting_group", "waiting", ["kind", "scope", "key", "seq"])
    op.create_table(
        "gathering",
        sa.Column("ref", TEXT, nullable=False),
        sa.Column("timer_at", NUMBER, nullable=True),
        sa.Column("last", NUMBER, nullable=True),
        sa.PrimaryKeyConstraint("ref"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "answer",
        sa.Column("root", TEXT, nullable=False),
        *(sa.Column(name, NUMBER, nullable=False, autoincrement=False) for name in ("payload_id", "status", "at")),
        sa.ForeignKeyConstraint(["payload_id"], ["payload.id"]),
        sa.PrimaryKeyConstraint("root"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop them."""
    for name in ("answer", "gathering", "waiting"):
        op.drop_table(name)
