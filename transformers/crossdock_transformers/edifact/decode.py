"""The decode step: a file of interchanges becomes a stream of messages."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from crossdock.core.clock import Clock
from crossdock.core.errors import Finding, Refusal, Rejected
from crossdock.core.leniency import faults_of
from crossdock.core.marking import marked_production
from crossdock.core.message import Message
from crossdock.core.outcome import Delivery
from crossdock.core.partner import EdifactAgreement, EdifactIdentity, Partner
from crossdock.core.spec import Context, Shape
from crossdock.core.words import nearest
from crossdock_transformers.edi.grammar import TransactionSet
from crossdock_transformers.edi.guide import AgreedGuides, Guide, opened
from crossdock_transformers.edi.load import Grammars, standard
from crossdock_transformers.edi.own import grammars_of
from crossdock_transformers.edi.reading import Reading, Transaction
from crossdock_transformers.edi.shape import shape_of
from crossdock_transformers.edifact.envelope import COUNTS, Group, Interchange, Survey, seems_answers, survey
from crossdock_transformers.edifact.header import BadInterchange, Blame, Header
from crossdock_transformers.edifact.messages import MessageReader
from crossdock_transformers.edifact.options import DecodeOptions
from crossdock_transformers.edifact.stream import Correspondence, Messages


class EdifactDecode:
    """Decodes interchanges from partners whose agreement is known."""

    def __init__(self, options: DecodeOptions, context: Context, clock: Clock | None = None) -> None:
        guide = narrowing(context, options.guide)
        self._guide_name = options.guide
        self._guide_partner = guide.partner if guide else ""
        self._partners: Mapping[str, Partner] = context.partners
        self._named = _known(options.partner, context.partners)
        self._clock = clock or context.clock
        self._where = context.place.short
        self._testing = context.testing
        narrowed = guide.grammar if guide else None
        sets = tuple(options.sets)
        grammars = grammars_of(context, "edifact")
        self._reading = Reading(narrowed, sets, faults_of(options.tolerate), options.max_message_size, grammars)
        self._shape = context.once(("shape", "edifact", options.guide, sets), lambda: _shape(narrowed, sets, grammars))
        self._guides = AgreedGuides(context, "edifact")

    unit: Final = "messages"

    @property
    def shape(self) -> Shape | None:
        """The shape of each message, where it is always the same type."""
        return self._shape

    def apply(self, message: Message) -> Message:
        """Return the message with a stream of messages as its body; raises Rejected where the file can't be used."""
        if not isinstance(message.body, bytes):
            raise Rejected("edifact is decoded from the bytes of a file, this body is decoded already", code="shape")
        try:
            found, partner, agreement = self._opened(message.body, message.control.partner)
        except BadInterchange as error:
            error.answer = self._answer(message, message.body, error)
            raise
        to = Correspondence(partner, agreement, self._clock, message.control.answered, self._where)
        reading = self._reading.with_agreement(agreement, self._guides.of(partner))
        eased = _eased(found, reading.lenient)
        return message.with_body(Messages(message.body, found, reading, to, eased), message.content_type)

    def _opened(self, data: bytes, sender: str) -> tuple[Survey, Partner, EdifactAgreement]:
        """Return a file's envelope and whose it is; raises Rejected."""
        found = survey(data)
        faults: list[BadInterchange] = []
        _usable(found)
        partner, agreement = self._partner(sender, found.interchanges[0].header)
        for interchange in found.interchanges:
            if self._testing and interchange.header.usage == "P":
                raise marked_production("UNB 0035", "in")
            try:
                _agreed(interchange.header, partner.name, agreement)
            except BadInterchange as error:
                faults.append(error)
                interchange.blame = error.blame
        if len(faults) == len(found.interchanges):
            raise faults[0]
        return found, partner, agreement

    def _answer(self, message: Message, data: bytes, error: BadInterchange) -> tuple[Delivery, ...]:
        """Return the CONTRL that refuses an interchange, where one was agreed with the partner of this channel or signature."""
        if seems_answers(data):
            return ()
        name = self._named or message.control.partner
        partner = self._partners.get(name) if name else _sender(self._partners, error.header)
        if partner is None or partner.edifact is None:
            return ()
        if self._testing and partner.edifact.usage == "P":
            return ()  # the answer would be marked production
        to = Correspondence(partner, partner.edifact, self._clock, message.control.answered, self._where)
        return (to.refused(error.header, error.blame),) if to.answers else ()

    def _partner(self, name: str, header: Header) -> tuple[Partner, EdifactAgreement]:
        partner = self._partners.get(self._named or name) if self._named or name else _sender(self._partners, header)
        if partner is None:
            raise _unknown(name, header)
        if partner.edifact is None:
            advice = f"add `edifact:` to config/partners/{partner.name}.yaml"
            raise Rejected(f"nothing is agreed with {partner.name} about EDIFACT", code="partner", advice=advice)
        if self._guide_partner not in ("", partner.name):
            message = f"the guide {self._guide_name} is for {self._guide_partner}, this file is from {partner.name}"
            raise Rejected(message, code="partner", advice="give this partner a route of its own")
        return partner, partner.edifact


