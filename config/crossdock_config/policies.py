"""Policy sets: the project's own, and `default` for deliveries that name none."""

from __future__ import annotations

from typing import Any

from crossdock.core.errors import Place
from crossdock.core.policy import Policy
from crossdock.core.spec import PolicySpec
from crossdock.core.words import nearest
from crossdock_config.checked import Subject
from crossdock_config.models import PolicyFile
from crossdock_config.project import Project, Within, part
from crossdock_config.yaml_source import Document, Path

DEFAULT = "default"
BUILT_IN = ("retry", "timeout")
"""What the default set consists of, each with its own defaults."""


def policy_sets(project: Project) -> dict[str, tuple[Policy, ...]]:
    """Return all policy sets; one that is broken is there, so that nobody says that it is missing."""
    sets: dict[str, tuple[Policy, ...]] = {DEFAULT: _built_in(project)}
    sets |= dict.fromkeys(project.names("policy"), ())
    for name, document in project.documents.get("policy", {}).items():
        project.file(PolicyFile, "policy", name, document, document.data)
        with project.reads.noted() as reads:
            built = [_policy(project, item, document, ("use", index)) for index, item in enumerate(part(document, "use", list))]
        project.policy_reads[name] = frozenset(reads)
        sets[name] = tuple(policy for policy in built if policy is not None)
    return sets


def _built_in(project: Project) -> tuple[Policy, ...]:
    specs = [project.registry.find("policies", name) for name in BUILT_IN]
    context = Within(project, Place("(default policies)"))
    return tuple(spec.build(spec.options(), context) for spec in specs if isinstance(spec, PolicySpec))


def _policy(project: Project, item: Any, document: Document, at: Path) -> Policy | None:
    if isinstance(item, str):
        item = {item: None}
    if not isinstance(item, dict) or len(item) != 1:
        project.say(document.at(*at), "a policy has one key: `- retry: { attempts: 12 }`")
        return None
    name, settings = next(iter(item.items()))
    spec = project.registry.find("policies", name)
    place = document.key(*at, name)
    if not isinstance(spec, PolicySpec):
        project.say(place, f"unknown policy '{name}'{nearest(name, project.registry.names('policies'))}", "unknown")
        return None
    options = project.options(spec.options, settings, Subject(document, (*at, name), name))
    if options is None:
        return None
    build = spec.build
    return project.built(lambda: build(options, Within(project, place)), document, (*at, name))
