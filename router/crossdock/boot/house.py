"""A release with its open journal, and the parts that one process of an installation consists of."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from crossdock.core.access import ANY, Actor
from crossdock.core.clock import SystemClock
from crossdock.core.deployment import Deployment
from crossdock.core.errors import Misconfigured, Problem
from crossdock.core.ids import now_ms
from crossdock.core.journal import Journal, StoredRelease, Superseded
from crossdock.core.policy import StateStore
from crossdock.core.ports import Services
from crossdock.core.version import engine, require
from crossdock.core.words import counted

if TYPE_CHECKING:
    from celery import Celery

    from crossdock.runtime.journal import OpenJournal
    from crossdock.runtime.metrics import Metrics
    from crossdock.runtime.releases import Releases
    from crossdock.runtime.worker import Parts
    from crossdock_config import Loaded, Release
    from crossdock_config.lifecycle import Governance

log = logging.getLogger(__name__)

STATE = ".crossdock"
Wrap = Callable[[Journal], Journal]
"""Puts something around the journal: crash tests kill the process at its commit points."""


def load(root: Path, environment: str, governance: Governance = "warning") -> Loaded:
    """Read and compile a project with its secrets; of breaches of ownership and lifecycle it is only warned, unless asked for."""
    import crossdock_config

    secrets = crossdock_config.system_secrets(root, environment)
    return crossdock_config.load(root, environment, secrets=secrets, governance=governance)


def compiled(root: Path, environment: str, *, secrets: bool = True) -> Release:
    """Return the project's release, with its secrets or with placeholders; raises Misconfigured with every problem."""
    return usable(load(root, environment) if secrets else check(root, environment))


def deployable(root: Path, environment: str) -> Release:
    """Return the project's release with its secrets, by the rules of `check`; raises Misconfigured with every problem."""
    return usable(load(root, environment, "error"))


def tested(root: Path, environment: str) -> Release:
    """Return the project's release without its secrets, its clock pinned."""
    import crossdock_config
    from crossdock.core.clock import PinnedClock

    return usable(crossdock_config.load(root, environment, clock=PinnedClock()))


def usable(loaded: Loaded) -> Release:
    """Return what was loaded if nothing is wrong with it; raises Misconfigured with every problem."""
    if loaded.release is None:
        errors = [problem for problem in loaded.problems if problem.severity == "error"]
        raise Misconfigured(
            f"the project has {counted(len(errors), 'problem')}",
            problems=errors,
            advice=advice_on(errors),
        )
    return loaded.release


def advice_on(errors: Sequence[Problem]) -> str:
    """Return what to do about a project's errors; `check` would say nothing of secrets that are missing."""
    if any(problem.code != "secret" for problem in errors):
        return "run `crossdock check`"
    return "`check` works without secrets: they are missing here alone"


def check(root: Path, environment: str) -> Loaded:
    """Read and compile a project without its secrets."""
    import crossdock_config

    return crossdock_config.load(root, environment)


def journal_of(root: Path, environment: str) -> OpenJournal:
    """Open an environment's journal without compiling its routes, so that operators can work whatever state these are in."""
    opened = _unopened(root, environment)
    opened.belong(environment)
    return opened


def open_journal(root: Path, release: Release) -> OpenJournal:
    """Open the environment's journal and bring its schema up to date; raises Misconfigured where it is another environment's."""
    from crossdock.runtime.journal import open_journal as open_url

    opened = open_url(journal_url(root, release.environment.journal))
    opened.belong(release.environment.environment)
    return opened


def adopt_journal(root: Path, environment: str, former: str) -> None:
    """Make a journal that belongs to another environment this one's; raises Misconfigured, Denied."""
    from crossdock.boot.offices import guard

    opened = _unopened(root, environment)
    try:
        opened.migrate()
        opened.adopt(environment, former, guard(root, environment, opened).allow("adopt", ANY))
    finally:
        opened.close()


def _unopened(root: Path, environment: str) -> OpenJournal:
    import crossdock_config
    from crossdock.runtime.journal import open_journal as open_url

    settings = crossdock_config.load_environment(root, environment, crossdock_config.system_secrets(root, environment))
    return open_url(journal_url(root, settings.journal))


def journal_url(root: Path, url: str) -> str:
    """Return the journal's URL with a relative SQLite path taken from the project's root, its folder made."""
    prefix = "sqlite:///"
    if not url.startswith(prefix):
        return url
    path = root.resolve() / url.removeprefix(prefix)
    path.parent.mkdir(parents=True, exist_ok=True)
    return f"{prefix}{path}"


