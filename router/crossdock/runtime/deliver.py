"""The drain of an endpoint's lane: claim deliveries, write down the intention, call, and commit what came of it.

    claim ─ policies ─ intend ─ find? ─ send ─ conclude
                                  │
    An earlier attempt that may have happened is looked up at the target before anything is sent again. Where the target can't
    be asked and knows no keys, nothing is sent: a person decides.

Answers are committed as they come, so that one slow call keeps nobody waiting.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue

from crossdock.core import policy as policies
from crossdock.core.errors import CrossdockError, Misconfigured, Retryable, UnknownEffect
from crossdock.core.journal import Concluded, DeliveryWork, EffectState, Wake
from crossdock.core.marking import keep_tests_apart
from crossdock.core.message import Message
from crossdock.core.nodes import TargetNode
from crossdock.core.outcome import DeliveryState, Event
from crossdock.core.policy import Attempt, Fail, Policy, RetryLater
from crossdock.core.ports import Askable, Dispatch, Reply, Sink
from crossdock.core.version import EngineTooOld
from crossdock.runtime.drain import LEFT_ALONE, spawned
from crossdock.runtime.loop import LoopThread
from crossdock.runtime.sinks import PARTNER, Sinks
from crossdock.runtime.workplace import Workplace
from crossdock_config import Release

log = logging.getLogger(__name__)

SECONDS = 30.0
"""How long a call may take where no policy says so."""
QUESTION = "#"
"""How `reply_to` begins where a message waits for the answer: the number of its node follows."""
AGAIN = 30.0
"""Seconds until a retry where no policy has an opinion."""


@dataclass(frozen=True, slots=True)
class _Call:
    """A delivery that may go out: its sink, its policies and how long it may take."""

    work: DeliveryWork
    release: Release
    sink: Sink
    around: tuple[Policy, ...]
    attempt: Attempt
    seconds: float


class DeliveryDrain:
    """Makes the deliveries of a lane."""

    def __init__(self, place: Workplace, sinks: Sinks, loop: LoopThread) -> None:
        self._journal = place.journal
        self._lease = place.lease
        self._releases = place.releases
        self._sinks = sinks
        self._loop = loop
        self._state = place.state
        self._clock = place.clock
        self._metrics = place.metrics

    def batch(self, works: list[DeliveryWork]) -> set[str]:
        """Make claimed deliveries; return the lanes that got work."""
        prepared = [self._prepare(work) for work in works]
        touched = self._conclude([result for result in prepared if isinstance(result, Concluded)])
        calls = [result for result in prepared if isinstance(result, _Call)]
        ours = self._journal.intend([call.work for call in calls]) if calls else set()
        return touched | self._call_all([call for call in calls if call.work.seq in ours])

    def _prepare(self, work: DeliveryWork) -> _Call | Concluded:
        try:
            release = self._releases.get(work.message.control.release)
            if release.environment.test:
                keep_tests_apart(work.message.body, "out")
            sink = self._sinks.get(release, work.endpoint)
            around = policies_of(release, work)
        except EngineTooOld as error:
            log.error("delivery %s is left to another worker: %s", work.delivery_id, error.message)
            return Concluded(work, DeliveryState.QUEUED, work.effect, error=error, after=LEFT_ALONE, counts=False)
        except CrossdockError as error:
            return Concluded(work, DeliveryState.FAILED, work.effect, error=error)
        attempt = self._attempt(work)
        permit = policies.before(around, attempt)
        if isinstance(permit.stop, RetryLater):
            return Concluded(work, DeliveryState.QUEUED, work.effect, after=permit.stop.after, counts=permit.stop.counts)
        if isinstance(permit.stop, Fail):
            return Concluded(work, DeliveryState.FAILED, work.effect, error=permit.stop.error)
        return _Call(work, release, sink, around, attempt, permit.seconds or SECONDS)

    def _attempt(self, work: DeliveryWork) -> Attempt:
        return Attempt(
            around="delivery",
            target=work.endpoint,
            partner=work.message.control.partner,
            number=work.attempts,
            first_at=work.first_at / 1000,
            now=self._clock.now(),
            state=self._state,
            message=work.message,
        )

    def _call_all(self, calls: list[_Call]) -> set[str]:
        """Start all calls and commit their results in the groups in which they come; heartbeat while some are slow."""
        done: SimpleQueue[Concluded] = SimpleQueue()
        if calls:
            self._loop.start(_start(calls, done))
        waiting = {call.work.seq: call for call in calls}
        touched: set[str] = set()
        while waiting:
            results = list(_arrived(done, self._lease / 3))
            touched |= self._conclude([self._judged(waiting.pop(result.work.seq), result) for result in results])
            if not results:
                self._journal.extend([call.work for call in waiting.values()], self._lease)
        return touched

    def _judged(self, call: _Call, result: Concluded) -> Concluded:
        """Let the policies decide what a failure means, and the events say what a success starts."""
        verdict = policies.after(call.around, replace(call.attempt, now=self._clock.now()), result.error)
        if result.state is DeliveryState.DELIVERED:
            return replace(result, spawns=tuple(_replies(call, result.reply)), wake=_answer(call.work, result.reply))
        if result.state is not DeliveryState.QUEUED:
            return _refusal(result)
        if isinstance(verdict, RetryLater):
            return replace(result, after=verdict.after, counts=verdict.counts)
        if isinstance(verdict, Fail):
            given_up = DeliveryState.UNKNOWN if result.effect == "unknown" else DeliveryState.FAILED
            return _refusal(replace(result, state=given_up, error=verdict.error))
        return replace(result, after=AGAIN)

    def _conclude(self, results: list[Concluded]) -> set[str]:
        if not results:
            return set()
        touched = self._journal.conclude(results)
        for result in results:
            self._metrics.delivery_done(result.work.endpoint, result.state, result.micros / 1e6)
        return touched


def policies_of(release: Release, work: DeliveryWork) -> tuple[Policy, ...]:
    """Return the policies around a delivery: those it names, else the set called `default`."""
    names = work.policies or ("default",)
    return tuple(policy for name in names for policy in release.policy_sets.get(name, ()))


def _arrived(done: SimpleQueue[Concluded], seconds: float) -> Iterator[Concluded]:
    """Yield what has arrived, waiting for the first; nothing where none came in time."""
    try:
        yield done.get(timeout=seconds)
        while True:
            yield done.get_nowait()
    except Empty:
        return


async def _start(calls: list[_Call], done: SimpleQueue[Concluded]) -> None:
    async with asyncio.TaskGroup() as group:
        for call in calls:
            group.create_task(_one(call, done))


async def _one(call: _Call, done: SimpleQueue[Concluded]) -> None:
    started = time.perf_counter_ns()
    result = await _made(call)
    done.put(replace(result, micros=(time.perf_counter_ns() - started) // 1000))


async def _made(call: _Call) -> Concluded:
    """Make one call and say what came of it; never raises."""
    work = call.work
    try:
        async with asyncio.timeout(call.seconds):
            return Concluded(work, DeliveryState.DELIVERED, "confirmed", reply=await _sent(call))
    except Retryable as error:
        return Concluded(work, DeliveryState.QUEUED, _still(work.effect), error=error)
    except UnknownEffect as error:
        return _unknown(call, error)
    except TimeoutError:
        return _unknown(call, UnknownEffect(f"no answer from '{work.endpoint}' within {call.seconds:g} s", code="timeout"))
    except CrossdockError as error:
        return Concluded(work, DeliveryState.FAILED, "refused", error=error)
    except Exception as error:  # noqa: BLE001 - a connector may break in any way, perhaps after it has sent
        detail = f"{type(error).__name__}: {error}"
        return _unknown(call, UnknownEffect(f"the connector of '{work.endpoint}' broke: {detail}", code="defect", detail=detail))


async def _sent(call: _Call) -> Reply:
    """Look an uncertain earlier attempt up, then send."""
    work, sink, dispatch = call.work, call.sink, _dispatch(call)
    if work.effect in ("intended", "unknown") and not _is_question(work):
        if isinstance(sink, Askable):
            found = await sink.find(dispatch)
            if found is not None:
                return replace(found, note=found.note or "an earlier attempt had been done")
        elif not sink.knows_keys:
            raise UnknownEffect("an earlier attempt may have been done, and the target can't be asked", code="undecided")
    return await sink.send(dispatch)


def _still(effect: EffectState) -> EffectState:
    """What the ledger says after a call that surely was not done: what an earlier one left open stays open."""
    return "unknown" if effect in ("intended", "unknown") else ""


def _unknown(call: _Call, error: UnknownEffect) -> Concluded:
    """An effect that may have happened: again where that is safe, else a person decides."""
    safe = isinstance(call.sink, Askable) or call.sink.knows_keys or _is_question(call.work)
    error.advice = error.advice or (
        "it is looked up before it is sent again"
        if safe
        else "find out at the target whether it was done: then discard or retry it"
    )
    return Concluded(call.work, DeliveryState.QUEUED if safe else DeliveryState.UNKNOWN, "unknown", error=error)


def _dispatch(call: _Call) -> Dispatch:
    work, message = call.work, call.work.message
    is_partner = work.endpoint.startswith(PARTNER)
    return Dispatch(
        delivery_id=work.delivery_id,
        endpoint=work.endpoint,
        operation=work.operation,
        key=work.key,
        body=message.body,
        content_type=message.content_type,
        options=_options(call),
        name=work.name,
        partner=work.endpoint.removeprefix(PARTNER) if is_partner else message.control.partner,
        traceparent=message.traceparent,
        attempt=work.attempts,
        seconds=call.seconds,
    )


def _options(call: _Call) -> object:
    """Return the target options that the route wrote; a closing delivery (a 997) has none."""
    if not call.work.node:
        return None
    program = call.release.programs.get(call.work.message.control.route)
    node = program.node(call.work.node) if program else None
    if not isinstance(node, TargetNode):
        raise Misconfigured(f"the target at {call.work.where} is not in the release any more")
    return node.options


def _is_question(work: DeliveryWork) -> bool:
    """Say whether the message waits for the answer (`enrich`): nothing is done by it, so it may be asked as often as needed."""
    return work.reply_to.startswith(QUESTION)


def _answer(work: DeliveryWork, reply: Reply | None) -> Wake | None:
    """Return what wakes the message that asked."""
    if not _is_question(work):
        return None
    return Wake(work.message.id, int(work.reply_to.removeprefix(QUESTION)), {"reply": reply.body if reply else None})


def _refusal(result: Concluded) -> Concluded:
    """A question that gets no answer is the message's trouble: it goes on with the error, and the delivery is done with."""
    work, error = result.work, result.error
    if not _is_question(work) or error is None:
        return result
    wake = Wake(
        work.message.id, int(work.reply_to.removeprefix(QUESTION)), {"error": {"message": error.message, "code": error.code}}
    )
    return replace(result, state=DeliveryState.DISCARDED, wake=wake)


def _replies(call: _Call, reply: Reply | None) -> Iterator[Message]:
    work = call.work
    if not work.reply_to or reply is None or _is_question(work):
        return
    body = {"document": work.message.body, "reply": reply.body, "reference": reply.reference, "endpoint": work.endpoint}
    yield from spawned(call.release, work.message, Event(work.reply_to, body, work.where))
