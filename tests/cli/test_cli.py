"""The command line, as its users meet it: a new project, run for real, asked about through every command."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.services.ports import free_port, wait_for_port

CROSSDOCK = str(Path(sys.executable).with_name("crossdock"))
COMMANDS = ["new", "check", "test", "up", "worker", "gateway", "send", "trace", "chain", "partner", "messages"]
COMMANDS += [
    "failed",
    "acks",
    "lanes",
    "list",
    "grammars",
    "guide",
    "schema",
    "doctor",
    "health",
    "purge",
    "migrate",
    "version",
    "completion",
]


def run(*arguments: str, root: Path = Path(), **environment: str) -> subprocess.CompletedProcess[str]:
    command = [CROSSDOCK, "-C", str(root), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "120", **environment}
    )


def data(*arguments: str, root: Path):
    done = run(*arguments, "--json", root=root)
    assert done.stderr == ""
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A new project, up and running, that has had one good file and one with a bad transaction."""
    root = tmp_path_factory.mktemp("cli") / "my-company"
    assert run("new", str(root)).returncode == 0
    port = free_port()
    settings = root / "config/environments/local.yaml"
    settings.write_text(settings.read_text().replace("2222", str(port)))
    with (root / "up.log").open("wb") as log:
        process = subprocess.Popen([CROSSDOCK, "-C", str(root), "up"], stdout=log, stderr=log)
    try:
        wait_for_port(port)
        good = root / "routes/sales/samples/acme-850.edi"
        bad = root / "bad.edi"
        bad.write_text(re.sub(r"(PO1\*2\*)4\*", r"\1FOUR*", good.read_text()).replace("4711", "4712").replace("450001", "460001"))
        for path in (good, bad):
            assert run("send", str(path), "--partner", "acme", root=root).returncode == 0
        wait_until(lambda: len(list((root / "orders").glob("*.json"))) == 3 and not data("lanes", root=root))
        yield root
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


def wait_until(condition) -> None:
    ends = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < ends, "waited 30 s"
        time.sleep(0.1)


def test_a_new_project_has_no_problems(tmp_path):
    run("new", str(tmp_path / "p"))
    assert run("check", root=tmp_path / "p").stdout == "6 files, 1 route, no problems\n"


def test_a_new_project_passes_its_own_test(tmp_path):
    run("new", str(tmp_path / "p"))
    assert run("test", root=tmp_path / "p").stdout.endswith("1 passed, 0 failed\n")


def test_new_overwrites_nothing(tmp_path):
    (tmp_path / "mine").write_text("x")
    done = run("new", str(tmp_path))
    assert (done.returncode, done.stderr) == (1, f"Error: {tmp_path} is there already and isn't empty; choose another name\n")


def test_check_says_where_and_what_and_fails(tmp_path):
    run("new", str(tmp_path / "p"))
    path = tmp_path / "p/routes/sales/acme-orders.route.yaml"
    path.write_text(path.read_text().replace("validate:", "valdate:"))
    done = run("check", root=tmp_path / "p")
    expected = "routes/sales/acme-orders.route.yaml:11:5: unknown step 'valdate'; did you mean 'validate'?\n6 files, 1 problem\n"
    assert (done.returncode, done.stdout) == (1, expected)


def test_check_speaks_to_github_and_to_programs(tmp_path):
    run("new", str(tmp_path / "p"))
    path = tmp_path / "p/config/partners/acme.yaml"
    path.write_text(path.read_text().replace("title:", "titel:"))
    place = "file=config/partners/acme.yaml,line=2,col=1"
    said = run("check", "--format", "github", root=tmp_path / "p").stdout.splitlines()[0]
    assert said == f"::error {place}::unknown option 'titel' for this partner; did you mean 'title'?"
    found = json.loads(run("check", "--format", "json", root=tmp_path / "p").stdout)
    assert [(one["path"], one["line"], one["code"]) for one in found["problems"]] == [("config/partners/acme.yaml", 2, "unknown")]


def test_a_failing_test_shows_expected_and_received(tmp_path):
    run("new", str(tmp_path / "p"))
    path = tmp_path / "p/routes/sales/acme-orders.test.yaml"
    path.write_text(path.read_text().replace("done: 2", "done: 3"))
    done = run("test", root=tmp_path / "p")
    assert done.returncode == 1
    assert "messages: expected {'done': 3, 'split': 1}, received {'done': 2, 'split': 1}" in done.stdout


def test_orders_arrive_at_their_target(project):
    assert json.loads((project / "orders/4500012345.json").read_text())["total"] == 158.0


def test_messages_lists_newest_first_and_filters(project):
    rows = data("messages", "--state", "done", root=project)
    assert [row["keys"]["order_number"] for row in rows] == ["4600012346", "4500012346", "4500012345"]


def test_trace_tells_the_story_by_order_number(project):
    story = data("trace", "4500012345", root=project)
    states = [(message["state"], [delivery["state"] for delivery in message["deliveries"]]) for message in story["messages"]]
    assert states == [("split", ["delivered"]), ("done", ["delivered"]), ("done", ["delivered"])]


