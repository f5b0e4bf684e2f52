"""The encode step: a body in the decoded shape becomes an interchange to a partner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crossdock.core.clock import Clock
from crossdock.core.errors import Refusal, Rejected
from crossdock.core.message import Message
from crossdock.core.partner import Partner, X12Agreement
from crossdock.core.spec import Context, Shape
from crossdock.core.words import nearest
from crossdock_transformers.edi import agreed
from crossdock_transformers.edi.chain import links_of
from crossdock_transformers.edi.chain_x12 import X12
from crossdock_transformers.edi.grammar import TransactionSet
from crossdock_transformers.edi.guide import opened
from crossdock_transformers.edi.outgoing import Outgoing
from crossdock_transformers.edi.own import grammars_of
from crossdock_transformers.edi.post import Post, Sheet
from crossdock_transformers.edi.preflight import claims_of, preflight
from crossdock_transformers.edi.reading import keys_of
from crossdock_transformers.x12.answer import CONTENT_TYPE, exchange_out, scope_of
from crossdock_transformers.x12.options import EncodeOptions
from crossdock_transformers.x12.write import Letter, delimiters_of, encode_transaction


class X12Encode:
    """Encodes a transaction, or a list of them into one interchange; the control number is given when it is committed."""

    def __init__(self, options: EncodeOptions, context: Context, clock: Clock | None = None) -> None:
        self._guide: TransactionSet | None = opened(context, options.guide).grammar if options.guide else None
        self._grammars = grammars_of(context)
        self._set = _set(options, self._guide)
        self._version = options.version or (self._guide.version if self._guide else "")
        self._partners: Mapping[str, Partner] = context.partners
        if options.partner and options.partner not in context.partners:
            raise Refusal(f"unknown partner '{options.partner}'{nearest(options.partner, context.partners)}", path=("partner",))
        self._named = options.partner
        self._clock = clock or context.clock
        self._testing = context.testing
        self._skip = frozenset(options.preflight.skip)
        if self._guide is None:
            self._grammars.get(self._set, self._version or self._grammars.versions[0])

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
            raise Rejected(f"there is no grammar for set {self._set} in X12 {version}", code="version")
        clock = self._clock
        post = Post(
            scope_of(partner),
            CONTENT_TYPE,
            lambda texts, number: Letter(agreement, grammar.number, grammar.group, version, texts).render(number, clock.now()),
            lambda number: f"{grammar.number}-{number:09d}.edi",
            lambda number, at, keys: exchange_out(partner, agreement, grammar.number, number, version, keys, at),
        )
        return message.with_body(
            post.numbered(message.body, lambda body: self._sheet(body, grammar, version, partner, agreement)), CONTENT_TYPE
        )

    def _sheet(self, body: Any, grammar: TransactionSet, version: str, partner: str, agreement: X12Agreement) -> Sheet:
        """Write and check one document."""
        segments = encode_transaction(body, grammar, delimiters_of(agreement, version), agreement.charset)
        outgoing = Outgoing("x12", grammar.number, segments, partner, agreement.usage, self._testing)
        skip = self._skip.union(agreement.preflight.skip)
        preflight(outgoing, skip)
        links = links_of(X12, grammar.number, body, partner, "out", checked="chain" not in skip)
        keys = agreed.business_keys(keys_of(grammar, body), links)
        return Sheet(segments, keys, links, claims_of(outgoing, skip))

    def _partner(self, sender: str) -> tuple[str, X12Agreement]:
        name = self._named or sender
        if not name:
            raise Rejected(
                "this message has no partner to write to", code="partner", advice="name one: `encode: {x12: {partner: acme}}`"
            )
        partner = self._partners.get(name)
        if partner is None or partner.x12 is None:
            advice = f"add `x12:` to config/partners/{name}.yaml"
            raise Rejected(f"nothing is agreed with '{name}' about X12", code="partner", advice=advice)
        return name, partner.x12


def _set(options: EncodeOptions, guide: TransactionSet | None) -> str:
    number = options.set or (guide.number if guide else "")
    if not number:
        raise Refusal("say which set to write: `set: 855`")
    if guide and guide.number != number:
        raise Refusal(f"the guide is for a {guide.number}, the step writes a {number}", path=("set",))
    return number


def build(options: EncodeOptions, context: Context) -> X12Encode:
    """Return the step of `encode: {x12: options}`."""
    return X12Encode(options, context)
