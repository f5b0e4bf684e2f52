"""Taking a release up beside the one that runs: only routes that are made of something else now are compiled again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from crossdock_config import Release, load, take_up
from crossdock_config.footing import by_meaning
from tests.config.config_kit import ENVIRONMENT, MAP, PATHS, POLICY, ROUTE, project

ROOT = Path(__file__).parents[2]
OTHER = "routes/finance/{name}.route.yaml"
PLAIN = """\
route: {name}
owner: edi@example.com
domain: finance
from: {{ event: order.received }}
steps:
{steps}
to: [ {{ event: {name}.done }} ]
"""
STEPS = {
    "plain": "  - set_body: '{\"a\": 1}'",
    "table": "  - set_body: 'lookup(\"units\", body.u)'",
    "edi": '  - encode: { x12: { set: "855", partner: acme } }',
    "caller": "  - call: shared",
    "asker": "  - enrich: { from: { other: {} }, into: body.x }",
    "validated": "  - validate: order.v1",
}
SHARED = "route: shared\nowner: edi@example.com\ndomain: finance\nfrom: { call: {} }\nsteps:\n  - set_header: { a: '\"b\"' }\n"
TABLE = "table: units\nentries: { EA: each }\n"
MORE = "  other: { http: { url: http://127.0.0.1:9998/ } }\n"


def files(**changes: str) -> dict[str, str]:
    """Return a project with routes that depend on one thing each."""
    routes = {OTHER.format(name=name): PLAIN.format(name=name, steps=steps) for name, steps in STEPS.items()}
    more = {OTHER.format(name="shared"): SHARED, "routes/finance/units.table.yaml": TABLE}
    return {**project(**{"environment": ENVIRONMENT + MORE, **changes}), **routes, **more}


def released(texts: dict[str, str]) -> Release:
    loaded = load(texts)
    assert [str(one) for one in loaded.problems if one.severity == "error"] == []
    assert loaded.release is not None
    return loaded.release


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return the routes that are compiled again; what comes of it has the same id as when all is compiled."""
    running = released(before)
    made = take_up(after, "local", None, running)
    assert made.problems == ()
    assert made.release is not None
    assert made.release.id == released(after).id
    assert set(made.release.programs) == set(made.release.footing.reads)
    return sorted(name for name, program in made.release.programs.items() if not stays(running, name, program.nodes))


def stays(running: Release, name: str, nodes: object) -> bool:
    return name in running.programs and running.programs[name].nodes is nodes


@pytest.mark.parametrize(
    ("path", "old", "new", "again"),
    [
        (PATHS["map"], "body.amount", "body.amount + body.amount", ["orders"]),
        (PATHS["map"], "map: order", "# a remark\nmap: order", ["orders"]),
        (PATHS["order"], '"number"', '"integer"', ["orders", "validated"]),
        (PATHS["shop"], '"amount"]', "]", ["orders"]),
        (PATHS["route"], "order.received", "order.seen", ["orders"]),
        (PATHS["environment"], "9998", "9997", ["asker"]),
        (PATHS["environment"], "9999", "9997", ["orders"]),
        (PATHS["environment"], "environment: local", "environment: local\nworkers: { lease: 20s }", []),
        (PATHS["environment"], "environment: local", "environment: local\ntest: true", ["edi"]),
        (PATHS["partner"], "080192334", "080192335", ["edi"]),
        (OTHER.format(name="shared"), '"b"', '"c"', ["caller", "shared"]),
        ("routes/finance/units.table.yaml", "each", "piece", ["table"]),
    ],
)
def test_only_routes_that_are_made_of_what_changed_are_compiled_again(path: str, old: str, new: str, again: list[str]) -> None:
    before = files()
    after = {**before, path: before[path].replace(old, new, 1)}
    assert before[path] != after[path]
    if new == '"integer"':
        after[PATHS["map"]] = MAP.replace("body.amount", "int(body.amount)")
    if new == "]":
        after[PATHS["shop"]] = before[PATHS["shop"]].replace(', "amount"]', "]")
    assert changed(before, after) == again


def test_a_new_route_is_compiled_and_one_that_goes_is_gone() -> None:
    before = files()
    after = {**before, OTHER.format(name="fresh"): PLAIN.format(name="fresh", steps=STEPS["plain"])}
    assert changed(before, after) == ["fresh"]
    running = released(after)
    made = take_up(before, "local", None, running).release
    assert made is not None
    assert sorted(set(running.programs) - set(made.programs)) == ["fresh"]


