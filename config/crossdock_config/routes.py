"""Routes: each becomes a program, and a binding of the endpoint or a subscription to the event that it starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from crossdock.core import chain
from crossdock.core.errors import Problem
from crossdock.core.exchange import EVENTS
from crossdock.core.nodes import TryNode
from crossdock.core.policy import Policy
from crossdock.core.program import Program
from crossdock.core.spec import Binding, Ending, Expression, Options
from crossdock.core.words import nearest
from crossdock_config.checked import Subject
from crossdock_config.endpoints import Endpoints
from crossdock_config.footing import Footing, Read, by_text
from crossdock_config.lifecycle import RECEIVING
from crossdock_config.models import RouteFile
from crossdock_config.patterns import PATTERNS, Site
from crossdock_config.patterns.trouble import catches_of
from crossdock_config.policies import DEFAULT
from crossdock_config.project import Project, part
from crossdock_config.release import Release, RouteInfo
from crossdock_config.scope import Scope
from crossdock_config.secrets import REFERENCE, SecretSource, resolved_at
from crossdock_config.standing import NONE
from crossdock_config.steps import Steps
from crossdock_config.targets import Targets
from crossdock_config.yaml_source import Document, Path

ENGINE_EVENTS = (chain.EVENT, *EVENTS)
"""Events that the engine publishes by itself."""
SOURCES = {"event": "the type of the event that starts this route", "call": "nothing: other routes `call` these steps"}
"""What a route can begin with beside endpoints."""


@dataclass
class Routes:
    """Compiles all routes of a project; references in what they receive from (a webhook's secrets) are looked up in `secrets`.

    `kept` are programs, compiled before, that stay as they are, with what they were made of; `reads` is that of every route.
    """

    project: Project
    endpoints: Endpoints
    policy_sets: Mapping[str, tuple[Policy, ...]]
    secrets: SecretSource | None = None
    programs: dict[str, Program] = field(default_factory=dict)
    infos: dict[str, RouteInfo] = field(default_factory=dict)
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    subscriptions: dict[str, list[str]] = field(default_factory=dict)
    kept: Mapping[str, Program] = field(default_factory=dict)
    reads: dict[str, frozenset[Read]] = field(default_factory=dict)
    kept_reads: Mapping[str, frozenset[Read]] = field(default_factory=dict)
    _published: set[str] = field(default_factory=set)

    def add(self, name: str, document: Document) -> None:
        """Compile a route; what can be said of its steps is said, whatever else is wrong with it."""
        with self.project.reads.noted() as reads:
            self.project.reads.note("route", name)
            self.project.reads.note("policy", DEFAULT)
            self._add(name, document)
        self.reads[name] = frozenset(reads)

    def _add(self, name: str, document: Document) -> None:
        model = self.project.file(RouteFile, "route", name, document, document.data)
        scope = Scope(self.project, document, self.endpoints, self.policy_sets, route=name)
        _no_references(scope)
        source = self._source(name, scope, receives=model is None or model.lifecycle in RECEIVING)
        program = self._kept(name) or self._program(scope, event="event" in source)
        names = scope.known_policies(part(document, "policies", list), ("policies",))
        self._published |= scope.published
        if model is None:
            return
        if not model.steps and not model.to:
            self.project.say(document.at(), "this route does nothing: give it `steps` and `to`")
        around = tuple(policy for one in names for policy in self.policy_sets.get(one, ()))
        self.programs[name] = replace(program, policies=around, priority=int(model.priority == "high"))
        self._announce(model, source)
        place = document.at("route")
        self.infos[name] = RouteInfo(name, model.description, model.owner, model.domain, model.lifecycle, place, source)

    def keep(self, former: Release, now: Footing) -> None:
        """Keep the programs of a former release whose routes are made of the same now."""
        same = by_text(former.footing, now)
        self.kept = {name: program for name, program in former.programs.items() if same.same(name)}
        self.kept_reads = former.footing.reads

    def _kept(self, name: str) -> Program | None:
        """Return a route's program as it was compiled before, where nothing has changed of all that it was made of."""
        program = self.kept.get(name)
        if program is not None:
            self.project.reads.add(self.kept_reads[name])
        return program

    def _program(self, scope: Scope, *, event: bool) -> Program:
        """Compile the steps and the targets, and what the route says of its messages."""
        document = scope.document
        nodes = Steps(scope).compile(part(document, "steps", list), ("steps",))
        nodes += Targets(scope).compile(part(document, "to", list), ("to",))
        keys = {key: scope.expression(text, ("keys", key)) for key, text in part(document, "keys", dict).items()}
        guard = _guard(scope)
        order_by = _order_by(scope, document, event=event)
        compiled = {key: expression for key, expression in keys.items() if expression is not None}
        place = document.at("route")
        return Program(scope.route, place, nodes, compiled, (), scope.shape, guard, scope.labels, order_by)

    def _announce(self, model: RouteFile, source: Mapping[str, Any]) -> None:
        """Let the endpoint know that a route is going out of use, so that it can tell those who send."""
        bound = self.bindings.get(source.get("endpoint", ""), [])
        if model.deprecated_on and model.sunset_on:
            successor = "" if model.successor == NONE else model.successor
            ending = Ending(model.deprecated_on, model.sunset_on, successor)
            bound[:] = [replace(one, ending=ending) if one.route == model.route else one for one in bound]

    def warn(self) -> None:
        """Warn of routes that wait for an event that no route publishes."""
        for event, routes in self.subscriptions.items():
            if event not in self._published and event not in ENGINE_EVENTS:
                for route in routes:
                    place = self.project.documents["route"][route].at("from", "event")
                    message = f"no route publishes the event '{event}'{nearest(event, self._published)}"
                    self.project.problems.append(Problem((place.path, place.line, place.column), message, "unheard", "warning"))

    def _source(self, route: str, scope: Scope, *, receives: bool) -> dict[str, Any]:
        written = part(scope.document, "from", dict)
        if len(written) != 1:
            if isinstance(scope.document.data, dict) and isinstance(scope.document.data.get("from"), dict):
                scope.say(scope.document.key("from"), "`from` takes one endpoint, or `event`: `sftp_server: { partner: acme }`")
            return {}
        name, value = next(iter(written.items()))
        if name == "event":
            return self._event(route, value, scope, receives=receives)
        if name == "call":
            if value not in (None, {}):
                scope.say(scope.document.at("from", "call"), "`call` takes nothing here: `from: { call: {} }`")
            return {"call": {}}
        return self._endpoint(route, scope, receives=receives)

    def _event(self, route: str, value: Any, scope: Scope, *, receives: bool) -> dict[str, Any]:
        if not isinstance(value, str) or not value:
            scope.say(scope.document.at("from", "event"), "`event` takes the event's type: `event: order.received`")
            return {}
        if receives:
            self.subscriptions.setdefault(value, []).append(route)
        return {"event": value}

    def _endpoint(self, route: str, scope: Scope, *, receives: bool) -> dict[str, Any]:
        name = next(iter(part(scope.document, "from", dict)))
        at = ("from", name)
        place = scope.document.key(*at)
        endpoint = self.endpoints.find(name, place)
        spec = endpoint.spec if endpoint else None
        if spec is None or spec.source is None or spec.source_options is None:
            if spec is not None:
                scope.say(place, f"'{name}' ({spec.name}) can't be received from; it is only delivered to")
            elif not self.endpoints.silent(name):
                scope.say(place, f"'{name}' is not an endpoint{nearest(name, self.endpoints.names() | SOURCES)}", "unknown")
            return {}
        value = resolved_at(scope.document, at, self.secrets, self.project.problems, spec.source_options.EXPRESSIONS)
        options = self.project.options(spec.source_options, value, Subject(scope.document, at, name))
        expressions = _expressions(spec.source_options, value, scope, at)
        if options is not None:
            self._bind(Binding(route, options, place, expressions=expressions), name, scope, receives=receives)
        return {"endpoint": name, "connector": spec.name, "options": options}

    def _bind(self, binding: Binding, endpoint: str, scope: Scope, *, receives: bool) -> None:
        partner = getattr(binding.options, "partner", "")
        if partner:
            scope.known_partner(partner, scope.document.at("from", endpoint, "partner"))
        if receives:
            self.bindings.setdefault(endpoint, []).append(binding)


def _expressions(model: type[Options], given: Any, scope: Scope, at: Path) -> dict[str, Expression]:
    """Compile what is an expression in what a route receives from, by dotted names."""
    found: dict[str, Expression] = {}
    for path, variables in model.EXPRESSIONS.items():
        text = given
        for step in path:
            text = text.get(step) if isinstance(text, dict) else None
        if isinstance(text, str | int | bool):
            compiled = scope.bare_expression(text, (*at, *path), variables)
            found |= {".".join(path): compiled} if compiled else {}
    return found


def _order_by(scope: Scope, document: Document, *, event: bool) -> Expression | None:
    """Compile a route's `order_by`: over the event that starts it, whose shape nobody knows here, else over what is sent."""
    if not isinstance(document.data, dict) or "order_by" not in document.data:
        return None
    shape, scope.shape = scope.shape, None if event else scope.shape
    found = scope.expression(document.data["order_by"], ("order_by",))
    scope.shape = shape
    return found


def _guard(scope: Scope) -> TryNode | None:
    """Compile a route's `on_error`: a try around everything, after which a message is failed still, if nothing else is said."""
    data = part(scope.document, "on_error", list)
    if not data:
        return None
    place = scope.document.at("on_error")
    site = Site(replace(PATTERNS["try"], name="on_error"), {}, ("on_error",), place, scope, Steps(scope))
    number = scope.number()
    return TryNode(number, "on_error", place, (), catches_of(site, data, ("on_error",), "fail"))


def _no_references(scope: Scope) -> None:
    """Refuse references where they would be taken as they are written: what a route does is the same in every environment."""
    for path in scope.document.places:
        value = scope.document.data
        for step in path:
            value = value[step]
        if isinstance(value, str) and path[:1] not in ((), ("from",)) and (found := REFERENCE.search(value)):
            message = f"'{found[0]}' isn't looked up here: put it into the endpoint's settings in config/environments/"
            scope.say(scope.document.at(*path), message)
