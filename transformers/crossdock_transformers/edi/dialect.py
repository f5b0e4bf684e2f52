"""What tells X12 from EDIFACT, as far as the engine that they share must know. Each dialect's own lies in its `dialect.py`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module


@dataclass(frozen=True, slots=True, eq=False)
class Dialect:
    """A dialect of EDI.

    `unit` is what a document is called there; its `header` and `trailer` are tags, `control` is the position of the control
    number in the header (the trailer is a count and that number in both). `versions` matches whole names of versions, `usual`
    is the one that is meant where nothing is said, `canonical` makes such a name of what documents say. `codes` give the
    acknowledgement's element and code for every kind of fault. `interchange` and `group` name what a decoded body says of its
    envelope, `about` what it says beside it. `period` is set where a component's form (2380) is told by another one (2379).
    `services` are messages that are the same in every version.
    """

    key: str
    name: str
    unit: str
    header: str
    trailer: str
    control: int
    versions: re.Pattern[str]
    usual: str
    codes: Mapping[str, tuple[str, str]]
    interchange: tuple[str, ...]
    group: tuple[str, ...]
    about: tuple[str, ...] = ()
    canonical: Callable[[str], str] = str
    period: Period | None = None
    services: frozenset[str] = field(default_factory=frozenset)

    @property
    def envelope(self) -> frozenset[str]:
        """What a decoded body says beside its segments."""
        return frozenset(("set", "version", "interchange", "group", "control_number", *self.about))


@dataclass(frozen=True, slots=True)
class Period:
    """A date or time whose form is told by a code beside it: the numbers of both elements, and how to read and write one.

    Both functions take the text and the code, and raise ValueError with the reason; an unknown code leaves the text alone.
    """

    value: str
    form: str
    read: Callable[[str, str], str]
    write: Callable[[str, str], str]


@cache
def dialect(key: str) -> Dialect:
    """Return a dialect by its key, `x12` or `edifact`."""
    found = import_module(f"crossdock_transformers.{key}.dialect").DIALECT
    assert isinstance(found, Dialect)
    return found
