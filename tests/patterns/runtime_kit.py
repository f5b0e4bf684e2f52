"""A route with the real journal and the real drains around it, worked on in this thread until nothing is due."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from crossdock.boot.house import stored
from crossdock.core.clock import SystemClock
from crossdock.core.deployment import Deployment
from crossdock.core.journal import Query, StoredRelease
from crossdock.core.message import Message, Receipt, dump_json
from crossdock.core.ports import Dispatch, Reply
from crossdock.runtime.deliver import DeliveryDrain
from crossdock.runtime.drain import MessageDrain
from crossdock.runtime.gather import GatherDrain
from crossdock.runtime.journal import OpenJournal, open_journal
from crossdock.runtime.lanes import Lanes
from crossdock.runtime.loop import LoopThread
from crossdock.runtime.metrics import Metrics
from crossdock.runtime.releases import Releases
from crossdock.runtime.workplace import Workplace
from crossdock_config import Release, load
from crossdock_policies.state import MemoryState
from tests.patterns import patterns_kit as kit


@dataclass
class Endpoint:
    """A sink that answers what it is told to, and remembers what it was asked."""

    answers: dict[str, Any] = field(default_factory=dict)
    calls: list[tuple[str, Any]] = field(default_factory=list)
    knows_keys: bool = False

    async def send(self, dispatch: Dispatch) -> Reply:
        self.calls.append((dispatch.endpoint, dispatch.body))
        answer = self.answers.get(dispatch.endpoint)
        if isinstance(answer, Exception):
            raise answer
        return Reply(body=answer(dispatch.body) if callable(answer) else answer)

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class OneSink:
    """All endpoints are the same sink."""

    endpoint: Endpoint

    def get(self, _release: Any, _name: str) -> Endpoint:
        return self.endpoint


class Quiet:
    """Nobody needs to be woken: `run` looks at every lane."""

    def wake(self, lanes: Any) -> None:
        self.woken = set(lanes)


class Works:
    """A project at work. `out` is what the route's end published, in order."""

    def __init__(self, url: str, files: dict[str, str], endpoint: Endpoint | None = None, environment: str = "local") -> None:
        self.opened: OpenJournal = open_journal(url, SystemClock())
        self.opened.belong(environment)
        loaded = load(files, environment)
        assert [str(problem) for problem in loaded.problems if problem.severity == "error"] == []
        assert loaded.release is not None
        self.release = loaded.release
        self.journal = self.opened.journal
        before = self.journal.deployed()
        deployment = Deployment(before.number + 1 if before else 1, self.release.id, "up")
        self._deployment = self.journal.deploy(deployment, stored(self.release))
        self.endpoint = endpoint or Endpoint()
        self._loop = LoopThread()
        self._state = MemoryState()
        self._lanes = self._drains()

    def _drains(self) -> Lanes:
        journal = self.journal
        releases = Releases(self._deployment, journal, _compiled, self.release)
        sinks: Any = OneSink(self.endpoint)
        waker: Any = Quiet()
        place = Workplace(journal, releases, self._state, SystemClock(), Metrics(), 5.0)
        drains = {
            "route": MessageDrain(place),
            "to": DeliveryDrain(place, sinks, self._loop),
            "gather": GatherDrain(journal, releases),
        }
        return Lanes(journal, drains, waker, 5.0, share=False)

    def accept(self, *bodies: Any, route: str = "example") -> list[str]:
        """Hand bodies in as JSON; return the messages' ids."""
        receipts = [Receipt(route, dump_json(body), "test", partner="") for body in bodies]
        return [accepted.message_id for accepted in self.journal.accept(receipts, self.release.id)]

    def run(self, seconds: float = 0.0) -> None:
        """Work until nothing is due, and on for so many seconds."""
        ends = time.monotonic() + seconds
        while True:
            lanes = self.journal.sweep()
            for lane in sorted(lanes):
                self._lanes.drain(lane)
            if not lanes and time.monotonic() >= ends:
                return
            if not lanes:
                time.sleep(0.02)

    def run_until(self, condition: Callable[[], bool], seconds: float = 20.0) -> None:
        """Work until a condition holds."""
        ends = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < ends, self.states()
            self.run(0.05)

    def drain(self, lane: str) -> None:
        """Work on one lane."""
        self._lanes.drain(lane)

    @property
    def out(self) -> list[Any]:
        """What the route `sink` received, which takes the event `out`."""
        rows = self.opened.desk.messages(Query(route="sink", limit=500))
        return [self._body(row["id"]).body for row in reversed(rows)]

    def _body(self, name: str) -> Message:
        (message,) = self.journal.load([name])
        return message

    def states(self, route: str = "example") -> list[str]:
        """The states of a route's messages, oldest first."""
        return [row["state"] for row in reversed(self.opened.desk.messages(Query(route=route, limit=500)))]

    def close(self) -> None:
        self._loop.stop()
        self.opened.close()


def _compiled(kept: StoredRelease, _running: Release | None) -> Release:
    """Compile a release that the journal kept: a second `Works` on the same journal deploys another one."""
    found = load(kept.files, kept.environment).release
    assert found is not None
    return found


def files(*steps: Any, **rest: Any) -> dict[str, str]:
    """Return a project whose route takes JSON and publishes its end to a route that keeps it."""
    example = {"steps": [{"decode": "json"}, *steps], **rest}
    texts = kit.files(example)
    texts[kit.PATH] = texts[kit.PATH].replace("from:\n  event: in\n", "from:\n  webhook: { path: /in, auth: none }\n")
    texts["routes/examples/sink.route.yaml"] = (
        "route: sink\nowner: a@example.com\ndomain: examples\nfrom: { event: out }\nsteps:\n  - set_header: { seen: '\"yes\"' }\n"
    )
    return texts
