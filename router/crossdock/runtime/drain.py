"""The drain of a route's lane: claim a batch, run each message through its program, commit all results at once.

    claim ─ run ─ run ─ run ... ─ settle          one commit for the batch
              └─ a split: reserve, append, append, ..., settle

A message whose earlier attempts were cut off (a worker that died) runs alone, so that a poisonous one takes nobody with it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice

from crossdock.core import copies, engine
from crossdock.core import policy as policies
from crossdock.core.blob import Blob
from crossdock.core.envelope import event_headers
from crossdock.core.errors import CrossdockError, Misconfigured, Rejected
from crossdock.core.ids import new_id, now_ms
from crossdock.core.journal import Appended, LeaseLost, MessageWork, Settled
from crossdock.core.marking import keep_tests_apart
from crossdock.core.message import BODY_TYPE, Control, Message
from crossdock.core.nodes import StepNode
from crossdock.core.outcome import LENIENT, Claim, Closing, Event, Outcome, Stage, State, lenient_stages
from crossdock.core.policy import Attempt, Fail, Permit, Policy, RetryLater
from crossdock.core.program import Program, variables
from crossdock.core.run import REFUSED
from crossdock.core.version import EngineTooOld
from crossdock.runtime.chain_watch import watched
from crossdock.runtime.workplace import Workplace
from crossdock_config import Release

log = logging.getLogger(__name__)

BATCH = 100
SUSPECT = 3
"""From this attempt on a message runs alone."""
LEFT_ALONE = 5.0
"""Seconds until a message of a release that is too new for this engine may be claimed again."""
MOST_ATTEMPTS = 50
"""A message that was claimed so often without an end is given to the operator."""


class MessageDrain:
    """Runs the messages of a lane."""

    def __init__(self, place: Workplace) -> None:
        self._journal = place.journal
        self._lease = place.lease
        self._releases = place.releases
        self._state = place.state
        self._clock = place.clock
        self._metrics = place.metrics

    def batch(self, works: list[MessageWork]) -> set[str]:
        """Run claimed works and commit; return the lanes that got work."""
        works = self._alone(works)
        touched: set[str] = set()
        settled: list[Settled] = []
        for work in works:
            result = self._run(work)
            if result.outcome.parts is None and not copies.may_differ(result.outcome.claims):
                settled.append(result)
                continue
            touched |= self._settle(settled) | self._reserved(result)
            settled = []
        return touched | self._settle(settled)

    def _told(self, settled: list[Settled]) -> Iterator[tuple[Settled, tuple[Event, ...]]]:
        """Compare what the runs' documents say of orders with what is known of these."""
        for result, (outcome, events) in zip(settled, watched(self._journal, [one.outcome for one in settled]), strict=True):
            yield (result if outcome is result.outcome else replace(result, outcome=outcome)), events

    def _watched(self, result: Settled, events: tuple[Event, ...]) -> Settled:
        if not events:
            return result
        release = self._releases.get(result.work.message.control.release)
        return replace(result, spawns=result.spawns + tuple(self._spawned(release, result.outcome.message, events)))

    def _alone(self, works: list[MessageWork]) -> list[MessageWork]:
        suspects = [work for work in works if work.attempts >= SUSPECT]
        if not suspects or len(works) == 1:
            return works
        chosen = suspects[0]
        self._journal.release([work for work in works if work is not chosen])
        return [chosen]

    def _settle(self, settled: list[Settled]) -> set[str]:
        if not settled:
            return set()
        settled = [self._watched(result, told) for result, told in self._told(settled)]
        touched = self._journal.settle(settled)
        for result in settled:
            self._count(result.outcome)
        return touched

    def _run(self, work: MessageWork) -> Settled:
        control = work.message.control
        try:
            release = self._releases.get(control.release)
            program = release.programs.get(control.route)
            if program is None:
                raise Misconfigured(f"route '{control.route}' is not in release {release.id[:12]}")
            if release.environment.test:
                keep_tests_apart(work.message.body, "in")
            if work.attempts > MOST_ATTEMPTS:
                raise Rejected(
                    f"this message was begun {work.attempts - 1} times and never came to an end",
                    advice="look at the workers' logs around its attempts; retry it when the reason is gone",
                )
        except EngineTooOld as error:
            return _left_alone(work, error)
        except CrossdockError as error:
            return Settled(work, Outcome(work.message, State.FAILED, error=error, resume=control.resume))
        work = _readable(work, program)
        attempt = self._attempt(work)
        around = program.policies or release.policy_sets["default"]
        permit = policies.before(around, attempt)
        if permit.stop:
            return _stopped(work, permit.stop)
        return _judged(self._attempted(work, release, program, permit), around, attempt)

    def _attempted(self, work: MessageWork, release: Release, program: Program, permit: Permit) -> Settled:
        started = time.monotonic()
        outcome = engine.run(program, work.message, engine.Surroundings(self._clock.now(), self._state))
        if permit.claims:
            outcome = replace(outcome, claims=permit.claims + outcome.claims)
        if permit.seconds is not None and time.monotonic() - started > permit.seconds:
            outcome = _too_slow(work, outcome, permit.seconds)
        spawns = tuple(self._spawned(release, outcome.message, outcome.events))
        return Settled(work, outcome, spawns)

    def _attempt(self, work: MessageWork) -> Attempt:
        control = work.message.control
        return Attempt(
            around="route",
            target=control.route,
            partner=control.partner,
            number=work.attempts,
            first_at=work.first_at / 1000,
            now=self._clock.now(),
            state=self._state,
            message=work.message,
        )

    def _reserved(self, result: Settled) -> set[str]:
        """Commit a message once its keys are its own: all of it, what is left without copies, or that it is one itself."""
        work, outcome = result.work, result.outcome
        try:
            taken = self._journal.reserve(work, outcome.claims) if outcome.claims else ()
            if copies.is_whole(outcome, taken):
                return self._settle([Settled(work, copies.whole(work.message, outcome, taken))])
            touched = set()
            if taken:
                touched = self._append(work, (copies.part(work.message, outcome, one) for one in taken))
                result = self._again(result, taken)
            result = replace(result, outcome=replace(result.outcome, claims=()))
            return touched | (self._settle([result]) if result.outcome.parts is None else self._split(result))
        except LeaseLost:
            return set()

    def _again(self, result: Settled, taken: Sequence[Claim]) -> Settled:
        """Run a message again without those of its parts that are copies."""
        message = result.work.message
        left = message.holding(REFUSED, [[one.scope, one.key] for one in taken if one.holder != message.id])
        release = self._releases.get(message.control.release)
        world = engine.Surroundings(self._clock.now(), self._state)
        outcome = engine.run(release.programs[message.control.route], left, world)
        spawns = tuple(self._spawned(release, outcome.message, outcome.events))
        return replace(result, outcome=outcome, spawns=spawns, after=outcome.after if outcome.paused else result.after)

    def _split(self, result: Settled) -> set[str]:
        """Commit a split message: its parts some at a time, then itself with what closes it; raises LeaseLost."""
        work, outcome = result.work, result.outcome
        assert outcome.parts is not None
        touched = self._append(work, engine.flatten(outcome.parts, partial(self._admitted, work)))
        closing = outcome.finish()
        return touched | self._settle([replace(result, outcome=_closed(outcome, closing))])

    def _admitted(self, work: MessageWork, inner: Outcome) -> tuple[Sequence[Outcome], Outcome]:
        """Take the keys of a file within a file (an interchange in an archive) before any of its parts is committed."""
        if not inner.claims or inner.without is None:
            return (), inner
        message = inner.message
        taken = self._journal.reserve(replace(work, message=message), inner.claims)
        if not taken:
            return (), replace(inner, claims=())
        if any(not one.part for one in taken):
            return (), copies.whole(replace(message, body=None), inner, taken)
        left = inner.without({(one.scope, one.key) for one in taken if one.holder != message.id})
        return [copies.part(message, inner, one) for one in taken], replace(left, claims=())

    def _append(self, work: MessageWork, parts: Iterator[Outcome]) -> set[str]:
        release = self._releases.get(work.message.control.release)
        touched: set[str] = set()
        while chunk := list(islice(parts, BATCH)):
            appended = [
                Appended(part, tuple(self._spawned(release, part.message, part.events + events)))
                for part, events in watched(self._journal, chunk)
            ]
            touched |= self._journal.append(work, appended, self._lease)
            for part in chunk:
                self._count(part)
        return touched

    def _count(self, outcome: Outcome) -> None:
        """Count a run, and the faults that were let pass in it."""
        control = outcome.message.control
        self._metrics.message_done(control.route, outcome.state)
        for stage in outcome.stages:
            if stage.name.startswith(LENIENT):
                self._metrics.let_pass(control.partner, stage.name.removeprefix(LENIENT))

    def _spawned(self, release: Release, parent: Message, events: tuple[Event, ...]) -> Iterator[Message]:
        for event in events:
            yield from spawned(release, parent, event)


