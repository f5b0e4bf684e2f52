"""The control API over real HTTP: who gets in, what they may do, what is refused, and that the CLI says the same through it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator

import pytest
from jsonschema import Draft202012Validator

from crossdock.core.access import PERMISSIONS, ROLES, Actor
from crossdock.runtime.control.attempts import MOST, WINDOW, Attempts
from crossdock.runtime.control.openapi import openapi
from crossdock.runtime.control.operations import OPERATIONS
from tests.access.access_kit import ME, Company, grant
from tests.access.control_kit import Api, serving

BOSS = grant("admin", "token: boss")


@pytest.fixture
def api(firm: Company) -> Iterator[Api]:
    firm.rules(BOSS)
    with serving(firm) as running:
        yield running


def sample(name: str, firm: Company) -> tuple[str, str, dict[str, object] | None]:
    """Return a request for an operation: method, path, body."""
    operation = next(one for one in OPERATIONS if one.name == name)
    values = {
        field: "eA==" if one.base64 else "eA==" if one.base64 else "x" for field, one in operation.fields.items() if one.required
    }
    values |= {"item": firm.items["orders"]} if "item" in operation.fields else {}
    values |= {"message": firm.items["orders"]} if "message" in operation.fields else {}
    values |= {"delivery": f"{firm.items['orders']}/1"} if "delivery" in operation.fields else {}
    path = operation.path.replace(f"{{{operation.in_path}}}", str(values.get(operation.in_path, "")))
    if operation.method == "POST":
        return "POST", path, values
    query = "&".join(f"{field}={value}" for field, value in values.items() if field != operation.in_path)
    return "GET", f"{path}?{query}" if query else path, None


@pytest.mark.parametrize("name", [one.name for one in OPERATIONS])
def test_no_operation_answers_without_a_token(firm: Company, api: Api, name: str) -> None:
    method, path, body = sample(name, firm)
    answer = api.ask(method, path, body, token="")
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


def test_each_operation_is_allowed_to_exactly_the_roles_that_have_its_permission(firm: Company, api: Api) -> None:
    opened = firm.open()
    tokens = {role: opened.tokens.new(role, Actor(ME), None) for role in ROLES}
    nobody = opened.tokens.new("nobody", Actor(ME), None)
    opened.close()
    firm.rules(BOSS, *(grant(role, f"token: {role}") for role in ROLES))
    wrong = []
    for operation in OPERATIONS:
        if operation.permission is None:
            continue
        assert operation.permission in PERMISSIONS
        for role, token in {**tokens, "": nobody}.items():
            status = api.ask(*sample(operation.name, firm), token=token).status
            allowed = bool(role) and operation.permission in ROLES[role]  # type: ignore[index]
            if (status == 403) == allowed or status in (401, 500):
                wrong.append((operation.name, role, status))
    assert wrong == []


@pytest.mark.parametrize(
    ("header", "status"),
    [("Basic Ym9zczpib3Nz", 401), ("Bearer", 401), ("Bearer  ", 401), ("Bearer cdk_00000000_x", 401), ("Bearer \u00e9", 401)],
)
def test_what_is_no_known_token_is_nobody(api: Api, header: str, status: int) -> None:
    assert api.ask("GET", "/v1/messages", token="", Authorization=header.encode("latin-1").decode("latin-1")).status == status


def test_a_token_is_out_as_soon_as_it_is_revoked(firm: Company, api: Api) -> None:
    assert api.ask("GET", "/v1/whoami").status == 200
    opened = firm.open()
    opened.tokens.revoke("boss", Actor(ME))
    opened.close()
    assert api.ask("GET", "/v1/whoami").status == 401


def test_somebody_shut_out_in_the_rules_is_out_within_seconds(firm: Company, api: Api) -> None:
    import time

    assert api.ask("GET", "/v1/messages").status == 200
    firm.rules(grant("admin", "token: another"))
    time.sleep(1.1)
    assert api.ask("GET", "/v1/messages").status == 403
    firm.write("config/access.yaml", "grants: [ { role: admn } ]\n")
    time.sleep(1.1)
    answer = api.ask("GET", "/v1/messages")
    assert (answer.status, "nobody may do anything" in answer.json["detail"]) == (422, True)


def test_a_refusal_is_a_problem_with_what_and_why(firm: Company, api: Api) -> None:
    api.ask("POST", "/v1/failed/retry", {"item": firm.items["orders"]})
    answer = api.ask("POST", "/v1/failed/retry", {"item": firm.items["orders"]})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json | {"detail": ""} == {
        "type": "about:blank", "title": "Conflict", "status": 409, "detail": "", "kind": "refused", "code": "not_failed",
    }  # fmt: skip
    assert "only what has failed can be retried" in answer.json["detail"]


def test_a_repaired_document_travels_to_the_letter(firm: Company, api: Api) -> None:
    data = bytes(range(256))
    item = firm.items["orders"]
    assert api.ask("POST", "/v1/failed/retry", {"item": item, "payload": base64.b64encode(data).decode()}).status == 200
    assert base64.b64decode(api.ask("GET", f"/v1/items/{item}").json["payload"]) == data


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("GET", "/v1/messages?limit=0", None, 400, "'limit' must be at least 1"),
        ("GET", "/v1/messages?limit=999999", None, 400, "'limit' must be at most 10000"),
        ("GET", "/v1/messages?limit=many", None, 400, "'limit' takes a value of type integer"),
        ("GET", "/v1/messages?limit=%C2%B2", None, 400, "'limit' takes"),
        ("GET", "/v1/messages?rout=x", None, 400, "'rout' is no parameter of listMessages"),
        ("GET", "/v1/messages?route=a&route=b", None, 400, "given twice"),
        ("GET", "/v1/find", None, 400, "'text' is missing"),
        ("GET", "/v1/nothing", None, 404, "there is nothing at /v1/nothing"),
        ("GET", "/", None, 404, "there is nothing at /"),
        ("DELETE", "/v1/messages", None, 405, "DELETE is not for /v1/messages"),
        ("GET", "/v1/items/01nothing", None, 404, "there is no '01nothing'"),
        ("GET", "/v1/items/01nothing%2F1", None, 404, "there is no '01nothing/1'"),
        ("POST", "/v1/failed/retry", b"", 400, "the body is not JSON"),
        ("POST", "/v1/failed/retry", b"[]", 400, "must be a JSON object"),
        ("POST", "/v1/failed/retry", b'{"item": 1}', 400, "'item' takes a value of type string"),
        ("POST", "/v1/failed/retry", b"{}", 400, "'item' is missing"),
        ("POST", "/v1/failed/retry", b'{"item": "x", "payload": "%%%"}', 400, "'payload' is not base64"),
        ("POST", "/v1/failed/retry", b"[" * 100_000, 400, "the body is not JSON"),
        ("POST", "/v1/tokens", b'{"name": "x", "lifetime": true}', 400, "'lifetime' takes a value of type number"),
        ("POST", "/v1/tokens", b'{"name": "x", "lifetime": -1}', 400, "'lifetime' must be at least 1"),
        ("POST", "/v1/tokens", b'{"name": "NOT GOOD"}', 409, "can't be a token's name"),
        ("POST", "/v1/deployments", b'{"artefact": {"a": 1}}', 400, "'artefact' takes a value of type string"),
        ("POST", "/v1/deployments", b"{}", 409, "no release '' is kept here"),
        ("POST", "/v1/releases", b'{"artefact": "e30="}', 422, ""),
        ("POST", "/v1/releases", b'{"artefact": "AAAA"}', 422, ""),
        ("POST", "/v1/deployments", b'{"release": "none"}', 409, "no release 'none' is kept here"),
    ],
)
def test_what_can_not_be_done_is_told(api: Api, method: str, path: str, body: bytes | None, status: int, said: str) -> None:
    answer = api.ask(method, path, body)
    assert (answer.status, said in answer.json["detail"]) == (status, True), answer.data


def test_a_request_that_is_too_large_is_refused_before_it_is_read_whole(firm: Company) -> None:
    with serving(firm, largest="1KB") as api:
        answer = api.ask("POST", "/v1/failed/discard", {"item": "x", "reason": "x" * 2000})
        assert (answer.status, answer.json["code"]) == (413, "too_large")


def test_after_too_many_failures_an_address_must_wait(api: Api) -> None:
    for _ in range(MOST):
        assert api.ask("GET", "/v1/whoami", token="cdk_00000000_no").status == 401
    answer = api.ask("GET", "/v1/whoami")
    assert (answer.status, 0 < int(answer.headers["retry-after"]) <= WINDOW) == (429, True)


def test_behind_a_proxy_the_address_is_the_one_that_the_proxy_has_seen(firm: Company) -> None:
    with serving(firm, behind_proxy=True) as api:
        for number in range(MOST):
            forged = {"X-Forwarded-For": f"10.0.0.{number}, 198.51.100.7"}
            assert api.ask("GET", "/v1/whoami", token="no", **forged).status == 401
        assert api.ask("GET", "/v1/whoami", **{"X-Forwarded-For": "10.9.9.9, 198.51.100.7"}).status == 429
        assert api.ask("GET", "/v1/whoami", **{"X-Forwarded-For": "198.51.100.8"}).status == 200


def test_failures_are_forgotten_after_a_while_and_never_fill_the_memory() -> None:
    now = [0.0]
    attempts = Attempts(lambda: now[0])
    for _ in range(MOST):
        attempts.fail("a")
    assert attempts.wait("a") == WINDOW
    now[0] = WINDOW
    assert attempts.wait("a") == 0
    for number in range(20_000):
        attempts.fail(str(number))
    assert len(attempts._failed) == 10_000


def test_the_openapi_document_is_the_one_that_is_served_and_names_every_operation(api: Api) -> None:
    served = api.ask("GET", "/v1/openapi.json", token="").json
    assert served == json.loads(json.dumps(openapi()))
    named = {one["operationId"] for path in served["paths"].values() for one in path.values()}
    assert named == {operation.name for operation in OPERATIONS}
    assert len(named) == len(OPERATIONS)


def test_the_openapi_document_is_one() -> None:
    """Its shape: OpenAPI 3.1's rules for what is used here, every reference leads somewhere, every schema is a schema."""
    document = openapi()
    assert (document["openapi"], set(document) - {"security"}) == ("3.1.0", {"openapi", "info", "paths", "components"})
    for path, methods in document["paths"].items():
        for operation in methods.values():
            names = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert names == {part.strip("{}") for part in path.split("/") if part.startswith("{")}
            assert all(one["required"] for one in operation["parameters"] if one["in"] == "path")
            schemas = [one["schema"] for one in operation["parameters"]]
            schemas += [body["schema"] for body in operation.get("requestBody", {}).get("content", {}).values()]
            for schema in schemas:
                Draft202012Validator.check_schema(schema)
            for status, answer in operation["responses"].items():
                assert "description" in answer or answer["$ref"] == f"#/components/responses/{status}"
                assert status == "200" or status in document["components"]["responses"]


