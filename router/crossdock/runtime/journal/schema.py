"""The journal's tables, defined once (SQLAlchemy Core). The migrations make them, and a test holds the two against each other.

    message ─┬─ payload ── payload_chunk       bodies, apart: claiming work reads narrow rows
             ├─ delivery ── effect             what goes out, and the ledger of every attempt
             ├─ event                          what happened to a message or a delivery, with all stages
             ├─ business_key                   what a family of messages is found by
             └─ inbox                          keys of what was received
    work                                       the queue: only what is unfinished
    claim, counter                             keys that may be used once; control numbers
    exchange ── expectation                    documents as partners know them, their acknowledgements, and what must follow
    pickup                                     files that wait for partners
    link                                       what documents say of orders: the document chain
    audit ── audit_head                        who did what
    api_token, approval                        who may come in, and what a second person must agree to
    stored_release ── deployment               releases, and which one runs
    process, lease, poll

A delivery is called `<message>/<n>` and a part `<parent>.<n>`, and events and effects begin their key with that name: a family
lies together, and needs no further index. Times are ms since 1970. JSON is kept as text: it is read by us alone, and `jsonb`
refuses some of what documents hold.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Sequence, Table, Text, text
from sqlalchemy.types import TypeEngine

BYTEWISE: TypeEngine[str] = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that compares by its bytes everywhere, so that names sort alike on both databases, and fast."""
NUMBER: TypeEngine[int] = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()


def _text(name: str, *constraints: ForeignKey, nullable: bool = False, primary_key: bool = False) -> Column[str]:
    return Column(name, BYTEWISE, *constraints, nullable=nullable, primary_key=primary_key)


def _number(
    name: str, *constraints: ForeignKey, nullable: bool = False, primary_key: bool = False, serial: bool = False
) -> Column[int]:
    return Column(name, NUMBER, *constraints, nullable=nullable, primary_key=primary_key, autoincrement=serial)


def _default(name: str, kind: TypeEngine[Any], value: str) -> Column[Any]:
    return Column(name, kind, nullable=False, server_default=text(value))


