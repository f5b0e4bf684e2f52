"""The book of documents exchanged with partners, and what must follow them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make both tables."""
    _exchange()
    _partial("exchange_group", "exchange", ["partner", "group_control"], "direction = 'out'")
    _partial("exchange_interchange", "exchange", ["partner", "interchange"], "direction = 'out'")
    _partial("exchange_delivery", "exchange", ["delivery_id"], "direction = 'out'")
    _partial("exchange_waiting", "exchange", ["due_at"], "state = 'waiting'")
    _partial("exchange_overdue", "exchange", ["due_at"], "state = 'overdue'")
    _partial("exchange_rejected", "exchange", ["answered_at"], "state = 'rejected'")
    _expectation()
    _partial("expectation_due", "expectation", ["due_at"], "state = 'open'")
    _partial("expectation_missing", "expectation", ["due_at"], "state = 'missing'")
    op.create_index("expectation_value", "expectation", ["value", "partner", "document"])


def downgrade() -> None:
    """Drop both."""
    op.drop_table("expectation")
    op.drop_table("exchange")


def _exchange() -> None:
    op.create_table(
        "exchange",
        _text("id"),
        _text("dialect"),
        _text("direction"),
        _text("partner"),
        _text("document"),
        _text("version"),
        _text("interchange"),
        _text("group_control"),
        _text("transaction_control"),
        _text("keys"),
        _text("message_id"),
        _text("delivery_id"),
        _number("at"),
        _number("ack_window", nullable=True),
        _text("state"),
        _number("sent_at", nullable=True),
        _number("due_at", nullable=True),
        _number("arrived_at", nullable=True),
        _number("answered_at", nullable=True),
        _text("ack", default=True),
        _text("ack_message_id", default=True),
        _text("reason", nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )


def _expectation() -> None:
    op.create_table(
        "expectation",
        _text("exchange_id"),
        _text("document"),
        _text("partner"),
        _text("name"),
        _text("value"),
        _number("due_at"),
        _text("state"),
        _text("met_by", default=True),
        sa.PrimaryKeyConstraint("exchange_id", "document"),
        sqlite_with_rowid=False,
    )


def _text(name: str, *, nullable: bool = False, default: bool = False) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=nullable, server_default=sa.text("''") if default else None)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, NUMBER, nullable=nullable)


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
