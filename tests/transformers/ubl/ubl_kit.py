"""The project's own maps of formats, run as a route would run them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from crossdock.core.program import variables
from crossdock.core.spec import Context
from crossdock_config.loader import surroundings
from crossdock_transformers.map.program import Map, compile_map
from crossdock_transformers.validate import SPEC as VALIDATE
from tests.transformers.map.map_kit import message
from tests.transformers.records import records_kit as kit

ROOT = Path(__file__).parents[3]
SAMPLES = Path(__file__).parent / "samples"


@cache
def project() -> Context:
    """Return the surroundings of the reference integration."""
    return surroundings(ROOT)[0]


@cache
def compiled(name: str) -> Map:
    """Return a map of the project."""
    return compile_map(project().resource("map", name), project())


def mapped(name: str, body: Any, schema: str = "") -> Any:
    """Return what a map makes of a body, which must fit a schema where one is named."""
    found = compiled(name)(variables(message(body)))
    if schema:
        VALIDATE.step(VALIDATE.options.model_validate({"schema": schema}), project()).apply(message(found))
    return found


def read(layout: str, name: str) -> Any:
    """Return a sample as it is decoded."""
    return kit.decoded("xml", (SAMPLES / name).read_bytes(), layout)
