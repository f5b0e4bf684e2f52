"""A route run in memory: pauses are gone through at once, questions answered by mocks, groups gathered, nothing is sent."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from crossdock.core import copies, engine, groups
from crossdock.core.clock import Clock, PinnedClock
from crossdock.core.envelope import event_headers
from crossdock.core.errors import CrossdockError, Rejected
from crossdock.core.journal import Gathering, Member
from crossdock.core.message import Control, Message, dump_body, load_body
from crossdock.core.nodes import AggregateNode, EnrichNode, ResequenceNode
from crossdock.core.outcome import Claim, Delivery, Event, Outcome, State, Wait
from crossdock.core.program import Program
from crossdock.core.run import REFUSED, Surroundings
from crossdock_config.cases import Mock
from crossdock_config.release import Release
from crossdock_config.testing.mocks import answer_of, error_of, mock_of

MOST_RUNS = 10_000
"""How many runs one case may make; beyond that it goes in circles."""


class Unanswered(Exception):
    """A case can't be run to its end: it says what is missing."""


@dataclass
class Group:
    """Messages that wait for each other."""

    members: list[tuple[Member, Message]] = field(default_factory=list)
    last: int | None = None


class Recorded(Protocol):
    """What endpoints have answered before."""

    def __call__(self, question: Delivery, *, cached: bool) -> Mapping[str, Any] | None:
        """Return what a message goes on with; `cached`: the answer to another message with the same question serves as well."""


