"""Components of a handful of lines each, so that these tests depend on no other room."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from crossdock.core.errors import Place, Refusal, Refusals
from crossdock.core.registry import Registry
from crossdock.core.spec import ConnectorSpec, ExpressionSpec, Options, PolicySpec, TransformerSpec
from crossdock.core.units import Duration
from crossdock.core.words import nearest

PATH = re.compile(r"[a-z_]+(?:\.[a-z_]+)+")


@dataclass(frozen=True)
class FakeExpression:
    """Gives its own text."""

    text: str
    shape: Mapping[str, Any] | None = None

    def evaluate(self, variables):
        value: Any = variables
        for name in self.text.split("."):
            value = value[name]
        return value


class FakeLanguage:
    """Knows paths, comparisons with `>`, and texts in quotes; says what a path doesn't lead to."""

    def compile(self, text, place, variables):
        if ">" in text:
            self.compile(text.partition(">")[0].strip(), place, variables)
            return FakeExpression(text, {"type": "boolean"})
        if text.startswith('"') or text in ("true", "false"):
            return FakeExpression(text, {"type": "string" if text.startswith('"') else "boolean"})
        first, *rest = text.split(".")
        if first not in variables:
            raise Refusal(f"unknown name '{first}'", place=place)
        return FakeExpression(text, self._at(variables[first], rest, place))

    def _at(self, shape, path, place: Place):
        for name in path:
            properties = (shape or {}).get("properties")
            if properties is not None and name not in properties:
                raise Refusal(f"there is no '{name}'{nearest(name, properties)}", place=place)
            shape = (properties or {}).get(name)
        return shape


@dataclass(frozen=True)
class FakeStep:
    """Does nothing, and remembers the shape that came in."""

    options: Any
    seen: Any
    shape: Any = None

    def apply(self, message):
        return message.with_body(self.options.body) if hasattr(self.options, "body") else message


class FlatOptions(Options):
    """A format."""

    SHORTHAND: ClassVar[str] = "shape"
    shape: str = Field("", description="a schema's name")
    limit: int = Field(10, ge=1, le=99, description="the most")


class WriteOptions(Options):
    """What is written."""

    ending: Literal["lf", "crlf"] = "lf"


def decode(options, context):
    shape = context.resource("schema", options.shape).data if options.shape else None
    return FakeStep(options, context.shape, shape)


class PickOptions(Options):
    """`pick: table`."""

    SHORTHAND: ClassVar[str] = "table"
    table: str


