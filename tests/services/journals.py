"""Journals whose tables are made: copies of one that is migrated once in each process of the test run.

A migration takes longer than most tests, and a process that has to make one imports SQLAlchemy and Alembic for it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from crossdock.runtime.journal import open_journal
from tests.services.postgres import Postgres


@dataclass
class Journals:
    """Makes journals; `folder` is for the one on SQLite that is copied."""

    folder: Path
    _templates: dict[int, str] = field(default_factory=dict)

    def sqlite(self, path: Path) -> str:
        """Return the URL of a new journal at a path."""
        template = self.folder / "journal.db"
        if not template.exists():
            _migrated(f"sqlite:///{template}")
        shutil.copyfile(template, path)
        return f"sqlite:///{path}"

    @contextmanager
    def postgres(self, server: Postgres) -> Iterator[str]:
        """Yield the URL of a new journal on a server, and drop it afterwards."""
        if server.port not in self._templates:
            self._templates[server.port] = name = "journal_template"
            server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
            _migrated(server.url_of(name))
        with server.database(self._templates[server.port]) as url:
            yield url


def _migrated(url: str) -> None:
    opened = open_journal(url)
    opened.migrate()
    opened.database.close()