@dataclass(slots=True)
class House:
    """What is deployed, with the open journal: what every process of an installation starts from."""

    root: Path
    deployment: Deployment
    release: Release
    opened: OpenJournal
    wrap: Wrap

    @classmethod
    def enter(cls, root: Path, release: Release, wrap: Wrap | None = None) -> House:
        """Open the journal and run a project's folder: it is deployed, unless somebody has deployed by hand, then that runs."""
        opened = open_journal(root, release)
        return cls(root, *_running(root, opened, release), opened, wrap or (lambda journal: journal))

    @classmethod
    def join(cls, root: Path, release: Release, wrap: Wrap | None = None) -> House:
        """Open the journal and run what is deployed; the folder's release only saves compiling it again where it is that."""
        opened = open_journal(root, release)
        deployment = opened.journal.deployed()
        if deployment is None:
            raise Misconfigured("nothing is deployed", advice="run `crossdock deploy`")
        return cls(root, deployment, _same(root, opened, deployment, release), opened, wrap or (lambda journal: journal))

    @classmethod
    def follow(cls, root: Path, environment: str) -> House:
        """Open an environment's journal and run what is deployed there; a folder that is the first to be started is deployed."""
        opened = journal_of(root, environment)
        deployment = opened.journal.deployed()
        if deployment is None:
            opened.close()
            return cls.enter(root, _served(compiled(root, environment)))
        return cls(root, deployment, _deployed(root, opened, deployment), opened, lambda journal: journal)

    @classmethod
    def enter_quietly(cls, root: Path, release: Release) -> House:
        """Open the journal and change nothing in it."""
        return cls(root, Deployment(0, release.id, "up"), release, open_journal(root, release), lambda journal: journal)

    @property
    def journal(self) -> Journal:
        """The journal, with whatever was put around it."""
        return self.wrap(self.opened.journal)

    @property
    def services(self) -> Services:
        """What connectors are given."""
        from crossdock.runtime.answers import JournalAnswers

        state = state_folder(self.root, self.release.environment.environment)
        state.mkdir(parents=True, exist_ok=True)
        return Services(
            partners=self.release.partners,
            pickup=self.opened.pickup,
            lease=self.opened.lease,
            clock=SystemClock(),
            state=state,
            base=self.root.resolve(),
            answers=JournalAnswers(self.journal),
            polls=self.opened.polls,
        )

    @property
    def releases(self) -> Releases:
        """Releases by id, as one process compiles and keeps them."""
        from crossdock.runtime.releases import Releases

        return Releases(self.deployment, self.journal, partial(taken_up, self.root), self.release)

    def parts(self, send: Callable[[str], None], metrics: Metrics, *, share: bool) -> Parts:
        """Build what one working process consists of; `send` sends a wake-up for a lane."""
        from crossdock.runtime.canary import Canary
        from crossdock.runtime.deliver import DeliveryDrain
        from crossdock.runtime.drain import MessageDrain
        from crossdock.runtime.gather import GatherDrain
        from crossdock.runtime.lanes import Drain, Lanes
        from crossdock.runtime.loop import LoopThread
        from crossdock.runtime.overdue import Watch
        from crossdock.runtime.sinks import Sinks
        from crossdock.runtime.waker import Waker
        from crossdock.runtime.worker import Parts
        from crossdock.runtime.workplace import Workplace

        lease = self.release.environment.workers.lease
        journal, loop = self.journal, LoopThread()
        state = state_store(self.release.environment.state_store)
        releases = self.releases
        sinks, waker = Sinks(self.services, loop), Waker(send).start()
        sinks.warm(self.release)
        place = Workplace(journal, releases, state, SystemClock(), metrics, lease)
        messages, deliveries = MessageDrain(place), DeliveryDrain(place, sinks, loop)
        drains: dict[str, Drain] = {"route": messages, "to": deliveries, "gather": GatherDrain(journal, releases)}
        lanes = Lanes(journal, drains, waker, lease, share=share)
        return Parts(journal, lanes, loop, sinks, waker, releases, Watch(journal, releases), Canary(journal, releases))


def _served(release: Release) -> Release:
    """Return a release whose ways in can be built; raises Misconfigured: else a worker would deploy what no gateway can serve."""
    from crossdock.boot.deployments import unbuildable

    problems = list(unbuildable(release))
    if problems:
        raise Misconfigured("the project can't be served as it stands: nothing is deployed", problems=problems)
    return release


