"""`webhook`: takes documents that others POST, each one durable before it is answered.

    endpoints:
      hooks:
        webhook: { port: 8080 }
    from:
      hooks:
        path: /shop/orders
        partner: shop
        auth: { standard_webhooks: { secrets: ["${secret:SHOP_WEBHOOK}"] } }

Default is deny: a route says how its senders prove who they are, or plainly `auth: none`. The partner is the one the credential
was given to, never one that the document names. Verification is in `auth`, the handler in `app`.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from crossdock.core.errors import Misconfigured
from crossdock.core.ports import Intake, Services, Source
from crossdock.core.spec import Binding, ConnectorSpec, Options
from crossdock.core.units import Duration, Size

if TYPE_CHECKING:
    from crossdock_connectors.webhook.app import Gate

SHUT = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
"""Headers that never travel with a message: they carry credentials."""


class StandardWebhooks(Options):
    """Signatures as standardwebhooks.com has them: `webhook-id`, `webhook-timestamp`, `webhook-signature`."""

    secrets: tuple[str, ...] = Field(
        min_length=1, repr=False, description="`whsec_...`, as `${secret:NAME}`; several while rotating"
    )
    tolerance: Duration = Field("5m", description="how far the timestamp may be from now", validate_default=True)


class Bearer(Options):
    """A token in `Authorization: Bearer`."""

    tokens: tuple[str, ...] = Field(min_length=1, repr=False, description="as `${secret:NAME}`; several while rotating")


class HmacSha256(Options):
    """A signature over the body alone, hex (GitHub) or base64 (Shopify). Having no time in it, it can be replayed."""

    header: str = Field(description="the header with the signature", examples=["X-Hub-Signature-256", "X-Shopify-Hmac-Sha256"])
    secrets: tuple[str, ...] = Field(min_length=1, repr=False, description="as `${secret:NAME}`; several while rotating")


class Auth(Options):
    """How senders prove who they are: exactly one."""

    standard_webhooks: StandardWebhooks | None = None
    bearer: Bearer | None = None
    hmac_sha256: HmacSha256 | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Auth:
        if sum(way is not None for way in (self.standard_webhooks, self.bearer, self.hmac_sha256)) != 1:
            raise ValueError("say exactly one of `standard_webhooks`, `bearer` and `hmac_sha256`")
        return self


class WebhookSettings(Options):
    """The listener. It speaks plain HTTP: put it behind a proxy that ends TLS."""

    host: str = Field("127.0.0.1", description="the address to listen on; 0.0.0.0 for all")
    port: int = Field(8080, ge=0, le=65535, description="0 takes a free one")
    max_body: Size = Field("10MB", description="larger requests are refused with 413", validate_default=True)
    read_timeout: Duration = Field("30s", description="within which a request must have arrived whole", validate_default=True)
    keep_alive: Duration = Field("20s", description="idle connections are closed after so long", validate_default=True)
    concurrency: int = Field(1024, ge=1, description="requests in flight at most; more are answered 429")
    backlog: int = Field(2048, ge=1, description="connections that may wait for the listener")
    grace: Duration = Field("10s", description="when stopping, how long requests in flight may take", validate_default=True)


class WebhookSource(Options):
    """What a route takes."""

    model_config = ConfigDict(json_schema_extra={"required": ["path", "auth"]})
    path: str = Field(pattern=r"^/[\x21-\x7e]*$", description="where it is posted to", examples=["/shop/orders"])
    auth: Auth | Literal["none"] = Field(None, validate_default=True, description="how senders prove who they are")
    partner: str = Field("", description="whose documents these are")
    dedupe_header: str = Field("Idempotency-Key", description="carries the key by which a second copy is known")
    content_types: tuple[str, ...] = Field(("application/json",), min_length=1, description="what is taken; `*/*` for anything")
    headers: tuple[str, ...] = Field((), description="headers to keep with the message beside the usual ones")
    reply: Duration | None = Field(
        None, description="the sender waits so long for what the route replies; then it is answered 202, and the work goes on"
    )

    @field_validator("auth", mode="before")
    @classmethod
    def _deny_by_default(cls, auth: Any) -> Any:
        if auth is None or (isinstance(auth, str) and auth != "none"):
            raise ValueError(
                "say how senders prove who they are: `standard_webhooks`, `bearer` or `hmac_sha256`; "
                "or plainly `auth: none`, and anybody may post"
            )
        return auth

    @field_validator("headers")
    @classmethod
    def _no_credentials(cls, headers: tuple[str, ...]) -> tuple[str, ...]:
        shut = sorted(name for name in headers if name.lower() in SHUT)
        if shut:
            raise ValueError(f"'{shut[0]}' carries credentials and is never kept with a message")
        return tuple(name.lower() for name in headers)


class WebhookListener:
    """One HTTP listener for all routes of an endpoint.

    `extras` maps paths (`/metrics`, `/health`) to ASGI applications served beside the webhooks; fill it before `run`.
    """

    def __init__(self, settings: WebhookSettings, bindings: Sequence[Binding], services: Services) -> None:
        from crossdock_connectors.webhook.app import hooks_of

        self.settings = settings
        self.extras: dict[str, Any] = {}
        self.address: tuple[str, int] | None = None
        self.ready = asyncio.Event()
        self._clock = services.clock
        self._answers = services.answers
        self._bindings = bindings
        self._gate: Gate | None = None
        hooks_of(bindings, services.clock)

    async def run(self, intake: Intake) -> None:
        """Serve until cancelled; then refuse new requests, finish those in flight (within `grace`), and end as cancelled.

        Raises Misconfigured where the port can't be had.
        """
        from crossdock_connectors.webhook.app import build_app, hooks_of

        self._gate = build_app(self.settings, hooks_of(self._bindings, self._clock), intake, self.extras, self._answers)
        listening = _listen(self.settings)
        self.address = listening.getsockname()[:2]
        self.ready.set()
        server = _server(self.settings, self._gate)
        serving = asyncio.ensure_future(server.serve(sockets=[listening]))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            await _ended(serving)
            raise
        finally:
            self.address = None
            listening.close()

    def rebind(self, bindings: Sequence[Binding], services: Services) -> None:
        """Take documents at these routes' paths from now on; requests in flight end as they began."""
        from crossdock_connectors.webhook.app import hooks_of

        hooks = hooks_of(bindings, services.clock)
        self._bindings = bindings
        if self._gate is not None:
            self._gate.hooks = hooks

    async def check(self) -> str:
        """Say where it listens, or that it could; raises Misconfigured where something else has the port."""
        if self.address is None:
            _listen(self.settings).close()
        return f"webhooks on http://{self.settings.host}:{self.settings.port}"


