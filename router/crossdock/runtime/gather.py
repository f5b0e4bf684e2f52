"""The drain of a route's groups: is a group complete, whose turn is it, and when to look again.

    claim ─ gathering ─ decide ─┬─ combine: the members become one message   one commit each
                                ├─ release: members go on, in order; or fail, as they can't become one
                                └─ look again later

Every member that joins asks for a look at its group; a group that waits for time has a timer. Whoever looks decides by what the
journal says then, so looks may come twice or at the same time.

A group belongs to the release of its oldest member: by that release's step it is complete, and on that release it goes on as one.
Members that came in under another release join it where that has the very same step; a step that was changed has other groups.
"""

from __future__ import annotations

import logging

from crossdock.core import groups
from crossdock.core.errors import CrossdockError, Misconfigured, Rejected
from crossdock.core.groups import complete, in_turn, until_complete
from crossdock.core.ids import new_id, now_ms
from crossdock.core.journal import Gathered, Gathering, GatherWork, Journal, LeaseLost
from crossdock.core.message import Message
from crossdock.core.nodes import AggregateNode, ResequenceNode
from crossdock.core.program import Program
from crossdock.runtime.releases import Releases

log = logging.getLogger(__name__)

BROKEN = 60.0
"""Seconds until another look at a group that can't be dealt with now: its release is not to be had."""


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
        opener = group.members[0]
        (first,) = self._journal.load([opener.message_id])
        program = self._program(first)
        node = program.node(opener.node)
        if isinstance(node, AggregateNode):
            return self._aggregated(work, group, program, node)
        if isinstance(node, ResequenceNode):
            return _resequenced(work, group, node)
        raise Misconfigured(f"node {opener.node} of route '{program.route}' gathers nothing in this release")

    def _program(self, message: Message) -> Program:
        program = self._releases.get(message.control.release).programs.get(message.control.route)
        if program is None:
            raise Misconfigured(f"route '{message.control.route}' is not in release {message.control.release[:12]}")
        return program

    def _aggregated(self, work: GatherWork, group: Gathering, program: Program, node: AggregateNode) -> Gathered:
        found = complete(node, group)
        if found is None:
            return Gathered(work, after=until_complete(node, group))
        members = self._journal.load([member.message_id for member in found.members])
        blank = Message(new_id(), None, members[0].control, received_at=now_ms())
        after = 0.0 if len(group.members) > len(found.members) else None
        try:
            combined = groups.combined(program, node, members, found.why, blank)
        except Rejected as error:
            return Gathered(work, released=tuple(found.members), error=error.record(), after=after)
        taken = tuple(message.id for message in members)
        return Gathered(work, combined, taken=taken, after=after, note=found.why)


def _resequenced(work: GatherWork, group: Gathering, node: ResequenceNode) -> Gathered:
    """Let those go on whose turn it is."""
    turn = in_turn(node, group)
    return Gathered(work, released=turn.ready, last=turn.last, after=turn.after, note=f"in order up to number {turn.last}")
