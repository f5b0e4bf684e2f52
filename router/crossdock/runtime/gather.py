"""The drain of a route's groups: is a group complete, whose turn is it, and when to look again.

    claim ─ gathering ─ decide ─┬─ combine: the members become one message   one commit each
                                ├─ release: members go on, in order
                                └─ look again later

Every member that joins asks for a look at its group; a group that waits for time has a timer. Whoever looks decides by what the
journal says then, so looks may come twice or at the same time.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from crossdock.core.errors import CrossdockError, Misconfigured
from crossdock.core.ids import new_id, now_ms
from crossdock.core.journal import Gathered, Gathering, GatherWork, Journal, LeaseLost, Member
from crossdock.core.message import BODY_TYPE, Message
from crossdock.core.nodes import AggregateNode, EndTry, ResequenceNode
from crossdock.core.program import Program, variables
from crossdock.runtime.releases import Releases

log = logging.getLogger(__name__)

BROKEN = 60.0
"""Seconds until another look at a group that can't be dealt with now: its release is not to be had, its expression breaks."""
MOST = 1000
"""Released at once; the rest with the next look."""


@dataclass(frozen=True, slots=True)
class _Complete:
    """Members that make a whole, and what made it one."""

    members: Sequence[Member]
    why: str


class GatherDrain:
    """Looks at groups."""

    def __init__(self, journal: Journal, releases: Releases) -> None:
        self._journal = journal
        self._releases = releases

    def batch(self, works: list[GatherWork]) -> set[str]:
        """Look at each group once, however often it was asked for; return the lanes that got work."""
        touched: set[str] = set()
        seen: dict[str, GatherWork] = {}
        covered = [work for work in works if seen.setdefault(work.ref, work) is not work]
        for work in seen.values():
            touched |= self._look(work)
        self._journal.covered(covered)
        return touched

    def _look(self, work: GatherWork) -> set[str]:
        try:
            return self._journal.gathered(self._decide(work, self._journal.gathering(work)))
        except LeaseLost:
            return {work.lane}
        except CrossdockError as error:
            log.warning("the group %s is looked at again later: %s", work.ref.replace("\t", " "), error.message)
            return self._journal.gathered(Gathered(work, after=BROKEN))

    def _decide(self, work: GatherWork, group: Gathering) -> Gathered:
        if not group.members:
            return Gathered(work)
        (newest,) = self._journal.load([group.members[-1].message_id])
        program = self._program(newest)
        node = program.node(group.members[-1].node)
        if isinstance(node, AggregateNode):
            return self._aggregated(work, group, program, node)
        if isinstance(node, ResequenceNode):
            return _resequenced(work, group, node)
        raise Misconfigured(f"node {group.members[-1].node} of route '{program.route}' gathers nothing in this release")

    def _program(self, message: Message) -> Program:
        program = self._releases.get(message.control.release).programs.get(message.control.route)
        if program is None:
            raise Misconfigured(f"route '{message.control.route}' is not in release {message.control.release[:12]}")
        return program

    def _aggregated(self, work: GatherWork, group: Gathering, program: Program, node: AggregateNode) -> Gathered:
        found = complete(node, group)
        if found is None:
            return Gathered(work, after=_wait(node, group))
        members = self._journal.load([member.message_id for member in found.members])
        combined = _combined(program, node, members, found.why)
        rest = len(group.members) - len(found.members)
        taken = tuple(message.id for message in members)
        return Gathered(work, combined, taken=taken, after=0.0 if rest else None, note=found.why)


def complete(node: AggregateNode, group: Gathering) -> _Complete | None:
    """Return the members that make a whole, or None where there is none yet."""
    members = group.members
    if node.size is not None and len(members) >= node.size:
        return _Complete(members[: node.size], f"{node.size} are together")
    totals = [member.total for member in members if member.total is not None]
    if totals and len(members) >= totals[-1]:
        return _Complete(members[: totals[-1]], f"all {totals[-1]} are there")
    for index, member in enumerate(members, start=1):
        if member.closes:
            return _Complete(members[:index], "the last one came")
    if node.after is not None and group.now - members[0].at >= node.after * 1000:
        return _Complete(members, f"{node.after:g} s are over")
    if node.quiet is not None and group.now - members[-1].at >= node.quiet * 1000:
        return _Complete(members, f"none came for {node.quiet:g} s")
    return None


def _wait(node: AggregateNode, group: Gathering) -> float | None:
    """Return the seconds until time may complete the group."""
    due = []
    if node.after is not None:
        due.append(group.members[0].at + node.after * 1000)
    if node.quiet is not None:
        due.append(group.members[-1].at + node.quiet * 1000)
    return max(0.001, (min(due) - group.now) / 1000) if due else None


def _combined(program: Program, node: AggregateNode, members: Sequence[Message], why: str) -> Message:
    """Return the message that goes on for all of them, from the node after."""
    first = members[0]
    bodies = [message.body for message in members]
    shared = {name: value for name, value in first.keys.items() if all(one.keys.get(name) == value for one in members)}
    whole = Message(
        id=new_id(),
        body=bodies,
        control=replace(first.control, resume=0, source=f"aggregate:{node.place.short}", answered=True),
        content_type=BODY_TYPE,
        headers={**first.headers, "completed_by": why},
        keys=shared,
        traceparent=first.traceparent,
        received_at=now_ms(),
    )
    if node.body is not None:
        whole = whole.with_body(node.body.evaluate({**variables(whole), "items": bodies}))
    following = next((one for one in program.rest(node.number)[1:] if not isinstance(one, EndTry)), None)
    if following is None:
        raise Misconfigured(f"nothing follows `{node.name}`, so the group has nowhere to go", where=node.place.short)
    return replace(whole, control=replace(whole.control, resume=following.number))


def _resequenced(work: GatherWork, group: Gathering, node: ResequenceNode) -> Gathered:
    """Let those go on whose turn it is, and all that have waited too long for the ones before them."""
    last = group.last if group.last is not None else node.first - 1
    ready: list[str] = []
    waiting = sorted(group.members, key=lambda member: member.n or 0)
    while waiting and len(ready) < MOST:
        member = waiting[0]
        n = member.n or 0
        gave_up = group.now - min(one.at for one in waiting) >= node.wait * 1000
        if n > last + 1 and not gave_up:
            break
        ready.append(waiting.pop(0).message_id)
        last = max(last, n)
    after = max(0.001, (min(one.at for one in waiting) + node.wait * 1000 - group.now) / 1000) if waiting else None
    note = f"in order up to number {last}"
    return Gathered(work, released=tuple(ready), last=last, after=after, note=note)
