"""Documents and surroundings for the EDIFACT tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crossdock.core.clock import Clock, PinnedClock
from crossdock.core.errors import Place, Refusal
from crossdock.core.message import Control, Message, Numbered
from crossdock.core.partner import EdifactAgreement, EdifactIdentity, Partner
from crossdock.core.spec import Part, Resource
from crossdock_transformers.edifact.decode import EdifactDecode
from crossdock_transformers.edifact.encode import EdifactEncode
from crossdock_transformers.edifact.options import DecodeOptions, EncodeOptions
from crossdock_transformers.edifact.stream import Messages

ORDER = [
    "BGM+220+4500000001+9",
    "DTM+137:20261015:102",
    "NAD+BY+5412345000013::9++BETA RETAIL NV",
    "LIN+1++4012345000009:EN",
    "QTY+21:12:PCE",
    "PRI+AAA:9.95",
    "LIN+2++4012345000016:EN",
    "QTY+21:6.5:KGM",
    "UNS+S",
    "CNT+2:2",
]
"""The body of a correct ORDERS, UNH and UNT left out."""


AMBIGUOUS = {
    ("D93A", "DELFOR"): [("SG4/LIN", "LIN")],
    ("D96A", "DELFOR"): [("SG4/LIN", "LIN")],
    ("D96A", "INVRPT"): [("LIN/QTY/CPS/PAC/QTY", "LIN/QTY")],
}
"""Messages in which one segment may be meant for two places, by the directory itself: the nearer one has it."""


def agreement(**changes: Any) -> EdifactAgreement:
    """Return what is agreed with BETA."""
    theirs = EdifactIdentity(qualifier="14", id="5412345000013")
    ours = EdifactIdentity(qualifier="14", id="4012345000009")
    return EdifactAgreement(**{"theirs": theirs, "ours": ours, "acknowledge": True, "association": "EAN008", **changes})


def message(
    body: Sequence[str] = ORDER, reference: str = "1", kind: str = "ORDERS:D:96A:UN:EAN008", count: int = -1
) -> list[str]:
    """Return a message's segments with UNH and UNT."""
    return [f"UNH+{reference}+{kind}", *body, f"UNT+{len(body) + 2 if count < 0 else count}+{reference}"]


UNB = "UNB+{syntax}:{version}+5412345000013:14+4012345000009:14+{day}:0930+{control}{rest}"


def interchange(
    *messages: Sequence[str], una: str = "UNA:+.? '", end: str = "'", encoding: str = "latin-1", **changes: Any
) -> bytes:
    """Return a file with one interchange; `changes` are those of its UNB, `count` and `reference` those of its UNZ."""
    values = {"syntax": "UNOC", "version": "3", "day": "261015", "control": "4711", "rest": "", **changes}
    inner = [segment for one in messages for segment in one]
    trailer = f"UNZ+{changes.get('count', len(messages))}+{changes.get('reference', values['control'])}"
    return (una + "".join(one + end for one in [UNB.format(**values), *inner, trailer])).encode(encoding, "surrogateescape")


def file(*bodies: Sequence[str], **changes: Any) -> bytes:
    """Return a file with one ORDERS for each body, numbered from 1."""
    return interchange(*(message(body, reference=str(at)) for at, body in enumerate(bodies, start=1)), **changes)


def replaced(old: str, new: str, body: Sequence[str] = ORDER) -> list[str]:
    """Return a body with one segment replaced, or removed where `new` is empty."""
    assert old in body
    return [new if segment == old else segment for segment in body if new or segment != old]


@dataclass(frozen=True)
class Surroundings:
    """A `core.spec.Context` with BETA as its partner and guides from plain data."""

    partners: Mapping[str, Partner] = field(default_factory=lambda: {"beta": Partner("beta", edifact=agreement())})
    guides: Mapping[str, Any] = field(default_factory=dict)
    place: Place = field(default_factory=lambda: Place("routes/sales/beta-orders.route.yaml", 9, 3))
    shape: Any = None
    expressions: Any = None
    clock: Clock = field(default_factory=PinnedClock)
    testing: bool = False

    def resource(self, kind: str, name: str) -> Resource:
        """Return a guide."""
        if name not in self.guides:
            raise Refusal(f"there is no {kind} '{name}'")
        return Resource(kind, name, f"{name}.guide.yaml", self.guides[name], {(): Place(f"{name}.guide.yaml", 1)})

    def once(self, _key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        return make()

    def names(self, kind: str) -> Sequence[str]:
        """Return the names of the guides; there is nothing else."""
        return list(self.guides) if kind == "guide" else []


def agreed(**changes: Any) -> Surroundings:
    """Return surroundings in which something else is agreed with BETA."""
    return Surroundings({"beta": Partner("beta", edifact=agreement(**changes))})


def incoming(data: Any, *, partner: str = "beta", answered: bool = False) -> Message:
    """Return a message with a body."""
    return Message("m1", data, Control("beta-orders", "r1", partner=partner, answered=answered))


def decoded(data: bytes, surroundings: Surroundings | None = None, *, answered: bool = False, **options: Any) -> Messages:
    """Return the stream that the decode step makes of a file."""
    step = EdifactDecode(DecodeOptions(**options), surroundings or Surroundings(), PinnedClock())
    stream = step.apply(incoming(data, answered=answered)).body
    assert isinstance(stream, Messages)
    return stream


def parts(data: bytes, surroundings: Surroundings | None = None, **options: Any) -> list[Part]:
    """Return all parts of a file."""
    return list(decoded(data, surroundings, **options).parts())


def body(data: bytes, surroundings: Surroundings | None = None, **options: Any) -> Any:
    """Return the body of the only message of a file, which is correct."""
    (part,) = parts(data, surroundings, **options)
    if part.error:
        raise part.error
    return part.body


def findings(data: bytes, **options: Any) -> list[tuple[str, str, str]]:
    """Return code, message and place of every fault of the only message of a file."""
    (part,) = parts(data, **options)
    assert part.error is not None
    return [(one.code, one.message, one.where) for one in part.error.findings]  # type: ignore[attr-defined]


def control(data: bytes, surroundings: Surroundings | None = None, **options: Any) -> list[str]:
    """Return the segments of the only CONTRL for a file, between UNH and UNT."""
    (delivery,) = decoded(data, surroundings, **options).finish().deliveries
    segments: list[str] = delivery.body.render(1).decode().split("'")
    return segments[3:-3]


def encoded(body: Any, surroundings: Surroundings | None = None, number: int = 1, **options: Any) -> bytes:
    """Return the interchange that the encode step makes of a body."""
    step = EdifactEncode(EncodeOptions(**{"set": "ORDERS", **options}), surroundings or Surroundings(), PinnedClock())
    result = step.apply(incoming(body)).body
    assert isinstance(result, Numbered)
    return result.render(number)