@pytest.mark.parametrize(
    "command",
    [
        ["messages"],
        ["messages", "--json"],
        ["failed", "list", "--route", "orders"],
        ["failed", "show", "ORDERS"],
        ["trace", "ORDERS"],
        ["trace", "ORDERS", "--json"],
        ["parked", "list"],
        ["acks", "--state", "all"],
        ["acks", "--missing"],
        ["lanes"],
        ["polls"],
        ["polls", "restart", "nothing"],
        ["releases"],
        ["approve"],
        ["failed", "show", "01nothing"],
        ["acks", "show", "01nothing"],
        ["acks", "close", "01nothing", "--reason", "x"],
        ["trace", "01nothing"],
        ["chain", "4500012345"],
        ["parked", "release", "nothing"],
        ["failed", "resend", "01nothing/1"],
        ["failed", "admit", "ORDERS"],
        ["approve", "nothing"],
        ["token", "revoke", "nothing"],
    ],
)
def test_the_command_line_says_the_same_through_a_server(firm: Company, api: Api, command: list[str]) -> None:
    firm.rules(BOSS, grant("admin", f"user: {ME}"))
    asked = [firm.items["orders"] if word == "ORDERS" else word for word in command]
    here = firm.run(*asked)
    there = firm.run("--server", api.url, *asked, token=api.token)
    assert (there.returncode, there.stdout, there.stderr) == (here.returncode, here.stdout, here.stderr)


