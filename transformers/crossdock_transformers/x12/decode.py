"""The decode step: a file of interchanges becomes a stream of transactions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from crossdock.core.blob import Blob, Data, data_of
from crossdock.core.clock import Clock
from crossdock.core.errors import Refusal, Rejected
from crossdock.core.leniency import faults_of
from crossdock.core.marking import marked_production
from crossdock.core.message import Message
from crossdock.core.outcome import Delivery
from crossdock.core.partner import Partner, X12Agreement
from crossdock.core.spec import Context, Shape
from crossdock.core.words import nearest
from crossdock_transformers.edi.grammar import TransactionSet
from crossdock_transformers.edi.guide import AgreedGuides, opened
from crossdock_transformers.edi.load import Grammars, standard
from crossdock_transformers.edi.own import grammars_of
from crossdock_transformers.edi.shape import shape_of
from crossdock_transformers.x12.envelope import Survey, survey
from crossdock_transformers.x12.header import BadEnvelope, Header
from crossdock_transformers.x12.options import DecodeOptions
from crossdock_transformers.x12.stream import Correspondence, Transactions
from crossdock_transformers.x12.ta1 import glimpse
from crossdock_transformers.x12.transactions import GroupReader, Reading, Transaction


class X12Decode:
    """Decodes interchanges from partners whose agreement is known.

    A file of any size is read one transaction at a time (`reads_blobs`).
    """

    reads_blobs: Final = True

    def __init__(self, options: DecodeOptions, context: Context, clock: Clock | None = None) -> None:
        guide = opened(context, options.guide) if options.guide else None
        self._guide_name = options.guide
        self._guide_partner = guide.partner if guide else ""
        self._partners: Mapping[str, Partner] = context.partners
        self._named = _known(options.partner, context.partners)
        self._clock = clock or context.clock
        self._where = context.place.short
        self._testing = context.testing
        narrowed = guide.grammar if guide else None
        sets = tuple(options.sets)
        grammars = grammars_of(context)
        self._reading = Reading(narrowed, sets, faults_of(options.tolerate), options.max_transaction_size, grammars)
        self._shape = context.once(("shape", "x12", options.guide, sets), lambda: _shape(narrowed, sets, grammars))
        self._guides = AgreedGuides(context, "x12")

    unit: Final = "transactions"

    @property
    def shape(self) -> Shape | None:
        """The shape of each transaction, where it is always the same set."""
        return self._shape

    def apply(self, message: Message) -> Message:
        """Return the message with a stream of transactions as its body; raises Rejected where the file can't be used."""
        if not isinstance(message.body, bytes | Blob):
            raise Rejected("x12 is decoded from the bytes of a file, this body is decoded already", code="shape")
        data = data_of(message.body)
        try:
            found, partner, agreement = self._opened(data, message.control.partner)
        except BadEnvelope as error:
            error.answer = self._answer(message, data, error)
            raise
        to = Correspondence(partner, agreement, self._clock, message.control.answered, self._where)
        reading = replace(self._reading.with_agreement(agreement, self._guides.of(partner)), charset=agreement.charset)
        return message.with_body(Transactions(data, found, reading, to), message.content_type)

    def _opened(self, data: Data, sender: str) -> tuple[Survey, Partner, X12Agreement]:
        """Return a file's envelope and whose it is; raises Rejected."""
        found = survey(data, partial(self._lenient, sender), apart=True)
        _usable(found)
        partner, agreement = self._partner(sender, found.interchanges[0].header)
        for interchange in found.interchanges:
            if self._testing and interchange.header.usage == "P":
                raise marked_production("ISA15", "in")
            try:
                _agreed(interchange.header, partner.name, agreement)
            except BadEnvelope as error:
                interchange.fault = interchange.fault or error
        faults = [one.fault for one in found.interchanges if one.fault is not None]
        if len(faults) == len(found.interchanges):
            raise faults[0]
        return found, partner, agreement

    def _lenient(self, sender: str, *signed: str) -> frozenset[str]:
        """Return what is let pass in the envelope of a sender, known by name or by how it signs."""
        name = self._named or sender
        partner = self._partners.get(name) if name else _sender(self._partners, *signed)
        agreed = partner.x12.lenient if partner is not None and partner.x12 is not None else ()
        return self._reading.lenient | faults_of(agreed)

    def _answer(self, message: Message, data: Data, error: BadEnvelope) -> tuple[Delivery, ...]:
        """Return the TA1 that refuses an interchange, where one was agreed and the ISA segment can be read."""
        about = glimpse(error.raw)
        if about is None or message.control.answered or _only_answers(data):
            return ()
        name = self._named or message.control.partner
        signed = about.sender_qualifier, about.sender
        partner = self._partners.get(name) if name else _sender(self._partners, *signed)
        if partner is None or partner.x12 is None or partner.x12.ta1 == "never":
            return ()
        if self._testing and partner.x12.usage == "P":
            return ()  # the answer would be marked production
        to = Correspondence(partner, partner.x12, self._clock, where=self._where)
        return (to.interchange(about, "R", error.note),)

    def _partner(self, name: str, header: Header) -> tuple[Partner, X12Agreement]:
        partner = (
            self._partners.get(self._named or name)
            if self._named or name
            else _sender(self._partners, header.sender_qualifier, header.sender)
        )
        if partner is None:
            raise _unknown(name, header)
        if partner.x12 is None:
            raise Rejected(
                f"nothing is agreed with {partner.name} about X12",
                code="partner",
                advice=f"add `x12:` to config/partners/{partner.name}.yaml",
            )
        if self._guide_partner not in ("", partner.name):
            message = f"the guide {self._guide_name} is for {self._guide_partner}, this file is from {partner.name}"
            raise Rejected(message, code="partner", advice="give this partner a route of its own")
        return partner, partner.x12