def test_trace_shows_each_step_with_its_place(project):
    shown = run("trace", "4500012345", root=project).stdout
    place = "routes/sales/acme-orders.route.yaml:8"
    for wanted in ("decode x12", place, "map acme-850", "to partner:acme delivered", "4500012345.json"):
        assert wanted in shown
    assert "4500012346" not in shown


def test_trace_of_the_unknown_is_not_found(project):
    done = run("trace", "nothing-like-it", root=project)
    assert (done.returncode, done.stdout) == (3, "")
    assert "nothing is known of 'nothing-like-it'" in done.stderr


def test_failed_lists_the_bad_transaction_with_its_reason(project):
    rows = data("failed", "list", root=project)
    assert [(row["keys"]["purchase_order"], row["error"]["message"]) for row in rows if row["state"] == "failed"] == [
        ("4600012345", "transaction 850 0001: PO102 (quantity ordered) must be a number; this is 'FOUR'")
    ]


def test_a_repaired_transaction_goes_through(project):
    [item] = [row["id"] for row in data("failed", "list", root=project)]
    shown = data("failed", "show", item, root=project)
    (project / "repaired.edi").write_text(shown["payload"].replace("*FOUR*", "*4*"))
    assert (
        run("failed", "retry", item, "--data", str(project / "repaired.edi"), root=project).stdout == f"{item} is back at work\n"
    )
    wait_until(lambda: (project / "orders/4600012345.json").exists() and not data("lanes", root=project))
    assert data("failed", "list", root=project) == []
    run("send", str(project / "bad.edi"), "--partner", "acme", root=project)


def test_retrying_what_has_not_failed_is_refused(project):
    done_message = data("messages", "--state", "done", root=project)[0]["id"]
    assert run("failed", "retry", done_message, root=project).returncode == 5


def test_doctor_finds_everything_well(project):
    done = run("doctor", root=project)
    assert done.returncode == 0, done.stdout
    assert "✗" not in done.stdout


def test_list_explains_a_component(project):
    shown = run("list", "connectors", "sftp_server").stdout
    assert "in a partner's file" in shown
    assert "pickup" in shown


def test_schema_prints_a_json_schema(project):
    assert json.loads(run("schema", "route").stdout)["title"] == "Crossdock route"


def test_an_unknown_command_is_answered_with_the_nearest():
    done = run("trce")
    assert done.returncode == 2
    assert "unknown command 'trce'; did you mean 'trace'?" in done.stderr


def test_outside_a_project_a_command_says_where_to_go(tmp_path):
    done = run("messages", root=tmp_path)
    assert (done.returncode, "`crossdock new NAME` writes one" in done.stderr) == (1, True)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command):
    shown = run(command, "--help").stdout
    assert "Example" in shown
    assert f"crossdock {command}" in shown or f" {command}" in shown


def test_help_imports_nothing_heavy():
    heavy = ["celery", "kombu", "sqlalchemy", "aiohttp", "asyncssh", "pydantic", "rich", "yaml", "orjson"]
    code = f"""
import sys
from crossdock.cli.main import main
sys.argv = ["crossdock", "--help"]
try:
    main()
except SystemExit:
    print([name for name in {heavy} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_closed_pipe_is_no_error(project):
    command = f"{CROSSDOCK} -C {project} messages | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_the_reference_integration_is_sound():
    root = Path(__file__).resolve().parents[2]
    assert run("check", root=root).stdout.endswith("no problems\n")
    assert run("test", root=root).stdout.endswith("0 failed\n")


def test_every_yaml_example_in_the_readme_is_yaml():
    text = (Path(__file__).resolve().parents[2] / "README.md").read_text()
    for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL):
        assert yaml.safe_load(block)


def test_health_says_whether_a_process_of_this_machine_lives(project):
    done = run("health", root=project)
    assert (done.returncode, bool(re.search(r"-\d+$", done.stdout.strip()))) == (0, True)
    assert run("health", "worker", root=project).returncode == 0


def test_health_fails_where_nothing_runs(tmp_path):
    assert run("new", str(tmp_path / "idle")).returncode == 0
    done = run("health", "gateway", root=tmp_path / "idle")
    assert (done.returncode, done.stderr) == (1, "no gateway of this machine has been heard of lately\n")


def test_purge_says_what_would_go_and_leaves_what_is_new(project):
    found = data("purge", "--older", "1h", "--dry-run", root=project)
    assert found == {"families": 0, "bodies": 0, "bytes": 0, "events": 0, "releases": [], "release_bytes": 0, "dry_run": True}
    assert run("purge", "--older", "90d", root=project).stdout == "0 documents (0 bytes) of 0 families went\n"


@pytest.mark.parametrize(("older", "said"), [("5m", "at least an hour"), ("soon", "is not a duration")])
def test_purge_takes_no_time_that_is_too_short_or_none(project, older, said):
    done = run("purge", "--older", older, root=project)
    assert (done.returncode, said in done.stderr) == (2, True)
