"""Running servers that the tests of connectors share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.connectors.http_poll_kit import Api, api
from tests.connectors.sftp_server_kit import Server, serving


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """An SFTP server with the partners acme and globex."""
    async with serving(tmp_path) as running:
        yield running


@pytest.fixture
async def market() -> AsyncIterator[Api]:
    """An HTTP API that is polled."""
    async with api() as made:
        yield made