def _known(name: str, partners: Mapping[str, Partner]) -> str:
    if name and name not in partners:
        raise Refusal(f"unknown partner '{name}'{nearest(name, partners)}", path=("partner",))
    return name


def _shape(narrowed: TransactionSet | None, sets: Sequence[str], grammars: Grammars) -> Shape | None:
    """The shape is known where only one set is taken. Versions differ little in shape; the first there is stands for all."""
    if narrowed is not None:
        return shape_of(narrowed)
    found = [grammars.get(number, grammars.versions[0]) for number in sets]
    return shape_of(found[0]) if len(found) == 1 else None


_GROUPS = re.compile(rb"[^A-Za-z0-9](GS|TA1)([^A-Za-z0-9])(?:([A-Z]{2})\2)?")


def _only_answers(data: Data) -> bool:
    """Say whether a file, however broken, holds nothing but acknowledgments: these are never acknowledged."""
    told = (mark.group(1, 3) for mark in _GROUPS.finditer(data))
    functions = {b"FA" if tag == b"TA1" else function for tag, function in told if tag == b"TA1" or function}
    return functions == {b"FA"}


def _usable(found: Survey) -> None:
    if not any(one.acks or any(group.size for group in one.groups) for one in found.interchanges):
        raise BadEnvelope(
            "the file holds no transaction",
            "024",
            code="no_transaction",
            raw=found.interchanges[0].header.raw,
            advice="ask the partner whether it was sent by mistake",
        )


def _sender(partners: Mapping[str, Partner], qualifier: str, name: str) -> Partner | None:
    signed = (qualifier, name)
    return next((one for one in partners.values() if one.x12 and (one.x12.theirs.qualifier, one.x12.theirs.id) == signed), None)


def _unknown(name: str, header: Header) -> Rejected:
    what = f"there is no partner '{name}'" if name else f"no partner signs as {header.sender_qualifier}/{header.sender}"
    advice = "add the partner under config/partners, or ask who sent this"
    return Rejected(f"unknown sender: {what}", code="partner", where="ISA05 and ISA06", advice=advice)


def _agreed(header: Header, name: str, agreement: X12Agreement) -> None:
    theirs, ours = agreement.theirs, agreement.ours
    if (header.sender_qualifier, header.sender) != (theirs.qualifier, theirs.id):
        raise BadEnvelope(
            f"interchange {header.control} is signed {header.sender_qualifier}/{header.sender}, "
            f"{name} signs as {theirs.qualifier}/{theirs.id}",
            "005" if header.sender == theirs.id else "006",
            raw=header.raw,
            code="partner",
            where="ISA05 and ISA06",
            advice=f"if the partner changed its identity, correct `theirs` in config/partners/{name}.yaml",
        )
    if (header.receiver_qualifier, header.receiver) != (ours.qualifier, ours.id):
        raise BadEnvelope(
            f"interchange {header.control} is addressed to {header.receiver_qualifier}/{header.receiver}, "
            f"we are {ours.qualifier}/{ours.id} to {name}",
            "007" if header.receiver == ours.id else "009",
            raw=header.raw,
            code="partner",
            where="ISA07 and ISA08",
            advice="ask the partner for whom it was meant",
        )
    if header.usage != agreement.usage:
        words = {"P": "production", "T": "test", "I": "information"}
        raise BadEnvelope(
            f"interchange {header.control} is marked {words[header.usage]}, with {name} we exchange {words[agreement.usage]}",
            "020",
            raw=header.raw,
            code="usage",
            where="ISA15",
            advice=f"ask the partner to set ISA15 to {agreement.usage}, or change `usage` in config/partners/{name}.yaml",
        )


def decode_interchange(
    document: bytes | Blob, *, guide: TransactionSet | None = None, sets: Sequence[str] = (), grammars: Grammars | None = None
) -> Iterator[Transaction]:
    """Decode a file without a route or a partner: each transaction with its body, or its error and faults.

    Raises Rejected where the file as a whole can't be used.
    """
    reading = Reading(guide, sets, grammars=grammars or standard())
    data = data_of(document)
    for interchange in survey(data).interchanges:
        for group in interchange.groups:
            yield from GroupReader(data, interchange, group, reading).read()


def build(options: DecodeOptions, context: Context) -> X12Decode:
    """Return the step of `decode: {x12: options}`."""
    return X12Decode(options, context)


__all__ = ["X12Decode", "build", "decode_interchange"]
