"""The engine: runs a message through what remains of a program and says what shall happen.

It computes only. Nothing is sent, nothing is written: the `Outcome` is the whole of the result, and a run that is thrown away
leaves no trace.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter_ns
from typing import Any

from crossdock.core.chain import Link
from crossdock.core.errors import CrossdockError, Rejected, Retryable
from crossdock.core.exchange import Settlement
from crossdock.core.ids import child_id
from crossdock.core.message import Message, Numbered
from crossdock.core.outcome import Claim, Delivery, Event, Outcome, Stage, State, unanswered
from crossdock.core.program import (
    ChoiceNode,
    EventNode,
    FilterNode,
    HeadersNode,
    Node,
    Program,
    SplitNode,
    StepNode,
    TargetNode,
    variables,
)
from crossdock.core.spec import Part, Stream

MOST_COLLECTED = 10_000
"""How many parts of a stream a route without a split may hold at once."""


@dataclass(slots=True)
class _Run:
    """What one pass has gathered so far."""

    message: Message
    deliveries: list[Delivery] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    claims: tuple[Claim, ...] = ()
    links: tuple[Link, ...] = ()
    stream: Stream | None = None

    def outcome(self, state: State, **rest: Any) -> Outcome:
        return Outcome(
            self.message,
            state,
            tuple(self.deliveries),
            tuple(self.events),
            self.claims,
            tuple(self.stages),
            links=self.links,
            **rest,
        )


def run(program: Program, message: Message) -> Outcome:
    """Run a message through its route from `message.control.resume` on; never raises for a bad document."""
    return _walk(program, message, program.rest(message.control.resume))


def _walk(program: Program, message: Message, nodes: tuple[Node, ...]) -> Outcome:
    current = _Run(message)
    position = 0
    while position < len(nodes):
        node = nodes[position]
        started = perf_counter_ns()
        before = current.message
        try:
            result = _visit(node, current)
        except Exception as error:  # noqa: BLE001 - a step may break in any way; the message is kept with the reason
            current.message = before
            current.stages.append(_stage(node, started, "failed"))
            return _failed(current, node, error)
        if isinstance(result, Outcome):
            return result
        if isinstance(node, SplitNode):
            current.stages.append(_stage(node, started, ""))
            return _split(program, current, node, nodes[position + 1 :])
        current.stages.append(_stage(node, started, result if isinstance(result, str) else ""))
        if isinstance(node, FilterNode) and result is False:
            return _done(program, current, State.FILTERED)
        position += 1
        if isinstance(result, tuple):
            nodes, position = result + nodes[position:], 0
    return _done(program, current, State.DONE)


def _visit(node: Node, current: _Run) -> Any:
    """Do one node. Returns False for a filter that stops, a tuple of nodes to do first (a chosen branch), or a remark."""
    if isinstance(node, StepNode):
        current.message = node.step.apply(current.message)
        body = current.message.body
        if type(body) not in _PLAIN:
            current.claims += getattr(body, "claims", ())
            current.stream = body if hasattr(body, "parts") else current.stream
        return None
    if isinstance(node, TargetNode):
        current.deliveries.append(_delivery(node, current))
        return node.endpoint
    if isinstance(node, SplitNode):
        return None
    return _CONTROL[type(node)](node, current)


_PLAIN = (dict, list, bytes, str)


def _filter(node: FilterNode, current: _Run) -> Any:
    return None if node.condition.evaluate(variables(current.message)) is True else False


def _set_headers(node: HeadersNode, current: _Run) -> Any:
    seen = variables(current.message)
    current.message = current.message.with_headers({name: str(value.evaluate(seen)) for name, value in node.values.items()})


def _choose(node: ChoiceNode, current: _Run) -> Any:
    seen = variables(current.message)
    for branch in node.branches:
        if branch.condition is None or branch.condition.evaluate(seen) is True:
            return branch.nodes
    return "no branch"


def _publish(node: EventNode, current: _Run) -> Any:
    current.events.append(Event(node.type, _data(current), node.place.short))
    return node.type


_CONTROL: dict[type, Any] = {
    FilterNode: _filter,
    HeadersNode: _set_headers,
    ChoiceNode: _choose,
    EventNode: _publish,
}


def _delivery(node: TargetNode, current: _Run) -> Delivery:
    message = current.message
    seen = variables(message)
    endpoint = node.endpoint if node.endpoint != "partner:" else f"partner:{message.control.partner}"
    if endpoint == "partner:":
        raise Rejected(
            "this message has no partner to deliver to", where=node.place.short, advice="name one: `to: [{partner: acme}]`"
        )
    return Delivery(
        endpoint=endpoint,
        body=_data(current),
        key=str(node.key.evaluate(seen)) if node.key else "",
        operation=node.operation,
        content_type=message.content_type,
        order_key=str(node.order_key.evaluate(seen)) if node.order_key else "",
        reply_to=node.reply_to,
        name=str(node.title.evaluate(seen)) if node.title else "",
        where=node.place.short,
        policies=node.policies,
        options={"node": node.number},
    )


def _data(current: _Run) -> Any:
    """Return the body as something that can be kept: a stream that nobody split is read to its end."""
    body = current.message.body
    if type(body) in _PLAIN or body is None or isinstance(body, Numbered | int | bool) or not hasattr(body, "parts"):
        return body
    bodies, current.links = _collected(body)
    return bodies


def _collected(stream: Stream) -> tuple[list[Any], tuple[Link, ...]]:
    bodies: list[Any] = []
    links: list[Link] = []
    for part in stream.parts():
        if part.error:
            raise part.error
        if len(bodies) == MOST_COLLECTED:
            raise Rejected(
                f"more than {MOST_COLLECTED} {stream.unit} in one message", advice=f"add a step `split: {stream.unit}`"
            )
        bodies.append(part.body)
        links += part.links
    return bodies, tuple(links)


def _stage(node: Node, started: int, note: str) -> Stage:
    return Stage(node.name, node.place.short, (perf_counter_ns() - started) // 1000, note)


def _done(program: Program, current: _Run, state: State) -> Outcome:
    try:
        current.message = current.message.with_keys(_keys(program, current.message)) if program.keys else current.message
        if current.stream is not None:
            return _closed_whole(current, state, current.stream)
    except CrossdockError as error:
        return _failed(current, program.nodes[-1], error)
    return current.outcome(state)


def _closed_whole(current: _Run, state: State, stream: Stream) -> Outcome:
    """Close a stream that the route did not split: its parts are answered and recorded all the same."""
    parts = list(stream.parts())
    closing = stream.finish()
    if error := next((part.error for part in parts if part.error), None):
        raise error
    current.deliveries.extend(closing.deliveries)
    if closing.note:
        current.stages.append(Stage("close", "", 0, closing.note))
    return current.outcome(
        state,
        refuse=getattr(stream, "refuse", unanswered),
        exchanges=tuple(part.exchange for part in parts if part.exchange),
        settlements=tuple(one for part in parts for one in part.settlements) + closing.settlements,
    )


def _keys(program: Program, message: Message) -> dict[str, str]:
    seen = variables(message)
    return {name: str(expression.evaluate(seen)) for name, expression in program.keys.items()}


def _failed(current: _Run, node: Node, error: Exception) -> Outcome:
    if not isinstance(error, CrossdockError):
        error = Rejected(
            f"step `{node.name}` broke on this message: {type(error).__name__}",
            code="defect",
            detail=f"{type(error).__name__}: {error}",
            advice="this is a defect of the step, not of the document: please report it with the message's id",
        )
    error.where = error.where or node.place.short
    state = State.RETRY if isinstance(error, Retryable) else State.FAILED
    current.deliveries[:] = error.answer
    current.events.clear()
    return current.outcome(state, error=error, resume=node.number)


def _split(program: Program, current: _Run, node: SplitNode, rest: tuple[Node, ...]) -> Outcome:
    body = current.message.body
    try:
        parts = _stream_parts(node, body) if node.path is None else _list_parts(node, current.message)
    except CrossdockError as error:
        return _failed(current, node, error)
    children = _children(program, current.message, parts, rest)
    outcome = current.outcome(State.SPLIT, parts=children, resume=node.number)
    if node.path is not None:
        return outcome
    return replace(outcome, finish=body.finish, refuse=getattr(body, "refuse", unanswered))


def _stream_parts(node: SplitNode, body: Any) -> Iterator[Part]:
    if not hasattr(body, "parts"):
        raise Rejected("there is nothing to split: the body is not a stream", where=node.place.short)
    parts: Iterator[Part] = body.parts()
    return parts


def _list_parts(node: SplitNode, message: Message) -> Iterator[Part]:
    assert node.path is not None
    items = node.path.evaluate(variables(message))
    if not isinstance(items, list | tuple):
        raise Rejected(f"`{node.name}` needs a list, not {_kind(items)}", where=node.place.short)
    return (Part(item, {}) for item in items)


def _kind(value: Any) -> str:
    names = {dict: "an object", str: "a text", bytes: "bytes", bool: "a truth value", type(None): "nothing"}
    return names.get(type(value), "a number")


def _children(program: Program, parent: Message, parts: Iterator[Part], rest: tuple[Node, ...]) -> Iterator[Outcome]:
    resume = rest[0].number if rest else 0
    for index, part in enumerate(parts, start=1):
        child = _child(parent, index, part)
        if part.error is not None:
            yield _bad_part(child, part)
            continue
        outcome = _walk(program, child, rest) if part.passes else _acknowledgement(child, part)
        if part.links or part.exchange or part.settlements or not outcome.resume:
            outcome = replace(
                outcome,
                resume=outcome.resume or resume,
                links=part.links + outcome.links,
                exchanges=(part.exchange,) if part.exchange else (),
                settlements=part.settlements,
            )
        yield outcome


def _acknowledgement(child: Message, part: Part) -> Outcome:
    """A part that ends here: what it says is settled by the journal. It is kept as it came."""
    message = replace(child, body=part.raw, control=replace(child.control, resume=0, answered=True))
    return Outcome(message, State.DONE, stages=(Stage("acknowledgement", "", 0, _told(part.settlements)),))


def _told(settlements: Sequence[Settlement]) -> str:
    said = [f"{one}: {one.verdict.replace('_', ' ')}" for one in settlements[:3]]
    return "; ".join(said) + (f" and {len(settlements) - 3} more" if len(settlements) > 3 else "")


def _child(parent: Message, index: int, part: Part) -> Message:
    return Message(
        id=child_id(parent.id, index),
        body=part.body,
        control=parent.control,
        content_type=part.content_type or parent.content_type,
        headers=parent.headers,
        keys={**parent.keys, **part.keys},
        correlation_id=parent.correlation_id,
        causation_id=parent.id,
        traceparent=parent.traceparent,
        received_at=parent.received_at,
    )


def _bad_part(child: Message, part: Part) -> Outcome:
    """A part that could not be decoded: kept raw, taken up again at the start, and not answered a second time."""
    control = replace(child.control, resume=0, answered=True)
    message = replace(child, body=part.raw, control=control)
    error = part.error if isinstance(part.error, CrossdockError) else Rejected(str(part.error))
    exchanges = (part.exchange,) if part.exchange else ()
    return Outcome(message, State.FAILED, error=error, stages=(Stage("decode", error.where, 0, "failed"),), exchanges=exchanges)


def flatten(outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
    """Yield outcomes with splits inside splits opened: each inner split after its own parts."""
    for outcome in outcomes:
        if outcome.parts is not None:
            yield from flatten(outcome.parts)
            closing = outcome.finish()
            deliveries = outcome.deliveries + closing.deliveries
            yield replace(outcome, parts=None, deliveries=deliveries, settlements=closing.settlements)
        else:
            yield outcome


__all__: Sequence[str] = ("flatten", "run")
