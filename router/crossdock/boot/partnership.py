"""A trading partner as the command line asks about it: what is wrong or missing, who it is, and a rehearsal of its documents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossdock.boot.house import check, compiled, load, tested
from crossdock.core.errors import Misconfigured
from crossdock.core.nodes import TargetNode
from crossdock.core.partner import Agreement, Partner
from crossdock.core.words import nearest
from crossdock_config.testing import CaseResult, rehearse, run_tests
from crossdock_config.variants import variant
from crossdock_config.yaml_source import read

if TYPE_CHECKING:
    from crossdock.core.outcome import Outcome
    from crossdock_config import Release

DIALECTS = ("x12", "edifact")


@dataclass(frozen=True, slots=True)
class Remark:
    """One finding about a partner: wrong (`ok` False), or missing and perhaps meant so (None)."""

    ok: bool | None
    where: str
    message: str


def partner_path(name: str) -> str:
    """Return the path of a partner's file in its project."""
    return f"config/partners/{name}.yaml"


def examine_partner(root: Path, environment: str, name: str) -> list[Remark]:
    """Return what is wrong with a partner, then what is missing; its secrets are looked up; raises Misconfigured."""
    path = partner_path(name)
    if not (root / path).exists():
        known = [found.stem for found in (root / "config/partners").glob("*.yaml")]
        raise Misconfigured(
            f"there is no partner '{name}'{nearest(name, known)}", advice=f"`crossdock partner new {name}` writes one"
        )
    loaded = load(root, environment)
    names = _paths_of(root, name)
    wrong = [Remark(False, _place(problem.place), problem.message) for problem in loaded.problems if problem.place[0] in names]
    release = loaded.release or check(root, environment).release
    missing = _remarks(release, name) if release else ()
    others = sum(problem.place[0] not in names for problem in loaded.problems)
    rest = [Remark(None, "", f"{others} more problems elsewhere: `crossdock check` shows them")] if others else []
    return [*wrong, *missing, *rest]


def _place(place: tuple[str, int, int]) -> str:
    return ":".join(map(str, place))


def _paths_of(root: Path, name: str) -> set[str]:
    """Return the partner's file, and the routes and guides that speak of it."""
    word = re.compile(rf"\bpartner:\s*[\"']?{re.escape(name)}\b")
    files = [*root.glob("routes/**/*.route.yaml"), *root.glob("routes/**/*.guide.yaml")]
    speaking = {file.relative_to(root).as_posix() for file in files if word.search(file.read_text("utf-8", "replace"))}
    return {partner_path(name), *speaking}


def _remarks(release: Release, name: str) -> Iterator[Remark]:
    partner, path = release.partners[name], partner_path(name)
    for dialect, agreement in _agreements(partner):
        yield from _agreed(release, f"{path} {dialect}", dialect, agreement)
    if not _agreements(partner):
        yield Remark(None, path, "nothing is agreed: add `x12:` or `edifact:`")
    if not partner.channels:
        yield Remark(None, path, "there is no channel: nothing can be delivered to this partner")
    if not inbound(release, name):
        yield Remark(None, path, f"no route receives from it: `from: {{sftp_server: {{partner: {name}}}}}`")
    if not partner.contacts:
        yield Remark(None, path, "there is no contact: who is called when something is wrong?")


def _agreements(partner: Partner) -> list[tuple[str, Any]]:
    return [(name, getattr(partner, name)) for name in DIALECTS if getattr(partner, name) is not None]


def _agreed(release: Release, where: str, dialect: str, agreement: Any) -> Iterator[Remark]:
    yield from _documents(where, dialect, agreement)
    if release.environment.test and agreement.usage == "P":
        yield Remark(False, where, "`usage: P` in a test environment: nothing can be exchanged")
    if not release.environment.test and agreement.usage == "T":
        yield Remark(None, where, "`usage: T`: only test documents are exchanged")
    if agreement.ack_window is None:
        yield Remark(None, where, "there is no `ack_window`: acknowledgements of what we send are not awaited")
    if not agreement.documents:
        yield Remark(None, where, "`documents` is empty: any kind of document is taken")


