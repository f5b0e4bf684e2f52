"""CloudEvents 1.0: what is written follows the specification, and so does what is taken."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from crossdock.core.envelope import event_headers
from crossdock.core.errors import Refusal, Rejected
from crossdock.core.message import Control, Message
from crossdock_transformers.cloudevents import SPEC, DecodeOptions, EncodeOptions
from tests.transformers.map.map_kit import Project, message, resource

SCHEMA = resource("schema", "order.v1", '{"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]}')
PARENT = Message(
    id="01PARENT",
    body=None,
    control=Control("acme-orders", "r1", partner="acme"),
    keys={"interchange": "4711", "order_number": "4500012345"},
    correlation_id="01ROOT",
)
HEADERS = event_headers("01EVENT", "order.received", PARENT, ("order_number",), 1_760_000_000_123)
PUBLISHED = Message(
    id="01CHILD",
    body={"total": Decimal("1.50")},
    control=Control("shop-feed", "r1", source="event:order.received", partner="acme"),
    headers=HEADERS,
    correlation_id="01ROOT",
    causation_id="01PARENT",
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)
EVENT = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "order.placed", "data": {"total": 5}}


def encoded(given: Message, **options: Any) -> Message:
    """Return a message as an event."""
    step = SPEC.encode(EncodeOptions.model_validate(options), Project([SCHEMA]))
    done: Message = step.apply(given)
    return done


def written(given: Message, **options: Any) -> Any:
    """Return what is written, parsed."""
    return json.loads(encoded(given, **options).body)


def decoded(event: Any, headers: dict[str, str] | None = None, **options: Any) -> Message:
    """Return what is read."""
    data = event if isinstance(event, bytes) else json.dumps(event).encode()
    step = SPEC.decode(DecodeOptions.model_validate(options), Project([SCHEMA]))
    done: Message = step.apply(replace(message(data), headers=headers or {}))
    return done


def refused(event: Any, headers: dict[str, str] | None = None, **options: Any) -> Rejected:
    """Return why it is not taken."""
    with pytest.raises(Rejected) as caught:
        decoded(event, headers, **options)
    return caught.value


def test_an_event_is_written_with_its_envelope_around_the_document():
    """The attributes are those of the event, not of the message that it started; decimals keep their digits."""
    done = encoded(PUBLISHED, source="https://esb.example", schema="order.v1")
    assert done.content_type == "application/cloudevents+json; charset=utf-8"
    assert b'"total":1.50' in done.body
    assert json.loads(done.body) == {
        "specversion": "1.0",
        "id": "01EVENT",
        "source": "https://esb.example/routes/acme-orders",
        "type": "order.received",
        "subject": "4500012345",
        "time": "2025-10-09T08:53:20.123Z",
        "datacontenttype": "application/json",
        "dataschema": "https://esb.example/schemas/order.v1",
        "partner": "acme",
        "correlationid": "01ROOT",
        "causationid": "01PARENT",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "data": {"total": 1.5},
    }


def test_without_an_address_source_and_schema_are_references_of_our_own():
    """Both are valid: a URI reference and a URI."""
    event = written(PUBLISHED, schema="order.v1")
    assert (event["source"], event["dataschema"]) == ("/routes/acme-orders", "urn:crossdock:schema:order.v1")
    assert decoded(event).body == {"total": Decimal("1.5")}


def test_a_message_that_no_event_started_says_its_type():
    """Then the message itself is the event."""
    plain = message({"total": 1})
    event = written(plain, type="order.placed", subject="string(body.total)")
    assert {name: event[name] for name in ("id", "source", "type", "subject", "time")} == {
        "id": "01J",
        "source": "/routes/orders",
        "type": "order.placed",
        "subject": "1",
        "time": "2025-10-09T08:53:20.000Z",
    }
    with pytest.raises(Rejected, match="nothing says what type of event this is"):
        written(plain)


def test_bytes_travel_in_base64_with_their_content_type():
    """As the JSON format has it; they come out as they went in."""
    edi = replace(PUBLISHED, body=b"ISA*00", content_type="application/edi-x12")
    event = written(edi)
    assert (event["datacontenttype"], event["data_base64"], "data" in event) == (
        "application/edi-x12",
        b64encode(b"ISA*00").decode(),
        False,
    )
    assert decoded(event).body == b"ISA*00"


def test_a_document_that_does_not_fit_its_schema_is_not_sent():
    """Nobody gets an event that contradicts its `dataschema`."""
    with pytest.raises(Rejected, match="/total is missing"):
        written(replace(PUBLISHED, body={}), schema="order.v1")
    with pytest.raises(Refusal, match=r"unknown schema 'order.v2'"):
        written(PUBLISHED, schema="order.v2")
    with pytest.raises(Refusal, match="'esb' is not a whole address"):
        written(PUBLISHED, source="esb")


def test_what_is_written_is_read_again_with_the_same_attributes():
    """And forwarded, it is still the same event."""
    again = decoded(encoded(PUBLISHED, source="https://esb.example").body)
    assert again.body == PUBLISHED.body
    assert again.headers["ce_id"] == "01EVENT"
    forwarded = written(again)
    assert (forwarded["id"], forwarded["source"], forwarded["type"]) == (
        "01EVENT",
        "https://esb.example/routes/acme-orders",
        "order.received",
    )


def test_attributes_become_headers_and_nothing_that_was_there_before_stays():
    """A sender can't smuggle attributes in beside the event."""
    done = decoded({**EVENT, "retries": 3, "test": True}, {"ce_subject": "smuggled", "user-agent": "x"})
    assert done.headers == {
        "user-agent": "x",
        "ce_id": "1",
        "ce_source": "/shop",
        "ce_type": "order.placed",
        "ce_retries": "3",
        "ce_test": "true",
    }


