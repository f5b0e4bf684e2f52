"""The encode step: a body in the decoded shape becomes an interchange to a partner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.core.clock import Clock
from crossdock.core.errors import Refusal, Rejected
from crossdock.core.message import Message
from crossdock.core.partner import EdifactAgreement, Partner
from crossdock.core.spec import Context, Shape
from crossdock.core.words import nearest
from crossdock_transformers.edi import agreed
from crossdock_transformers.edi.chain import links_of
from crossdock_transformers.edi.chain_edifact import EDIFACT
from crossdock_transformers.edi.grammar import TransactionSet
from crossdock_transformers.edi.outgoing import Outgoing
from crossdock_transformers.edi.own import grammars_of
from crossdock_transformers.edi.post import Post, Sheet
from crossdock_transformers.edi.preflight import claims_of, preflight
from crossdock_transformers.edi.reading import keys_of
from crossdock_transformers.edi.values import Delimiters
from crossdock_transformers.edifact.answer import CONTENT_TYPE, exchange_out, scope_of
from crossdock_transformers.edifact.decode import narrowing
from crossdock_transformers.edifact.options import EncodeOptions
from crossdock_transformers.edifact.write import Identifier, Letter, delimiters_of, encode_message, encoding_of


class EdifactEncode:
    """Encodes a message, or a list of them into one interchange; the control reference is given when it is committed."""

    def __init__(self, options: EncodeOptions, context: Context, clock: Clock | None = None) -> None:
        guide = narrowing(context, options.guide)
        self._guide: TransactionSet | None = guide.grammar if guide else None
        self._set = _set(options, self._guide)
        self._version = options.version or (self._guide.version if self._guide else "")
        self._partners: Mapping[str, Partner] = context.partners
        if options.partner and options.partner not in context.partners:
            raise Refusal(f"unknown partner '{options.partner}'{nearest(options.partner, context.partners)}", path=("partner",))
        self._named = options.partner
        self._clock = clock or context.clock
        self._testing = context.testing
        self._skip = frozenset(options.preflight.skip)
        self._grammars = grammars_of(context, "edifact")
        if self._guide is None:
            self._grammars.get(self._set, self._version or self._grammars.usual(self._set))

    @property
    def shape(self) -> Shape | None:
        """Bytes have none."""
        return None

    def apply(self, message: Message) -> Message:
        """Return the message with a `Numbered` body; raises Rejected with every fault of the document."""
        partner, agreement = self._partner(message.control.partner)
        version = self._version or agreement.version
        grammar = self._guide or self._grammars.find(self._set, version)
        if grammar is None:
            raise Rejected(f"there is no grammar for {self._set} in EDIFACT {version}", code="version")
        identifier = Identifier(grammar.number, grammar.version, agreement.association)
        clock = self._clock
        post = Post(
            scope_of(partner),
            CONTENT_TYPE,
            lambda texts, number: Letter(agreement, identifier, texts).render(number, clock.now()),
            lambda number: f"{grammar.number}-{number}.edi",
            lambda number, at, keys: exchange_out(partner, agreement, identifier, number, keys, at),
        )
        return message.with_body(
            post.numbered(message.body, lambda body: self._sheet(body, grammar, partner, agreement)), CONTENT_TYPE
        )

    def _sheet(self, body: Any, grammar: TransactionSet, partner: str, agreement: EdifactAgreement) -> Sheet:
        """Write and check one document."""
        delimiters, mark = delimiters_of(agreement), agreement.decimal_mark
        segments = encode_message(body, grammar, delimiters, encoding_of(agreement), agreement.syntax_version)
        parts = [_parts(segment, delimiters) for segment in segments]
        outgoing = Outgoing("edifact", grammar.number, parts, partner, agreement.usage, self._testing, mark)
        skip = self._skip.union(agreement.preflight.skip)
        preflight(outgoing, skip)
        links = links_of(EDIFACT, grammar.number, body, partner, "out", checked="chain" not in skip)
        keys = agreed.business_keys(keys_of(grammar, body), links)
        return Sheet(segments, keys, links, claims_of(outgoing, skip))

    def _partner(self, sender: str) -> tuple[str, EdifactAgreement]:
        name = self._named or sender
        if not name:
            advice = "name one: `encode: {edifact: {partner: acme}}`"
            raise Rejected("this message has no partner to write to", code="partner", advice=advice)
        partner = self._partners.get(name)
        if partner is None or partner.edifact is None:
            advice = f"add `edifact:` to config/partners/{name}.yaml"
            raise Rejected(f"nothing is agreed with '{name}' about EDIFACT", code="partner", advice=advice)
        return name, partner.edifact


def _parts(segment: Sequence[str], delimiters: Delimiters) -> list[str | list[str]]:
    """Return a written segment as the checks before sending see it: released characters plain, composites as lists."""
    elements: list[str | list[str]] = []
    for element in segment:
        components = [delimiters.unmarked(one) for one in delimiters.marked(element).split(delimiters.component)]
        elements.append(components if len(components) > 1 else components[0])
    return elements


def _set(options: EncodeOptions, guide: TransactionSet | None) -> str:
    number = options.set or (guide.number if guide else "")
    if not number:
        raise Refusal("say which message type to write: `set: ORDRSP`")
    if guide and guide.number != number:
        raise Refusal(f"the guide is for {guide.number}, the step writes {number}", path=("set",))
    return number


def build(options: EncodeOptions, context: Context) -> EdifactEncode:
    """Return the step of `encode: {edifact: options}`."""
    return EdifactEncode(options, context)