@dataclass
class Rehearsal:
    """What has been run so far. `outcomes` are in the order in which they came; a parked message's is among them.

    Questions are answered by mocks; where there is none, by what was `recorded`, if that is given; the others are `unanswered`.
    """

    release: Release
    programs: Mapping[str, Program]
    mocks: Mapping[str, Mock] = field(default_factory=dict)
    follow: bool = False
    clock: Clock = field(default_factory=PinnedClock)
    recorded: Recorded | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    _due: deque[Message] = field(default_factory=deque)
    _parked: dict[str, list[tuple[int, Outcome]]] = field(default_factory=dict)
    _groups: dict[tuple[str, str], Group] = field(default_factory=dict)
    _claimed: dict[tuple[str, str], str] = field(default_factory=dict)
    gathered: int = 0
    _runs: int = 0
    _published: int = 0

    def accept(self, route: str, data: Any, partner: str = "", headers: Mapping[str, str] | None = None) -> None:
        """Run a document through a route, as far as it goes."""
        number = self._runs + 1
        control = Control(route, self.release.id, source=self._source(route), partner=partner)
        name = "test" if number == 1 else f"test-{number}"
        self._due.append(Message(name, data, control, headers=headers or {}, received_at=int(self.clock.now() * 1000)))
        self._work()

    def _source(self, route: str) -> str:
        """Return where a route's messages come from: its event, whose body has the order key, or this test."""
        heard = [event for event, routes in self.release.subscriptions.items() if route in routes]
        return f"event:{heard[0]}" if heard else "test"

    def let_go(self, keys: Sequence[str]) -> None:
        """Let parked messages go on, as somebody would."""
        for key in keys:
            if key not in self._parked:
                raise Unanswered(f"release: nothing is parked under '{key}'; parked: {', '.join(self._parked) or 'nothing'}")
            self._released(key)
        self._work()

    def finish(self) -> None:
        """Let time go on until no group waits for it."""
        while late := self._latest():
            group, seconds = late
            _advance(self.clock, seconds)
            self._look(group)
            self._work()

    def _work(self) -> None:
        while self._due:
            message = self._due.popleft()
            self._runs += 1
            if self._runs > MOST_RUNS:
                raise Unanswered(f"this goes in circles: more than {MOST_RUNS} runs")
            for one in self._run(message):
                self._take(one)

    def _run(self, message: Message) -> Iterator[Outcome]:
        """Run a message; yield those of its parts that are copies, what is left, or that all of it is a copy."""
        program, world = self.programs[message.control.route], Surroundings(self.clock.now())
        outcome = engine.run(program, message, world)
        taken = self._copied(outcome.claims, message.id)
        if not taken:
            yield from _opened(outcome)
        elif copies.is_whole(outcome, taken):
            yield copies.whole(message, outcome, taken)
        else:
            yield from (copies.part(message, outcome, one) for one in taken)
            again = [[one.scope, one.key] for one in taken if one.holder != message.id]
            yield from _opened(engine.run(program, message.holding(REFUSED, again), world))

    def _copied(self, claims: Sequence[Claim], name: str) -> list[Claim]:
        """Return the claims of parts that another message has, or that occur again."""
        seen: dict[tuple[str, str], str] = {}
        found: list[Claim] = []
        for claim in claims if copies.may_differ(claims) else ():
            key = (claim.scope, claim.key)
            holder = self._claimed.get(key, name)
            if claim.part and (holder != name or key in seen):
                found.append(replace(claim, holder=holder))
            seen[key] = name
        return found

    def _take(self, outcome: Outcome) -> None:
        """Record an outcome, and let go on what goes on from it."""
        name = outcome.message.id
        claims = {(claim.scope, claim.key): name for claim in outcome.claims}
        if any(self._claimed.get(claim, name) != name for claim in claims):  # what waits holds its keys already
            told = [
                outcome.refuse(claim) for claim in outcome.claims if self._claimed.get((claim.scope, claim.key), name) != name
            ]
            answers = tuple(one for closing in told for one in closing.deliveries)
            self.outcomes.append(replace(outcome, state=State.DUPLICATE, deliveries=answers, events=(), error=None))
            return
        self._claimed |= claims
        if outcome.paused or outcome.state is State.WAITING:
            self._wait(outcome)
        else:
            self.outcomes.append(outcome)
        for delivery in outcome.deliveries:
            self._reply(outcome, delivery)
        if self.follow:
            self._follow(outcome.message, outcome.events)
        for key in outcome.releases:
            self._released(key)

    def _wait(self, outcome: Outcome) -> None:
        message, wait = _resumed(outcome), outcome.wait
        if wait is None:
            _advance(self.clock, outcome.after)
            self._keep_sent(outcome)
            self._due.append(message)
        elif wait.kind == "park":
            self.outcomes.append(replace(outcome, state=State.WAITING))
            self._parked.setdefault(wait.key, []).append((len(self.outcomes) - 1, outcome))
        elif wait.kind == "ask":
            self._asked(outcome, message, wait)
        else:
            self._join(message, wait)
            self._keep_sent(outcome)

    def _keep_sent(self, outcome: Outcome) -> None:
        """Keep what a message sent before it was put away; it is counted when it ends."""
        self.outcomes.append(replace(outcome, state=State.RETRY, paused=True))

    def _asked(self, outcome: Outcome, message: Message, wait: Wait) -> None:
        """Answer a question with its mock, or with what was recorded."""
        program = self.programs[message.control.route]
        mock = mock_of(program, self.mocks, wait.node, wait.key)
        if mock is None and self.recorded is not None:
            self._answered(outcome, message, program)
            return
        if mock is None:
            raise Unanswered(
                f"{wait.where} asks '{wait.key}', and nothing answers: "
                f"give the test `mocks: {{ {wait.key}: {{ reply: ... }} }}`, or one by the step's label"
            )
        self._keep_sent(outcome)
        if mock.error:
            error = error_of(mock, wait.key)
            slot: dict[str, Any] = {"error": {"message": error.message, "code": error.code}}
        else:
            slot = {"reply": answer_of(mock)}
        self._due.append(message.holding(f"#{wait.node}", slot))

    def _answered(self, outcome: Outcome, message: Message, program: Program) -> None:
        """Go on with a recorded answer; without one the message ends at its question, and that is noted."""
        assert self.recorded is not None
        assert outcome.wait is not None
        node = program.node(outcome.wait.node)
        slot = f"#{outcome.wait.node}"
        (question,) = (one for one in outcome.deliveries if one.reply_to == slot)
        found = self.recorded(question, cached=isinstance(node, EnrichNode) and node.cache > 0)
        self._keep_sent(outcome)
        if found is None:
            self.unanswered.append(" ".join(filter(None, (question.endpoint, question.operation))))
        else:
            self._due.append(message.holding(slot, found))

    def _reply(self, outcome: Outcome, delivery: Delivery) -> None:
        """Publish what a target answers where the route asked for it as an event."""
        if not delivery.reply_to or delivery.reply_to.startswith("#"):
            return
        node = int(delivery.options.get("node", 0))
        mock = mock_of(self.programs[outcome.message.control.route], self.mocks, node, delivery.endpoint)
        if mock is None or mock.error:
            return
        body = {"document": delivery.body, "reply": answer_of(mock), "reference": "", "endpoint": delivery.endpoint}
        event = Event(delivery.reply_to, body, delivery.where)
        self.outcomes[-1] = replace(self.outcomes[-1], events=(*self.outcomes[-1].events, event))
        if self.follow:
            self._follow(outcome.message, (event,))

    def _follow(self, message: Message, events: Sequence[Event]) -> None:
        program, at = self.programs.get(message.control.route), int(self.clock.now() * 1000)
        for event in events:
            self._published += 1
            number = f"event-{self._published}"
            headers = event_headers(number, event.type, message, tuple(program.keys) if program else (), at)
            for route in self.release.subscriptions.get(event.type, ()):
                control = replace(
                    message.control, route=route, resume=0, source=f"event:{event.type}", answered=False, order_key=""
                )
                name = f"{message.id}>{route}"
                self._due.append(
                    Message(name, _kept(event.body), control, received_at=message.received_at, headers=headers, keys=message.keys)
                )

    def _released(self, key: str) -> None:
        for index, outcome in self._parked.pop(key, ()):
            assert outcome.wait is not None
            self.outcomes[index] = replace(outcome, state=State.RETRY)
            self._due.append(_resumed(outcome).holding(f"#{outcome.wait.node}", {"released": "the test"}))

    def _join(self, message: Message, wait: Wait) -> None:
        group = self._groups.setdefault((wait.scope, wait.key), Group())
        member = Member(message.id, int(self.clock.now() * 1000), wait.n, wait.total, wait.closes, wait.node)
        group.members.append((member, message))
        self._look(group)

    def _look(self, group: Group) -> None:
        """Let a group go on if it is complete, or those of it whose turn it is."""
        state = self._gathering(group)
        program, node = self._node(group)
        if isinstance(node, AggregateNode):
            self._aggregate(group, state, program, node)
        elif isinstance(node, ResequenceNode):
            turn = groups.in_turn(node, state)
            group.last = turn.last
            ready = {member.message_id: message for member, message in group.members}
            group.members = [one for one in group.members if one[0] not in turn.ready]
            note = {"released": f"in order up to number {turn.last}"}
            self._due += [ready[member.message_id].holding(f"#{member.node}", note) for member in turn.ready]

    def _aggregate(self, group: Group, state: Gathering, program: Program, node: AggregateNode) -> None:
        found = groups.complete(node, state)
        if found is None:
            return
        count = len(found.members)
        gone, group.members = group.members[:count], group.members[count:]
        members = [message for _, message in gone]
        blank = Message(f"{members[0].id}+", None, members[0].control, received_at=int(self.clock.now() * 1000))
        try:
            self._due.append(groups.combined(program, node, members, found.why, blank))
        except Rejected as error:
            self._due += [message.holding(f"#{member.node}", {"error": error.record()}) for member, message in gone]
        else:
            self.gathered += count

    def _node(self, group: Group) -> tuple[Program, Any]:
        member, message = group.members[0]
        program = self.programs[message.control.route]
        return program, program.node(member.node)

    def _gathering(self, group: Group) -> Gathering:
        return Gathering(tuple(member for member, _ in group.members), group.last, int(self.clock.now() * 1000))

    def _latest(self) -> tuple[Group, float] | None:
        """Return the group that time completes next, and in how many seconds."""
        found = [(group, wait) for group in self._groups.values() if group.members and (wait := self._wait_of(group)) is not None]
        return min(found, key=lambda one: one[1], default=None)

    def _wait_of(self, group: Group) -> float | None:
        _, node = self._node(group)
        state = self._gathering(group)
        return groups.until_complete(node, state) if isinstance(node, AggregateNode) else groups.in_turn(node, state).after

    @property
    def waiting(self) -> int:
        """How many messages wait in groups."""
        return sum(len(group.members) for group in self._groups.values())


