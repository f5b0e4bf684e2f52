"""The operations page: metrics and health over HTTP."""

from __future__ import annotations

from types import SimpleNamespace

import aiohttp
import pytest

from crossdock.core.errors import Misconfigured, Retryable
from crossdock.runtime.metrics import Metrics
from crossdock.runtime.operations import serve
from tests.services.ports import free_port


class Journal:
    """Just what the page asks for."""

    def __init__(self, error=None):
        self.error = error

    def lanes(self):
        return []

    def check(self):
        if self.error:
            raise self.error
        return "well"


async def get(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{port}{path}", allow_redirects=False) as answer:
                    return answer.status, await answer.text()
            except aiohttp.ClientConnectorError:
                continue


@pytest.mark.parametrize(
    ("path", "status", "wanted"),
    [
        ("/health/live", 200, "live"),
        ("/health/ready", 200, '"ready": true'),
        ("/metrics", 200, "crossdock_wakeups"),
        ("/other", 404, "there is /metrics"),
    ],
)
async def test_each_page_answers(path, status, wanted):
    settings = SimpleNamespace(host="127.0.0.1", port=free_port())
    async with serve(settings, Journal(), Metrics()):
        found = await get(settings.port, path)
    assert found[0] == status
    assert wanted in found[1]


async def test_a_journal_that_is_away_makes_the_process_unready_and_says_why():
    settings = SimpleNamespace(host="127.0.0.1", port=free_port())
    async with serve(settings, Journal(Retryable("the database is away")), Metrics()):
        status, text = await get(settings.port, "/health/ready")
    assert status == 503
    assert "the database is away" in text


async def test_without_settings_there_is_no_page():
    async with serve(None, Journal(), Metrics()):
        pass


async def test_a_port_in_use_is_told_plainly():
    settings = SimpleNamespace(host="127.0.0.1", port=free_port())
    async with serve(settings, Journal(), Metrics()):
        await get(settings.port, "/health/live")
        with pytest.raises(Misconfigured, match=f"can't listen on 127.0.0.1:{settings.port} for metrics"):
            async with serve(settings, Journal(), Metrics()):
                pass
