"""Owners and lifecycles of routes and schemas: who may use what, and until when."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from crossdock.core.clock import PinnedClock
from crossdock_config import load
from crossdock_config.release import Loaded
from tests.config.config_kit import MAP, ORDER, ROUTE, project

DEPRECATED = ORDER.replace(
    '"x-owner": "edi@example.com"',
    '"x-owner": "edi@example.com", "x-lifecycle": "deprecated",'
    ' "x-deprecated-on": "2026-06-01", "x-sunset-on": "2026-12-31", "x-successor": "none"',
)
ENDING = "lifecycle: deprecated\ndeprecated_on: 2026-06-01\nsunset_on: 2026-12-31\nsuccessor: none\n"
ROUTE_AT = "routes/sales/orders.route.yaml"
SCHEMA_AT = "routes/sales/order.v1.schema.json"


class On(PinnedClock):
    """A clock that stands on a day."""

    def __init__(self, day: str) -> None:
        self._at = datetime.combine(date.fromisoformat(day), datetime.max.time(), UTC).timestamp()

    def now(self) -> float:
        return self._at


def loaded(day: str = "2026-11-23", governance: str = "error", more: dict[str, str] | None = None, **changes: str) -> Loaded:
    return load(project(**changes) | (more or {}), clock=On(day), governance=governance)  # type: ignore[arg-type]


def told(*args: str, **changes: str) -> list[str]:
    return [f"{'' if one.severity == 'error' else 'warning: '}{one}" for one in loaded(*args, **changes).problems]


def test_a_schema_without_an_owner_is_refused():
    message = """schema 'order.v1' has no owner: say who answers for it, `"x-owner": "edi@distributor.example"`"""
    for words in ("", ', "x-owner": ""', ', "x-owner": "  "'):
        schema = ORDER.replace(', "x-owner": "edi@example.com"', words)
        assert [line.partition(": ")[2] for line in told(order=schema)] == [message]


def test_a_route_without_an_owner_is_refused():
    assert told(route=ROUTE.replace("owner: edi@example.com\n", "")) == [f"{ROUTE_AT}:1:1: missing option 'owner' for this route"]


def test_what_has_no_owner_starts_all_the_same():
    """Releases from before the rule go on."""
    found = loaded(governance="warning", order=ORDER.replace(', "x-owner": "edi@example.com"', ""))
    assert found.release is not None
    assert [problem.severity for problem in found.problems] == ["warning"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("lifecycle: deprecated\n", "what follows: add `deprecated_on`, `sunset_on`, `successor`"),
        ("sunset_on: 2026-12-31\n", "only what is deprecated or retired has `sunset_on`; this is active"),
        ("lifecycle: draft\nsuccessor: none\n", "only what is deprecated or retired has `successor`; this is draft"),
        (ENDING.replace("2026-12-31", "2026-05-31"), "`sunset_on` is before `deprecated_on`"),
        (ENDING.replace("2026-12-31", "5"), "write a date: 2026-11-23"),
        (ENDING.replace("2026-12-31", "soon"), "'sunset_on' of this route"),
        ("lifecycle: gone\n", "'lifecycle' of this route"),
    ],
)  # fmt: skip
def test_a_route_whose_life_makes_no_sense_is_refused(words: str, said: str):
    (problem,) = told(route=ROUTE + words)
    assert said in problem


def test_a_schemas_life_is_told_in_its_own_words():
    schema = DEPRECATED.replace(', "x-sunset-on": "2026-12-31"', "")
    (problem,) = told(order=schema)
    assert problem == f"{SCHEMA_AT}:1:1: what is deprecated says since when, until when and what follows: add `x-sunset-on`"


USES = ("8:5", "9:5")
"""Where the kit's route maps to `order.v1`, and validates it."""


@pytest.mark.parametrize(
    ("created", "older"),
    [("", "; a route that is older says so: `created_on: 2026-01-31`"), ("created_on: 2026-06-02\n", "")],
)
def test_a_deprecated_schema_is_refused_in_a_new_route(created: str, older: str):
    message = f"schema 'order.v1' is deprecated since 2026-06-01 and takes no new users{older}"
    assert told(route=ROUTE + created, order=DEPRECATED) == [f"{ROUTE_AT}:{at}: {message}" for at in USES]


def test_a_deprecated_schema_stays_where_it_was_used_before():
    assert told(route=ROUTE + "created_on: 2026-06-01\n", order=DEPRECATED) == []


def test_its_successor_is_named():
    """And must be there."""
    more = {"routes/sales/order.v2.schema.json": ORDER}
    successor = DEPRECATED.replace('"none"', '"order.v2"')
    told_so = "no new users: use 'order.v2'; a route that is older says so: `created_on: 2026-01-31`"
    assert [line[-len(told_so) :] for line in told(order=successor, more=more)] == [told_so, told_so]  # type: ignore[arg-type]
    old = ROUTE + "created_on: 2026-01-31\n"
    (problem,) = told(route=old, order=DEPRECATED.replace('"none"', '"order.v3"'), more=more)  # type: ignore[arg-type]
    assert problem.endswith("schema 'order.v1': there is no schema 'order.v3'; did you mean 'order.v2'?")
    (problem,) = told(route=old, order=DEPRECATED.replace('"none"', '"order.v1"'))
    assert problem.endswith("schema 'order.v1': itself can't follow it")