def test_acts_through_a_server_are_done_and_are_the_token_s(firm: Company, api: Api) -> None:
    orders, invoices = firm.items["orders"], firm.items["invoices"]
    repaired = firm.root / "repaired.edi"
    repaired.write_bytes(b"ISA*\xff")
    remote = {"CROSSDOCK_SERVER": api.url}
    assert firm.run("failed", "retry", orders, "--data", str(repaired), token=api.token, **remote).stdout.endswith("at work\n")
    assert firm.run("failed", "discard", invoices, "--reason", "no", token=api.token, **remote).stdout.endswith("discarded\n")
    made = json.loads(firm.run("token", "new", "ci", "--json", token=api.token, **remote).stdout)
    assert firm.run("token", "list", token=made["token"], **remote).returncode == 5
    rows = json.loads(firm.run("audit", "--json", token=api.token, **remote).stdout)
    assert [(row["actor"], row["via"], row["role"], row["action"]) for row in rows][:3] == [
        ("boss", "token", "admin", "make_token"),
        ("boss", "token", "admin", "discard"),
        ("boss", "token", "admin", "repair"),
    ]
    export = firm.root / "audit.ndjson"
    assert firm.run("audit", "--export", str(export), token=api.token, **remote).returncode == 0
    assert len(export.read_text().splitlines()) == len(rows)
    assert "is whole" in firm.run("audit", "verify", "--against", str(export), token=api.token, **remote).stdout