class TableFile(BaseModel):
    """A kind of file that a transformer brings."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)
    table: str
    version: str = ""
    rows: dict[str, str]


def pick(options, context):
    resource = context.resource("table", options.table)
    bad = [key for key, value in resource.data["rows"].items() if value == "bad"]
    if bad:
        raise Refusals([Refusal(f"row '{key}' is bad", place=resource.at("rows", key)) for key in bad])
    return FakeStep(options, context.shape, {"type": "object", "properties": {row: {} for row in resource.data["rows"]}})


class PlainOptions(Options):
    """A step without options that are needed."""

    body: str = "plain"


class InboxSettings(Options):
    """Where it listens."""

    host: str = "127.0.0.1"
    port: int = Field(2222, ge=0, le=65535)
    wait: Duration = 5.0
    password: str = Field("", max_length=12)


class InboxSource(Options):
    """What a route takes."""

    SHORTHAND: ClassVar[str] = "partner"
    partner: str
    directory: str = "in"


class InboxChannel(Options):
    """How a partner reaches us."""

    user: str
    password: str = ""
    codes: tuple[int, ...] = ()


class Token(Options):
    """One way to sign in."""

    token: str = Field(min_length=4)


class Login(Options):
    """Another way to sign in."""

    user: str
    password: str


class StoreSettings(Options):
    """Where the store is."""

    url: str
    auth: Token | Login | Literal["none"] = "none"
    retries: int = 1

    @model_validator(mode="after")
    def _whole(self) -> StoreSettings:
        if not self.url.startswith("http"):
            raise ValueError(f"'{self.url}' is not an address")
        return self


class StoreTarget(Options):
    """What the store does."""

    SHORTHAND: ClassVar[str] = "folder"
    operation: Literal["", "put", "post"] = ""
    folder: str = ""


@dataclass(frozen=True)
class FakePolicy:
    """A policy with its options."""

    name: str
    options: Any


class RetryOptions(Options):
    """How patient."""

    attempts: int = Field(12, ge=1)


class TimeoutOptions(Options):
    """How long."""

    SHORTHAND: ClassVar[str] = "after"
    after: Duration = 30.0


def patient(options, _):
    if options.attempts == 13:
        raise Refusal("13 brings bad luck", path=("attempts",))
    return FakePolicy("retry", options)


def registry() -> Registry:
    """Return the fake components."""
    connectors = [
        ConnectorSpec("inbox", "takes files", "", InboxSettings, source_options=InboxSource, source=object, channel=InboxChannel),
        ConnectorSpec("store", "keeps files", "", StoreSettings, target_options=StoreTarget, target=object),
        ConnectorSpec("bin", "takes anything", "", target=object),
        ConnectorSpec("mailbox", "serves partners", "", channel=InboxChannel, target=object),
    ]
    transformers = [
        ExpressionSpec("cel", "paths", "", lambda files=None: FakeLanguage()),
        TransformerSpec("flat", "a format", "", FlatOptions, decode=decode, encode=decode, encode_options=WriteOptions),
        TransformerSpec("pick", "a table", "", PickOptions, step=pick, files={"table": TableFile}),
        TransformerSpec("plain", "nothing", "", PlainOptions, step=lambda options, context: FakeStep(options, context.shape)),
    ]
    policies = [
        PolicySpec("retry", "again", "", RetryOptions, patient),
        PolicySpec("timeout", "not for ever", "", TimeoutOptions, lambda options, _: FakePolicy("timeout", options)),
    ]
    kinds = {"connectors": connectors, "transformers": transformers, "policies": policies}
    return Registry({kind: {spec.name: spec for spec in specs} for kind, specs in kinds.items()})


FILES = {
    "routes/sales/orders.route.yaml": """\
route: orders
description: Orders.
owner: edi@example.com
domain: sales
from:
  inbox: { partner: acme }
steps:
  - decode: { flat: { shape: shop } }
  - pick: prices
  - choice:
      - when: body.price > 5
        steps:
          - set_header: { priority: '"high"' }
      - otherwise:
          - plain
keys: { number: body.number }
to:
  - erp: { operation: put, key: body.number, order_by: partner, reply_to: order.booked }
  - partner: sender
  - event: order.received
policies: [gentle]
""",
    "routes/sales/prices.table.yaml": "table: prices\nversion: 1.10\nrows: { number: a, price: b }\n",
    "routes/sales/shop.schema.json": '{"type": "object", "properties": {"id": {"type": "string"}}, "x-owner": "a@b"}\n',
    "routes/sales/orders.test.yaml": """\
route: orders
cases:
  - name: one
    input: { body: "x" }
    expect: { messages: { done: 1 } }
""",
    "config/environments/local.yaml": """\
environment: local
endpoints:
  erp:
    store: { url: "http://127.0.0.1", auth: { token: "${secret:ERP_TOKEN}" } }
  inbox:
    inbox: { port: 2022 }
""",
    "config/partners/acme.yaml": """\
partner: acme
x12:
  theirs: { qualifier: ZZ, id: ACME }
  ours: { qualifier: "01", id: US }
channels:
  inbox: { user: acme, password: "${secret:ACME}" }
""",
    "config/policies/gentle.policy.yaml": "policy: gentle\nuse:\n  - retry: { attempts: 3 }\n  - timeout: 5s\n",
}
SHORT = {
    "route": "routes/sales/orders.route.yaml",
    "table": "routes/sales/prices.table.yaml",
    "schema": "routes/sales/shop.schema.json",
    "test": "routes/sales/orders.test.yaml",
    "environment": "config/environments/local.yaml",
    "partner": "config/partners/acme.yaml",
    "policy": "config/policies/gentle.policy.yaml",
}


def changed(kind: str, old: str, new: str) -> dict[str, str]:
    """Return the project's files with one text in one of them replaced."""
    text = FILES[SHORT[kind]]
    assert text.count(old) == 1, f"{old!r} is in {SHORT[kind]} {text.count(old)} times"
    return {**FILES, SHORT[kind]: text.replace(old, new)}
