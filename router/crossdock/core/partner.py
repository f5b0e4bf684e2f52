"""Trading partners as the engine sees them: who they are, what was agreed, how they are reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, field_validator, model_validator

from crossdock.core.leniency import LENIENCIES, Leniencies
from crossdock.core.preflight import Preflight
from crossdock.core.units import Duration, Size


class Strict(BaseModel):
    """Base of every part of a partner's file: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class Ids(Strict):
    """The partner's identities beside the envelopes': GS1 and others."""

    gln: str = Field("", pattern=r"^(\d{13})?$", description="GS1 Global Location Number, 13 digits")
    duns: str = Field("", pattern=r"^(\d{9}(\d{4})?)?$", description="D-U-N-S number, 9 digits, or 13 with a suffix")
    as2: str = Field("", max_length=128, description="AS2-From of the partner's messages")

    @field_validator("gln")
    @classmethod
    def _checked(cls, gln: str) -> str:
        """Refuse a GLN whose check digit is wrong."""
        if gln and (10 - sum(int(digit) * (1, 3)[at % 2] for at, digit in enumerate(gln[:12])) % 10) % 10 != int(gln[12]):
            raise ValueError(f"the check digit of GLN {gln} is wrong")
        return gln


class Contact(Strict):
    """A person or desk at the partner."""

    name: str = Field(min_length=1, description="who it is")
    role: str = Field("", description="what for: edi, purchasing, logistics, ...")
    email: str = Field("", pattern=r"^([^@\s]+@[^@\s]+)?$", description="mail address")
    phone: str = Field("", description="telephone")


class Quotas(Strict):
    """What one partner may send, so that a flood of one delays nobody else. None is without limit."""

    largest_file: Size | None = Field(None, description="a greater file is refused")
    files_per_minute: int | None = Field(None, ge=1, description="what comes faster waits")


class Document(Strict):
    """What was agreed about one kind of document."""

    guide: str = Field("", description="the partner's guide for it")
    version: str = Field("", description="its version, where it differs from the agreement's")
    expect: Mapping[str, Duration] = Field(
        default_factory=dict, description="what must follow it, and how soon: `{'855': 24h, '810': 10d}`"
    )
    acknowledged: bool = Field(True, description="an acknowledgement is made for it, or awaited")


class Agreement(Strict):
    """What X12 and EDIFACT agreements have in common."""

    documents: Mapping[str, Document] = Field(
        default_factory=dict, description="the kinds of documents exchanged, by set or message type; empty takes any"
    )
    lenient: Leniencies = Field(
        (), description="faults of this partner that are let pass, noted and counted: " + ", ".join(LENIENCIES)
    )
    ack_window: Duration | None = Field(
        None, description="how soon the partner acknowledges what we send; without one nothing is awaited"
    )
    duplicate_window: Duration | None = Field(
        None, description="how long a control number can't come again; for ever, if left out"
    )
    preflight: Preflight = Field(Preflight(), description="checks of what we send: `{skip: [balance]}` leaves some out")

    @field_validator("documents", mode="before")
    @classmethod
    def _named(cls, documents: Any) -> Any:
        """Take sets written as numbers (`850:`) for their names."""
        return {str(name): what for name, what in documents.items()} if isinstance(documents, dict) else documents

    def document(self, number: str) -> Document | None:
        """Return what was agreed about a set or message type, or None where it is not exchanged."""
        if not self.documents:
            return Document()
        return self.documents.get(number)


class X12Identity(Strict):
    """One side of an X12 envelope.

    `qualifier` and `id` are ISA05/ISA06 (or ISA07/ISA08), `application` is GS02 (or GS03) and falls back to `id`.
    """

    qualifier: str = Field(min_length=2, max_length=2, description="ISA05 or ISA07: the kind of the id (ZZ, 01, 08, 12, ...)")
    id: str = Field(min_length=1, max_length=15, description="ISA06 or ISA08: the interchange id")
    application: str = Field("", max_length=15, description="GS02 or GS03: the application id, when it differs from `id`")


def _acknowledgement(value: Any) -> Any:
    return {"True": "997", "False": "none", "true": "997", "false": "none"}.get(str(value), str(value))


FunctionalAck = Annotated[
    Literal["997", "999", "none"],
    BeforeValidator(_acknowledgement),
    WithJsonSchema({"enum": ["997", "999", "none", True, False, 997, 999]}),
]
"""How functional groups are answered; true is 997, false is none."""


