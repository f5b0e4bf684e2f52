"""The journal's migrations (Alembic), run by `migrate.py`."""