def test_binary_mode_takes_the_attributes_from_headers():
    """Percent-encoded where the HTTP binding asks for it; the body is the data."""
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-source": "/shop",
        "ce-type": "order.placed",
        "ce-subject": "Z%C3%BCrich%20%22A%22",
        "content-type": "application/json; charset=utf-8",
    }
    done = decoded(b'{"total": 5}', headers, mode="binary", schema="order.v1")
    assert (done.body, done.headers["ce_subject"]) == ({"total": 5}, 'Zürich "A"')
    assert decoded(b"ISA", {**headers, "content-type": "application/edi-x12"}, mode="binary").body == b"ISA"
    assert "source is missing" in str(
        refused(b"{}", {**headers, "ce-source": ""} | {"ce-x": "1"} and {"ce-id": "1"}, mode="binary")
    )


def test_an_event_without_data_has_none():
    """`data` is optional."""
    assert decoded({name: value for name, value in EVENT.items() if name != "data"}).body is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": ""}, "id must be a text, not ''"),
        ({"id": 7}, "id must be a text, not '7'"),
        ({"id": None}, "id is missing"),
        ({"source": "a b"}, "source must be a URI or a reference to one, not 'a b'"),
        ({"specversion": "0.3"}, "specversion must be '1.0', not '0.3'"),
        ({"type": "a\nb"}, "type must be a text, not 'a\\nb'"),
        ({"time": "2026-11-23"}, "time must be a moment such as 2026-11-23T08:00:00Z, not '2026-11-23'"),
        ({"time": "2026-13-23T08:00:00Z"}, "time must be a moment such as 2026-11-23T08:00:00Z, not '2026-13-23T08:00:00Z'"),
        ({"datacontenttype": "json"}, "datacontenttype must be a media type, such as application/json, not 'json'"),
        ({"dataschema": "/order"}, "dataschema must be a URI, not '/order'"),
        ({"subject": ""}, "subject must be a text, not ''"),
        ({"my_key": "1"}, "my_key is no name for an attribute: small letters and digits only"),
        ({"weight": 1.5}, "weight must be a text, a whole number of 32 bits or true or false"),
        ({"big": 2**31}, "big must be a text, a whole number of 32 bits or true or false"),
        ({"tags": ["a"]}, "tags must be a text, a whole number of 32 bits or true or false"),
    ],
)
def test_what_the_specification_forbids_is_told_by_attribute(change: dict[str, Any], message: str):
    """Each rule of section 'context attributes'."""
    error = refused({**EVENT, **change})
    assert [f"{finding.where} {finding.message}" for finding in error.findings] == [message]


def test_all_faults_are_told_at_once():
    """With the first in the sentence."""
    error = refused({"specversion": "2", "data": 1})
    assert [finding.where for finding in error.findings] == ["id", "source", "type", "specversion"]
    assert error.message == "this is not a CloudEvent 1.0: id is missing"


@pytest.mark.parametrize(
    ("event", "options", "words"),
    [
        ([EVENT], {}, "this is a batch of events; they are taken one by one"),
        ("text", {}, "an event in the JSON format is an object"),
        (b"{", {}, "this is not JSON"),
        ({**EVENT, "data_base64": "QQ=="}, {}, "an event has `data` or `data_base64`, not both"),
        ({"data_base64": "?", "id": "1"}, {}, "`data_base64` is not base64"),
        (EVENT, {"types": ["order.cancelled"]}, "events of type 'order.placed' are not taken here, only: order.cancelled"),
        ({**EVENT, "data": {}}, {"schema": "order.v1"}, "/total is missing"),
    ],
)
def test_what_can_not_be_taken_says_why(event: Any, options: dict[str, Any], words: str):
    """Whatever a stranger sends, it is a rejection."""
    assert words in refused(event, **options).message