def _partial(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


def _table(name: str, *parts: Column[Any] | Index, rowid: bool = False) -> Table:
    """Define a table; without a rowid SQLite keeps it in one tree, ordered by its primary key."""
    return Table(name, metadata, *parts, sqlite_with_rowid=rowid)


payload_block = Sequence("payload_block", start=1, increment=1000, metadata=metadata)
"""Payload ids on PostgreSQL, taken a thousand at a time."""

payload = _table(
    "payload",
    _number("id", primary_key=True),
    _text("content_type"),
    _number("size"),
    Column("data", LargeBinary, nullable=True),
    rowid=True,
)
"""Bodies. `data` is null where the body lies in chunks."""

payload_chunk = _table(
    "payload_chunk",
    _number("payload_id", ForeignKey("payload.id"), primary_key=True),
    _number("n", primary_key=True),
    Column("data", LargeBinary, nullable=False),
    rowid=True,
)

message = _table(
    "message",
    _text("id", primary_key=True),
    _text("causation_id"),
    _text("correlation_id"),
    _number("part"),
    _text("route"),
    _text("release"),
    _text("source"),
    _text("partner"),
    _text("state"),
    _number("resume"),
    _number("answered"),
    _text("name"),
    _text("headers"),
    _text("keys"),
    _text("traceparent"),
    _number("received_at"),
    _number("changed_at"),
    _number("attempts"),
    _number("deliveries"),
    _number("payload_id", ForeignKey("payload.id"), nullable=True),
    _number("original_id", nullable=True),
    _text("error", nullable=True),
    _default("held", BYTEWISE, "''"),
    _partial("message_spawned", "correlation_id", where="part = 0 AND causation_id <> ''"),
    _partial("message_failed", "changed_at", where="state = 'failed'"),
)
"""`part` is 1 for a part of a split document; `deliveries` counts the names given to deliveries; `payload_id` is the body that a
run would start from, `original_id` the one received."""

inbox = _table(
    "inbox",
    _text("source", primary_key=True),
    _text("dedupe_key", primary_key=True),
    _text("message_id"),
    _number("at"),
)

business_key = _table(
    "business_key",
    _text("value", primary_key=True),
    _text("name", primary_key=True),
    _text("root", primary_key=True),
)

work = _table(
    "work",
    _number("seq", primary_key=True, serial=True),
    _text("lane"),
    _text("ref"),
    _text("state"),
    _number("due_at"),
    _text("order_key"),
    _default("attempts", NUMBER, "0"),
    _default("first_at", NUMBER, "0"),
    _default("fence", NUMBER, "0"),
    _number("lease_until", nullable=True),
    _default("owner", BYTEWISE, "''"),
    _partial("work_ready", "lane", "due_at", "seq", where="state = 'ready'"),
    _partial("work_leased", "lease_until", where="state = 'leased'"),
    _partial("work_order", "order_key", "seq", where="order_key <> ''"),
    rowid=True,
)
"""States: ready, leased, waiting (an older delivery of its order key is unfinished), held (failed, and holds its order key)."""
work.dialect_options["sqlite"]["autoincrement"] = True

delivery = _table(
    "delivery",
    _text("id", primary_key=True),
    _text("message_id", ForeignKey("message.id")),
    _text("endpoint"),
    _text("operation"),
    _text("key"),
    _text("order_key"),
    _text("reply_to"),
    _text("name"),
    _text("place"),
    _text("policies"),
    _number("node"),
    _text("state"),
    _text("effect"),
    _number("attempts"),
    _text("reference"),
    _text("error", nullable=True),
    _number("payload_id", ForeignKey("payload.id")),
    _number("created_at"),
    _number("done_at", nullable=True),
    _partial("delivery_failed", "done_at", where="state = 'failed'"),
    _partial("delivery_unknown", "done_at", where="state = 'unknown'"),
)
"""`key` is empty where the delivery's own id is its key."""

effect = _table(
    "effect",
    _text("delivery_id", primary_key=True),
    _number("seq", primary_key=True),
    _number("fence", primary_key=True),
    _number("attempt"),
    _text("state"),
    _number("intended_at"),
    _number("done_at", nullable=True),
    _default("reference", BYTEWISE, "''"),
    _default("note", BYTEWISE, "''"),
)
"""The ledger: one row for each attempt (`seq` and `fence` of its work name it). States: intended, confirmed, refused, unknown,
withdrawn."""

event = _table(
    "event",
    _text("ref", primary_key=True),
    _number("at", primary_key=True),
    _number("nr", primary_key=True),
    _text("kind"),
    _text("note"),
    _text("author"),
    _text("data"),
)

claim = _table(
    "claim",
    _text("scope", primary_key=True),
    _text("key", primary_key=True),
    _text("message_id"),
    _number("expires_at", nullable=True),
    _partial("claim_window", "message_id", where="expires_at IS NOT NULL"),
)

counter = _table("counter", _text("scope", primary_key=True), _number("value"))

exchange = _table(
    "exchange",
    _text("id", primary_key=True),
    _text("dialect"),
    _text("direction"),
    _text("partner"),
    _text("document"),
    _text("version"),
    _text("interchange"),
    _text("group_control"),
    _text("transaction_control"),
    _text("keys"),
    _text("message_id"),
    _text("delivery_id"),
    _number("at"),
    _number("ack_window", nullable=True),
    _text("state"),
    _number("sent_at", nullable=True),
    _number("due_at", nullable=True),
    _number("arrived_at", nullable=True),
    _number("answered_at", nullable=True),
    _default("ack", BYTEWISE, "''"),
    _default("ack_message_id", BYTEWISE, "''"),
    _text("reason", nullable=True),
    _partial("exchange_group", "partner", "group_control", where="direction = 'out'"),
    _partial("exchange_interchange", "partner", "interchange", where="direction = 'out'"),
    _partial("exchange_delivery", "delivery_id", where="direction = 'out'"),
    _partial("exchange_waiting", "due_at", where="state = 'waiting'"),
    _partial("exchange_overdue", "due_at", where="state = 'overdue'"),
    _partial("exchange_rejected", "answered_at", where="state = 'rejected'"),
)
"""One row for each document received from or sent to a partner: `<message>` for one received, `<delivery>` or
`<delivery>~<n>` for one sent. States are those of `core.exchange.ExchangeState`. The window runs from the moment of sending."""

expectation = _table(
    "expectation",
    _text("exchange_id", primary_key=True),
    _text("document", primary_key=True),
    _text("partner"),
    _text("name"),
    _text("value"),
    _number("due_at"),
    _text("state"),
    _default("met_by", BYTEWISE, "''"),
    _partial("expectation_due", "due_at", where="state = 'open'"),
    _partial("expectation_missing", "due_at", where="state = 'missing'"),
    Index("expectation_value", "value", "partner", "document"),
)
"""What must follow a document, with the same business key. States: open, met, missing (the time is over), closed."""

pickup = _table(
    "pickup",
    _number("id", primary_key=True, serial=True),
    _text("partner"),
    _text("directory"),
    _text("name"),
    _text("key"),
    _number("payload_id", ForeignKey("payload.id")),
    _number("written_at"),
    _number("collected_at", nullable=True),
    _number("removed_at", nullable=True),
    Index("pickup_name", "partner", "directory", "name", unique=True),
    Index("pickup_key", "partner", "key", unique=True),
    rowid=True,
)

link = _table(
    "link",
    _text("reference", primary_key=True),
    _text("kind", primary_key=True),
    _text("ref", primary_key=True),
    _number("n", primary_key=True),
    _text("partner"),
    _text("direction"),
    _text("document"),
    _text("stage"),
    _text("number"),
    _text("control"),
    _number("at"),
    _text("data"),
)
"""What documents say of orders (`core.chain.Link`), by the order's number: one row a document and order. `ref` is the message
that was received or the delivery that goes out, `data` its date, purpose, total, whether it is checked, and its lines."""

waiting = _table(
    "waiting",
    _number("seq", primary_key=True, serial=True),
    _text("message_id"),
    _text("kind"),
    _text("scope"),
    _text("key"),
    _text("place"),
    _text("note"),
    _number("node"),
    _number("at"),
    _number("n", nullable=True),
    _number("total", nullable=True),
    _number("closes", nullable=True),
    Index("waiting_message", "message_id", unique=True),
    Index("waiting_group", "kind", "scope", "key", "seq"),
    rowid=True,
)
"""Messages that are put away until something happens (`core.outcome.Wait`). Kinds: park, ask, gather."""

gathering = _table(
    "gathering", _text("ref", primary_key=True), _number("timer_at", nullable=True), _number("last", nullable=True)
)
"""Groups of waiting messages: when the next look at one is due, and up to which number it has been let go in order."""

answer = _table(
    "answer",
    _text("root", primary_key=True),
    _number("payload_id", ForeignKey("payload.id")),
    _number("status"),
    _number("at"),
)
"""What a route replies to whoever waits for it (`request_reply`), by the message that came in. `status` is HTTP's."""

audit = _table(
    "audit",
    _number("seq", primary_key=True),
    _number("at"),
    _text("actor"),
    _text("via"),
    _text("role"),
    _text("action"),
    _text("subject"),
    _text("environment"),
    _text("details"),
    _text("hash"),
)
"""Who did what (`core.audit`); rows are only ever added, each sealed with the hash of the one before it."""

audit_head = _table("audit_head", _number("slot", primary_key=True), _number("seq"), _text("hash"))
"""One row: the newest one of `audit`. Whoever writes there locks it, which makes the log serial and free of gaps."""

api_token = _table(
    "api_token",
    _text("prefix", primary_key=True),
    _text("name"),
    _text("salt"),
    _text("hash"),
    _text("owner"),
    _number("created_at"),
    _number("expires_at", nullable=True),
    _number("revoked_at", nullable=True),
    _number("used_at", nullable=True),
    Index("api_token_name", "name"),
)
"""Tokens for the API: of the secret there is only a salted hash. `prefix` finds a token, and is no secret."""

approval = _table(
    "approval",
    _text("id", primary_key=True),
    _text("release_id"),
    _text("note"),
    _text("requester"),
    _text("people"),
    _number("requested_at"),
    _number("expires_at"),
    _text("state"),
    _default("decider", BYTEWISE, "''"),
    _default("reason", BYTEWISE, "''"),
    _number("decided_at", nullable=True),
    Index("approval_release", "release_id", "state"),
)
"""Requests to deploy a release (`core.approval`). `people` are the names by which the requester is known, JSON: none of them may
approve. States: open, approved, rejected, used."""

lease = _table("lease", _text("name", primary_key=True), _text("owner"), _number("until"))

poll = _table(
    "poll",
    _text("name", primary_key=True),
    _text("route"),
    _text("state"),
    _number("version"),
    _number("looked_at", nullable=True),
    _number("due_at"),
    _text("trouble"),
)
"""What is polled (`core.ports.Poll`): `state` moves only in the commit of what was collected with it."""

stored_release = _table(
    "stored_release",
    _text("id", primary_key=True),
    _text("files"),
    _text("environment"),
    _number("created_at"),
    _text("note"),
    _default("engine", BYTEWISE, "''"),
    _default("signature", BYTEWISE, "''"),
)

deployment = _table(
    "deployment",
    _number("number", primary_key=True),
    _text("release_id", ForeignKey("stored_release.id")),
    _text("act"),
    _text("actor"),
    _text("note"),
    _text("candidate_id"),
    _number("share"),
    _number("until"),
    _number("most_errors"),
    _text("approved"),
    _number("at"),
)
"""Every deployment ever made (`core.deployment.Deployment`); the newest is what runs."""

belongs = _table("belongs", _number("slot", primary_key=True), _text("environment"), _number("since"))
"""The environment whose journal this is (`belonging`)."""

process = _table("process", _text("name", primary_key=True), _text("role"), _number("at"), _text("detail"))
