"""The kinds of files, as models: what an engineer may write, with the words that the editor shows."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator, model_validator

from crossdock.core.partner import Contact, EdifactAgreement, Ids, Quotas, X12Agreement
from crossdock.core.units import Duration, Size
from crossdock_config.access import AccessFile
from crossdock_config.cases import TestFile
from crossdock_config.file_model import File
from crossdock_config.standing import Standing

LOOPBACK = ("127.0.0.1", "::1", "localhost")
NAME = r"^[a-z0-9][a-z0-9._-]*$"


def _named(value: str) -> str:
    if not re.fullmatch(NAME, value):
        raise ValueError(f"'{value[:60]}' can't be a name; use small letters, digits, dots, dashes and underscores: acme-orders")
    return value


Name = Annotated[str, AfterValidator(_named), Field(json_schema_extra={"pattern": NAME})]
"""What a route, a partner or an endpoint is called: it stands in addresses, folders and traces."""


class RouteFile(Standing):
    """`*.route.yaml`: where messages come from, what is done with them, where they go."""

    route: Name = Field(description="the route's name, the same as the file's")
    description: str = Field("", description="what it is for, in a sentence")
    owner: str = Field(min_length=1, description="who answers for it: an address or a team")
    domain: str = Field(min_length=1, description="the business domain: sales, inventory, procurement, ...")
    source: dict[str, Any] = Field(alias="from", description="one endpoint, or `event`")
    order_by: Any = Field(None, description="an expression: messages with the same value go one after the other")
    steps: list[Any] = Field(default_factory=list, description="what is done with each message, one key a step")
    keys: dict[str, str] = Field(default_factory=dict, description="business keys that a message is found by: name to expression")
    to: list[Any] = Field(default_factory=list, description="where it goes: endpoints, `partner`, `event`")
    on_error: list[Any] = Field(default_factory=list, description="what is done when a message fails: catches, as in `try`")
    policies: list[str] = Field(default_factory=list, description="policy sets around the route's runs")
    priority: Literal["normal", "high"] = Field("normal", description="deliveries of high priority overtake others")


class TargetFields(File):
    """What every target of a route takes beside its connector's own options."""

    operation: str = Field("", description="what the endpoint shall do")
    key: Any = Field(None, description="the idempotency key, an expression: the same document has the same key")
    order_by: Any = Field(None, description="an expression: documents with the same value go one after the other")
    name: Any = Field(None, description="the document's name, an expression, where the endpoint keeps files")
    reply_to: str = Field("", description="the event that carries the endpoint's reply")
    policies: tuple[str, ...] = Field((), description="policy sets around the delivery")


class PartnerFile(File):
    """`config/partners/*.yaml`: a trading partner."""

    partner: Name = Field(description="the partner's name, the same as the file's")
    title: str = Field("", description="the name that people use")
    ids: Ids = Field(default_factory=Ids, description="identities beside those of the envelopes: gln, duns, as2")
    x12: X12Agreement | None = Field(None, description="identities and agreement for X12")
    edifact: EdifactAgreement | None = Field(None, description="identities and agreement for EDIFACT")
    channels: dict[str, Any] = Field(default_factory=dict, description="how the partner is reached: connector to settings")
    contacts: tuple[Contact, ...] = Field((), description="people and desks at the partner")
    quotas: Quotas = Field(default_factory=Quotas, description="how much the partner may send")
    environments: dict[str, Any] = Field(
        default_factory=dict, description="what is different in an environment: its name to the parts that replace those above"
    )


class Workers(File):
    """How much works at once in the embedded process."""

    threads: int = Field(4, ge=1, le=64, description="lanes that are drained at the same time")
    lease: Duration = Field(15.0, description="after so long without a sign of life, another worker takes the work over")


class Listener(File):
    """Where the operations page listens."""

    host: str = Field("127.0.0.1", description="the address to listen on; 0.0.0.0 for all")
    port: int = Field(9464, ge=0, le=65535, description="the port; 0 takes a free one")


class Control(File):
    """Where the control API listens."""

    host: str = Field("127.0.0.1", description="the address to listen on; any other than this machine's needs a certificate")
    port: int = Field(9465, ge=0, le=65535, description="the port; 0 takes a free one")
    certificate: str = Field("", description="a PEM file with the certificate chain, relative to the project")
    key: str = Field("", description="a PEM file with the certificate's key")
    behind_proxy: bool = Field(False, description="a proxy on the way speaks TLS; only then may it listen elsewhere without")
    largest: Size = Field(32 * 1024**2, description="the largest request, a repaired document with it")

    @model_validator(mode="after")
    def _never_in_the_clear(self) -> Control:
        if bool(self.certificate) != bool(self.key):
            raise ValueError("a certificate and its key go together")
        if self.host not in LOOPBACK and not self.certificate and not self.behind_proxy:
            raise ValueError(
                f"tokens would travel to {self.host} in the clear: set `certificate` and `key`, or `behind_proxy: true`"
            )
        return self


