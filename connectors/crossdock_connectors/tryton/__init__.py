"""`tryton`: sales orders and stock of a Tryton ERP (7.0 and later; REST from 8.0 on), with no order made twice.

    endpoints:
      erp:
        tryton: { url: "https://erp.example", database: main, key: "${secret:ERP_KEY}" }
    to:
      - erp: { operation: sales_order.create, key: body.order_number }

Tryton takes the same customer reference twice, so that idempotency is ours: each order is looked up by customer and reference
before it is created, and one that an earlier attempt left half done is taken from where it stopped.
"""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from crossdock.core.ports import Services, Sink
from crossdock.core.spec import ConnectorSpec, Options
from crossdock.core.units import Duration

UNITS = {
    "EA": "Unit",
    "PCE": "Unit",
    "PC": "Unit",
    "C62": "Unit",
    "H87": "Unit",
    "KG": "Kilogram",
    "KGM": "Kilogram",
    "LB": "Pound",
}
"""Units of X12 355 and UN/ECE 20 that Tryton brings under names of its own."""


class TrytonSettings(Options):
    """The endpoint: which database, and as whom: a `key` (REST), or `user` and `password` (JSON-RPC)."""

    ADDRESS = ("url", "database")
    url: str = Field(description="where Tryton is served", examples=["https://erp.example"])
    database: str
    key: str = Field("", repr=False, description="the key of a validated user application `rest`, as `${secret:NAME}`")
    user: str = ""
    password: str = Field("", repr=False, description="`${secret:NAME}`")
    company: str = Field("", description="the company's name; without one, the user's own")
    timeout: Duration = Field("30s", description="how long one order may take", validate_default=True)
    concurrency: int = Field(4, ge=1, le=64, description="calls in flight at most; on a small Tryton more only brings 503")
    remember: Duration = Field("60s", description="how long the ids of codes are kept", validate_default=True)
    units: dict[str, str] = Field(default_factory=dict, description="unit code of the orders -> name of the unit in Tryton")

    @field_validator("url")
    @classmethod
    def _absolute(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"'{url}' is not an address; write it whole, such as https://erp.example")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _one_identity(self) -> TrytonSettings:
        if bool(self.key) == bool(self.user) or bool(self.user) != bool(self.password):
            raise ValueError("say either `key`, or `user` and `password`")
        return self


class TrytonTarget(Options):
    """What a route asks of the ERP."""

    operation: Literal["sales_order.create", "sales_order.read", "inventory.read"]
    confirm: bool = Field(True, description="confirm the order; false leaves it as a quotation for a person to confirm")
    unknown_address: Literal["create", "refuse"] = Field(
        "create", description="what to do with a ship-to address that the customer has not got in the ERP"
    )


def _target(settings: Any, services: Services) -> Sink:
    from crossdock_connectors.tryton.sink import TrytonSink

    return TrytonSink(settings, services.clock)


SPEC = ConnectorSpec(
    name="tryton",
    summary="Creates sales orders in a Tryton ERP, each one once, and reads orders and stock",
    example='erp:\n  tryton: { url: "https://erp.example", database: main, key: "${secret:ERP_KEY}" }',
    settings=TrytonSettings,
    target_options=TrytonTarget,
    target=_target,
)