def test_a_project_is_deployed_and_rolled_back_through_a_server(firm: Company, api: Api) -> None:
    remote = {"CROSSDOCK_SERVER": api.url}
    first = json.loads(firm.run("deploy", "-m", "the first", "--json", token=api.token, **remote).stdout)
    firm.write(
        "routes/sales/more.route.yaml", (firm.root / "routes/sales/orders.route.yaml").read_text().replace("orders", "more")
    )
    second = firm.run("deploy", token=api.token, **remote)
    assert (second.returncode, "+ more" in second.stdout) == (0, True)
    assert "runs already" in firm.run("deploy", token=api.token, **remote).stderr
    back = json.loads(firm.run("rollback", "--json", token=api.token, **remote).stdout)
    assert back["deployment"]["release"] == first["deployment"]["release"]
    rows = json.loads(firm.run("releases", "--json", token=api.token, **remote).stdout)
    assert [(row["act"], row["actor"]) for row in rows] == [(act, "boss (token)") for act in ("rollback", "deploy", "deploy")]


def test_a_release_that_was_built_is_kept_and_deployed_by_its_id(firm: Company, api: Api) -> None:
    built = firm.root / "firm.release.json"
    assert firm.run("build", "-o", str(built)).returncode == 0
    kept = api.ask("POST", "/v1/releases", {"artefact": base64.b64encode(built.read_bytes()).decode()}).json["release"]
    assert api.ask("GET", "/v1/deployments").json == []
    assert api.ask("POST", "/v1/deployments", {"release": kept}).json["deployment"]["release"] == kept


def test_the_file_that_is_named_is_what_is_deployed_and_not_the_folder(firm: Company, api: Api) -> None:
    built = firm.root / "firm.release.json"
    firm.run("build", "-o", str(built))
    text = (firm.root / "routes/sales/orders.route.yaml").read_text()
    firm.write("routes/sales/more.route.yaml", text.replace("orders", "more"))
    answer = firm.run("--server", api.url, "deploy", str(built), "--json", token=api.token)
    assert sorted(json.loads(answer.stdout)["added"]) == ["invoices", "orders"]


def test_a_release_that_was_changed_after_it_was_built_is_refused(firm: Company, api: Api) -> None:
    built = firm.root / "firm.release.json"
    firm.run("build", "-o", str(built))
    forged = built.read_bytes().replace(b"orders.done", b"orders.gone")
    answer = api.ask("POST", "/v1/deployments", {"artefact": base64.b64encode(forged).decode()})
    assert (answer.status, "it was changed after it was built" in answer.json["advice"]) == (422, True)


def test_what_can_not_run_here_is_refused_by_the_server_with_all_its_problems(firm: Company, api: Api) -> None:
    from crossdock_config.artefact import Artefact

    text = "route: a\nowner: x\ndomain: d\nfrom: { nowhere: {} }\nto: [ { nowhere: {} } ]\n"
    data = Artefact("f" * 64, "0.1.0", {"routes/a.route.yaml": text}).written()
    answer = api.ask("POST", "/v1/deployments", {"artefact": base64.b64encode(data).decode()})
    assert (answer.status, "nowhere" in answer.text) == (422, True)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://x", "is no server"),
        ("nonsense", "is no server"),
        ("http://crossdock.example.com", "the token would travel to crossdock.example.com in the clear"),
        ("http://127.0.0.1:1", "can't be reached"),
    ],
)
def test_a_server_that_is_none_is_told(firm: Company, url: str, said: str) -> None:
    answer = firm.run("--server", url, "messages", token="x")
    assert (answer.returncode in (1, 4), said in answer.stderr) == (True, True)


