"""The policies' shared state: this process's memory in the embedded default, Redis in production.

Both keep counters and values that forget themselves, and token buckets. A bucket is one number, the time at which it will be
full again (the "theoretical arrival time" of GCRA, the generic cell rate algorithm): taking a token moves it on by 1 / rate,
and is allowed while it lies no more than `burst` tokens ahead. Time is in microseconds in both, so that they agree to the digit.

What is kept here may be lost without harm: a limit starts full, a circuit closed. Nothing that a promise rests on is kept here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from math import ceil
from threading import Lock
from typing import TYPE_CHECKING, Any

from crossdock.core.clock import Clock, SystemClock
from crossdock.core.errors import CrossdockError, Misconfigured, Retryable

if TYPE_CHECKING:
    from redis import Redis

MICROS = 1_000_000
ROOMY = 1024
"""How many values memory holds before it first looks for those that have run out."""


@dataclass(slots=True)
class _Kept:
    """A value and the time (µs) at which it is forgotten."""

    value: str
    until: int


@dataclass(slots=True)
class MemoryState:
    """A StateStore in this process's memory; safe from many threads."""

    clock: Clock = field(default_factory=SystemClock)
    _kept: dict[str, _Kept] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _room: int = ROOMY

    def add(self, key: str, amount: int, ttl: float) -> int:
        """Add to a counter that forgets itself `ttl` seconds after its first add; return the new value."""
        with self._lock:
            kept = self._find(key)
            if kept is None:
                self._set(key, str(amount), ttl)
                return amount
            kept.value = str(int(kept.value) + amount)
            return int(kept.value)

    def get(self, key: str) -> str | None:
        """Return a value, or None where there is none or it has run out."""
        with self._lock:
            kept = self._find(key)
            return kept.value if kept else None

    def put(self, key: str, value: str, ttl: float) -> None:
        """Set a value for `ttl` seconds."""
        with self._lock:
            self._set(key, value, ttl)

    def put_if_absent(self, key: str, value: str, ttl: float) -> bool:
        """Set a value unless there is one; say whether it was set."""
        with self._lock:
            if self._find(key) is not None:
                return False
            self._set(key, value, ttl)
            return True

    def drop(self, key: str) -> None:
        """Forget a value."""
        with self._lock:
            self._kept.pop(key, None)

    def take(self, key: str, rate: float, burst: int) -> float:
        """Take one token of a bucket that refills at `rate` a second up to `burst`; return 0, or the seconds to wait for one."""
        step = MICROS / rate
        with self._lock:
            now, kept = self._now(), self._find(key)
            full_at = max(float(kept.value), now) if kept else float(now)
            wait = ceil(full_at - step * (burst - 1) - now)
            if wait > 0:
                return wait / MICROS
            self._set(key, repr(full_at + step), (full_at + step - now) / MICROS)
            return 0.0

    def _now(self) -> int:
        return round(self.clock.now() * MICROS)

    def _find(self, key: str) -> _Kept | None:
        kept = self._kept.get(key)
        return kept if kept and kept.until > self._now() else None

    def _set(self, key: str, value: str, ttl: float) -> None:
        if len(self._kept) >= self._room:
            self._sweep()
        self._kept[key] = _Kept(value, self._now() + ceil(ttl * MICROS))

    def _sweep(self) -> None:
        """Forget what has run out; the next look comes when twice as much is there."""
        now = self._now()
        self._kept = {key: kept for key, kept in self._kept.items() if kept.until > now}
        self._room = max(ROOMY, 2 * len(self._kept))


ADD = """
local value = redis.call('INCRBY', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return value
"""
TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local step, burst = 1000000 / tonumber(ARGV[1]), tonumber(ARGV[2])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local wait = math.ceil(full_at - step * (burst - 1) - now)
if wait > 0 then return wait end
full_at = full_at + step
redis.call('SET', KEYS[1], string.format('%.17g', full_at), 'PX', math.ceil((full_at - now) / 1000) + 1)
return 0
"""
PATIENCE = 2.0
"""Seconds that a call to Redis may take."""
PREFIX = "crossdock:policy:"
SCHEMES = ("redis://", "rediss://", "unix://")


class RedisState:
    """A StateStore in Redis; safe from many threads and processes. The time is Redis's own, so that all machines agree.

    Connects at the first call. Each call raises Retryable where Redis can't be reached or can't answer.
    """

    def __init__(self, url: str) -> None:
        """Take `redis://[user:password@]host:port/database` (or `rediss:`, `unix:`); raises Misconfigured for any other."""
        if not url.startswith(SCHEMES):
            raise Misconfigured(
                f"'{url.partition(':')[0]}:...' is no shared state for policies",
                advice="set `state_store: redis://host:6379/0`, or `memory://` where one process does all the work",
            )
        self._redis = _connected(url)
        self._add = self._redis.register_script(ADD)
        self._take = self._redis.register_script(TAKE)

    def add(self, key: str, amount: int, ttl: float) -> int:
        """Add to a counter that forgets itself `ttl` seconds after its first add; return the new value."""
        return int(self._ask(partial(self._add, keys=[PREFIX + key], args=[amount, _millis(ttl)])))

    def get(self, key: str) -> str | None:
        """Return a value, or None where there is none or it has run out."""
        value: str | None = self._ask(partial(self._redis.get, PREFIX + key))
        return value

    def put(self, key: str, value: str, ttl: float) -> None:
        """Set a value for `ttl` seconds."""
        self._ask(partial(self._redis.set, PREFIX + key, value, px=_millis(ttl)))

    def put_if_absent(self, key: str, value: str, ttl: float) -> bool:
        """Set a value unless there is one; say whether it was set."""
        return bool(self._ask(partial(self._redis.set, PREFIX + key, value, px=_millis(ttl), nx=True)))

    def drop(self, key: str) -> None:
        """Forget a value."""
        self._ask(partial(self._redis.delete, PREFIX + key))

    def take(self, key: str, rate: float, burst: int) -> float:
        """Take one token of a bucket that refills at `rate` a second up to `burst`; return 0, or the seconds to wait for one."""
        return int(self._ask(partial(self._take, keys=[PREFIX + key], args=[repr(rate), burst]))) / MICROS

    def close(self) -> None:
        """Let go of the connections."""
        self._redis.close()

    def _ask(self, call: Callable[[], Any]) -> Any:
        from redis.exceptions import RedisError

        try:
            return call()
        except RedisError as error:
            raise _trouble(self._redis, error) from error


def _millis(ttl: float) -> int:
    """Return a duration as Redis wants it: whole milliseconds, at least one."""
    return max(1, ceil(ttl * 1000))


def _connected(url: str) -> Redis:
    """Return a client that fails fast: one more try at once, for a connection that went stale, and no pauses."""
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import ConnectionError as Lost
    from redis.retry import Retry

    try:
        return Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 1, supported_errors=(Lost,)),
        )
    except ValueError as error:
        raise Misconfigured(f"the URL of the policies' shared state is wrong: {error}") from None


def _trouble(redis: Redis, error: Exception) -> CrossdockError:
    """Return the error for people; the address is said without its password."""
    kwargs = redis.connection_pool.connection_kwargs
    address = kwargs.get("path") or f"{kwargs.get('host', 'localhost')}:{kwargs.get('port', 6379)}"
    return Retryable(
        f"the policies' shared state can't be used: Redis at {address} does not answer as it should",
        code="state_store",
        advice="see that Redis runs, is writable and can be reached; rate limits and circuit breakers wait for it",
        detail=f"{type(error).__name__}: {error}",
    )
