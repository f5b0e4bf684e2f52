"""Groups of waiting messages: when one is complete, what goes on in its place, and whose turn it is. Computes only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from crossdock.core.errors import Misconfigured
from crossdock.core.journal import Gathering, Member
from crossdock.core.message import BODY_TYPE, Message
from crossdock.core.nodes import AggregateNode, EndTry, ResequenceNode
from crossdock.core.program import Program, variables

MOST = 1000
"""Released at once; the rest with the next look."""


@dataclass(frozen=True, slots=True)
class Complete:
    """Members that make a whole, and what made it one."""

    members: Sequence[Member]
    why: str


@dataclass(frozen=True, slots=True)
class Turn:
    """The messages whose turn it is, in order; `last` is the last one's number, `after` when to look again, in seconds."""

    ready: tuple[Member, ...]
    last: int
    after: float | None


def complete(node: AggregateNode, group: Gathering) -> Complete | None:
    """Return the members that make a whole, or None where there is none yet."""
    members = group.members
    if node.size is not None and len(members) >= node.size:
        return Complete(members[: node.size], f"{node.size} are together")
    totals = [member.total for member in members if member.total is not None]
    if totals and len(members) >= totals[-1]:
        return Complete(members[: totals[-1]], f"all {totals[-1]} are there")
    for index, member in enumerate(members, start=1):
        if member.closes:
            return Complete(members[:index], "the last one came")
    if node.after is not None and group.now - members[0].at >= node.after * 1000:
        return Complete(members, f"{node.after:g} s are over")
    if node.quiet is not None and group.now - members[-1].at >= node.quiet * 1000:
        return Complete(members, f"none came for {node.quiet:g} s")
    return None


def until_complete(node: AggregateNode, group: Gathering) -> float | None:
    """Return the seconds until time may complete the group."""
    due = []
    if node.after is not None:
        due.append(group.members[0].at + node.after * 1000)
    if node.quiet is not None:
        due.append(group.members[-1].at + node.quiet * 1000)
    return max(0.001, (min(due) - group.now) / 1000) if due else None


def combined(program: Program, node: AggregateNode, members: Sequence[Message], why: str, whole: Message) -> Message:
    """Return the message that goes on for all of them, from the node after; `whole` brings its id and its time."""
    first = members[0]
    bodies = [message.body for message in members]
    shared = {name: value for name, value in first.keys.items() if all(one.keys.get(name) == value for one in members)}
    whole = replace(
        whole,
        body=bodies,
        control=replace(first.control, resume=0, source=f"aggregate:{node.place.short}", answered=True),
        content_type=BODY_TYPE,
        headers={**first.headers, "completed_by": why},
        keys=shared,
        traceparent=first.traceparent,
    )
    if node.body is not None:
        whole = whole.with_body(node.body.evaluate({**variables(whole), "items": bodies}))
    following = next((one for one in program.rest(node.number)[1:] if not isinstance(one, EndTry)), None)
    if following is None:
        raise Misconfigured(f"nothing follows `{node.name}`, so the group has nowhere to go", where=node.place.short)
    return replace(whole, control=replace(whole.control, resume=following.number))


def in_turn(node: ResequenceNode, group: Gathering) -> Turn:
    """Return those whose turn it is, and all that have waited too long for the ones before them."""
    last = group.last if group.last is not None else node.first - 1
    ready: list[Member] = []
    waiting = sorted(group.members, key=lambda member: member.n or 0)
    while waiting and len(ready) < MOST:
        member = waiting[0]
        n = member.n or 0
        gave_up = group.now - min(one.at for one in waiting) >= node.wait * 1000
        if n > last + 1 and not gave_up:
            break
        ready.append(waiting.pop(0))
        last = max(last, n)
    after = max(0.001, (min(one.at for one in waiting) + node.wait * 1000 - group.now) / 1000) if waiting else None
    return Turn(tuple(ready), last, after)
