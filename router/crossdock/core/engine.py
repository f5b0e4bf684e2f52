"""The engine: walks a message through what remains of a program and says what shall happen.

It computes only. Nothing is sent, nothing is written: the `Outcome` is the whole of the result, and a run that is thrown away
leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter_ns

from crossdock.core.closing import answered
from crossdock.core.errors import CrossdockError, Finding, Rejected, Retryable
from crossdock.core.message import Message, Numbered
from crossdock.core.nodes import Catch, EndTry, Node, Rethrow, SplitNode
from crossdock.core.outcome import Outcome, Stage, State, unanswered
from crossdock.core.parts import acknowledgement, as_part, bad_part, child_of, parts_of
from crossdock.core.program import Program, variables
from crossdock.core.run import STOP, Guarded, Joined, Pause, Run, Surroundings
from crossdock.core.spec import SKIPPED, Part
from crossdock.core.visits import visit
from crossdock.core.waits import TAKING

NOWHERE = Surroundings()
ORDER = "order_key"
"""What a message holds its order key under."""


def run(program: Program, message: Message, world: Surroundings = NOWHERE) -> Outcome:
    """Run a message through its route from `message.control.resume` on; never raises for a bad document."""
    try:
        message = _with_order(program, message)
    except CrossdockError as error:
        return Outcome(message, State.FAILED, error=error)
    outcome = _Walk(program, Run(message, world), program.rest(message.control.resume)).outcome()
    return _ordered(program, outcome) if program.order_by or program.priority else outcome


def _with_order(program: Program, message: Message) -> Message:
    """Let a message that an event started hold its order key, which is of the event's body."""
    if program.order_by is None or message.control.resume or not message.control.source.startswith("event:"):
        return message
    return message.holding(ORDER, str(program.order_by.evaluate(variables(message))))


def _ordered(program: Program, outcome: Outcome) -> Outcome:
    """Return the outcome with its deliveries in the order that the route asks for, and so those of its parts."""
    if outcome.parts is not None:
        return replace(outcome, parts=(_ordered(program, part) for part in outcome.parts))
    if not outcome.deliveries or outcome.error is not None:
        return outcome
    try:
        key = _order_of(program, outcome.message)
    except CrossdockError as error:
        return replace(outcome, state=State.FAILED, deliveries=(), events=(), error=error)
    ordered = (replace(one, order_key=one.order_key or key, priority=program.priority) for one in outcome.deliveries)
    return replace(outcome, deliveries=tuple(ordered))


def _order_of(program: Program, message: Message) -> str:
    if program.order_by is None:
        return ""
    held = message.held.get(ORDER)
    return str(program.order_by.evaluate(variables(message))) if held is None else str(held)


