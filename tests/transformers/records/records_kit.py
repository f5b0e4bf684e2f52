"""Steps of record formats, built and run without a route."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from crossdock.core.errors import Refusal, Refusals, Rejected
from crossdock.core.registry import installed
from crossdock.core.spec import Part, Resource, Shape
from crossdock_config.yaml_source import read
from tests.transformers.map.map_kit import Project, message, resource


def context(*files: Resource, options: str = "{}") -> Project:
    """Return surroundings with these files; `options` is the step's own text."""
    project = Project(files)
    project.given = resource("options", "route", options)
    return project


def layout(text: str) -> Resource:
    """Return a layout by its text, which begins with its name."""
    name = text.strip().split("\n")[0].removeprefix("layout: ")
    document = read(f"{name}.layout.yaml", text)
    assert document.problems == []
    return Resource("layout", name, document.path, document.data, document.places, document.key_places)


def step(direction: str, name: str, options: Any, *files: Resource) -> Any:
    """Build a step of `direction: {name: options}`."""
    spec = installed().find("transformers", name)
    model = (spec.encode_options if direction == "encode" else None) or spec.options
    if isinstance(options, str):
        options = {model.SHORTHAND: options}
    return getattr(spec, direction)(model.model_validate(options), context(*files))


def decoded(name: str, data: bytes, options: Any, *files: Resource) -> Any:
    """Return what a format makes of bytes: a whole document, or a stream."""
    return step("decode", name, options, *files).apply(message(data)).body


def parts(name: str, data: bytes, options: Any, *files: Resource) -> list[Part]:
    """Return the parts of a file, good and bad."""
    return list(decoded(name, data, options, *files).parts())


def bodies(name: str, data: bytes, options: Any, *files: Resource) -> list[Any]:
    """Return the bodies of a file that has no bad parts."""
    found = parts(name, data, options, *files)
    assert [part.error for part in found] == [None] * len(found)
    return [part.body for part in found]


def faults(part: Part | Rejected) -> list[str]:
    """Return the findings of a bad part as `where: message`."""
    error = part.error if isinstance(part, Part) else part
    assert isinstance(error, Rejected)
    return [f"{finding.where}: {finding.message}" for finding in error.findings]


def rejected(name: str, data: bytes, options: Any, *files: Resource) -> Rejected:
    """Return the error of a file that is refused as a whole."""
    with pytest.raises(Rejected) as caught:
        decoded(name, data, options, *files)
    return caught.value


def encoded(name: str, body: Any, options: Any, *files: Resource) -> bytes:
    """Return what a format writes."""
    result: bytes = step("encode", name, options, *files).apply(message(body)).body
    return result


def unwritten(name: str, body: Any, options: Any, *files: Resource) -> Rejected:
    """Return the error of a body that can't be written."""
    with pytest.raises(Rejected) as caught:
        encoded(name, body, options, *files)
    return caught.value


def refusals(direction: str, name: str, options: Any, *files: Resource) -> list[str]:
    """Return what is wrong with a step's options, with the places that are told."""
    with pytest.raises((Refusal, Refusals)) as caught:
        step(direction, name, options, *files)
    error = caught.value
    found = error.refusals if isinstance(error, Refusals) else (error,)
    return [f"{one.place}: {one.message}" if one.place else one.message for one in found]


def shape(direction: str, name: str, options: Any, *files: Resource) -> Shape | None:
    """Return what a step tells of the body that it gives."""
    found: Shape | None = step(direction, name, options, *files).shape
    return found


def damaged(data: bytes, marks: bytes, seed: int, times: int) -> Iterator[bytes]:
    """Yield documents that something was done to."""
    for number in range(times):
        chance = random.Random(seed + number)
        text = data
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(text) + 1)
            to = min(len(text), at + chance.choice((1, 3, 30)))
            junk = bytes(chance.choices(marks, k=chance.choice((1, 1, 5))))
            text = chance.choice((text[:at] + text[to:], text[:at] + junk + text[to:], text[:to] + text[at:], text[:at]))
        yield text


def survives(read: Callable[[bytes], Any], documents: Iterator[bytes]) -> dict[str, int]:
    """Read damaged documents; they may be taken or refused, nothing else. Return how often which."""
    told = {"taken": 0, "refused": 0}
    for data in documents:
        try:
            body = read(data)
            bad = [part.error for part in body.parts()] if hasattr(body, "parts") else []
        except Rejected:
            bad = [Rejected("")]
        assert all(isinstance(error, Rejected) for error in bad if error is not None)
        told["refused" if any(bad) else "taken"] += 1
    return told


def peak_memory(run: Callable[[], Any]) -> int:
    """Return the most bytes that Python held while something ran."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
