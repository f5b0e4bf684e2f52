"""One loader for every command: a project's files become a release, or a list of everything that is wrong with them.

files ─ YAML with positions ─ models ─ environments, partners, policies ─ programs ─ release
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from crossdock.core.clock import Clock
from crossdock.core.errors import Place, Problem
from crossdock.core.registry import Registry, installed
from crossdock.core.spec import Context, TransformerSpec
from crossdock.core.words import nearest
from crossdock_config.access import access
from crossdock_config.apart import keep_apart
from crossdock_config.cases import TestFile
from crossdock_config.contracts import examine_versions
from crossdock_config.environments import environments
from crossdock_config.files import Files, document_of, file_kinds
from crossdock_config.footing import Footing
from crossdock_config.lifecycle import Governance, catalogue, examine
from crossdock_config.markdown import Block, blocks, overlaid, rounds
from crossdock_config.meaning import digest, meaning_of
from crossdock_config.models import KINDS
from crossdock_config.partners import partners
from crossdock_config.policies import policy_sets
from crossdock_config.project import Project, Within
from crossdock_config.release import Loaded, Release
from crossdock_config.routes import Routes
from crossdock_config.secrets import SecretSource
from crossdock_config.yaml_source import Document

NOTHING = Footing()
ACCESS = ("config/access.yaml", ".access.yaml")
"""Files that are no part of a release: to shut somebody out must not wait for a deployment."""


def load(
    root: Path | Mapping[str, str],
    environment: str = "local",
    *,
    registry: Registry | None = None,
    secrets: SecretSource | None = None,
    clock: Clock | None = None,
    governance: Governance = "error",
) -> Loaded:
    """Read and compile a project; never raises for bad content. Without `secrets`, references become placeholders.

    `governance` says what a breach of the rules of ownership and lifecycle is: who starts what was deployed only warns.
    """
    with _nothing_collected():
        project, found = _read(root, registry or installed())
        project.clock = clock or project.clock
        release = _release(project, environment, secrets, found)
        entries = catalogue(project)
        examine(project, entries, governance)
        examine_versions(project)
    problems = tuple(sorted(set(project.problems)))
    failed = any(problem.severity == "error" for problem in problems)
    meaning = release.meaning if release is not None else meaning_of(project)
    return Loaded(problems, None if failed else release, len(found), tuple(entries), project.uncompared, meaning)


def check(root: Path, environment: str = "local", *, registry: Registry | None = None) -> Loaded:
    """Read and compile a project and the YAML blocks of its Markdown, each among the project's files; without secrets."""
    registry = registry or installed()
    loaded = load(root, environment, registry=registry)
    files = Files(registry)
    found = blocks(root, {*KINDS, *file_kinds(registry)})
    texts = files.texts(root, []) if found else {}
    problems = set(loaded.problems)
    for among in rounds(found):
        problems |= _of_blocks(texts, among, environment, registry)
    return replace(loaded, problems=tuple(sorted(problems)), files=loaded.files + len({block.source for block in found}))


def _of_blocks(texts: Mapping[str, str], among: list[Block], environment: str, registry: Registry) -> set[Problem]:
    """Return what is wrong in blocks, where the Markdown has it; what is wrong elsewhere is said elsewhere."""
    own = {block.text: block for block in among}
    files = overlaid(texts, among)
    placed = {path: own[text] for path, text in files.items() if text in own}
    problems = load(files, environment, registry=registry).problems
    return {placed[one.place[0]].placed(one) for one in problems if one.place[0] in placed}


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Keep the garbage collector still: nothing is let go of while a project is compiled, and looking costs a third of it.

    What was compiled is there to stay, so it is not looked at afterwards either, until the next project is compiled.
    """
    collects = gc.isenabled()
    gc.disable()
    gc.unfreeze()
    try:
        yield
    finally:
        if collects:
            gc.freeze()
            gc.enable()


def browse(root: Path | Mapping[str, str], *, registry: Registry | None = None) -> Context:
    """Return a project's files as components see them, with nothing compiled; what is wrong in them, `load` tells."""
    project, _ = _read(root, registry or installed())
    return Within(project, Place(str(root) if isinstance(root, Path) else ""))


def _read(root: Path | Mapping[str, str], registry: Registry, former: Footing = NOTHING) -> tuple[Project, Mapping[str, str]]:
    """Read a project's files; those that a former one had, to the letter, are not read again."""
    project, known = Project(registry, []), former.by_path()
    files = Files(registry)
    found = files.texts(root, project.problems)
    for unread in {problem.place[0] for problem in project.problems if problem.severity == "error"}:
        project.add(files.kind_of(unread), files.stem_of(unread), Document(unread))
    for path, text in found.items():
        document = known[path] if path in known and former.texts.get(path) == text else document_of(path, text)
        project.add(files.kind_of(path), files.stem_of(path), document)
    return project, found