def test_a_policy_that_changes_is_the_new_one_though_the_steps_stay() -> None:
    around = ROUTE + "policies: [ quick ]\n"
    before = files(route=around)
    running = released(before)
    made = take_up({**before, PATHS["policy"]: POLICY.replace("attempts: 5", "attempts: 7")}, "local", None, running).release
    assert made is not None
    assert repr(made.programs["orders"].policies) == repr(made.policy_sets["quick"])
    assert repr(made.programs["orders"].policies) != repr(running.programs["orders"].policies)
    assert stays(running, "plain", made.programs["plain"].nodes)


def test_a_table_that_a_cross_reference_would_find_compiles_its_route_again() -> None:
    xref = PLAIN.format(name="cross", steps="  - set_body: 'xref(\"item\", body.gtin)'")
    before = {**files(), OTHER.format(name="cross"): xref, "config/partners/acme.item.table.yaml": CROSS.format(partner="acme")}
    beta = "partner: beta\nx12:\n  theirs: { qualifier: ZZ, id: BETA }\n  ours: { qualifier: '01', id: '080192334' }\n"
    after = {**before, "config/partners/beta.yaml": beta, "config/partners/beta.item.table.yaml": CROSS.format(partner="beta")}
    assert changed(before, after) == ["cross", "edi"]


CROSS = "table: {partner}.item\nentries: {{ '1': A }}\n"


def test_a_changed_route_that_is_wrong_is_refused() -> None:
    before = files()
    after = {**before, PATHS["map"]: MAP.replace("body.amount", "body.amout")}
    made = take_up(after, "local", None, released(before))
    assert made.release is None
    assert [one.place[0] for one in made.problems] == [PATHS["map"]]


def test_a_secret_that_was_changed_is_the_new_one_though_the_route_stays() -> None:
    signed = ROUTE.replace("auth: none", 'auth: { bearer: { tokens: ["${secret:SHOP}"] } }')
    loaded = load(files(route=signed), secrets=Secrets("before"))
    assert loaded.release is not None
    made = take_up(files(route=signed), "local", Secrets("after"), loaded.release).release
    assert made is not None
    assert stays(loaded.release, "orders", made.programs["orders"].nodes)
    told = [release.bindings["webhook"][0].options.auth for release in (loaded.release, made)]
    assert told[0] != told[1]


@dataclass(frozen=True)
class Secrets:
    """Every secret has the same value."""

    value: str

    def secret(self, _name: str) -> str | None:
        return self.value

    def file(self, _path: str) -> str | None:
        return self.value

    def env(self, _name: str) -> str | None:
        return self.value


def test_a_release_taken_up_can_be_taken_over_from_again() -> None:
    """What a kept route was made of is known on and on."""
    before = files()
    second = {**before, PATHS["map"]: MAP.replace("body.amount", "body.amount + body.amount")}
    third = {**second, "routes/finance/units.table.yaml": TABLE.replace("each", "piece")}
    running = released(before)
    made = take_up(second, "local", None, running).release
    assert made is not None
    last = take_up(third, "local", None, made).release
    assert last is not None
    again = sorted(name for name, program in last.programs.items() if not stays(made, name, program.nodes))
    assert again == ["table"]


def test_what_routes_are_made_of_holds_every_file_that_is_known_to_be_used_by_them() -> None:
    """Two ways to know who uses what agree on the reference integration: uses by place, and reads by route."""
    loaded = load(ROOT)
    assert loaded.release is not None
    reads, meaning = loaded.release.footing.reads, loaded.release.meaning
    kinds = ("test", "route", "environment", "access")
    missing = [
        (thing, route)
        for thing in meaning.data
        if thing[0] not in kinds
        for route in meaning.routes_of(thing)
        if thing not in reads[route]
    ]
    assert missing == []


def test_a_comment_changes_what_is_compiled_and_nothing_that_is_meant() -> None:
    before = files()
    after = {**before, PATHS["map"]: "# a remark\n" + MAP}
    assert changed(before, after) == ["orders"]
    meant = by_meaning(released(before).footing, released(after).footing)
    assert [name for name in released(before).programs if not meant.same(name)] == []