class X12Agreement(Agreement):
    """What was agreed with a partner about X12."""

    theirs: X12Identity = Field(description="how the partner signs what it sends us")
    ours: X12Identity = Field(description="how we sign what we send the partner")
    version: str = Field("004010", description="the version we send (GS08)")
    usage: str = Field("P", pattern="^[PT]$", description="ISA15: P for production, T for test")
    acknowledge: FunctionalAck = Field("997", description="how each functional group is answered: 997, 999 or none")
    ta1: Literal["never", "on_error", "always"] = Field("never", description="when an interchange is answered with a TA1")
    element_separator: str = Field("*", min_length=1, max_length=1, description="between elements in what we send")
    component_separator: str = Field(">", min_length=1, max_length=1, description="ISA16 in what we send")
    charset: Literal["utf-8", "ascii", "iso-8859-1"] = Field("utf-8", description="the character set of what is exchanged")
    repetition_separator: str = Field("^", min_length=1, max_length=1, description="ISA11 in what we send, from 00402 on")
    segment_terminator: str = Field("~", min_length=1, max_length=3, description="after each segment in what we send")

    @model_validator(mode="after")
    def _readable(self) -> X12Agreement:
        """Refuse delimiters that would write an interchange which nobody can read."""
        marks = (self.element_separator, self.component_separator, self.repetition_separator, self.segment_terminator[0])
        if len(set(marks)) != len(marks):
            raise ValueError("the separators of elements, components and repetitions and the segment terminator must differ")
        if any(mark.isalnum() or mark == " " for mark in marks):
            raise ValueError("a delimiter can't be a letter, a digit or a blank")
        for side in (self.theirs, self.ours):
            if any(mark in side.id + side.application for mark in marks):
                raise ValueError(f"the id '{side.id}' holds one of the delimiters")
        return self


class EdifactIdentity(Strict):
    """One side of an EDIFACT envelope: UNB S002 or S003."""

    id: str = Field(min_length=1, max_length=35, description="0004 or 0010: the interchange id")
    qualifier: str = Field("", max_length=4, description="0007: the kind of the id (14 for a GLN, ZZZ, ...)")
    internal: str = Field("", max_length=35, description="0008 or 0014: the address behind it")


def _control(value: Any) -> Any:
    return {"True": "full", "False": "none", "true": "full", "false": "none"}.get(str(value), value)


Control = Annotated[
    Literal["full", "receipt", "none"],
    BeforeValidator(_control),
    WithJsonSchema({"enum": ["full", "receipt", "none", True, False]}),
]
"""How interchanges are answered by CONTRL; true is full, false is none."""


class EdifactAgreement(Agreement):
    """What was agreed with a partner about EDIFACT."""

    theirs: EdifactIdentity = Field(description="how the partner signs what it sends us")
    ours: EdifactIdentity = Field(description="how we sign what we send the partner")
    version: str = Field("D96A", pattern=r"^D\d\d[AB]$", description="the directory we send (UNH 0052 and 0054)")
    association: str = Field("", max_length=6, description="UNH 0057, such as EAN008")
    usage: str = Field("P", pattern="^[PT]$", description="P for production, T for test (UNB 0035 is 1)")
    acknowledge: Control = Field(
        "none", description="how each interchange is answered: full (a CONTRL after the check), receipt (it came), none"
    )
    syntax: str = Field("UNOC", pattern="^UNO[A-KWXY]$", description="UNB 0001: the character set that we send")
    syntax_version: Literal["1", "2", "3", "4"] = Field("3", description="UNB 0002: the syntax version that we send")
    una: bool = Field(True, description="begin what we send with a UNA")
    component_separator: str = Field(":", min_length=1, max_length=1, description="within composites")
    element_separator: str = Field("+", min_length=1, max_length=1, description="between elements")
    decimal_mark: Literal[".", ","] = Field(".", description="in numbers")
    release_character: str = Field("?", min_length=1, max_length=1, description="before a delimiter that is meant as text")
    repetition_separator: str = Field("*", min_length=1, max_length=1, description="between repeated elements, from syntax 4 on")
    segment_terminator: str = Field("'", min_length=1, max_length=3, description="after each segment")

    @model_validator(mode="after")
    def _readable(self) -> EdifactAgreement:
        """Refuse delimiters that would write an interchange which nobody can read."""
        marks = [self.component_separator, self.element_separator, self.release_character, self.segment_terminator[0]]
        marks += [self.repetition_separator] if self.syntax_version == "4" else []
        if len(set(marks)) != len(marks) or self.decimal_mark in marks:
            raise ValueError("the separators, the decimal mark, the release character and the segment terminator must differ")
        if any(mark.isalnum() or mark == " " for mark in marks):
            raise ValueError("a delimiter can't be a letter, a digit or a blank")
        return self


@dataclass(frozen=True, slots=True)
class Partner:
    """A trading partner. `channels` maps a connector's name to the partner's settings there, already validated by it."""

    name: str
    title: str = ""
    x12: X12Agreement | None = None
    channels: Mapping[str, Any] = field(default_factory=dict)
    edifact: EdifactAgreement | None = None
    ids: Ids = field(default_factory=Ids)
    contacts: tuple[Contact, ...] = ()
    quotas: Quotas = field(default_factory=Quotas)