def spawned(release: Release, parent: Message, event: Event) -> Iterator[Message]:
    """Yield the messages that an event starts: one for each route that listens to it, all with the same envelope."""
    program, at = release.programs.get(parent.control.route), now_ms()
    headers = event_headers(new_id(), event.type, parent, tuple(program.keys) if program else (), at)
    for route in release.subscriptions.get(event.type, ()):
        message = Message(
            id=new_id(),
            body=event.body,
            control=Control(route, release.id, source=f"event:{event.type}", partner=parent.control.partner),
            content_type=BODY_TYPE,
            headers=headers,
            keys=parent.keys,
            correlation_id=parent.correlation_id,
            causation_id=parent.id,
            traceparent=parent.traceparent,
            received_at=at,
        )
        yield _in_order(release.programs.get(route), message)


def _in_order(program: Program | None, message: Message) -> Message:
    """Return a message with the key by which its route takes messages in turn; what is wrong with the key, the run tells."""
    if program is None or program.order_by is None:
        return message
    try:
        key = str(program.order_by.evaluate(variables(message)))
    except CrossdockError:
        return message
    return replace(message, control=replace(message.control, order_key=key))


def _readable(work: MessageWork, program: Program) -> MessageWork:
    """Read a document that lies outside of memory, unless the first thing that looks at it does so piece by piece."""
    body = work.message.body
    if not isinstance(body, Blob):
        return work
    first = program.rest(work.message.control.resume)[:1]
    if first and isinstance(first[0], StepNode) and getattr(first[0].step, "reads_blobs", False):
        return work
    return replace(work, message=work.message.with_body(body.whole(), work.message.content_type))


