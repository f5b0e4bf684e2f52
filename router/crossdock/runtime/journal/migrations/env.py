"""Alembic's environment: runs on the connection that `migrate.py` hands in, inside its transaction."""

from __future__ import annotations

from alembic import context

from crossdock.runtime.journal.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