def _advance(clock: Clock, seconds: float) -> None:
    if isinstance(clock, PinnedClock):
        clock.advance(seconds)


def _resumed(outcome: Outcome) -> Message:
    """Return a message that was put away as it comes back from the journal."""
    message = outcome.message
    return replace(message, body=_kept(message.body), control=replace(message.control, resume=outcome.resume))


def _kept(body: Any) -> Any:
    return body if isinstance(body, bytes) else load_body(dump_body(body))


def _opened(outcome: Outcome) -> Iterator[Outcome]:
    """Yield the parts of a split document, then the whole with what closes it."""
    if outcome.parts is None:
        yield outcome
        return
    yield from engine.flatten(outcome.parts)
    closing = outcome.finish()
    yield replace(outcome, parts=None, deliveries=outcome.deliveries + closing.deliveries, error=closing.error)


def rehearse(release: Release, route: str, data: Any, partner: str, headers: Mapping[str, str] | None = None) -> list[Outcome]:
    """Run a document through a route and return what would be committed: its parts, then the whole; nothing is sent or kept."""
    control = Control(route, release.id, source="test", partner=partner)
    message = Message("test", data, control, headers=headers or {})
    return list(_opened(engine.run(release.programs[route], message)))


__all__ = ["CrossdockError", "Rehearsal", "Unanswered", "rehearse"]