def _left_alone(work: MessageWork, error: EngineTooOld) -> Settled:
    """Leave a message to a worker whose engine is new enough; this attempt doesn't count."""
    log.error("message %s is left to another worker: %s", work.message.id, error.message)
    outcome = Outcome(work.message, State.RETRY, error=error, resume=work.message.control.resume)
    return Settled(work, outcome, after=LEFT_ALONE, counts=False)


def _stopped(work: MessageWork, stop: RetryLater | Fail) -> Settled:
    resume = work.message.control.resume
    if isinstance(stop, Fail):
        return Settled(work, Outcome(work.message, State.FAILED, error=stop.error, resume=resume))
    outcome = Outcome(work.message, State.RETRY, resume=resume)
    return Settled(work, outcome, after=stop.after, counts=stop.counts)


def _judged(result: Settled, around: tuple[Policy, ...], attempt: Attempt) -> Settled:
    """Let the policies say what a failed run means; a pause is no failure."""
    outcome = result.outcome
    if outcome.paused:
        return replace(result, after=outcome.after, counts=False)
    verdict = policies.after(around, attempt, outcome.error)
    if outcome.state is not State.RETRY:
        return result
    if isinstance(verdict, RetryLater):
        return replace(result, after=verdict.after, counts=verdict.counts)
    error = verdict.error if isinstance(verdict, Fail) else outcome.error
    return replace(result, outcome=replace(outcome, state=State.FAILED, error=error))


def _too_slow(work: MessageWork, outcome: Outcome, limit: float) -> Outcome:
    error = Rejected(
        f"the route's steps took longer than the {limit:g} s that its policy allows",
        code="timeout",
        advice="raise the policy's `timeout`, or split the document",
    )
    late = Outcome(work.message, State.FAILED, stages=outcome.stages, error=error, resume=work.message.control.resume)
    return late if outcome.closing is None else _answering(late, outcome, outcome.closing)


def _answering(late: Outcome, outcome: Outcome, closing: Closing) -> Outcome:
    """Let the partner have its answer although what the route made of its document is thrown away."""
    return replace(
        late,
        deliveries=closing.deliveries,
        claims=outcome.claims,
        refuse=outcome.refuse,
        exchanges=outcome.exchanges,
        settlements=outcome.settlements,
        closing=closing,
    )


def _closed(outcome: Outcome, closing: Closing) -> Outcome:
    noted = (Stage("close", outcome.stages[-1].where if outcome.stages else "", 0, closing.note),) if closing.note else ()
    return replace(
        outcome,
        parts=None,
        stages=outcome.stages + lenient_stages(closing.remarks) + noted,
        deliveries=outcome.deliveries + closing.deliveries,
        settlements=outcome.settlements + closing.settlements,
        error=closing.error,
        state=State.FAILED if closing.error else State.SPLIT,
    )
