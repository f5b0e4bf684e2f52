"""A route made of an example's steps, run in memory: what the patterns' tests share."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from crossdock.core import engine
from crossdock.core.message import Control, Message
from crossdock.core.outcome import Outcome
from crossdock.core.run import Surroundings
from crossdock_config import Release, load

PATH = "routes/examples/example.route.yaml"
ENVIRONMENT = """\
environment: local
endpoints:
  erp: { http: { url: "http://127.0.0.1:9/erp" } }
  wms-east: { http: { url: "http://127.0.0.1:9/east" } }
  wms-west: { http: { url: "http://127.0.0.1:9/west" } }
"""


@dataclass
class Result:
    """What came of a body: all outcomes in order, those after a pause included; `out` is what the end of the route got."""

    outcomes: list[Outcome]
    out: list[Any] = field(default_factory=list)
    sent: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def last(self) -> Outcome:
        return self.outcomes[-1]

    @property
    def state(self) -> str:
        return str(self.last.state)


def files(example: dict[str, Any]) -> dict[str, str]:
    """Return a project with the example as a route that publishes its end as the event `out`."""
    head = {"route": "example", "owner": "edi@example.com", "domain": "examples", "from": {"event": "in"}}
    parts = {key: example[key] for key in ("steps", "on_error", "keys", "order_by", "priority") if key in example}
    route = {**head, **parts, "to": [{"event": "out"}]}
    shared = {
        f"routes/examples/{name}.route.yaml": {**head, "route": name, "from": {"call": {}}, "steps": steps}
        for name, steps in example.get("shared", {}).items()
    }
    texts = {path: yaml.safe_dump(plain(content), sort_keys=False) for path, content in {PATH: route, **shared}.items()}
    return {**texts, "config/environments/local.yaml": ENVIRONMENT}


def compiled(example: dict[str, Any]) -> Release:
    loaded = load(files(example))
    assert [str(problem) for problem in loaded.problems if problem.severity == "error"] == []
    assert loaded.release is not None
    return loaded.release


def problems(**example: Any) -> list[str]:
    """Return what is wrong with a route of these steps."""
    return [str(problem).removeprefix(PATH + ":") for problem in load(files(example)).problems if problem.severity == "error"]


def run(example: dict[str, Any], body: Any, world: Surroundings | None = None) -> Result:
    """Run a body through the example; a pause is gone on from, as the journal would."""
    program = compiled(example).programs["example"]
    message = Message("m1", plain(body), Control("example", "release", partner="acme"), received_at=1)
    result = Result([])
    while True:
        outcome = engine.run(program, message, world or Surroundings())
        found = list(engine.flatten(iter([outcome])))
        result.outcomes += found
        for one in found:
            _gather(result, one)
        if not outcome.paused:
            return result
        message = resumed(outcome)


def resumed(outcome: Outcome) -> Message:
    """Return a paused message as it comes back from the journal."""
    control = replace(outcome.message.control, resume=outcome.resume)
    return replace(outcome.message, control=control)


def _gather(result: Result, outcome: Outcome) -> None:
    for event in outcome.events:
        if event.type == "out":
            result.out.append(event.body)
        else:
            result.sent.setdefault(event.type, []).append(event.body)
    for delivery in outcome.deliveries:
        result.sent.setdefault(delivery.endpoint, []).append(delivery.body)


def plain(value: Any) -> Any:
    """Return a value as a decoded JSON body has it."""
    return json.loads(json.dumps(value))
