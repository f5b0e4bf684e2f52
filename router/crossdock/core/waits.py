"""What the nodes do at which a message waits: for its group, a person, an endpoint's answer. See `visits` for the answers.

Such a node is visited twice: first the message is put away; then, with `Run.taken`, it goes on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from crossdock.core.errors import Refused, Rejected, Retryable
from crossdock.core.message import dump_body, load_body
from crossdock.core.nodes import (
    AggregateNode,
    AnswerNode,
    EnrichNode,
    Node,
    ParkNode,
    ReleaseNode,
    ResequenceNode,
)
from crossdock.core.outcome import Answer, Wait
from crossdock.core.program import variables
from crossdock.core.run import Joined, Pause, Run, delivery, holds, kind_of, settled
from crossdock.core.spec import Expression

FOR_EVER = 100 * 365 * 86400.0
"""Seconds that a message waits where nothing says how long."""


def aggregate(node: AggregateNode, current: Run) -> Joined:
    """Join the group; each member fails if they can't become one message, and joins again where it is retried."""
    if current.taken is not None:
        raise _told(current.taken["error"], "see what `body` makes of the `items`; retry all members of the group")
    seen = variables(current.message)
    key = _key(node, node.by, seen)
    total = _whole(node, "count", node.total.evaluate(seen)) if node.total else None
    closes = node.closes is not None and holds(node.closes, seen, node.name)
    note = f"the others of '{key}'"
    return Joined(Wait("gather", node.number, key, _scope(node, current), note, node.place.short, total=total, closes=closes))


def _told(error: Mapping[str, Any], advice: str) -> Rejected:
    """Return an error that the journal kept."""
    return Rejected(error["message"], code=error["code"], where=error.get("where", ""), advice=error.get("advice") or advice)


def resequence(node: ResequenceNode, current: Run) -> Joined | str:
    """Wait for one's turn, or go on when it has come."""
    if current.taken is not None:
        return str(current.taken["released"])
    seen = variables(current.message)
    key, n = _key(node, node.by, seen), _whole(node, "sequence", node.sequence.evaluate(seen))
    note = f"its turn as number {n} of '{key}'"
    return Joined(Wait("gather", node.number, key, _scope(node, current), note, node.place.short, n=n))


def park(node: ParkNode, current: Run) -> Pause | str:
    """Put the message away until its key is released."""
    seen = variables(current.message)
    if current.taken is not None:
        return _unparked(node, current)
    if node.when is not None and not holds(node.when, seen, node.name):
        return "not parked"
    key = _key(node, node.key, seen)
    reason = str(node.reason.evaluate(seen)) if node.reason else f"'{key}' to be released"
    current.message = current.message.holding(f"#{node.number}", {"parked": key})
    return Pause(node.seconds or FOR_EVER, True, Wait("park", node.number, key, "", reason, node.place.short))


def _unparked(node: ParkNode, current: Run) -> str:
    if "released" in current.taken:
        return f"released by {current.taken['released']}"
    raise Rejected(
        f"'{current.taken['parked']}' was not released within {node.seconds:g} s",
        code="parked_too_long",
        advice="when what it waits for is there, retry the message: it is parked or goes on anew",
    )


def release(node: ReleaseNode, current: Run) -> str:
    """Let the parked messages of a key go on."""
    key = _key(node, node.key, variables(current.message))
    current.releases += (key,)
    return key


def answer(node: AnswerNode, current: Run) -> str:
    """Answer whoever waits."""
    body = node.value.evaluate(variables(current.message)) if node.value else settled(current)
    current.answer = Answer(body, current.message.content_type, node.status)
    return str(node.status)


def enrich(node: EnrichNode, current: Run) -> Pause | str:
    """Ask, or go on with the answer."""
    seen = variables(current.message)
    request = node.request.evaluate(seen) if node.request else settled(current)
    if current.taken is not None:
        return _answered(node, current, request)
    known = _remembered(node, current, request)
    if known is not None:
        _put(node, current, known["reply"])
        return "remembered"
    current.deliveries.append(_question(node, current, request))
    current.message = current.message.holding(f"#{node.number}", {"asked": node.target.endpoint})
    wait = Wait("ask", node.number, node.target.endpoint, "", f"an answer from {node.target.endpoint}", node.place.short)
    return Pause(node.seconds, True, wait)


