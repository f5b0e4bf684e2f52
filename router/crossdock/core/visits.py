"""What each node of a route does to a run.

A visit changes the run's message and adds to what the run wants to send, and answers with what follows:

    None or a text     on to the next node; the text is a remark for the trace
    a tuple of nodes   these first, then the next node
    STOP               the message ends here, filtered
    Pause              the message is put away and goes on later, at this node or at the next
    Joined             the message waits in a group
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from crossdock.core import waits
from crossdock.core.errors import Rejected
from crossdock.core.message import Message
from crossdock.core.nodes import (
    BodyNode,
    CallNode,
    ChoiceNode,
    ClaimCheckNode,
    DelayNode,
    EndTry,
    EventNode,
    FilterNode,
    HeadersNode,
    IdempotentNode,
    LoopNode,
    MulticastNode,
    Node,
    RecipientsNode,
    RemoveNode,
    Rethrow,
    SlipNode,
    SortNode,
    SplitNode,
    StepNode,
    TargetNode,
    ThrottleNode,
    TryNode,
    end_of,
)
from crossdock.core.outcome import Claim, Event
from crossdock.core.program import variables
from crossdock.core.run import PLAIN, REFUSED, STOP, Guarded, Pause, Run, delivery, holds, kind_of, settled
from crossdock.core.spec import Stream
from crossdock.core.words import nearest

MOST_HOPS = 100
"""How many sequences a routing slip may name."""

_LIST = "look at the document as it came to this step: what is named there is no list"
_MOMENT = 'make one of it, as in `parse_time(body.at, "%Y%m%d%H%M", "Europe/Berlin")`'

Inner = Callable[[Run, tuple[Node, ...]], bool]
"""Does nodes in an isolated run to their end; False where a filter stopped it."""


def visit(node: Node, current: Run, inner: Inner) -> Any:
    """Do one node."""
    if isinstance(node, StepNode):
        return _step(node, current)
    if isinstance(node, TargetNode):
        current.deliveries.append(delivery(node, current))
        return node.endpoint
    if type(node) in _NESTED:
        return _NESTED[type(node)](node, current, inner)
    return _PLAINLY[type(node)](node, current)


# Compute


def _step(node: StepNode, current: Run) -> None:
    current.message = node.step.apply(current.message)
    body = current.message.body
    if type(body) in PLAIN:
        return
    current.claims += getattr(body, "claims", ())
    if hasattr(body, "parts"):
        current.stream = body
        _leave_out(current, body)


def _leave_out(current: Run, stream: Stream) -> None:
    """Leave out the parts of a document that had been received before."""
    refused = current.message.held.get(REFUSED)
    if refused and hasattr(stream, "without"):
        current.stream = stream.without({(scope, key) for scope, key in refused})
        current.message = replace(current.message, body=current.stream)


def _set_headers(node: HeadersNode, current: Run) -> None:
    seen = variables(current.message)
    current.message = current.message.with_headers({name: str(value.evaluate(seen)) for name, value in node.values.items()})


def _set_body(node: BodyNode, current: Run) -> None:
    current.message = current.message.with_body(node.value.evaluate(variables(current.message)))


def _remove(node: RemoveNode, current: Run) -> None:
    body, headers = current.message.body, dict(current.message.headers)
    for root, *path in node.paths:
        if root == "headers":
            headers.pop(path[0], None)
        else:
            body = without(body, path)
    if body is not current.message.body:
        current.message = current.message.with_body(body)
    if len(headers) != len(current.message.headers):
        current.message = current.message.with_only_headers(headers)


def without(body: Any, path: Sequence[str]) -> Any:
    """Return a body without a field; on the way, every item of a list is gone into. What isn't there is no fault."""
    if isinstance(body, list):
        return [without(item, path) for item in body]
    if not isinstance(body, dict) or path[0] not in body:
        return body
    if len(path) == 1:
        return {name: value for name, value in body.items() if name != path[0]}
    return {**body, path[0]: without(body[path[0]], path[1:])}


def _sort(node: SortNode, current: Run) -> None:
    items = _listed(node, node.path, current.message)
    seen = variables(current.message)
    ranked = [(_rank(node.by.evaluate({**seen, "item": item})), at, item) for at, item in enumerate(items)]
    ranked.sort(key=lambda one: one[0], reverse=node.descending)
    _replace(current, node.path, [item for _, _, item in ranked])


def _rank(value: Any) -> tuple[int, Any]:
    """Numbers come before texts, and what is not there comes last, so that any two values can be compared."""
    if isinstance(value, bool | int | Decimal):
        return 0, value
    return (1, value) if isinstance(value, str) else (2, 0)


def _listed(node: Node, path: tuple[str, ...], message: Message) -> list[Any]:
    value = message.body
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, list):
        raise Rejected(f"`{node.name}` needs a list at `{'.'.join(('body', *path))}`, not {kind_of(value)}", advice=_LIST)
    return value


def _replace(current: Run, path: tuple[str, ...], value: Any) -> None:
    current.message = current.message.with_body(_with(current.message.body, path, value))


def _with(body: Any, path: tuple[str, ...], value: Any) -> Any:
    return {**body, path[0]: _with(body[path[0]], path[1:], value)} if path else value


def _claim_check(node: ClaimCheckNode, current: Run) -> None:
    message = current.message
    if node.action == "store":
        current.message = message.holding(node.key, settled(current))
    elif node.key in message.held:
        current.message = message.with_body(message.held[node.key])
    else:
        raise Rejected(
            f"nothing was stored under '{node.key}' on this message's way",
            advice="store it before the way parts, or restore it in the branch that stored it",
        )


# Route


def _filter(node: FilterNode, current: Run) -> Any:
    return None if holds(node.condition, variables(current.message), node.name) else STOP