async def _ended(serving: asyncio.Future[None]) -> None:
    """Wait for the server's own, bounded shutdown, even when we are told a second time to stop."""
    while not serving.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(serving)


def _listen(settings: WebhookSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(settings.backlog)
    except OSError as error:
        listening.close()
        raise _unavailable(settings, error) from error
    listening.setblocking(False)
    return listening


def _unavailable(settings: WebhookSettings, error: OSError) -> Misconfigured:
    place = f"{settings.host}:{settings.port}"
    if error.errno == errno.EADDRINUSE:
        advice = f"stop the other program (`ss -ltnp 'sport = :{settings.port}'` names it), or choose another `port`"
        return Misconfigured(f"another program listens on {place} already", code="port_in_use", advice=advice)
    return Misconfigured(f"can't listen on {place}: {error.strerror}", code="listen", advice="check `host` and `port`")


def _server(settings: WebhookSettings, app: Any) -> Any:
    import uvicorn

    from crossdock_connectors.webhook.protocol import bounded

    class Server(uvicorn.Server):
        """uvicorn without its signal handlers: whoever runs us decides when to stop."""

        @contextlib.contextmanager
        def capture_signals(self) -> Generator[None, None, None]:
            yield

    return Server(
        uvicorn.Config(
            app,
            http=bounded(settings.read_timeout),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=settings.backlog,
            timeout_keep_alive=max(1, round(settings.keep_alive)),
            timeout_graceful_shutdown=max(1, round(settings.grace)),
        )
    )


def _source(settings: Any, bindings: Sequence[Binding], services: Services) -> Source:
    return WebhookListener(settings, bindings, services)


SPEC = ConnectorSpec(
    name="webhook",
    summary="Takes documents that others POST, verified by signature or token, durable before they are answered",
    example=(
        'hooks:\n  path: /shop/orders\n  partner: shop\n  auth: { standard_webhooks: { secrets: ["${secret:SHOP_WEBHOOK}"] } }'
    ),
    settings=WebhookSettings,
    source_options=WebhookSource,
    source=_source,
)
