"""The policy seam: two pure hooks around an attempt, composed in one loop.

A policy never sleeps and never sends. It answers with a verdict, or None to go on.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from crossdock.core.errors import CrossdockError, Retryable
from crossdock.core.message import Message
from crossdock.core.outcome import Claim

log = logging.getLogger(__name__)

STATE_AWAY = 5.0
"""Seconds until another look where a policy's shared state can't be reached."""


class StateStore(Protocol):
    """Small shared state of policies: in memory in the embedded default, in Redis in production. All calls are atomic."""

    def add(self, key: str, amount: int, ttl: float) -> int:
        """Add to a counter that forgets itself `ttl` seconds after its first add; return the new value."""

    def get(self, key: str) -> str | None:
        """Return a value, or None where there is none or it has run out."""

    def put(self, key: str, value: str, ttl: float) -> None:
        """Set a value for `ttl` seconds."""

    def put_if_absent(self, key: str, value: str, ttl: float) -> bool:
        """Set a value unless there is one; say whether it was set."""

    def drop(self, key: str) -> None:
        """Forget a value."""

    def take(self, key: str, rate: float, burst: int) -> float:
        """Take one token of a bucket that refills at `rate` a second up to `burst`; return 0, or the seconds to wait for one."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, as policies see it.

    `around` says what is attempted: a run of a route's steps, or a delivery to an endpoint. `number` counts from 1 and is
    durable; `first_at` and `now` are in seconds since 1970.
    """

    around: Literal["route", "delivery"]
    target: str
    partner: str
    number: int
    first_at: float
    now: float
    state: StateStore
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class RetryLater:
    """Try again after so many seconds. `counts` is False where nothing was attempted (a full bucket, an open circuit)."""

    after: float
    reason: str
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Fail:
    """Stop: the operator takes over."""

    error: CrossdockError


@dataclass(frozen=True, slots=True)
class Limit:
    """Give the attempt at most so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ClaimKey:
    """Let the message pass only if nobody has used this key before; decided at commit."""

    claim: Claim


Verdict = RetryLater | Fail | Limit | ClaimKey


class Policy(Protocol):
    """What holds around steps and deliveries."""

    @property
    def name(self) -> str:
        """The component's name (`retry`)."""

    def before(self, attempt: Attempt) -> Verdict | None:
        """Say something before the attempt, or None."""

    def after(self, attempt: Attempt, error: CrossdockError | None) -> RetryLater | Fail | None:
        """Say what follows from the attempt's end; `error` is None when it went well."""


@dataclass(frozen=True, slots=True)
class Permit:
    """What the policies before an attempt agreed on."""

    stop: RetryLater | Fail | None = None
    seconds: float | None = None
    claims: tuple[Claim, ...] = ()


def before(policies: Sequence[Policy], attempt: Attempt) -> Permit:
    """Ask each policy in order; the first that stops wins, the shortest limit wins, claims add up."""
    seconds: float | None = None
    claims: tuple[Claim, ...] = ()
    for policy in policies:
        try:
            verdict = policy.before(attempt)
        except Retryable as error:
            return Permit(stop=RetryLater(error.after or STATE_AWAY, error.message, counts=False))
        if isinstance(verdict, RetryLater | Fail):
            return Permit(stop=verdict)
        if isinstance(verdict, Limit):
            seconds = verdict.seconds if seconds is None else min(seconds, verdict.seconds)
        elif isinstance(verdict, ClaimKey):
            claims = (*claims, verdict.claim)
    return Permit(None, seconds, claims)


def after(policies: Sequence[Policy], attempt: Attempt, error: CrossdockError | None) -> RetryLater | Fail | None:
    """Tell every policy how it went, innermost first; the first answer counts."""
    answer: RetryLater | Fail | None = None
    for policy in reversed(policies):
        try:
            verdict = policy.after(attempt, error)
        except Retryable as away:  # the attempt is over and must be written down, whatever a policy's state says
            log.warning("policy %s could not take note of an attempt: %s", policy.name, away.message)
            continue
        answer = answer or verdict
    return answer
