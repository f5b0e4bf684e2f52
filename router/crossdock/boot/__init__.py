"""The composition root: the only place that chooses between embedded and production, and puts the parts together.

What each function needs is imported when it is called, so that the command line starts fast.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crossdock.boot.fitness import Check
    from crossdock.boot.house import Wrap
    from crossdock.core.message import Accepted
    from crossdock.core.office import Office
    from crossdock.core.spec import Catalog
    from crossdock.runtime.guard import Guard
    from crossdock.runtime.journal import OpenJournal
    from crossdock_config import Loaded, Release

Ready = Callable[[Mapping[str, Any]], None]


def load(root: Path, environment: str) -> Loaded:
    """Read and compile a project with its secrets; problems are in the answer."""
    from crossdock.boot import house

    return house.load(root, environment)


def check(root: Path, environment: str) -> Loaded:
    """Read and compile a project and its Markdown without its secrets; problems are in the answer."""
    from crossdock_config.loader import check as checked

    return checked(root, environment)


def catalogs(root: Path) -> dict[str, Catalog]:
    """Return the grammars of every dialect, the project's own among them; raises Misconfigured where these can't be used."""
    from crossdock.boot import documents

    return documents.catalogs(root)


def journal(root: Path, environment: str) -> OpenJournal:
    """Open an environment's journal; its routes may be in any state."""
    from crossdock.boot import house

    return house.journal_of(root, environment)


def adopt_journal(root: Path, environment: str, former: str) -> None:
    """Make a journal that belongs to another environment this one's; raises Misconfigured."""
    from crossdock.boot import house

    house.adopt_journal(root, environment, former)


def office(root: Path, environment: str) -> AbstractContextManager[Office]:
    """Open an environment's journal and its office, for whoever runs this process."""
    from crossdock.boot import offices

    return offices.office(root, environment)


def remote(url: str) -> AbstractContextManager[Office]:
    """Open the office behind a server."""
    from crossdock.boot import offices

    return offices.remote(url)


def login(root: Path, environment: str, server: str, say: Callable[[str, str], None]) -> str:
    """Sign on at the issuer of a server or an environment; return the issuer. `say` is given an address and a code."""
    from crossdock.boot import offices

    return offices.login(root, environment, server, say)


def logout() -> list[str]:
    """Forget all sign-ons of this user; return their issuers."""
    from crossdock.boot import logins

    return [issuer for issuer in logins.signed_on() if logins.logout(issuer)]


def built(root: Path, environment: str) -> bytes:
    """Return a folder's release as `crossdock build` writes it, unsigned; raises Misconfigured with every problem."""
    from crossdock.core.version import engine
    from crossdock_config.artefact import Artefact

    release = compiled(root, environment, secrets=False)
    return Artefact(release.id, engine(), release.files).written()


def guard(root: Path, environment: str, opened: OpenJournal) -> Guard:
    """Return who runs this process, under the project's rules, for commands that check by themselves; raises Denied."""
    from crossdock.boot import offices

    return offices.guard(root, environment, opened)


def compiled(root: Path, environment: str, *, secrets: bool = True) -> Release:
    """Return a project's release, with its secrets or with placeholders; raises Misconfigured with every problem."""
    from crossdock.boot import house

    return house.compiled(root, environment, secrets=secrets)


def tested(root: Path, environment: str) -> Release:
    """Return a project's release for its tests, its clock pinned; raises Misconfigured with every problem."""
    from crossdock.boot import house

    return house.tested(root, environment)


def open(root: Path, release: Release) -> OpenJournal:  # noqa: A001 - read as boot.open
    """Open the environment's journal, its schema up to date."""
    from crossdock.boot import house

    return house.open_journal(root, release)


def up(root: Path, environment: str, *, ready: Ready | None = None, wrap: Wrap | None = None) -> int:
    """Run everything embedded in the foreground until SIGTERM or SIGINT; return the exit code."""
    _share_metrics(root, environment, fresh=True)
    from crossdock.boot import embedded

    return embedded.run(root, compiled(root, environment), ready or (lambda status: None), wrap)


def worker(root: Path, environment: str, *, pool: str = "prefork", concurrency: int = 2, page: int | None = None) -> int:
    """Run a production worker in the foreground until SIGTERM, its operations page on port `page`; return its exit code."""
    _share_metrics(root, environment, fresh=False)
    from crossdock.boot import production

    return production.run_worker(root, environment, pool, concurrency, page)


def gateway(root: Path, environment: str) -> int:
    """Run a production gateway in the foreground until SIGTERM; return its exit code."""
    _share_metrics(root, environment, fresh=False)
    from crossdock.boot import production

    return production.run_gateway(root, environment)


def submit(root: Path, environment: str, path: Path, partner: str, route: str = "") -> Accepted:
    """Accept a file as if the partner had just dropped it; it is durable when this returns."""
    from crossdock.boot import submission

    return submission.submit(root, environment, path, partner, route)


def doctor(root: Path, environment: str) -> list[Check]:
    """Say what is configured, reachable and stale."""
    from crossdock.boot import examination

    return examination.examine(root, environment)


def living(root: Path, environment: str, role: str = "") -> list[str]:
    """Return the processes of this machine that have lately said that they live, of one role or of any."""
    from crossdock.boot import examination

    return examination.living(root, environment, role)


def _share_metrics(root: Path, environment: str, *, fresh: bool) -> None:
    """Let all processes of this project count together; must come before prometheus-client is imported."""
    from crossdock.boot import house
    from crossdock.runtime import shared_metrics

    shared_metrics.share(house.state_folder(root, environment) / "metrics", fresh=fresh)
