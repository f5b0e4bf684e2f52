"""Real servers for tests: each starts when the first test asks for it, once in each process of the test run.

    postgres_url    an empty database of its own for each test
    journal_url     a journal of its own with its tables, once on SQLite and once on PostgreSQL
    sqlite_url, postgres_journal_url    the same, only on one of them
    redis_url       an empty Redis; each process of the run has its own server
    rabbitmq_url    an empty virtual host of its own for each test; the tests that use it run in one process, in turn

A server that isn't installed skips the test on a laptop and fails it in CI.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn, TypeVar

import pytest

from tests.services.journals import Journals
from tests.services.postgres import Postgres, postgres
from tests.services.process import ServerMissing
from tests.services.rabbitmq import RabbitMq, rabbitmq
from tests.services.redis import RedisServer, redis

Running = TypeVar("Running")
SHORT = 16
"""Bytes."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep in one process (`--dist loadgroup`) what shares something costly, in the order of its file.

    A second RabbitMQ would cost five seconds and two cores; the tests of a module that share a running house build on each other.
    """
    for item in items:
        if "rabbitmq_server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("rabbitmq"))
        elif isinstance(item, pytest.Function) and _shares(item):
            item.add_marker(pytest.mark.xdist_group(item.module.__name__))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name many bytes as their argument is named: archives hold the time, and all processes of a run must agree on names."""
    return argname if isinstance(val, bytes) and len(val) > SHORT else None


def _shares(item: pytest.Function) -> bool:
    """Whether a test uses a fixture that its module's tests share."""
    defined = item._fixtureinfo.name2fixturedefs.values()
    return any(fixture.scope == "module" for fixtures in defined for fixture in fixtures)


@contextmanager
def installed(server: AbstractContextManager[Running]) -> Iterator[Running]:
    """Run a server, or end the test in the way that fits where it isn't installed."""
    with ExitStack() as stack:
        try:
            running = stack.enter_context(server)
        except ServerMissing as error:
            absent(str(error))
        yield running


def absent(reason: str) -> NoReturn:
    """Skip the test on a laptop, fail it in CI."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL that is durable as in production."""
    with installed(postgres()) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> Iterator[str]:
    """The URL of an empty database."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(scope="session")
def journals(tmp_path_factory: pytest.TempPathFactory) -> Journals:
    """What makes journals."""
    return Journals(tmp_path_factory.mktemp("journals"))


@pytest.fixture
def sqlite_url(journals: Journals, tmp_path: Path) -> str:
    """The URL of a journal on SQLite, `journal.db` in the test's folder."""
    return journals.sqlite(tmp_path / "journal.db")


@pytest.fixture
def postgres_journal_url(journals: Journals, postgres_server: Postgres) -> Iterator[str]:
    """The URL of a journal on PostgreSQL."""
    with journals.postgres(postgres_server) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def journal_url(request: pytest.FixtureRequest) -> str:
    """The URL of a journal."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_journal_url"))


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis that keeps nothing."""
    with installed(redis()) as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The URL of an empty Redis."""
    redis_server.clear()
    return redis_server.url


@pytest.fixture(scope="session")
def rabbitmq_server() -> Iterator[RabbitMq]:
    """A RabbitMQ node."""
    with installed(rabbitmq()) as server:
        yield server


@pytest.fixture
def rabbitmq_url(rabbitmq_server: RabbitMq) -> Iterator[str]:
    """The URL of an empty virtual host."""
    with rabbitmq_server.vhost() as url:
        yield url
