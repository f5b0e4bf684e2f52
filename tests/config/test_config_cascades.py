"""One cause makes one problem, and all causes are told at once."""

from pathlib import Path

import pytest

from crossdock_config import load
from tests.config.fake_components import FILES, SHORT, changed, registry

ROUTE, TABLE, PARTNER = SHORT["route"], SHORT["table"], SHORT["partner"]


def told(files, environment="local"):
    return [str(problem) for problem in load(files, environment, registry=registry()).problems]


@pytest.mark.parametrize("kind", ["table", "schema", "partner", "policy", "environment"])
def test_an_unreadable_file_is_told_once_and_not_by_those_that_need_it(kind):
    said = told({**FILES, SHORT[kind]: "{"})
    assert [line.partition(":")[0] for line in said] == [SHORT[kind]]


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("environment", "store: {", "stroe: {"),
        ("environment", 'url: "http', 'ulr: "http'),
        ("partner", "partner: acme", "partner: acme\ntitel: x"),
        ("partner", "  theirs: { qualifier: ZZ, id: ACME }", "  theirs: { qualifier: ZZ }"),
        ("table", "version: 1.10", "version: []"),
        ("policy", "attempts: 3", "attempts: 0"),
    ],
)
def test_what_is_broken_is_not_unknown_to_those_that_use_it(kind, old, new):
    said = told(changed(kind, old, new))
    assert [line.partition(":")[0] for line in said] == [SHORT[kind]]


def test_a_misspelt_option_is_not_missing_as_well():
    said = told(changed("route", "  inbox: { partner: acme }", "  inbox: { prtner: acme }"))
    assert said == [f"{ROUTE}:6:12: unknown option 'prtner' for inbox; did you mean 'partner'?"]


def test_after_an_unknown_step_nothing_is_said_of_the_body():
    said = told(changed("route", "  - pick: prices", "  - pck: prices"))
    assert said == [f"{ROUTE}:9:5: unknown step 'pck'; did you mean 'pick'?"]


def test_an_unknown_environment_says_nothing_of_endpoints():
    assert told(FILES, "locla") == ["config/environments/locla.yaml:1:1: there is no environment 'locla'; did you mean 'local'?"]


def test_a_broken_route_is_no_missing_route():
    assert told({ROUTE: "{"}) == [f"{ROUTE}:2:1: this isn't YAML: a value is missing here"]


def test_all_problems_of_all_files_come_at_once_in_order():
    files = changed("route", "owner: edi@example.com\n", "ownr: x\n")
    files[ROUTE] = files[ROUTE].replace("- plain", "- plian").replace("sender", "sendr")
    files[TABLE] = FILES[TABLE].replace("version", "vrsion")
    files[PARTNER] = FILES[PARTNER].replace("user: acme", "usr: acme")
    assert told(files) == [
        f"{PARTNER}:6:12: unknown option 'usr' for inbox; did you mean 'user'?",
        f"{ROUTE}:3:1: unknown option 'ownr' for this route; did you mean 'owner'?",
        f"{ROUTE}:15:13: unknown step 'plian'; did you mean 'plain'?",
        f"{ROUTE}:19:14: unknown partner 'sendr'; did you mean 'sender'?",
        f"{TABLE}:2:1: unknown option 'vrsion' for this table; did you mean 'version'?",
    ]


def test_other_environments_are_checked_as_well():
    production = "environment: production\njournal: sqlite:///p.db\nendpoints: { erp: { store: {} } }\n"
    files = {**FILES, "config/environments/production.yaml": production}
    assert told(files) == ["config/environments/production.yaml:3:21: missing option 'url' for store"]


def test_a_component_that_breaks_is_a_problem_and_hides_no_other():
    broken = registry()
    spec = broken.points["transformers"]["plain"]
    broken.points["transformers"]["plain"] = type(spec)("plain", "", "", spec.options, step=lambda options, context: 1 // 0)
    files = changed("route", "policies: [gentle]", "policies: [gentel]")
    reason = "integer division or modulo by zero"
    assert [str(problem) for problem in load(files, registry=broken).problems] == [
        f"{ROUTE}:15:13: this makes a component break (ZeroDivisionError: {reason}): a defect, please report it",
        f"{ROUTE}:21:12: unknown policy set 'gentel'; did you mean 'gentle'?",
    ]


def test_an_event_that_no_route_publishes_is_a_warning():
    files = changed("route", "  inbox: { partner: acme }", "  event: order.recieved")
    loaded = load(files, registry=registry())
    assert [(problem.severity, str(problem)) for problem in loaded.problems] == [
        ("warning", f"{ROUTE}:6:10: no route publishes the event 'order.recieved'; did you mean 'order.received'?")
    ]
    assert loaded.release is not None


def test_files_that_nothing_reads_are_a_warning(tmp_path):
    for path, text in {**FILES, "routes/a.rout.yaml": "a: 1", "config/partners/b.yml": "a: 1", "routes/x.edi": "ISA"}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    known = ".access.yaml, .policy.yaml, .route.yaml, .table.yaml, .test.yaml"
    assert told(tmp_path) == [
        "config/partners/b.yml:1:1: nothing reads this file: its name must end in .yaml",
        f"routes/a.rout.yaml:1:1: nothing reads this file: its name ends in none of {known}",
    ]


def test_what_is_no_text_is_told_with_its_place(tmp_path):
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / ROUTE).write_bytes(b"route: orders\nowner: M\xfcller\n")
    assert told(tmp_path)[0] == f"{ROUTE}:2:9: this file isn't UTF-8: here stands the byte 0xfc"


def test_a_folder_without_routes_is_a_problem(tmp_path: Path):
    said = "routes/:1:1: there is no *.route.yaml here; `crossdock new NAME` writes a first project"
    assert told(tmp_path) == [said]
