"""Dedupe: a message whose key has been seen before goes no further (the idempotent receiver).

The key is a CEL expression on the message as it arrives, before the first step. It is claimed in the same transaction in which
the message's result is committed: of two copies that run at the same time one wins, and a copy whose first run failed may be
sent again. A duplicate is kept with the state `duplicate` and the name of the first.

Each route has its own keys. A message that is taken up again in the middle of its route no longer has the body it arrived with;
a key that reads the body is then not looked at a second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from crossdock.core.errors import CrossdockError, Refusal, Rejected
from crossdock.core.message import Message
from crossdock.core.outcome import Claim
from crossdock.core.policy import Attempt, ClaimKey, Fail
from crossdock.core.spec import Context, Expression, Options, PolicySpec, Shape
from crossdock.core.units import Duration

STEADY = ("headers", "keys", "partner", "source")
"""What an expression can read that is still the same when a message is taken up again in the middle."""
ADVICE = "the key is read before the first step: there `body` is still as received, so take it from `headers`, or decode earlier"


class DedupeOptions(Options):
    """What makes two messages the same, and for how long."""

    SHORTHAND = "key"

    key: str = Field(
        min_length=1,
        description="CEL expression whose value is the same for copies of one message; "
        "it can read `body`, `headers`, `keys`, `partner` and `source`",
        examples=["partner + headers['x-order-id']"],
    )
    window: Annotated[Duration, Field(gt=0)] = Field(
        "7d", validate_default=True, description="how long a key is remembered after it was first used"
    )


class Dedupe:
    """Claims a message's key around its route. `reads_body` says whether the key depends on the body."""

    name = "dedupe"

    def __init__(self, key: Expression, window: float, *, reads_body: bool) -> None:
        self._key = key
        self._window = window
        self._reads_body = reads_body

    def before(self, attempt: Attempt) -> ClaimKey | Fail | None:
        """Return the claim, or Fail where the message has no key."""
        message = attempt.message
        if attempt.around != "route" or message is None or (self._reads_body and message.control.resume):
            return None
        try:
            key = _text(self._key.evaluate(_seen(message)))
        except CrossdockError as error:
            error.advice = error.advice or ADVICE
            return Fail(error)
        return ClaimKey(Claim(f"dedupe/{attempt.target}", key, f"a message with the key '{key}'", self._window))

    def after(self, attempt: Attempt, error: CrossdockError | None) -> None:
        """Leave the end of an attempt to other policies: the claim is decided at commit."""


def _seen(message: Message) -> dict[str, Any]:
    return {
        "body": message.body,
        "headers": message.headers,
        "keys": message.keys,
        "partner": message.control.partner,
        "source": message.control.source,
    }


def _text(value: Any) -> str:
    """Return a key as text; raises Rejected where there is none, for then every such message would be a copy of the first."""
    if value is None or value == "" or isinstance(value, dict | list | bool):
        said = "empty" if value in (None, "") else f"a {'truth value' if isinstance(value, bool) else 'structure'}"
        raise Rejected(f"this message's dedupe key is {said}, so copies of it can't be told", code="no_dedupe_key", advice=ADVICE)
    return str(value)


def build(options: DedupeOptions, context: Context) -> Dedupe:
    """Build the policy; raises Refusal where the key isn't a sound expression."""
    variables: Mapping[str, Shape | None] = dict.fromkeys(("body", *STEADY))
    try:
        key = context.expressions.compile(options.key, context.place, variables)
    except Refusal as refusal:
        raise Refusal(refusal.message, path=("key", *refusal.path), place=refusal.place) from refusal
    return Dedupe(key, options.window, reads_body=_reads_body(options.key, context))


def _reads_body(text: str, context: Context) -> bool:
    """Say whether an expression depends on the body: without a body it does not compile."""
    try:
        context.expressions.compile(text, context.place, dict.fromkeys(STEADY))
    except Refusal:
        return True
    return False


SPEC = PolicySpec(
    name="dedupe",
    summary="Lets a message through its route once per key; copies within the window go no further.",
    example="dedupe: { key: \"partner + headers['x-order-id']\", window: 7d }",
    options=DedupeOptions,
    build=build,
)
