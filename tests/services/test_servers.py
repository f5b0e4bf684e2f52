"""The throw-away servers: they answer, they are empty for each test, and nothing of them is left."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from kombu import Connection
from redis import Redis

from tests.services.ports import free_port, listens, wait_for_port
from tests.services.process import _sweep
from tests.services.redis import redis

ROOT = Path(__file__).resolve().parents[2]


def test_postgres_gives_an_empty_durable_database(postgres_url):
    with psycopg.connect(postgres_url) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        fsync = connection.execute("SHOW fsync").fetchone()
    assert (tables, fsync) == ((0,), ("on",))


def test_a_database_is_dropped_though_somebody_is_still_connected(postgres_server):
    with postgres_server.database() as url:
        left = psycopg.connect(url)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)
    with pytest.raises(psycopg.OperationalError):
        left.execute("SELECT 1")
    left.close()


def test_redis_is_empty(redis_url):
    with Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0


def test_rabbitmq_carries_a_message(rabbitmq_url):
    with Connection(rabbitmq_url) as connection:
        queue = connection.SimpleQueue("lane")
        queue.put({"lane": "orders"})
        arrived = queue.get(timeout=10).payload
        queue.close()
    assert arrived == {"lane": "orders"}


def test_a_server_is_gone_with_its_folder_at_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with redis() as server:
        wait_for_port(server.port)
        during = len(list(tmp_path.iterdir()))
    assert (during, len(list(tmp_path.iterdir())), listens(server.port)) == (1, 0, False)


def test_a_killed_run_leaves_no_server_and_the_next_one_clears_its_folder(tmp_path):
    code = f"""
import tempfile, time
tempfile.tempdir = {str(tmp_path)!r}
from tests.services.redis import redis
with redis() as server:
    print(server.port, flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        port = int(run.stdout.readline())
        run.kill()
    ends = time.monotonic() + 30
    while listens(port) and time.monotonic() < ends:
        time.sleep(0.02)
    left = len(list(tmp_path.iterdir()))
    _sweep(tmp_path)
    assert (listens(port), left, len(list(tmp_path.iterdir()))) == (False, 1, 0)


def test_a_free_port_can_be_bound_and_is_no_ephemeral_one():
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert free_port() < first


@pytest.mark.parametrize(("ci", "expected"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_a_missing_server_skips_on_a_laptop_and_fails_in_ci(ci, expected, monkeypatch):
    from tests.conftest import absent

    monkeypatch.setitem(os.environ, "CI", ci)
    with pytest.raises(expected, match="not installed"):
        absent("redis-server is not installed")


@pytest.mark.xdist_group("together")
def test_a_parallel_run_keeps_groups_of_tests_together(request: pytest.FixtureRequest) -> None:
    """pytest-xdist tells groups by the end of a test's id; versions that do not fit together lose it without a word."""
    grouped = getattr(request.config.option, "loadgroup", False)
    assert request.node.nodeid.endswith("@together") is grouped
