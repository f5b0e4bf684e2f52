"""Documents and surroundings for the X12 tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crossdock.core.clock import Clock, PinnedClock
from crossdock.core.errors import Place, Refusal
from crossdock.core.message import Control, Message
from crossdock.core.partner import Partner, X12Agreement, X12Identity
from crossdock.core.spec import Part, Resource
from crossdock_transformers.x12.decode import X12Decode
from crossdock_transformers.x12.encode import X12Encode
from crossdock_transformers.x12.options import DecodeOptions, EncodeOptions
from crossdock_transformers.x12.stream import Transactions

SAMPLES = Path(__file__).parent / "samples"

ORDER = [
    "BEG*00*SA*4500000001**20261015",
    "REF*DP*471",
    "N1*ST*ACME DC 12*92*0012",
    "N3*12 INDUSTRIAL BLVD*DOCK 7",
    "N4*DALLAS*TX*75201*US",
    "PO1*1*12*EA*9.95**UP*012345678905*VN*SKU-0001",
    "PID*F****HEX BOLT ZINC",
    "PO1*2*6.5*CA*1.00**VN*SKU-0002",
    "CTT*2",
]
"""The body of a correct 850, ST and SE left out."""


def agreement(**changes: Any) -> X12Agreement:
    """Return what is agreed with ACME."""
    theirs = X12Identity(qualifier="ZZ", id="ACMERETAIL")
    ours = X12Identity(qualifier="01", id="080192334")
    return X12Agreement(**{"theirs": theirs, "ours": ours, **changes})


def transaction(body: Sequence[str] = ORDER, number: str = "850", control: str = "0001", count: int | None = None) -> list[str]:
    """Return a transaction's segments with ST and SE."""
    return [f"ST*{number}*{control}", *body, f"SE*{len(body) + 2 if count is None else count}*{control}"]


def group(*transactions: Sequence[str], control: str = "4711", version: str = "004010", function: str = "PO") -> list[str]:
    """Return a functional group's segments with GS and GE."""
    inner = [segment for one in transactions for segment in one]
    start = f"GS*{function}*ACMERETAIL*080192334*20261015*0930*{control}*X*{version}"
    return [start, *inner, f"GE*{len(transactions)}*{control}"]


ISA = "ISA*00*          *00*          *ZZ*ACMERETAIL     *01*080192334      *261015*0930*U*00401*{control}*0*{usage}*>"


def interchange(*groups: Sequence[str], control: str = "000004711", usage: str = "P", end: str = "~") -> bytes:
    """Return a file with one interchange."""
    inner = [segment for one in groups for segment in one]
    segments = [ISA.format(control=control, usage=usage), *inner, f"IEA*{len(groups)}*{control}"]
    return "".join(segment + end for segment in segments).encode()


def file(*bodies: Sequence[str]) -> bytes:
    """Return a file with one 850 for each body, numbered from 0001."""
    return interchange(group(*(transaction(body, control=f"{at:04d}") for at, body in enumerate(bodies, start=1))))


def replaced(old: str, new: str, body: Sequence[str] = ORDER) -> list[str]:
    """Return a body with one segment replaced, or removed where `new` is empty."""
    assert old in body
    return [new if segment == old else segment for segment in body if new or segment != old]


@dataclass(frozen=True)
class Surroundings:
    """A `core.spec.Context` with ACME as its partner and guides from plain data."""

    partners: Mapping[str, Partner] = field(default_factory=lambda: {"acme": Partner("acme", x12=agreement())})
    guides: Mapping[str, Any] = field(default_factory=dict)
    place: Place = field(default_factory=lambda: Place("routes/sales/acme-orders.route.yaml", 9, 3))
    shape: Any = None
    expressions: Any = None
    clock: Clock = field(default_factory=PinnedClock)
    testing: bool = False

    def resource(self, kind: str, name: str) -> Resource:
        """Return a guide; its values stand each on a line of their own."""
        if name not in self.guides:
            raise Refusal(f"there is no {kind} '{name}'")
        data = self.guides[name]
        places = {path: Place(f"{name}.guide.yaml", line) for line, path in enumerate(_paths(data), start=1)}
        return Resource(kind, name, f"{name}.guide.yaml", data, places)

    def once(self, _key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        return make()

    def names(self, kind: str) -> Sequence[str]:
        """Return the names of the guides; there is nothing else."""
        return list(self.guides) if kind == "guide" else []


def _paths(data: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(inner for key, value in items for inner in _paths(value, (*path, key)))]


def message(data: Any, *, partner: str = "acme", answered: bool = False) -> Message:
    """Return a message with a body."""
    return Message("m1", data, Control("acme-orders", "r1", partner=partner, answered=answered))


def decoded(data: bytes, surroundings: Surroundings | None = None, *, answered: bool = False, **options: Any) -> Transactions:
    """Return the stream that the decode step makes of a file."""
    step = X12Decode(DecodeOptions(**options), surroundings or Surroundings(), PinnedClock())
    stream = step.apply(message(data, answered=answered)).body
    assert isinstance(stream, Transactions)
    return stream


def parts(data: bytes, surroundings: Surroundings | None = None, **options: Any) -> list[Part]:
    """Return all parts of a file."""
    return list(decoded(data, surroundings, **options).parts())


def encoder(surroundings: Surroundings | None = None, **options: Any) -> X12Encode:
    """Return an encode step at a pinned time."""
    return X12Encode(EncodeOptions(**options), surroundings or Surroundings(), PinnedClock())


def acknowledgment(data: bytes, surroundings: Surroundings | None = None, **options: Any) -> list[str]:
    """Return the segments of the only 997 for a file, between ST and SE."""
    (delivery,) = decoded(data, surroundings, **options).finish().deliveries
    segments = delivery.body.render(1).decode().split("~")
    return segments[3:-4]