def _question(node: EnrichNode, current: Run, request: Any) -> Any:
    asked = delivery(node.target, current)
    content_type = "application/json" if isinstance(request, dict | list) else asked.content_type
    return replace(asked, body=request, content_type=content_type, reply_to=f"#{node.number}")


def _answered(node: EnrichNode, current: Run, request: Any) -> str:
    taken = current.taken
    if "asked" in taken:
        raise Retryable(
            f"{taken['asked']} did not answer within {node.seconds:g} s",
            code="no_answer",
            advice="see the delivery in the message's trace; the question is asked again",
        )
    if "error" in taken:
        if node.default is None:
            raise Refused(str(taken["error"]["message"]), code=str(taken["error"].get("code", "")))
        _put(node, current, node.default.evaluate(variables(current.message)), picked=True)
        return f"refused, so the default: {taken['error']['message']}"
    _remember(node, current, request, taken["reply"])
    _put(node, current, taken["reply"])
    return "answered"


def _put(node: EnrichNode, current: Run, reply: Any, *, picked: bool = False) -> None:
    """Put an answer where it belongs."""
    value = reply
    if node.pick is not None and not picked:
        value = node.pick.evaluate({**variables(current.message), "reply": reply})
    current.message = current.message.with_body(_placed(node, current.message.body, node.path, value))


def _placed(node: Node, body: Any, path: tuple[str, ...], value: Any) -> Any:
    if not path:
        return value
    if not isinstance(body, dict):
        advice = "put it somewhere else (`into: body.answer`), or make an object of the body before this step"
        raise Rejected(f"`{node.name}` can't put its answer into {kind_of(body)}: an object is needed", advice=advice)
    return {**body, path[0]: _placed(node, body.get(path[0], {}), path[1:], value)}


def _memory(node: EnrichNode, current: Run, request: Any) -> str:
    asked = dump_body([node.target.endpoint, node.target.operation, request])
    return f"enrich/{current.message.control.release[:12]}/{node.number}/{hashlib.sha256(asked).hexdigest()}"


def _remembered(node: EnrichNode, current: Run, request: Any) -> Any:
    if not node.cache or current.world.state is None:
        return None
    text = current.world.state.get(_memory(node, current, request))
    return load_body(text.encode()) if text else None


def _remember(node: EnrichNode, current: Run, request: Any, reply: Any) -> None:
    if node.cache and current.world.state is not None and not isinstance(reply, bytes):
        current.world.state.put(_memory(node, current, request), dump_body({"reply": reply}).decode(), node.cache)


def _scope(node: AggregateNode | ResequenceNode, current: Run) -> str:
    """Return what a node's groups are called: a step that another release has changed has groups of its own."""
    return f"{current.message.control.route}/{node.mark}"


def _key(node: Node, expression: Expression, seen: dict[str, Any]) -> str:
    value = expression.evaluate(seen)
    if value is None or value == "" or isinstance(value, dict | list):
        raise Rejected(
            f"`{node.name}` needs a key, and this message has {kind_of(value) if value != '' else 'an empty one'}",
            advice="give it an expression that always has a value",
        )
    return str(value)


def _whole(node: Node, name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value):
        advice = f"look at the document as it came to this step, or make a number of it: `{name}: int(...)`"
        raise Rejected(f"`{name}` of `{node.name}` must be a whole number; this is {value!r}", advice=advice)
    return int(value)


VISITS: dict[type, Any] = {
    AggregateNode: aggregate,
    ResequenceNode: resequence,
    ParkNode: park,
    ReleaseNode: release,
    EnrichNode: enrich,
    AnswerNode: answer,
}
TAKING = (AggregateNode, ResequenceNode, ParkNode, EnrichNode)
"""Nodes that are visited again with what they waited for."""
