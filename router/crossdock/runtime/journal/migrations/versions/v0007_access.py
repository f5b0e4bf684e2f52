"""Who did what, who may come in, and what a second person must agree to: audit log, API tokens, approvals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; the log begins with nothing, sealed with zeros."""
    op.create_table(
        "audit",
        *(_number(name) for name in ("seq", "at")),
        *(_text(name) for name in ("actor", "via", "role", "action", "subject", "environment", "details", "hash")),
        sa.PrimaryKeyConstraint("seq"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_head",
        *(_number(name) for name in ("slot", "seq")),
        _text("hash"),
        sa.PrimaryKeyConstraint("slot"),
        sqlite_with_rowid=False,
    )
    op.execute(f"INSERT INTO audit_head (slot, seq, hash) VALUES (1, 0, '{'0' * 64}')")  # noqa: S608 - our own zeros
    _tokens()
    _approvals()


def downgrade() -> None:
    """Drop them."""
    for name in ("approval", "api_token", "audit_head", "audit"):
        op.drop_table(name)


def _tokens() -> None:
    op.create_table(
        "api_token",
        *(_text(name) for name in ("prefix", "name", "salt", "hash", "owner")),
        _number("created_at"),
        *(_number(name, nullable=True) for name in ("expires_at", "revoked_at", "used_at")),
        sa.PrimaryKeyConstraint("prefix"),
        sqlite_with_rowid=False,
    )
    op.create_index("api_token_name", "api_token", ["name"])


def _approvals() -> None:
    op.create_table(
        "approval",
        *(_text(name) for name in ("id", "release_id", "note", "requester", "people")),
        *(_number(name) for name in ("requested_at", "expires_at")),
        _text("state"),
        *(sa.Column(name, TEXT, nullable=False, server_default=sa.text("''")) for name in ("decider", "reason")),
        _number("decided_at", nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("approval_release", "approval", ["release_id", "state"])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, NUMBER, nullable=nullable, autoincrement=False)