@dataclass(slots=True)
class _Walk:
    """One pass over nodes, which grow and shrink as branches are taken and errors caught."""

    program: Program
    current: Run
    nodes: tuple[Node, ...]
    at: int = 0

    def outcome(self) -> Outcome:
        """Walk to the end. What was decoded on the way and not split is answered now, whatever became of it."""
        found = self._walked()
        return found if self.current.stream is None else answered(found, self.current.stream, self.program.nodes[-1].number)

    def _walked(self) -> Outcome:
        self._enter_tries()
        while self.at < len(self.nodes):
            found = self._step(self.nodes[self.at])
            if found is not None:
                return found
        return self._done(State.DONE)

    def _enter_tries(self) -> None:
        """A message that is taken up inside of a try is still guarded by it, the innermost last."""
        owners = [node.owner for node in self.nodes if isinstance(node, EndTry)]
        self.current.tries = [Guarded(owner) for owner in reversed(owners)]

    def _step(self, node: Node) -> Outcome | None:
        current = self.current
        if isinstance(node, TAKING):
            current.take(node.number)
        started, before = perf_counter_ns(), current.message
        try:
            result = visit(node, current, _isolated)
        except Exception as error:  # noqa: BLE001 - a step may break in any way; the message is kept with the reason
            current.message = before
            return self._caught(node, _told(node, error), started)
        if type(node) is not EndTry:
            current.stages.append(_stage(node, started, result if isinstance(result, str) else ""))
        self.at += 1
        if isinstance(node, SplitNode):
            return self._split(node)
        if result is STOP:
            return self._done(State.FILTERED)
        if isinstance(result, Pause):
            return self._paused(node, result)
        if isinstance(result, Joined):
            return self._joined(node, result)
        if isinstance(result, tuple):
            self.nodes, self.at = result + self.nodes[self.at :], 0
        return None

    def _caught(self, node: Node, error: CrossdockError, started: int) -> Outcome | None:
        """Go on where a catch says, through the nearest `finally`, or fail."""
        current = self.current
        if not isinstance(node, Rethrow):
            current.stages.append(_stage(node, started, "failed"))
            error = self._with_earlier(error)
        while current.tries:
            guarded = current.tries.pop()
            beyond = self._beyond(guarded)
            catch = next((one for one in guarded.node.catches if one.takes(error)), None)
            if catch is None and not guarded.node.last:
                continue
            self._unsay(guarded, node)
            again = () if catch and catch.then == "go_on" else (_thrown(node, error),)
            self.nodes, self.at = (*(catch.nodes if catch else ()), *guarded.node.last, *again, *beyond), 0
            self._note_caught(catch, error)
            return None
        return self._failed(node, error)

    def _with_earlier(self, error: CrossdockError) -> CrossdockError:
        """Return the error that a `catch` or a `finally` was about to hand on, with this one, which it met, as a finding."""
        kinds = (type(node) for node in self.nodes[self.at :] if isinstance(node, Rethrow | EndTry))
        if next(kinds, EndTry) is EndTry:
            return error
        earlier = next(node for node in self.nodes[self.at :] if isinstance(node, Rethrow)).error
        earlier.findings += (Finding(error.code, f"then, in its `catch` or `finally`: {error.message}", error.where),)
        return earlier

    def _unsay(self, guarded: Guarded, node: Node) -> None:
        """Take back what a try's nodes wanted to send; what an inner catch or `finally` said about the error stays."""
        current = self.current
        kept = current.spoken if isinstance(node, Rethrow) else (len(current.deliveries), len(current.events))
        del current.deliveries[guarded.deliveries : kept[0]], current.events[guarded.events : kept[1]]
        current.spoken = guarded.deliveries, guarded.events

    def _beyond(self, guarded: Guarded) -> tuple[Node, ...]:
        for index in range(self.at, len(self.nodes)):
            node = self.nodes[index]
            if isinstance(node, EndTry) and node.owner is guarded.node:
                return self.nodes[index + 1 :]
        return ()

    def _note_caught(self, catch: Catch | None, error: CrossdockError) -> None:
        self.current.message = self.current.message.holding("error", seen_error(error))
        if catch is not None:
            self.current.stages.append(Stage("catch", catch.place.short, 0, f"{error.code}: {error.message}"))

    def _failed(self, node: Node, error: CrossdockError) -> Outcome:
        state = State.RETRY if isinstance(error, Retryable) else State.FAILED
        spoken = self.current.spoken if isinstance(node, Rethrow) else (None, None)
        self.current.deliveries[: spoken[0]] = error.answer
        del self.current.events[: spoken[1]]
        return self.current.outcome(state, error=error, resume=node.number)

    def _paused(self, node: Node, pause: Pause) -> Outcome | None:
        following = self.nodes[self.at :]
        goes_on = node if pause.again else next((one for one in following if not isinstance(one, EndTry)), None)
        if goes_on is None:
            return self._done(State.DONE)
        if not self._can_be_put_away():
            self.at -= 1
            return self._caught(node, _told(node, _unpausable(node)), perf_counter_ns())
        return self.current.outcome(State.RETRY, after=pause.after, resume=goes_on.number, paused=True, wait=pause.wait)

    def _joined(self, node: Node, joined: Joined) -> Outcome | None:
        if not self._can_be_put_away():
            self.at -= 1
            return self._caught(node, _told(node, _unpausable(node)), perf_counter_ns())
        return self.current.outcome(State.WAITING, resume=node.number, wait=joined.wait)

    def _can_be_put_away(self) -> bool:
        body = self.current.message.body
        return not isinstance(body, Numbered) and not hasattr(body, "parts")

    def _done(self, state: State) -> Outcome:
        program, current = self.program, self.current
        try:
            current.message = current.message.with_keys(_keys(program, current.message)) if program.keys else current.message
            return current.outcome(state)
        except CrossdockError as error:
            return self._failed(program.nodes[-1], error)

    def _split(self, node: SplitNode) -> Outcome | None:
        body = self.current.message.body
        try:
            parts = parts_of(node, self.current.message)
        except CrossdockError as error:
            self.at -= 1
            return self._caught(node, error, perf_counter_ns())
        rest = self.nodes[self.at :]
        outcome = self.current.outcome(State.SPLIT, parts=self._children(parts, rest), resume=node.number)
        if node.path is not None:
            return outcome
        self.current.stream = None  # its last part closes it

        def without(taken: Collection[tuple[str, str]]) -> Outcome:
            left = body.without(taken)
            return replace(outcome, parts=self._children(left.parts(), rest), finish=left.finish)

        return replace(outcome, finish=body.finish, refuse=getattr(body, "refuse", unanswered), without=without)

    def _children(self, parts: Iterator[Part], rest: tuple[Node, ...]) -> Iterator[Outcome]:
        parent, world = self.current.message, self.current.world
        resume = rest[0].number if rest else 0
        for index, part in enumerate(parts, start=1):
            if part is SKIPPED:
                continue
            child = child_of(parent, index, part)
            if part.error is not None:
                yield bad_part(child, part)
            elif part.passes:
                yield as_part(_Walk(self.program, Run(child, world), rest).outcome(), part, resume)
            else:
                yield as_part(acknowledgement(child, part), part, resume)


