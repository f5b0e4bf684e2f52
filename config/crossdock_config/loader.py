"""One loader for every command: a project's files become a release, or a list of everything that is wrong with them.

files ─ YAML with positions ─ models ─ partners, policies, endpoints ─ programs ─ release
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from crossdock.core.errors import Misconfigured, Place, Problem, Refusal, Refusals
from crossdock.core.partner import Partner
from crossdock.core.policy import Policy
from crossdock.core.program import Program
from crossdock.core.registry import Registry, installed, nearest
from crossdock.core.spec import Binding, PolicySpec
from crossdock_config.checked import checked
from crossdock_config.endpoints import Endpoints
from crossdock_config.files import FOLDERS, kind_of, stem_of, texts
from crossdock_config.models import KINDS, EnvironmentFile, PartnerFile, PolicyFile, RouteFile, TestFile
from crossdock_config.project import Project, Within
from crossdock_config.release import Loaded, Release, RouteInfo
from crossdock_config.secrets import SecretSource, resolved
from crossdock_config.steps import Steps
from crossdock_config.yaml_source import Document, read

NAMED = {"route": "route", "map": "map", "guide": "guide", "partner": "partner", "environment": "environment", "policy": "policy"}
"""The key by which a file of each kind says its own name."""


def load(
    root: Path | Mapping[str, str],
    environment: str = "local",
    *,
    registry: Registry | None = None,
    secrets: SecretSource | None = None,
) -> Loaded:
    """Read and compile a project; never raises for bad content. Without `secrets`, references become placeholders."""
    problems: list[Problem] = []
    found = texts(root, problems)
    project = Project(registry or installed(), _documents(found, problems), problems)
    release = _Compiler(project, environment, secrets, found).release()
    ordered = tuple(sorted(set(problems)))
    failed = any(problem.severity == "error" for problem in ordered)
    return Loaded(ordered, None if failed else release, len(found))


def load_environment(root: Path, environment: str, secrets: SecretSource | None) -> EnvironmentFile:
    """Return an environment alone, for commands that only need to know where things are; raises Misconfigured."""
    problems: list[Problem] = []
    path = root / "config" / "environments" / f"{environment}.yaml"
    if not path.exists():
        if environment == "local" and any((root / folder).is_dir() for folder in FOLDERS):
            return EnvironmentFile(environment=environment)
        raise Misconfigured(
            f"there is no {path.relative_to(root)} in {root.resolve()}",
            advice="go to a project's folder, or name it with -C; `crossdock new NAME` writes one",
        )
    document = read(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8-sig"))
    problems += document.problems
    data = resolved(document, secrets, problems) if document.data is not None else None
    model = checked(EnvironmentFile, data, document, (), "this environment", problems)
    if model is None:
        raise Misconfigured(f"environment '{environment}' can't be used", problems=problems)
    return model


def _documents(found: Mapping[str, str], problems: list[Problem]) -> dict[str, dict[str, Document]]:
    documents: dict[str, dict[str, Document]] = {}
    for path, text in found.items():
        document = read(path, text)
        problems += document.problems
        kind, name = kind_of(path), stem_of(path)
        first = documents.setdefault(kind, {}).setdefault(name, document)
        if first is not document:
            problems.append(Problem.at(Place(path), f"there is another {kind} '{name}': {first.path}"))
    return documents


class _Compiler:
    def __init__(self, project: Project, environment: str, secrets: SecretSource | None, found: Mapping[str, str]) -> None:
        self._project = project
        self._environment = environment
        self._secrets = secrets
        self._found = found
        self._programs: dict[str, Program] = {}
        self._routes: dict[str, RouteInfo] = {}
        self._bindings: dict[str, list[Binding]] = {}
        self._subscriptions: dict[str, list[str]] = {}

    def release(self) -> Release | None:
        project = self._project
        if not project.documents.get("route"):
            project.say(Place("routes/"), "there is no *.route.yaml here; `crossdock new NAME` writes a first project")
        environment, endpoints = self._environments()
        self._partners(endpoints)
        self._check_files()
        policies = self._policies()
        for name, document in project.documents.get("route", {}).items():
            self._route(name, document, endpoints, policies)
        if environment is None:
            return None
        return Release(
            id=_digest(project, self._environment),
            environment=environment,
            programs=self._programs,
            routes=self._routes,
            partners=project.partners,
            endpoints=endpoints.found,
            bindings={name: tuple(bound) for name, bound in self._bindings.items()},
            subscriptions={event: tuple(routes) for event, routes in self._subscriptions.items()},
            policy_sets=policies,
            files=dict(self._found),
            tests=tuple(project.resource("test", name) for name in project.names("test")),
        )

    def _model(self, kind: str, name: str, document: Document, data: Any) -> Any:
        key = NAMED.get(kind)
        if document.data is None:
            return None
        model = checked(KINDS[kind], data, document, (), f"this {kind}", self._project.problems)
        if model is not None and key and getattr(model, key) != name:
            said = getattr(model, key)
            self._project.say(document.at(key), f"{kind} '{said}' is in a file called '{name}': give both the same name")
        return model

    def _environments(self) -> tuple[EnvironmentFile | None, Endpoints]:
        documents = self._project.documents.get("environment", {})
        document = documents.get(self._environment)
        if document is None:
            if documents or self._environment != "local":
                place = Place(f"config/environments/{self._environment}.yaml")
                self._project.say(place, f"there is no environment '{self._environment}'{nearest(self._environment, documents)}")
            endpoints = Endpoints(self._project, Document("config/environments/local.yaml"))
            endpoints.unreadable = self._environment != "local"
            return EnvironmentFile(environment=self._environment), endpoints
        data = resolved(document, self._secrets, self._project.problems)
        model: EnvironmentFile | None = self._model("environment", self._environment, document, data)
        endpoints = Endpoints(self._project, document)
        if model is not None:
            endpoints.define(model.endpoints)
        endpoints.unreadable = model is None
        return model, endpoints

    def _partners(self, endpoints: Endpoints) -> None:
        identities: dict[tuple[str, str], str] = {}
        for name, document in self._project.documents.get("partner", {}).items():
            data = resolved(document, self._secrets, self._project.problems)
            model: PartnerFile | None = self._model("partner", name, document, data)
            if model is None:
                continue
            if model.x12:
                identity = (model.x12.theirs.qualifier, model.x12.theirs.id)
                if identity in identities:
                    place = document.at("x12", "theirs")
                    self._project.say(place, f"partner '{identities[identity]}' has this identity already: {'/'.join(identity)}")
                identities.setdefault(identity, name)
            channels = self._channels(model, document, endpoints)
            self._project.partners[name] = Partner(name, model.title, model.x12, channels)

    def _channels(self, model: PartnerFile, document: Document, endpoints: Endpoints) -> dict[str, Any]:
        channels = {}
        for name, settings in model.channels.items():
            at = ("channels", name)
            endpoint = endpoints.find(name)
            spec = endpoint.spec if endpoint else None
            if spec is None or spec.channel is None:
                known = [one.name for one in self._project.registry.all("connectors") if getattr(one, "channel", None)]
                place = document.key_places.get(at, document.at(*at))
                self._project.say(place, f"partners can't be reached by '{name}'{nearest(name, known)}", "unknown")
                continue
            options = self._project.options(spec.channel, settings, document, at, name)
            if options is not None:
                channels[name] = options
        return channels

    def _check_files(self) -> None:
        for kind, model in self._project.file_kinds().items():
            for name, document in self._project.documents.get(kind, {}).items():
                if document.data is None:
                    continue
                found = checked(model, document.data, document, (), f"this {kind}", self._project.problems)
                document.data = None if found is None else document.data
                said = getattr(found, kind, name) if found is not None else name
                if said != name:
                    self._project.say(document.at(kind), f"{kind} '{said}' is in a file called '{name}': give both the same name")
        for name, document in self._project.documents.get("test", {}).items():
            test: TestFile | None = self._model("test", name, document, document.data)
            if test is not None and test.route not in self._project.documents.get("route", {}):
                known = self._project.names("route")
                self._project.say(document.at("route"), f"there is no route '{test.route}'{nearest(test.route, known)}")

    def _policies(self) -> dict[str, tuple[Policy, ...]]:
        sets: dict[str, tuple[Policy, ...]] = {"default": self._defaults()}
        for name, document in self._project.documents.get("policy", {}).items():
            model: PolicyFile | None = self._model("policy", name, document, document.data)
            built = [self._policy(item, document, ("use", index)) for index, item in enumerate(model.use if model else [])]
            sets[name] = tuple(policy for policy in built if policy is not None)
        return sets

    def _defaults(self) -> tuple[Policy, ...]:
        built = []
        for name in ("retry", "timeout"):
            spec = self._project.registry.find("policies", name)
            if isinstance(spec, PolicySpec):
                built.append(spec.build(spec.options(), Within(self._project, Place("(default)"))))
        return tuple(built)

    def _policy(self, item: dict[str, Any], document: Document, at: tuple[str | int, ...]) -> Policy | None:
        if len(item) != 1:
            self._project.say(document.at(*at), "a policy has one key: `- retry: { attempts: 12 }`")
            return None
        name, settings = next(iter(item.items()))
        spec = self._project.registry.find("policies", name)
        place = document.key_places.get((*at, name), document.at(*at))
        if not isinstance(spec, PolicySpec):
            known = self._project.registry.names("policies")
            self._project.say(place, f"unknown policy '{name}'{nearest(name, known)}", "unknown")
            return None
        options = self._project.options(spec.options, settings, document, (*at, name), name)
        if options is None:
            return None
        try:
            return spec.build(options, Within(self._project, place))
        except (Refusal, Refusals) as refusal:
            self._project.refused(refusal, document, (*at, name))
            return None

    def _route(self, name: str, document: Document, endpoints: Endpoints, policies: Mapping[str, tuple[Policy, ...]]) -> None:
        model: RouteFile | None = self._model("route", name, document, document.data)
        if model is None:
            return
        steps = Steps(self._project, document, endpoints, set(policies))
        source = self._source(model, document, endpoints)
        nodes = steps.compile(model.steps, ("steps",)) + steps.targets(model.to, ("to",))
        keys = {key: steps.expression(text, ("keys", key)) for key, text in model.keys.items()}
        steps.known_policies(model.policies, ("policies",))
        if not nodes:
            self._project.say(document.at(), "this route does nothing: give it `steps` and `to`")
        around = tuple(policy for one in model.policies for policy in policies.get(one, ()))
        compiled = {key: expression for key, expression in keys.items() if expression is not None}
        self._programs[name] = Program(name, document.at("route"), nodes, compiled, around, steps.shape)
        self._routes[name] = RouteInfo(
            name, model.description, model.owner, model.domain, model.lifecycle, document.at("route"), source
        )

    def _source(self, model: RouteFile, document: Document, endpoints: Endpoints) -> dict[str, str]:
        name, value = next(iter(model.source.items()))
        at = ("from", name)
        place = document.key_places.get(at, document.at(*at))
        if name == "event":
            self._subscriptions.setdefault(str(value), []).append(model.route)
            return {"event": str(value)}
        endpoint = endpoints.find(name)
        if endpoints.is_broken(name):
            return {}
        if endpoint is None or endpoint.spec.source is None or endpoint.spec.source_options is None:
            words = "can't be received from" if endpoint else "is not an endpoint"
            self._project.say(place, f"'{name}' {words}{nearest(name, [*endpoints.names(), 'event'])}", "unknown")
            return {}
        options = self._project.options(endpoint.spec.source_options, value, document, at, name)
        if options is not None:
            self._known_partner(options, document, at)
            self._bindings.setdefault(name, []).append(Binding(model.route, options, place))
        return {"endpoint": name, "connector": endpoint.spec.name}

    def _known_partner(self, options: Any, document: Document, at: tuple[str, str]) -> None:
        partner = getattr(options, "partner", "")
        if partner and partner not in self._project.partners:
            place = document.at(*at, "partner")
            self._project.say(place, f"unknown partner '{partner}'{nearest(partner, self._project.partners)}", "unknown")


def _digest(project: Project, environment: str) -> str:
    """Return the hash of what the project means: moving a comment or a blank line changes nothing."""
    meaning = {
        kind: {name: document.data for name, document in documents.items()}
        for kind, documents in project.documents.items()
        if kind not in ("test", "environment")
    }
    meaning["environment"] = {environment: getattr(project.documents.get("environment", {}).get(environment), "data", None)}
    return hashlib.sha256(orjson.dumps(meaning, default=str, option=orjson.OPT_SORT_KEYS)).hexdigest()
