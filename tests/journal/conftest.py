"""A fresh journal for each test, once on SQLite and once on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crossdock.runtime.journal import OpenJournal
from tests.journal.journal_kit import World


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A database without tables."""
    is_sqlite = request.param == "sqlite"
    world = World(f"sqlite:///{tmp_path}/journal.db" if is_sqlite else request.getfixturevalue("postgres_url"))
    yield world
    world.close()


@pytest.fixture
def world(journal_url: str) -> Iterator[World]:
    """A database with tables."""
    world = World(journal_url)
    world.open()
    yield world
    world.close()


@pytest.fixture
def opened(world: World) -> OpenJournal:
    """A journal."""
    return world.opened[0]