def _isolated(current: Run, nodes: tuple[Node, ...]) -> bool:
    """Do nodes to their end within another run; False where a filter stopped it. An error ends the other run."""
    pending = list(reversed(nodes))
    while pending:
        node = pending.pop()
        started = perf_counter_ns()
        try:
            result = visit(node, current, _isolated)
        except CrossdockError as error:
            error.where = error.where or node.place.short
            raise
        current.stages.append(_stage(node, started, result if isinstance(result, str) else ""))
        if result is STOP:
            return False
        if isinstance(result, tuple):
            pending.extend(reversed(result))
    return True


def _unpausable(node: Node) -> Rejected:
    return Rejected(
        f"`{node.name}` can't put this message away: its body is a stream or a document without its number",
        advice="put the step after `split`, or before `encode`",
    )


def seen_error(error: CrossdockError) -> dict[str, str]:
    """Return what a catch sees of an error."""
    return {name: str(getattr(error, name)) for name in ("kind", "code", "message", "where", "advice")}


def _thrown(node: Node, error: CrossdockError) -> Rethrow:
    return Rethrow(node.number, node.name, node.place, error)


def _stage(node: Node, started: int, note: str) -> Stage:
    return Stage(node.name, node.place.short, (perf_counter_ns() - started) // 1000, note)


def _keys(program: Program, message: Message) -> dict[str, str]:
    seen = variables(message)
    return {name: str(expression.evaluate(seen)) for name, expression in program.keys.items()}


def _told(node: Node, error: Exception) -> CrossdockError:
    if not isinstance(error, CrossdockError):
        error = Rejected(
            f"step `{node.name}` broke on this message: {type(error).__name__}",
            code="defect",
            detail=f"{type(error).__name__}: {error}",
            advice="this is a defect of the step, not of the document: please report it with the message's id",
        )
    error.where = error.where or node.place.short
    return error


Admit = Callable[[Outcome], tuple[Sequence[Outcome], Outcome]]
"""Takes the keys of a split inside a split; gives what of it came before, each as an outcome, and the outcome of what is left."""


def _all(outcome: Outcome) -> tuple[Sequence[Outcome], Outcome]:
    return (), outcome


def flatten(outcomes: Iterator[Outcome], admit: Admit = _all) -> Iterator[Outcome]:
    """Yield outcomes with splits inside splits opened: each inner split after its own parts, none of which came before."""
    for outcome in outcomes:
        copies, left = admit(outcome) if outcome.parts is not None else ((), outcome)
        yield from copies
        if left.parts is None:
            yield left
            continue
        yield from flatten(left.parts, admit)
        closing = left.finish()
        deliveries = left.deliveries + closing.deliveries
        yield replace(left, parts=None, deliveries=deliveries, settlements=closing.settlements)


__all__: Sequence[str] = ("Surroundings", "flatten", "run")
