"""The kinds of files, as models: what an engineer may write, with the words that the editor shows."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from crossdock.core.partner import X12Agreement
from crossdock.core.units import Duration

Name = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", description="lower case, digits, dots and dashes")


class File(BaseModel):
    """Base of all files: unknown keys are refused, numbers may stand where text is wanted."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class RouteFile(File):
    """`*.route.yaml`: where messages come from, what is done with them, where they go."""

    route: str = Field(description="the route's name, the same as the file's")
    description: str = Field("", description="what it is for, in a sentence")
    owner: str = Field(min_length=1, description="who answers for it: an address or a team")
    domain: str = Field(min_length=1, description="the business domain: sales, inventory, procurement, ...")
    lifecycle: Literal["draft", "active", "deprecated", "retired"] = "active"
    source: dict[str, Any] = Field(alias="from", min_length=1, max_length=1, description="one endpoint, or `event`")
    steps: list[Any] = Field(default_factory=list, description="what is done with each message, one key a step")
    to: list[Any] = Field(default_factory=list, description="where it goes: endpoints, `partner`, `event`")
    keys: dict[str, str] = Field(default_factory=dict, description="business keys that a message is found by: name to expression")
    policies: list[str] = Field(default_factory=list, description="policy sets around the route's runs")


class PartnerFile(File):
    """`config/partners/*.yaml`: a trading partner."""

    partner: str = Field(description="the partner's name, the same as the file's")
    title: str = Field("", description="the name that people use")
    x12: X12Agreement | None = Field(None, description="identities and agreement for X12")
    channels: dict[str, Any] = Field(default_factory=dict, description="how the partner is reached: connector to settings")


class Workers(File):
    """How much works at once in the embedded process."""

    threads: int = Field(4, ge=1, le=64, description="lanes that are drained at the same time")
    lease: Duration = Field(15.0, description="after so long without a sign of life, another worker takes the work over")


class Listener(File):
    """Where the operations page listens."""

    host: str = "127.0.0.1"
    port: int = Field(9464, ge=0, le=65535)


class Log(File):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    lines: Literal["console", "json"] = "console"


class EnvironmentFile(File):
    """`config/environments/*.yaml`: where things are."""

    environment: str = Field(description="the environment's name, the same as the file's")
    description: str = ""
    journal: str = Field("sqlite:///.crossdock/journal.db", description="sqlite:///path or postgresql://...")
    broker: str = Field("memory://", description="memory:// (embedded), amqp://... or redis://...")
    state_store: str = Field("memory://", description="memory://, or redis://... where several processes share policies")
    workers: Workers = Workers()
    metrics: Listener | None = Field(None, description="where /metrics and /health are served")
    log: Log = Log()
    endpoints: dict[str, dict[str, Any]] = Field(default_factory=dict, description="name to {connector: settings}")


class PolicyFile(File):
    """`*.policy.yaml`: a named set of policies."""

    policy: str = Field(description="the set's name, the same as the file's")
    description: str = ""
    use: list[dict[str, Any]] = Field(min_length=1, description="policies in order, outermost first")


class CaseInput(File):
    """What comes in."""

    file: str = Field("", description="a file beside the test")
    body: Any = Field(None, description="data, in place of a file")
    partner: str = ""
    headers: dict[str, str] = Field(default_factory=dict)


class Expectation(File):
    """What must come of it."""

    messages: dict[str, int] | None = Field(None, description="state to count, parts included")
    deliveries: dict[str, list[Any]] | None = Field(None, description="endpoint to the documents it gets; objects may be partial")
    events: dict[str, int] | None = Field(None, description="event type to count")
    errors: list[str] | None = Field(None, description="a text that each error contains")


class Case(File):
    """One case: an input and what must come of it."""

    name: str
    input: CaseInput
    expect: Expectation


class TestFile(File):
    """`*.test.yaml`: samples in, documents out."""

    __test__ = False
    route: str = Field(description="the route that is tested")
    cases: list[Case] = Field(min_length=1)


KINDS: dict[str, type[File]] = {
    "route": RouteFile,
    "partner": PartnerFile,
    "environment": EnvironmentFile,
    "policy": PolicyFile,
    "test": TestFile,
}