def _choose(node: ChoiceNode, current: Run) -> Any:
    seen = variables(current.message)
    for branch in node.branches:
        if branch.condition is None or holds(branch.condition, seen, node.name, branch.place.short):
            return branch.nodes
    return "no branch"


def _call(node: CallNode, _: Run) -> Any:
    return node.nodes


def _split(_: SplitNode, __: Run) -> None:
    """The walk does it: the parts are runs of their own."""


def _for_each(node: LoopNode, current: Run, inner: Inner) -> str:
    whole = current.message
    results: list[Any] = []
    items = _listed(node, node.path, whole)
    for item in items:
        run = current.branch(whole.with_body(item).holding("parent", whole.body))
        if inner(run, node.nodes):
            results.append(settled(run))
        current.absorb(run)
    _replace(current, node.path, results)
    return f"{len(items)} items" if len(items) == len(results) else f"{len(items)} items, {len(results)} kept"


def _multicast(node: MulticastNode, current: Run, inner: Inner) -> str:
    for nodes in node.branches:
        run = current.branch(current.message)
        inner(run, nodes)
        current.absorb(run)
    return f"{len(node.branches)} branches"


def _slip(node: SlipNode, current: Run, inner: Inner) -> Any:
    names = _names(node, node.slip.evaluate(variables(current.message)), node.among)
    if len(names) > MOST_HOPS:
        advice = "a slip that long was made in error, or in a loop: look at who made it"
        raise Rejected(f"a routing slip names at most {MOST_HOPS} sequences, this one {len(names)}", advice=advice)
    run = current.branch(current.message)
    for name in names:
        if not inner(run, node.among[name]):
            return STOP
    current.message = run.message
    current.absorb(run)
    return ", ".join(names)


def _recipients(node: RecipientsNode, current: Run) -> str:
    names = _names(node, node.to.evaluate(variables(current.message)), node.among)
    for name in dict.fromkeys(names):
        current.deliveries.append(delivery(node.among[name], current))
    return ", ".join(names) or "nobody"


def _names(node: Node, value: Any, among: Mapping[str, Any]) -> list[str]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        odd = next((name for name in names if not isinstance(name, str)), value) if isinstance(names, list) else value
        held = f"a list with {kind_of(odd)} in it" if isinstance(names, list) else kind_of(odd)
        raise Rejected(f"`{node.name}` needs a list of names, not {held}", advice=f"the names are {', '.join(among)}")
    for name in names:
        if name not in among:
            raise Rejected(f"`{node.name}` does not know '{name}'{nearest(name, list(among))}", advice="add it under `among`")
    return names


# Go out


def _publish(node: EventNode, current: Run) -> str:
    current.events.append(Event(node.type, settled(current), node.place.short))
    return node.type


# Time


def _delay(node: DelayNode, current: Run) -> Pause | None:
    if node.until is None:
        return Pause(node.seconds)
    wait = _moment(node, node.until.evaluate(variables(current.message))) - current.world.now
    return Pause(wait) if wait > 0 else None


def _moment(node: Node, value: Any) -> float:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.timestamp()
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Rejected(f"`{node.name}` needs a moment such as 2026-11-23T08:00:00Z, not {value!r}", advice=_MOMENT) from None
    if moment.tzinfo is None:
        raise Rejected(
            f"`{node.name}` needs a moment with its time zone, such as 2026-11-23T08:00:00Z, not {value!r}", advice=_MOMENT
        )
    return moment.timestamp()


def _throttle(node: ThrottleNode, current: Run) -> Pause | None:
    if current.world.state is None:
        return None
    by = str(node.by.evaluate(variables(current.message))) if node.by else ""
    bucket = f"throttle/{current.message.control.route}/{node.number}/{by}"
    wait = current.world.state.take(bucket, node.rate, node.burst)
    return Pause(wait, again=True) if wait > 0 else None


# Trouble


def _try(node: TryNode, current: Run) -> Any:
    current.tries.append(Guarded(node, len(current.deliveries), len(current.events)))
    return (*node.nodes, end_of(node))


def _end_try(node: EndTry, current: Run) -> Any:
    current.tries.pop()
    return node.owner.last


def _rethrow(node: Rethrow, _: Run) -> Any:
    raise node.error


def _idempotent(node: IdempotentNode, current: Run) -> str:
    key = node.key.evaluate(variables(current.message))
    if key is None or key == "":
        raise Rejected(f"`{node.name}` has no key in this message", advice="give it an expression that always has a value")
    current.claims += (Claim(node.scope, str(key), f"'{key}'", node.window),)
    return str(key)


def items_of(node: SplitNode, message: Message) -> Iterator[Any]:
    """Return the items that a split by an expression gives."""
    assert node.path is not None
    items = node.path.evaluate(variables(message))
    if not isinstance(items, list | tuple):
        raise Rejected(f"`{node.name}` needs a list, not {kind_of(items)}", where=node.place.short, advice=_LIST)
    return iter(items)


_PLAINLY: dict[type, Any] = {
    HeadersNode: _set_headers,
    BodyNode: _set_body,
    RemoveNode: _remove,
    SortNode: _sort,
    ClaimCheckNode: _claim_check,
    FilterNode: _filter,
    ChoiceNode: _choose,
    CallNode: _call,
    SplitNode: _split,
    EventNode: _publish,
    RecipientsNode: _recipients,
    DelayNode: _delay,
    ThrottleNode: _throttle,
    TryNode: _try,
    EndTry: _end_try,
    Rethrow: _rethrow,
    IdempotentNode: _idempotent,
    **waits.VISITS,
}
_NESTED: dict[type, Any] = {LoopNode: _for_each, MulticastNode: _multicast, SlipNode: _slip}
