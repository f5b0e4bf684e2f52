"""The tables of the first journal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

POSTGRESQL = (
    # an EDI document hardly shrinks under pglz, and not trying is a third faster
    "ALTER TABLE payload ALTER COLUMN data SET STORAGE EXTERNAL",
    "ALTER TABLE payload_chunk ALTER COLUMN data SET STORAGE EXTERNAL",
    # the queue is rewritten all the time: vacuum it by number of dead rows, whatever its size
    "ALTER TABLE work SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, fillfactor = 70)",
    "CREATE SEQUENCE payload_block INCREMENT BY 1000",
)

TABLES = (
    "delivery",
    "pickup",
    "payload_chunk",
    "message",
    "active_release",
    "work",
    "stored_release",
    "process",
    "payload",
    "lease",
    "inbox",
    "event",
    "effect",
    "counter",
    "claim",
    "business_key",
)
"""All of them, those that refer to others first."""


def upgrade() -> None:
    """Make all tables."""
    _payloads()
    _messages()
    _queue()
    _deliveries()
    _keys()
    _runtime()
    if op.get_context().dialect.name == "postgresql":
        for statement in POSTGRESQL:
            op.execute(statement)


def downgrade() -> None:
    """Drop all tables."""
    for table in TABLES:
        op.drop_table(table)
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP SEQUENCE payload_block")


def _text(name: str, nullable: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=nullable, server_default=None if default is None else sa.text(default))


def _number(name: str, nullable: bool = False, default: str | None = None) -> sa.Column[int]:
    return sa.Column(
        name, NUMBER, nullable=nullable, autoincrement=False, server_default=None if default is None else sa.text(default)
    )


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _payloads() -> None:
    op.create_table(
        "payload",
        _number("id"),
        _text("content_type"),
        _number("size"),
        sa.Column("data", sa.LargeBinary, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "payload_chunk",
        _number("payload_id"),
        _number("n"),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("payload_id", "n"),
        sa.ForeignKeyConstraint(["payload_id"], ["payload.id"]),
        sqlite_with_rowid=True,
    )


def _messages() -> None:
    op.create_table(
        "message",
        _text("id"),
        _text("causation_id"),
        _text("correlation_id"),
        _number("part"),
        _text("route"),
        _text("release"),
        _text("source"),
        _text("partner"),
        _text("state"),
        _number("resume"),
        _number("answered"),
        _text("name"),
        _text("headers"),
        _text("keys"),
        _text("traceparent"),
        _number("received_at"),
        _number("changed_at"),
        _number("attempts"),
        _number("deliveries"),
        _number("payload_id", nullable=True),
        _number("original_id", nullable=True),
        _text("error", nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["payload_id"], ["payload.id"]),
        sqlite_with_rowid=False,
    )
    _index("message_failed", "message", ["changed_at"], "state = 'failed'")
    _index("message_spawned", "message", ["correlation_id"], "part = 0 AND causation_id <> ''")
    op.create_table(
        "event",
        _text("ref"),
        _number("at"),
        _number("nr"),
        _text("kind"),
        _text("note"),
        _text("author"),
        _text("data"),
        sa.PrimaryKeyConstraint("ref", "at", "nr"),
        sqlite_with_rowid=False,
    )


def _queue() -> None:
    op.create_table(
        "work",
        sa.Column("seq", NUMBER, nullable=False, autoincrement=True),
        _text("lane"),
        _text("ref"),
        _text("state"),
        _number("due_at"),
        _text("order_key"),
        _number("attempts", default="0"),
        _number("first_at", default="0"),
        _number("fence", default="0"),
        _number("lease_until", nullable=True),
        _text("owner", default="''"),
        sa.PrimaryKeyConstraint("seq"),
        sqlite_with_rowid=True,
        sqlite_autoincrement=True,
    )
    _index("work_leased", "work", ["lease_until"], "state = 'leased'")
    _index("work_order", "work", ["order_key", "seq"], "order_key <> ''")
    _index("work_ready", "work", ["lane", "due_at", "seq"], "state = 'ready'")


def _deliveries() -> None:
    op.create_table(
        "delivery",
        _text("id"),
        _text("message_id"),
        _text("endpoint"),
        _text("operation"),
        _text("key"),
        _text("order_key"),
        _text("reply_to"),
        _text("name"),
        _text("place"),
        _text("policies"),
        _number("node"),
        _text("state"),
        _text("effect"),
        _number("attempts"),
        _text("reference"),
        _text("error", nullable=True),
        _number("payload_id"),
        _number("created_at"),
        _number("done_at", nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"]),
        sa.ForeignKeyConstraint(["payload_id"], ["payload.id"]),
        sqlite_with_rowid=False,
    )
    _index("delivery_failed", "delivery", ["done_at"], "state = 'failed'")
    _index("delivery_unknown", "delivery", ["done_at"], "state = 'unknown'")
    op.create_table(
        "effect",
        _text("delivery_id"),
        _number("seq"),
        _number("fence"),
        _number("attempt"),
        _text("state"),
        _number("intended_at"),
        _number("done_at", nullable=True),
        _text("reference", default="''"),
        _text("note", default="''"),
        sa.PrimaryKeyConstraint("delivery_id", "seq", "fence"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pickup",
        sa.Column("id", NUMBER, nullable=False, autoincrement=True),
        _text("partner"),
        _text("directory"),
        _text("name"),
        _text("key"),
        _number("payload_id"),
        _number("written_at"),
        _number("collected_at", nullable=True),
        _number("removed_at", nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["payload_id"], ["payload.id"]),
        sqlite_with_rowid=True,
    )
    op.create_index("pickup_key", "pickup", ["partner", "key"], unique=True)
    op.create_index("pickup_name", "pickup", ["partner", "directory", "name"], unique=True)


def _keys() -> None:
    op.create_table(
        "inbox",
        _text("source"),
        _text("dedupe_key"),
        _text("message_id"),
        _number("at"),
        sa.PrimaryKeyConstraint("source", "dedupe_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "business_key",
        _text("value"),
        _text("name"),
        _text("root"),
        sa.PrimaryKeyConstraint("value", "name", "root"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "claim",
        _text("scope"),
        _text("key"),
        _text("message_id"),
        _number("expires_at", nullable=True),
        sa.PrimaryKeyConstraint("scope", "key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "counter",
        _text("scope"),
        _number("value"),
        sa.PrimaryKeyConstraint("scope"),
        sqlite_with_rowid=False,
    )


def _runtime() -> None:
    op.create_table(
        "lease",
        _text("name"),
        _text("owner"),
        _number("until"),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "stored_release",
        _text("id"),
        _text("files"),
        _text("environment"),
        _number("created_at"),
        _text("note"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "active_release",
        _number("slot"),
        _text("release_id"),
        _number("since"),
        sa.PrimaryKeyConstraint("slot"),
        sa.ForeignKeyConstraint(["release_id"], ["stored_release.id"]),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "process",
        _text("name"),
        _text("role"),
        _number("at"),
        _text("detail"),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
    )