def _documents(where: str, dialect: str, agreement: Agreement) -> Iterator[Remark]:
    from crossdock_transformers.edi.load import standard

    grammars = standard() if dialect == "x12" else None
    for number, document in agreement.documents.items():
        at = f"{where}.documents.{number}"
        version = document.version or agreement.version  # type: ignore[attr-defined]
        if grammars is not None and grammars.find(number, version) is None:
            yield Remark(False, at, f"there is no grammar for {number} in {version}; `crossdock grammars` lists what there is")
        for answer in document.expect:
            if answer not in agreement.documents:
                yield Remark(False, at, f"{answer} is expected after it, but is not among the agreed `documents`")


def inbound(release: Release, name: str) -> list[str]:
    """Return the routes that receive from a partner."""
    bound = (binding for bindings in release.bindings.values() for binding in bindings)
    return sorted({binding.route for binding in bound if getattr(binding.options, "partner", "") == name})


def outbound(release: Release, name: str) -> list[str]:
    """Return the routes that deliver to a partner by name, and those that answer whoever sent."""
    targets = (f"partner:{name}", "partner:")
    return sorted(
        route
        for route, program in release.programs.items()
        if any(isinstance(node, TargetNode) and node.endpoint in targets for node in program.visit())
    )


def portrait(root: Path, environment: str, name: str) -> dict[str, Any]:
    """Return a partner as plain data, secrets as references; raises Misconfigured."""
    release = compiled(root, environment, secrets=False)
    partner = known(release, name)
    path = partner_path(name)
    written: Mapping[str, Any] = variant(read(path, release.files[path]), environment).data
    return {
        "partner": name,
        "title": partner.title,
        "ids": partner.ids.model_dump(),
        **{dialect: agreement.model_dump(mode="json") for dialect, agreement in _agreements(partner)},
        "contacts": [contact.model_dump() for contact in partner.contacts],
        "quotas": partner.quotas.model_dump(),
        "channels": dict(written.get("channels") or {}),
        "receives_in": inbound(release, name),
        "delivered_by": outbound(release, name),
    }


def known(release: Release, name: str) -> Partner:
    """Return a partner; raises Misconfigured with the nearest name."""
    if name not in release.partners:
        raise Misconfigured(f"there is no partner '{name}'{nearest(name, release.partners)}")
    return release.partners[name]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A document sent through a route for show: where it came from, and what would have been committed."""

    route: str
    sample: str
    outcomes: list[Outcome]


def rehearsals(root: Path, environment: str, name: str) -> tuple[list[CaseResult], list[Rehearsal]]:
    """Run a partner's tests and its samples through the routes that receive from it; nothing is sent or kept."""
    release = tested(root, environment)
    partner = known(release, name)
    return list(run_tests(release, root, name)), list(_rehearsed(root, environment, release, partner))


def _rehearsed(root: Path, environment: str, release: Release, partner: Partner) -> Iterator[Rehearsal]:
    from crossdock.boot.partner_samples import generated

    for route in inbound(release, partner.name):
        folder = (root / release.programs[route].place.path).parent
        for path in sorted(folder.glob("samples/*")):
            data = path.read_bytes()
            if signed(partner, data):
                yield Rehearsal(route, path.relative_to(root).as_posix(), rehearse(release, route, data, partner.name))
        for sample, data in generated(root, environment, release, partner, route):
            yield Rehearsal(route, sample, rehearse(release, route, data, partner.name))


def signed(partner: Partner, data: bytes) -> bool:
    """Tell whether a file is signed by the partner, as its agreement says; other formats are signed by nobody."""
    start = data[:200].decode("latin-1").lstrip("\ufeff \r\n\t")
    if start.startswith("ISA") and partner.x12:
        theirs = partner.x12.theirs
        return start[32:34] == theirs.qualifier and start[35:50].strip() == theirs.id
    return start.startswith(("UNA", "UNB")) and partner.edifact is not None and partner.edifact.theirs.id in start
