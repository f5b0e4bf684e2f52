"""`http`: hands documents to an HTTP endpoint, one request each, with an idempotency key; and collects from an API by asking it.

    endpoints:
      shop:
        http: { url: "https://shop.example/api", auth: { bearer: "${secret:SHOP_TOKEN}" } }
    to:
      - shop: { path: /orders, key: body.order_number }
    from:
      shop: { path: /orders, every: 1m, items: answer.orders, key: item.id, cursor: { highest: item.changed, query: since } }

Bytes go out as they are, decoded bodies as JSON with their digits kept.

The parts: `client` (the sinks); `source` (the source), `look` (one look), `calls` (what is asked, page after
page), `page` (what an answer holds), `progress` (the cursor), `options`; `remote` (what an answer means), and
`session` (connections), which all share.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from crossdock.core.ports import Services, Sink
from crossdock.core.spec import Binding, ConnectorSpec, Options
from crossdock.core.units import Duration
from crossdock_connectors.http.options import HttpSource
from crossdock_connectors.polling import check_partners

if TYPE_CHECKING:
    from crossdock_connectors.http.source import HttpPolls


def _address(url: str) -> str:
    """Return a whole address; raises ValueError where it is none, or holds credentials."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"'{url}' is not an address; write it whole, such as https://shop.example/api")
    if parts.username or parts.password:
        raise ValueError("keep credentials out of the address: write `auth: {basic: {user: ..., password: ${secret:NAME}}}`")
    return url


class Basic(Options):
    """User and password."""

    user: str
    password: str = Field(repr=False, description="`${secret:NAME}`")


class ApiKey(Options):
    """A key in a header of the target's choice."""

    header: str = "X-API-Key"
    value: str = Field(repr=False, description="`${secret:NAME}`")


class ClientCredentials(Options):
    """A token that is fetched for a client's id and secret (OAuth 2, RFC 6749, section 4.4), and again when it ends."""

    token_url: str = Field(description="where tokens are fetched", examples=["https://login.shop.example/oauth/token"])
    client_id: str = Field(min_length=1)
    client_secret: str = Field(min_length=1, repr=False, description="`${secret:NAME}`")
    scope: str = Field("", description="what is asked for, words with spaces between them")
    audience: str = Field("", description="for servers that want to be told what the token is for")
    in_body: bool = Field(False, description="send id and secret in the form instead of the header `Authorization: Basic`")

    @field_validator("token_url")
    @classmethod
    def _absolute(cls, url: str) -> str:
        return _address(url)


class Credentials(Options):
    """How we show who we are: exactly one."""

    bearer: str = Field("", repr=False, description="a token, as `${secret:NAME}`")
    basic: Basic | None = None
    api_key: ApiKey | None = None
    oauth2: ClientCredentials | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Credentials:
        if sum(bool(way) for way in (self.bearer, self.basic, self.api_key, self.oauth2)) != 1:
            raise ValueError("say exactly one of `bearer`, `basic`, `api_key` and `oauth2`")
        return self


class Lookup(Options):
    """How the target is asked whether it has a document: a GET by key."""

    path: str = Field(description="appended to `url`; `{key}` stands for the idempotency key", examples=["/orders/{key}"])
    found: tuple[int, ...] = Field((200,), description="statuses that mean: it is there")
    missing: tuple[int, ...] = Field((404,), description="statuses that mean: it is not there")

    @field_validator("path")
    @classmethod
    def _names_the_key(cls, path: str) -> str:
        if "{key}" not in path:
            raise ValueError("write `{key}` where the idempotency key goes, as in /orders/{key}")
        return path


class HttpSettings(Options):
    """The endpoint: where it is and how we show who we are."""

    ADDRESS = ("url",)
    url: str = Field(description="the base address; a route's `path` is appended", examples=["https://shop.example/api"])
    timeout: Duration = Field("30s", description="how long one call may take", validate_default=True)
    headers: dict[str, str] = Field(default_factory=dict, repr=False, description="sent with every call")
    auth: Credentials | None = None
    concurrency: int = Field(32, ge=1, le=1000, description="calls in flight at most")
    verify: bool = Field(True, description="check the server's certificate; false only for a test machine")
    authority: str = Field("", description="a PEM file of the authorities to trust, where they are not the system's")
    keep_alive: Duration = Field(
        "4s", description="keep idle connections so long: less than the target does", validate_default=True
    )
    key_header: str = Field(
        "Idempotency-Key", description="carries the idempotency key; empty where the target takes no notice of one"
    )
    lookup: Lookup | None = None

    @field_validator("url")
    @classmethod
    def _absolute(cls, url: str) -> str:
        return _address(url).rstrip("/")


class HttpTarget(Options):
    """What a route says of one kind of call."""

    operation: str = Field("", description="a name for the call, shown in traces")
    method: Literal["POST", "PUT", "PATCH", "DELETE", "GET"] = Field(
        "POST", description="GET sends no body: it asks (`enrich`), with `{key}` in its path"
    )
    path: str = Field("", description="appended to `url`; `{key}` stands for the idempotency key")
    headers: dict[str, str] = Field(default_factory=dict, description="sent with this call")
    content_type: str = Field("", description="instead of the document's own")
    reference: str = Field("id", description="the reply's field that names what the target made, where it sends no Location")


def _source(settings: Any, bindings: Sequence[Binding], services: Services) -> HttpPolls:
    from crossdock_connectors.http.source import HttpPolls

    check_partners(bindings, services)
    return HttpPolls(settings, bindings, services)


def _target(settings: Any, services: Services) -> Sink:
    from crossdock_connectors.http.client import AskableHttpSink, HttpSink

    if settings.lookup:
        return AskableHttpSink(settings, settings.lookup, services.clock)
    return HttpSink(settings, services.clock)


SPEC = ConnectorSpec(
    name="http",
    summary="Posts documents to an HTTP endpoint with an idempotency key; collects from an API by asking it again and again",
    example='shop:\n  http: { url: "https://shop.example/api", auth: { bearer: "${secret:SHOP_TOKEN}" } }',
    settings=HttpSettings,
    source_options=HttpSource,
    source=_source,
    target_options=HttpTarget,
    target=_target,
)