def _running(root: Path, opened: OpenJournal, release: Release) -> tuple[Deployment, Release]:
    """Return what shall run where a folder is started: what was deployed by hand, else the folder, which is deployed for it."""
    newest = opened.journal.deployed()
    if newest is None or (newest.act == "up" and newest.release != release.id):
        number = newest.number + 1 if newest else 1
        try:
            return opened.journal.deploy(Deployment(number, release.id, "up"), stored(release), person()), release
        except Superseded as faster:
            newest = faster.by  # processes of an installation are started together: what the first of them deployed runs
    if newest.release != release.id:
        log.warning("%s runs, and this folder is release %s: `crossdock plan` shows what differs", newest, release.id[:12])
    return newest, _same(root, opened, newest, release)


def _same(root: Path, opened: OpenJournal, deployment: Deployment, release: Release) -> Release:
    """Return the release that is deployed: the one at hand, or the one in the journal."""
    if deployment.release == release.id:
        return release
    return _deployed(root, opened, deployment)


def _deployed(root: Path, opened: OpenJournal, deployment: Deployment) -> Release:
    kept = opened.journal.load_release(deployment.release)
    assert kept is not None, "a deployment refers to its release"
    return recompiled(root, kept)


def person() -> Actor:
    """Return who runs this process."""
    import getpass

    return Actor(getpass.getuser())


def stored(release: Release) -> StoredRelease:
    """Return a release as the journal keeps it."""
    return StoredRelease(release.id, release.files, release.environment.environment, now_ms(), engine=engine())


def recompiled(root: Path, kept: StoredRelease, governance: Governance = "warning") -> Release:
    """Compile a release that the journal kept, with today's secrets."""
    import crossdock_config

    if kept.engine:
        require(kept.engine, f"release {kept.id[:12]}")
    secrets = crossdock_config.system_secrets(root, kept.environment)
    return _compilable(kept, crossdock_config.load(kept.files, kept.environment, secrets=secrets, governance=governance))


def taken_up(root: Path, kept: StoredRelease, running: Release | None) -> Release:
    """Compile a release that the journal kept beside the one that runs: routes that did not change stay as they are."""
    import crossdock_config

    if running is None or running.environment.environment != kept.environment:
        return recompiled(root, kept)
    if kept.engine:
        require(kept.engine, f"release {kept.id[:12]}")
    secrets = crossdock_config.system_secrets(root, kept.environment)
    return _compilable(kept, crossdock_config.take_up(kept.files, kept.environment, secrets, running))


def _compilable(kept: StoredRelease, loaded: Loaded) -> Release:
    if loaded.release is None:
        first, *more = (problem for problem in loaded.problems if problem.severity == "error")
        raise Misconfigured(f"release {kept.id[:12]} can't be compiled for '{kept.environment}': {first}", problems=more)
    return loaded.release


def state_store(url: str) -> StateStore:
    """Return the policies' shared state: this process's memory, or Redis."""
    from crossdock_policies.state import MemoryState, RedisState

    return MemoryState() if url.startswith("memory:") else RedisState(url)


def shared_state(release: Release) -> StateStore | None:
    """Return the state that all processes of an environment share, or None where each has its own."""
    url = release.environment.state_store
    return None if url.startswith("memory:") else state_store(url)


def publisher(app: Celery) -> Callable[[str], None]:
    """Return what sends a wake-up through Celery."""
    from crossdock.runtime.celery_app import TASK

    def send(lane: str) -> None:
        app.send_task(TASK, (lane,), ignore_result=True, retry=False)

    return send


def state_folder(root: Path, environment: str) -> Path:
    """Return where processes keep what is theirs: host keys, uploads under way, counters.

    That is $CROSSDOCK_STATE, else `.crossdock/<environment>` in the project, and `.crossdock` itself for `local`.
    """
    from crossdock_config.secrets import LOCAL

    given = os.environ.get("CROSSDOCK_STATE")
    own = root.resolve() / STATE
    return Path(given) if given else own if environment == LOCAL else own / environment


def log_as(release: Release) -> None:
    """Send this process's logs where, and as, the environment says."""
    from crossdock.runtime import logs

    settings = release.environment.log
    logs.configure(settings.level, json=settings.lines == "json")


def process_name() -> str:
    """Return this process's name in beats and leases."""
    return f"{socket.gethostname()}-{os.getpid()}"


def is_here(name: str) -> bool:
    """Say whether a process of this name runs, or ran, on this machine."""
    host, _, pid = name.rpartition("-")
    return host == socket.gethostname() and pid.isdigit()