class Claims(File):
    """Which claims of a sign-on say what; `a.b` is the claim b inside of a."""

    name: str = Field("email", description="what the audit log calls somebody; where it is missing, the subject")
    groups: str = Field("groups", description="the groups, a list or a text with blanks between")


class Oidc(File):
    """The company's sign-on (OpenID Connect), for the command line and the API."""

    issuer: str = Field(description="the issuer's address, as its tokens have it")
    client_id: str = Field(description="the client that `crossdock login` is, one that may use the device flow")
    audience: str = Field("", description="the `aud` that tokens must have; where nothing is said, the client_id")
    scope: str = Field("openid email profile offline_access", description="what `crossdock login` asks for")
    claims: Claims = Field(Claims(), description="which claims say what")
    trust_email: bool = Field(False, description="take addresses that the issuer doesn't call verified")

    @field_validator("issuer")
    @classmethod
    def _encrypted(cls, issuer: str) -> str:
        split = urlsplit(issuer)
        if split.scheme != "https" and not (split.scheme == "http" and split.hostname in LOOPBACK):
            raise ValueError(f"an issuer's address begins with https://, not '{issuer[:60]}'")
        return issuer


class Log(File):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="the least that is logged")
    lines: Literal["console", "json"] = Field("console", description="for people, or for machines")


class EnvironmentFile(File):
    """`config/environments/*.yaml`: where things are."""

    environment: Name = Field(description="the environment's name, the same as the file's")
    description: str = Field("", description="what it is for, in a sentence")
    test: bool = Field(False, description="a test environment: documents marked production neither leave it nor come in")
    production: bool | None = Field(None, description="the real thing; where nothing is said, only `production` is")
    shared: dict[str, str] = Field(
        default_factory=dict,
        description="what reaches the same as production's, and why: an endpoint, or partner/channel, to the reason",
    )
    protected: bool = Field(False, description="a release is deployed here only after a second person has approved it")
    trusted_keys: tuple[str, ...] = Field(
        (), description="public keys (Ed25519): only releases signed with one are deployed here"
    )
    journal: str = Field("sqlite:///.crossdock/journal.db", description="sqlite:///path or postgresql://...")
    broker: str = Field("memory://", description="memory:// (embedded), amqp://... or redis://...")
    state_store: str = Field("memory://", description="memory://, or redis://... where several processes share policies")
    workers: Workers = Field(Workers(), description="how much works at once in the embedded process")
    metrics: Listener | None = Field(None, description="where /metrics and /health are served")
    log: Log = Field(Log(), description="what is logged, and how")
    control: Control | None = Field(None, description="where the control API is served")
    oidc: Oidc | None = Field(None, description="the company's sign-on, for the command line and the control API")
    approval_lifetime: Duration = Field(86400.0, description="how long a request for approval, and an approval, is good for")
    endpoints: dict[str, Any] = Field(default_factory=dict, description="name to {connector: settings}")

    @property
    def is_production(self) -> bool:
        """Whether this is where the real business is done."""
        return self.environment == "production" if self.production is None else self.production

    @model_validator(mode="after")
    def _one_or_the_other(self) -> EnvironmentFile:
        if self.test and self.is_production:
            raise ValueError("an environment is for tests or it is production, not both")
        return self

    @field_validator("shared")
    @classmethod
    def _reasons(cls, shared: dict[str, str]) -> dict[str, str]:
        for name, reason in shared.items():
            if not reason.strip():
                raise ValueError(f"say why '{name}' is shared with production")
        return shared


class PolicyFile(File):
    """`*.policy.yaml`: a named set of policies."""

    policy: Name = Field(description="the set's name, the same as the file's")
    description: str = Field("", description="what it is for, in a sentence")
    use: list[Any] = Field(min_length=1, description="policies in order, outermost first")


KINDS: dict[str, type[File]] = {
    "route": RouteFile,
    "partner": PartnerFile,
    "environment": EnvironmentFile,
    "policy": PolicyFile,
    "test": TestFile,
    "access": AccessFile,
}