def test_a_schema_past_its_last_day_names_all_who_use_it():
    old = ROUTE + "created_on: 2026-01-31\n"
    assert told("2026-12-31", route=old, order=DEPRECATED) == []
    assert told("2027-01-01", route=old, order=DEPRECATED) == [
        f"{SCHEMA_AT}:1:1: schema 'order.v1' was to end on 2026-12-31 and is still used: {ROUTE_AT}:8, {ROUTE_AT}:9; move them, "
        """then say `"x-lifecycle": "retired"`"""
    ]


def test_a_last_day_that_passes_stops_no_process():
    found = loaded("2027-01-01", "warning", route=ROUTE + "created_on: 2026-01-31\n", order=DEPRECATED)
    assert found.release is not None
    assert [problem.severity for problem in found.problems] == ["warning"]


def test_a_schema_that_nobody_uses_any_more_is_a_warning():
    spare = {"routes/sales/old.schema.json": DEPRECATED}
    assert told("2027-01-01", more=spare) == [  # type: ignore[arg-type]
        "warning: routes/sales/old.schema.json:1:1: schema 'old' was to end on 2026-12-31 and nothing uses it, then say "
        """`"x-lifecycle": "retired"`"""
    ]


def test_a_retired_schema_can_not_be_used_and_a_draft_is_warned_of():
    for stage, said in (
        ("retired", "schema 'order.v1' is retired"),
        ("draft", "schema 'order.v1' is a draft: it may still change"),
    ):
        schema = ORDER.replace('"x-owner"', f'"x-lifecycle": "{stage}", "x-owner"')
        mark = "warning: " if stage == "draft" else ""
        assert told(order=schema) == [f"{mark}{ROUTE_AT}:{at}: {said}" for at in USES]
        assert told(route=ROUTE + "lifecycle: retired\n", order=schema) == []


def test_a_map_that_no_route_uses_counts_as_a_user():
    more = {
        "routes/sales/spare.map.yaml": MAP.replace("map: order", "map: spare"),
        SCHEMA_AT: ORDER.replace('"x-owner"', '"x-lifecycle": "retired", "x-owner"'),
    }
    assert [line.split(":")[0] for line in told(more=more)][-1] == "routes/sales/spare.map.yaml"  # type: ignore[arg-type]


def test_a_route_past_its_last_day_is_refused_with_what_it_receives():
    route = ROUTE + ENDING
    assert told("2026-12-31", route=route) == []
    assert told("2027-01-01", route=route) == [
        f"{ROUTE_AT}:1:8: route 'orders' was to end on 2026-12-31 and is still used: webhook /orders; move them, then say "
        "`lifecycle: retired`"
    ]


@pytest.mark.parametrize(("stage", "bound"), [("draft", 0), ("active", 1), ("deprecated", 1), ("retired", 0)])
def test_what_is_a_draft_or_retired_receives_nothing(stage: str, bound: int):
    route = ROUTE + (ENDING if stage == "deprecated" else f"lifecycle: {stage}\n")
    release = loaded(route=route).release
    assert release is not None
    assert [len(release.bindings.get("webhook", ())), release.routes["orders"].lifecycle] == [bound, stage]


SHARED = "route: steps\nowner: a@example.com\ndomain: sales\nfrom: { call: {} }\nsteps:\n  - set_header: { a: '1' }\n"


@pytest.mark.parametrize(
    ("stage", "said"), [("retired", "route 'steps' is retired"), ("draft", "route 'steps' is a draft: it may still change")]
)
def test_a_shared_route_has_a_life_as_well(stage: str, said: str):
    more = {"routes/sales/steps.route.yaml": f"{SHARED}lifecycle: {stage}\n"}
    route = ROUTE.replace("  - map: order\n", "  - call: steps\n  - map: order\n")
    (problem,) = told(route=route, more=more)  # type: ignore[arg-type]
    assert problem.endswith(said)
    assert f"{ROUTE_AT}:8:" in problem


def test_the_catalogue_tells_routes_and_schemas_with_their_users():
    entries = {(one.kind, one.name): one for one in loaded(route=ROUTE + "created_on: 2026-01-31\n", order=DEPRECATED).catalogue}
    assert list(entries) == [("route", "orders"), ("schema", "order.v1"), ("schema", "shop")]
    route, order = entries["route", "orders"], entries["schema", "order.v1"]
    assert (route.receives, route.standing.owner, route.standing.created_on) == (
        "webhook /orders",
        "edi@example.com",
        date(2026, 1, 31),
    )
    assert [place.short for place in order.users] == [f"{ROUTE_AT}:8", f"{ROUTE_AT}:9"]
    assert order.standing.sunset_on == date(2026, 12, 31)


def test_the_catalogue_is_told_of_a_broken_project_as_well():
    found = loaded(route=ROUTE.replace("map: order", "map: odrer"))
    assert found.release is None
    assert len(found.catalogue) == 3