def test_commands_that_need_the_journal_say_so(firm: Company) -> None:
    answer = firm.run("--server", "http://127.0.0.1:1", "plan")
    assert (answer.returncode, "`crossdock plan` works beside the journal only" in answer.stderr) == (2, True)


def changed(firm: Company, mark: str) -> None:
    """Let the route of the sales department publish another event."""
    path = "routes/sales/orders.route.yaml"
    firm.write(path, re.sub(r"orders\.(done|made\w*)", f"orders.made{mark}", (firm.root / path).read_text()))


def test_a_canary_is_begun_completed_and_taken_back_through_a_server(firm: Company, api: Api) -> None:
    remote = {"CROSSDOCK_SERVER": api.url, "token": api.token}
    firm.run("deploy", **remote)
    changed(firm, "1")
    begun = json.loads(firm.run("deploy", "--canary", "0.5%", "--for", "30m", "--most-errors", "7%", "--json", **remote).stdout)
    made = begun["deployment"]
    assert (made["act"], made["share"], made["most_errors"], made["until"] - made["at"] > 1_790_000) == ("canary", 50, 700, True)
    done = firm.run("deploy", "--complete", "-m", "it is well", **remote)
    assert (done.returncode, made["candidate"][:12] in done.stdout) == (0, True)
    changed(firm, "2")
    assert "canary: " in firm.run("deploy", "--canary", "5%", **remote).stdout
    assert firm.run("rollback", **remote).returncode == 0
    rows = json.loads(firm.run("releases", "--json", **remote).stdout)
    assert [row["act"] for row in rows] == ["withdraw", "canary", "complete", "canary", "deploy"]
    assert {row["actor"] for row in rows} == {"boss (token)"}
    assert "there is no canary to complete" in firm.run("deploy", "--complete", **remote).stderr


def test_a_release_is_promoted_through_a_server_of_the_target(firm: Company, api: Api) -> None:
    firm.write("config/environments/test.yaml", "environment: test\njournal: sqlite:///.crossdock/test.db\n")
    tested = json.loads(firm.run("-e", "test", "deploy", "--json", token="").stdout or "{}")
    assert tested == {}, "whoever is at the machine has no role"
    firm.rules(BOSS, grant("admin", f"user: {ME}"))
    tested = json.loads(firm.run("-e", "test", "deploy", "--json").stdout)
    changed(firm, "1")
    promoted = firm.run("--server", api.url, "promote", "test", "local", "-m", "tested", "--json", token=api.token)
    made = json.loads(promoted.stdout)["deployment"]
    assert (made["release"], made["act"], made["note"]) == (tested["deployment"]["release"], "promote", "tested")
    wrong = firm.run("--server", api.url, "promote", "local", "test", token=api.token)
    assert (wrong.returncode, "this server is of 'local'" in wrong.stderr) == (2, True)
    same = api.ask("POST", "/v1/promote", {"source": "local"})
    assert (same.status, "can't be promoted to itself" in same.text) == (409, True)


def test_a_server_asks_the_guard_about_the_domains_of_what_changes(firm: Company, api: Api) -> None:
    opened = firm.open()
    token = opened.tokens.new("ann", Actor(ME), None)
    opened.close()
    firm.rules(BOSS, grant("engineer", "token: ann", "finance"))
    remote = {"CROSSDOCK_SERVER": api.url}
    assert firm.run("deploy", token=api.token, **remote).returncode == 0
    changed(firm, "1")
    refused = firm.run("deploy", token=token, **remote)
    assert (refused.returncode, "domain 'sales': route orders changes" in refused.stderr) == (5, True)


def test_the_processes_are_told_as_they_take_a_deployment_up(firm: Company, api: Api) -> None:
    opened = firm.open()
    opened.journal.beat("here-1", "worker", {"engine": "99", "deployment": 1})
    opened.journal.beat("here-2", "gateway", {"engine": "99", "deployment": 0, "trouble": "it is ill"})
    opened.close()
    answer = firm.run("--server", api.url, "deploy", token=api.token)
    assert answer.returncode == 4
    assert "  worker here-1 has taken it up after 0 s" in answer.stdout.splitlines()
    assert "  gateway here-2 has NOT taken it up: it is ill" in answer.stdout.splitlines()
    assert sorted(row["name"] for row in api.ask("GET", "/v1/processes").json) == ["here-1", "here-2"]
