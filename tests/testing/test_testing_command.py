"""`crossdock test`: what it prints, writes and answers; and what docs/testing.md says of it."""

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from crossdock.cli.main import cli
from crossdock_config import load
from crossdock_config.testing import run_tests
from tests.testing.testing_kit import case, project

HERE = Path(__file__).parents[2]
EXAMPLE = re.search(r"```yaml\n(.*?)```", (HERE / "docs/testing.md").read_text(), re.DOTALL)[1]
GOOD = case("{ messages: { done: 1 } }", head="mocks: { crm: { reply: { name: J } } }\n")
BAD = GOOD.replace("done: 1", "done: 2")


def run(root, *arguments):
    done = CliRunner().invoke(cli, ["-C", str(root), "test", *arguments])
    return done.exit_code, done.stdout


def test_a_failed_case_is_named_with_its_place_and_what_differs(tmp_path):
    code, text = run(project(tmp_path, BAD))
    assert code == 1
    assert text == (
        "FAIL orders: one [routes/sales/orders.test.yaml:4]\n"
        "     messages: expected {'done': 2}, received {'done': 1}\n"
        "0 passed, 1 failed\n"
    )


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ((), 1),
        (("routes/sales",), 1),
        (("orders",), 1),
        (("-k", "ONE"), 1),
        (("-k", "two"), 0),
        (("config",), 0),
        (("purchase",), 0),
    ],
)
def test_cases_are_chosen_by_path_and_by_words(tmp_path, arguments, count):
    code, text = run(project(tmp_path, GOOD), *arguments)
    assert (code, f"{count} passed, 0 failed" in text) == (0 if count else 1, True)


def test_a_path_that_is_not_there_is_told(tmp_path):
    assert run(project(tmp_path, GOOD), "routes/nope.test.yaml")[0] == 2


def test_update_makes_the_next_run_pass(tmp_path):
    root = project(tmp_path, BAD)
    code, text = run(root, "--update")
    assert (code, "wrote routes/sales/orders.test.yaml" in text) == (0, True)
    assert run(root)[0] == 0


def test_results_come_as_json_and_as_junit(tmp_path):
    root = project(tmp_path, GOOD)
    _, text = run(root, "--json", "--coverage", "--junit", str(tmp_path / "results.xml"))
    found = json.loads(text)
    assert [(one["name"], one["ok"]) for one in found["cases"]] == [("orders: one", True)]
    assert [one["what"] for one in found["coverage"][0]["never"]] == ["branch", "set_header"]
    assert '<testsuites tests="1" failures="0"' in (tmp_path / "results.xml").read_text()


def example(tmp_path, text):
    """Run the example of the docs against the reference integration."""
    for folder in ("routes", "config"):
        shutil.copytree(HERE / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*.py", "*.test.yaml", "__pycache__"))
    settings = tmp_path / "config/environments/local.yaml"
    settings.write_text(
        settings.read_text().replace("endpoints:", 'endpoints:\n  crm: { http: { url: "http://127.0.0.1:9" } }', 1)
    )
    (tmp_path / "routes/sales/example.test.yaml").write_text(text)
    loaded = load(tmp_path)
    assert [str(problem) for problem in loaded.problems if problem.severity == "error"] == []
    return [one.difference for one in run_tests(loaded.release, tmp_path)]


def test_the_example_of_the_docs_holds(tmp_path):
    assert example(tmp_path, EXAMPLE) == [""]


@pytest.mark.parametrize(
    ("written", "changed", "said"),
    [
        ("done: 2", "done: 3", "messages: expected"),
        ("158.00", "159.00", "event order.received[0]:"),
        ('"4500012346"', '"1"', "event order.received[1]:"),
        ("AK9*A*2*2*2", "AK9*R*2*2*0", "acks[0]:"),
        ("crm:", "crn:", "mocks: there is no label and no endpoint 'crn'; did you mean 'crm'?"),
        ("acme-two-orders.edi", "gone.edi", "samples/gone.edi can't be read"),
        ("partner: acme", "partner: other", "messages: expected"),
    ],
)
def test_a_changed_example_of_the_docs_fails_and_says_where(tmp_path, written, changed, said):
    assert written in EXAMPLE
    (difference,) = example(tmp_path, EXAMPLE.replace(written, changed))
    assert difference.startswith(said)
