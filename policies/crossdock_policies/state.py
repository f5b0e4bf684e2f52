"""The policies' shared state: this process's memory, or Redis where several processes share it."""

from __future__ import annotations

import threading
from typing import Any

from crossdock.core.clock import Clock, SystemClock
from crossdock.core.errors import Retryable

MOST_KEYS = 100_000
"""Past this many keys those that have run out are thrown away."""


class MemoryState:
    """State in this process, guarded by one lock."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._values: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def add(self, key: str, amount: int, ttl: float) -> int:
        """Add to a counter that forgets itself `ttl` seconds after its first add."""
        with self._lock:
            value, ends = self._live(key) or ("0", self._clock.now() + ttl)
            total = int(value) + amount
            self._values[key] = (str(total), ends)
            return total

    def get(self, key: str) -> str | None:
        """Return a value, or None."""
        with self._lock:
            live = self._live(key)
            return live[0] if live else None

    def put(self, key: str, value: str, ttl: float) -> None:
        """Set a value for `ttl` seconds."""
        with self._lock:
            self._values[key] = (value, self._clock.now() + ttl)
            self._tidy()

    def put_if_absent(self, key: str, value: str, ttl: float) -> bool:
        """Set a value unless there is one."""
        with self._lock:
            if self._live(key):
                return False
            self._values[key] = (value, self._clock.now() + ttl)
            return True

    def drop(self, key: str) -> None:
        """Forget a value."""
        with self._lock:
            self._values.pop(key, None)

    def take(self, key: str, rate: float, burst: int) -> float:
        """Take a token (generic cell rate algorithm): 0, or the seconds until there is one."""
        with self._lock:
            now, step = self._clock.now(), 1 / rate
            live = self._live(key)
            full_at = max(float(live[0]) if live else now, now)
            wait = full_at - now - step * (burst - 1)
            if wait > 1e-9:
                return wait
            self._values[key] = (repr(full_at + step), full_at + step + 1)
            return 0.0

    def _live(self, key: str) -> tuple[str, float] | None:
        found = self._values.get(key)
        return found if found and found[1] > self._clock.now() else None

    def _tidy(self) -> None:
        if len(self._values) > MOST_KEYS:
            now = self._clock.now()
            self._values = {key: value for key, value in self._values.items() if value[1] > now}


_ADD = """
local total = redis.call('INCRBY', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return total
"""
_TAKE = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local step = 1 / tonumber(ARGV[1])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local wait = full - now - step * (tonumber(ARGV[2]) - 1)
if wait > 0.000001 then return tostring(wait) end
redis.call('SET', KEYS[1], string.format('%.6f', full + step), 'PX', math.ceil((full + step - now + 1) * 1000))
return '0'
"""


class RedisState:
    """State in Redis; every call is one round trip, and the time is Redis's own."""

    def __init__(self, url: str, prefix: str = "crossdock:") -> None:
        import redis

        self._redis: Any = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
        self._prefix = prefix
        self._add = self._redis.register_script(_ADD)
        self._take = self._redis.register_script(_TAKE)

    def add(self, key: str, amount: int, ttl: float) -> int:
        """Add to a counter that forgets itself `ttl` seconds after its first add."""
        return int(self._asked(self._add, keys=[self._prefix + key], args=[amount, int(ttl * 1000)]))

    def get(self, key: str) -> str | None:
        """Return a value, or None."""
        found = self._asked(self._redis.get, self._prefix + key)
        return found.decode() if found is not None else None

    def put(self, key: str, value: str, ttl: float) -> None:
        """Set a value for `ttl` seconds."""
        self._asked(self._redis.set, self._prefix + key, value, px=int(ttl * 1000))

    def put_if_absent(self, key: str, value: str, ttl: float) -> bool:
        """Set a value unless there is one."""
        return bool(self._asked(self._redis.set, self._prefix + key, value, px=int(ttl * 1000), nx=True))

    def drop(self, key: str) -> None:
        """Forget a value."""
        self._asked(self._redis.delete, self._prefix + key)

    def take(self, key: str, rate: float, burst: int) -> float:
        """Take a token (generic cell rate algorithm): 0, or the seconds until there is one."""
        return float(self._asked(self._take, keys=[self._prefix + key], args=[rate, burst]))

    def _asked(self, call: Any, *arguments: Any, **options: Any) -> Any:
        import redis

        try:
            return call(*arguments, **options)
        except redis.RedisError as error:
            raise Retryable(
                f"the policies' state in Redis can't be reached: {error}", advice="start Redis, or see `state_store`"
            ) from error
