"""Fixtures that every room's tests share: real servers, started when they are first asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import TypeVar

import pytest

from tests.services.children import Missing
from tests.services.postgres import Postgres, postgres
from tests.services.rabbitmq import Rabbit, rabbitmq
from tests.services.redis import Redis, redis

Server = TypeVar("Server")


def _running(service: AbstractContextManager[Server]) -> Iterator[Server]:
    """Run a service for the session; where it isn't installed, skip on a laptop and fail in CI."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(service)
        except Missing as missing:
            if os.environ.get("CI"):
                pytest.fail(str(missing))
            pytest.skip(str(missing))
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL of this test process."""
    yield from _running(postgres())


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """A Redis of this test process."""
    yield from _running(redis())


@pytest.fixture(scope="session")
def rabbitmq_server() -> Iterator[Rabbit]:
    """A RabbitMQ of this test process."""
    yield from _running(rabbitmq())


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> Iterator[str]:
    """An empty database, dropped afterwards."""
    with postgres_server.fresh() as url:
        yield url
