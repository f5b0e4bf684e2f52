"""`*.test.yaml` as models: what is run, on what, with which stand-ins, and what must come of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from crossdock_config.file_model import File


def _moment(value: str) -> str:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ValueError(f"'{value[:60]}' is no moment with its time zone, such as 2026-11-23T08:00:00Z")
    return value


Moment = Annotated[str, AfterValidator(_moment), Field(json_schema_extra={"format": "date-time"})]
"""A moment with its time zone."""
Anything = Annotated[Any, WithJsonSchema({})]


class Mock(File):
    """What stands in for an endpoint or a labelled step: an answer, or an error."""

    reply: Anything = Field(None, description="the endpoint's reply, or the body that the step hands on")
    error: Literal["", "refused", "rejected", "retryable", "unknown_effect"] = Field("", description="the kind of error")
    message: str = Field("", description="what the error says")
    code: str = Field("", description="the error's code, by which a `catch` knows it")

    @model_validator(mode="after")
    def _says_something(self) -> Mock:
        if not self.error and "reply" not in self.model_fields_set:
            raise ValueError("a mock has a `reply` or an `error`: `{ reply: { id: 17 } }`, `{ error: refused }`")
        if self.error and "reply" in self.model_fields_set:
            raise ValueError("a mock has a `reply` or an `error`, not both")
        return self


class CaseInput(File):
    """What comes in."""

    file: str = Field("", description="a file beside the test")
    body: Any = Field(None, description="data, in place of a file")
    partner: str = Field("", description="whom it comes from")
    headers: dict[str, str] = Field(default_factory=dict, description="headers that come with it")

    @model_validator(mode="after")
    def _one_of_two(self) -> CaseInput:
        if bool(self.file) == (self.body is not None):
            raise ValueError("an input is a `file` beside the test, or a `body`: one of the two")
        return self


class Expectation(File):
    """What must come of it.

    A document is an object of which more may come, a part of a text, or one of `equal`, `contains`, `schema`, `that`, `file`.
    """

    messages: dict[str, int] | None = Field(None, description="state to count, parts included")
    deliveries: dict[str, list[Any]] | None = Field(None, description="endpoint to the documents it gets; objects may be partial")
    events: dict[str, int | list[Any]] | None = Field(None, description="event type to count, or to the events' documents")
    out: list[Any] | None = Field(None, description="the documents at the end of the route, the steps or the map")
    acks: list[str | list[str]] | None = Field(
        None, description="the acknowledgements (997, 999, TA1, CONTRL): segments that each has, in their order"
    )
    errors: list[str] | None = Field(None, description="a text that each error contains")
    keys: dict[str, str] | None = Field(None, description="business keys that the messages are found by")
    that: list[str] | None = Field(
        None, description="expressions that must hold, over `deliveries`, `events`, `out`, `errors`, `states`, `acks`"
    )


class Running(File):
    """How a case is run; what a case says goes before what the file says."""

    steps: list[str] | None = Field(
        None, min_length=2, max_length=2, description="[from, to]: labels of two steps of one sequence"
    )
    mocks: dict[str, Mock] = Field(default_factory=dict, description="label or endpoint to what stands in for it")
    at: Moment = Field("", description="the time while it is run: 2026-11-23T08:00:00Z", validate_default=False)
    follow: bool | None = Field(None, description="run the routes that the events start as well")
    release: list[str] = Field(default_factory=list, description="keys of parked messages that somebody releases")


class Case(Running):
    """One case: inputs and what must come of them."""

    name: str = Field(min_length=1, description="what it shows, in a few words")
    input: CaseInput | None = Field(None, description="what comes in")
    inputs: list[CaseInput] = Field(default_factory=list, description="what comes in one after the other, in place of `input`")
    expect: Expectation = Field(description="what must come of it")

    @model_validator(mode="after")
    def _one_way(self) -> Case:
        if (self.input is None) == (not self.inputs):
            raise ValueError("a case has an `input`, or a list of `inputs`: one of the two")
        return self

    @property
    def given(self) -> list[CaseInput]:
        """What comes in, one after the other."""
        return [self.input] if self.input else self.inputs


class TestFile(Running):
    """`*.test.yaml`: samples in, documents out."""

    __test__: ClassVar[bool] = False
    test: str = Field("", description="a name; the file's own where it is left out")
    route: str = Field("", description="the route that is tested")
    map: str = Field("", description="the map that is tested, in place of a route")
    decode: Any = Field(None, description="how a map's samples are read: `{ x12: { guide: acme-850 } }`; JSON without it")
    cases: list[Case] = Field(min_length=1, description="one input and what must come of it, each")

    @model_validator(mode="after")
    def _one_subject(self) -> TestFile:
        if bool(self.route) == bool(self.map):
            raise ValueError("a test is of a `route` or of a `map`: one of the two")
        if self.map and (self.steps or any(case.steps for case in self.cases)):
            raise ValueError("`steps` are of a route; a map is run as a whole")
        return self