def surroundings(root: Path, environment: str = "local") -> tuple[Within, tuple[Problem, ...]]:
    """Return what a component sees of a project while it is built, without any route, and the problems on the way."""
    project = Project(installed(), [])
    files = Files(project.registry)
    for path, text in files.texts(root, project.problems).items():
        project.add(files.kind_of(path), files.stem_of(path), document_of(path, text))
    _, endpoints = environments(project, environment, None)
    partners(project, endpoints, None)
    return Within(project, Place(root.name)), tuple(sorted(set(project.problems)))


def take_up(texts: Mapping[str, str], environment: str, secrets: SecretSource | None, former: Release) -> Loaded:
    """Compile a release that was proven when it was deployed, beside one that runs: routes that did not change are that one's.

    Files that no route uses are not looked at, and nothing is said of owners and lifecycles: `load` does that.
    """
    with _nothing_collected():
        project, found = _read(texts, installed(), former.footing)
        project.clock = former.clock
        release = _release(project, environment, secrets, found, former)
    problems = tuple(sorted(set(project.problems)))
    failed = any(problem.severity == "error" for problem in problems)
    meaning = release.meaning if release else meaning_of(project)
    return Loaded(problems, None if failed else release, len(found), (), project.uncompared, meaning)


def _release(
    project: Project, selected: str, secrets: SecretSource | None, found: Mapping[str, str], former: Release | None = None
) -> Release | None:
    if not project.names("route"):
        project.say(Place("routes/"), "there is no *.route.yaml here; `crossdock new NAME` writes a first project")
    environment, endpoints = environments(project, selected, secrets)
    project.testing = environment is not None and environment.test
    partners(project, endpoints, secrets)
    access(project)
    project.uncompared = keep_apart(project, selected, secrets)
    if former is None:
        _check_files(project)
    routes = Routes(project, endpoints, policy_sets(project), secrets)
    if former is not None:
        routes.keep(former, Footing(selected, project.things, found))
    for name, document in project.documents.get("route", {}).items():
        routes.add(name, document)
    if former is None:
        _check_unused(project)
    if environment is None or any(problem.severity == "error" for problem in project.problems):
        return None
    if former is None:
        routes.warn()
    meaning = meaning_of(project)
    return Release(
        id=digest(meaning.data),
        environment=environment,
        programs=routes.programs,
        routes=routes.infos,
        partners=project.partners,
        endpoints=endpoints.found,
        bindings={name: tuple(bound) for name, bound in routes.bindings.items()},
        subscriptions={event: tuple(names) for event, names in routes.subscriptions.items()},
        policy_sets=routes.policy_sets,
        files={path: text for path, text in found.items() if not path.endswith(ACCESS)},
        meaning=meaning,
        tests=tuple(project.resource("test", name) for name in project.names("test")),
        clock=project.clock,
        footing=Footing(selected, project.things, found, routes.reads),
    )


def _check_files(project: Project) -> None:
    for kind, model in file_kinds(project.registry).items():
        for name, document in project.documents.get(kind, {}).items():
            project.file(model, kind, name, document, document.data)
    _check_closely(project)
    for name, document in project.documents.get("test", {}).items():
        test = project.file(TestFile, "test", name, document, document.data)
        kind, tested = ("map", test.map) if test is not None and test.map else ("route", test.route if test else "")
        if test is not None and tested not in project.names(kind):
            project.say(document.at(kind), f"there is no {kind} '{tested}'{nearest(tested, project.told(kind))}", "unknown")


def _check_closely(project: Project) -> None:
    """Let transformers look at the files that they bring, the ones that no route uses as well."""
    for spec in project.registry.all("transformers"):
        for kind, check in (spec.checks if isinstance(spec, TransformerSpec) else {}).items():
            for name, document in project.documents.get(kind, {}).items():
                if (kind, name) not in project.broken:
                    context = Within(project, Place(document.path))
                    project.built(partial(check, name, context), document, ())


def _check_unused(project: Project) -> None:
    """Let transformers look at the files that no route has asked for, so that a mistake waits for no route."""
    for spec in project.registry.all("transformers"):
        for kind, check in (spec.unused if isinstance(spec, TransformerSpec) else {}).items():
            for name, document in project.documents.get(kind, {}).items():
                if (kind, name) not in project.broken and not project.asked(kind, name):
                    project.built(partial(check, name, Within(project, Place(document.path))), document, ())