def _eased(found: Survey, lenient: Collection[str]) -> tuple[Finding, ...]:
    """Let counts of the envelope pass that do not agree, where that is lenient; return what was let pass."""
    if "envelope_count" not in lenient:
        return ()
    eased: list[Finding] = []
    for whole in found.interchanges:
        envelopes: list[Interchange | Group] = [whole, *whole.groups]
        for one in envelopes:
            if one.blame is not None and one.blame.code == COUNTS:
                eased.append(Finding("envelope_count", one.blame.message, f"interchange {whole.header.control}"))
                one.blame = None
    return tuple(eased)


def narrowing(context: Context, name: str) -> Guide | None:
    """Return a guide for EDIFACT by name; raises Refusal where it is for another dialect."""
    guide = opened(context, name) if name else None
    if guide and guide.grammar.dialect.key != "edifact":
        raise Refusal(f"the guide '{name}' is for {guide.grammar.dialect.name}; write `dialect: edifact` in it", path=("guide",))
    return guide


def _known(name: str, partners: Mapping[str, Partner]) -> str:
    if name and name not in partners:
        raise Refusal(f"unknown partner '{name}'{nearest(name, partners)}", path=("partner",))
    return name


def _shape(narrowed: TransactionSet | None, sets: Sequence[str], grammars: Grammars) -> Shape | None:
    """The shape is known where only one type is taken; the usual directory stands for all."""
    if narrowed is not None:
        return shape_of(narrowed)
    found = [grammars.get(number, grammars.usual(number)) for number in sets]
    return shape_of(found[0]) if len(found) == 1 else None


def _usable(found: Survey) -> None:
    if not any(interchange.size for interchange in found.interchanges):
        advice = "ask the partner whether it was sent by mistake"
        head, message = found.interchanges[0].header, "the file holds no message"
        blame = found.interchanges[0].blame or Blame("32", message, "UNB")
        raise BadInterchange(message, head, blame, code="no_transaction", advice=advice)


def _signs(identity: EdifactIdentity, party: tuple[str, str, str]) -> bool:
    """Tell whether a party of UNB is an agreed identity; its internal address counts where one was agreed."""
    return (identity.id, identity.qualifier) == party[:2] and identity.internal in ("", party[2])


def _sender(partners: Mapping[str, Partner], header: Header) -> Partner | None:
    return next((one for one in partners.values() if one.edifact and _signs(one.edifact.theirs, header.sender)), None)


def _named(party: tuple[str, str, str]) -> str:
    return ":".join(party).rstrip(":")


def _unknown(name: str, header: Header) -> Rejected:
    what = f"there is no partner '{name}'" if name else f"no partner signs as {_named(header.sender)}"
    advice = "add the partner under config/partners, or ask who sent this"
    return Rejected(f"unknown sender: {what}", code="partner", where="UNB02", advice=advice)


def _agreed(header: Header, name: str, agreement: EdifactAgreement) -> None:
    theirs, ours = agreement.theirs, agreement.ours
    if not _signs(theirs, header.sender):
        agreed = _named((theirs.id, theirs.qualifier, theirs.internal))
        message = f"interchange {header.control} is signed {_named(header.sender)}, {name} signs as {agreed}"
        raise BadInterchange(
            message,
            header,
            Blame("23", message, "UNB", 2),
            code="partner",
            where="UNB02",
            advice=f"if the partner changed its identity, correct `theirs` in config/partners/{name}.yaml",
        )
    if not _signs(ours, header.receiver):
        agreed = _named((ours.id, ours.qualifier, ours.internal))
        message = f"interchange {header.control} is addressed to {_named(header.receiver)}, we are {agreed} to {name}"
        raise BadInterchange(
            message,
            header,
            Blame("7", message, "UNB", 3),
            code="partner",
            where="UNB03",
            advice="ask the partner for whom it was meant",
        )
    if header.usage != agreement.usage:
        words = {"P": "production", "T": "test"}
        wanted = "set" if agreement.usage == "T" else "leave out"
        agreed = words[agreement.usage]
        message = f"interchange {header.control} is marked {words[header.usage]}, with {name} we exchange {agreed}"
        raise BadInterchange(
            message,
            header,
            Blame("25" if header.usage == "T" else "17", message, "UNB", 11),
            code="usage",
            where="UNB11",
            advice=f"ask the partner to {wanted} the test indicator, or change `usage` in config/partners/{name}.yaml",
        )


def decode_interchange(
    data: bytes, *, guide: TransactionSet | None = None, sets: Sequence[str] = (), grammars: Grammars | None = None
) -> Iterator[Transaction]:
    """Decode a file without a route or a partner: each message with its body, or its error and faults.

    Raises Rejected where the file as a whole can't be used.
    """
    reading = Reading(guide, sets, grammars=grammars or standard("edifact"))
    for interchange in survey(data).interchanges:
        reader = MessageReader(data, interchange, reading)
        for group in interchange.groups:
            yield from reader.read(group)


def build(options: DecodeOptions, context: Context) -> EdifactDecode:
    """Return the step of `decode: {edifact: options}`."""
    return EdifactDecode(options, context)


__all__ = ["EdifactDecode", "build", "decode_interchange", "narrowing"]
