"""The command line under rules of access: what is denied, what is hidden, and what is written down."""

from __future__ import annotations

import json

import pytest

from crossdock.core.access import Actor
from tests.access.access_kit import ME, Company, grant


def test_without_rules_the_one_at_the_machine_may_do_everything_and_is_told_so(firm: Company) -> None:
    assert firm.run("failed", "retry", firm.items["orders"]).returncode == 0
    told = firm.run("whoami")
    assert told.stdout.startswith(f"{ME} in local, known by: user {ME}\n")
    assert "there are no rules of access" in told.stdout


def test_with_rules_that_name_somebody_else_nothing_is_allowed(firm: Company) -> None:
    firm.rules(grant("admin", "user: somebody-else"))
    for command in (
        ["messages"],
        ["failed", "list"],
        ["failed", "show", firm.items["orders"]],
        ["failed", "retry", firm.items["orders"]],
        ["trace", firm.items["orders"]],
        ["parked", "list"],
        ["parked", "release", "x"],
        ["acks"],
        ["lanes"],
        ["audit"],
        ["audit", "verify"],
        ["audit", "--export", "-"],
        ["token", "list"],
        ["token", "new", "x"],
        ["token", "revoke", "x"],
        ["approve"],
        ["approve", "x"],
    ):
        answer = firm.run(*command)
        assert (answer.returncode, answer.stdout) == (5, ""), command
        assert f"{ME} (cli) may not" in answer.stderr, command
    assert "no role here: nothing is allowed" in firm.run("whoami").stdout


def test_who_runs_it_is_what_the_system_says_not_a_variable(firm: Company) -> None:
    firm.rules(grant("admin", "user: boss"))
    answer = firm.run("messages", USER="boss", LOGNAME="boss", USERNAME="boss")
    assert (answer.returncode, f"{ME} (cli) may not read" in answer.stderr) == (5, True)


def test_messages_of_other_domains_are_hidden_and_out_of_reach(firm: Company) -> None:
    firm.rules(grant("operator", f"user: {ME}", "sales"))
    orders, invoices = firm.items["orders"], firm.items["invoices"]
    assert [row["id"] for row in json.loads(firm.run("messages", "--json").stdout)] == [orders]
    assert [row["id"] for row in json.loads(firm.run("failed", "list", "--json").stdout)] == [orders]
    assert [row["name"] for row in json.loads(firm.run("lanes", "--json").stdout)] == []
    assert firm.run("trace", invoices).returncode == 3
    assert firm.run("trace", orders).returncode == 0
    for command in (
        ["failed", "show", invoices],
        ["failed", "retry", invoices],
        ["failed", "discard", invoices, "--reason", "x"],
    ):
        answer = firm.run(*command)
        assert (answer.returncode, "in domain 'finance'" in answer.stderr) == (5, True), command
    assert firm.run("failed", "retry", orders).stdout == f"{orders} is back at work\n"


def test_messages_of_a_route_that_is_gone_take_a_role_for_all_domains(firm: Company) -> None:
    (firm.root / "routes/sales/orders.route.yaml").unlink()
    firm.rules(grant("operator", f"user: {ME}", "sales, finance"))
    assert firm.run("failed", "retry", firm.items["orders"]).returncode == 5
    firm.rules(grant("operator", f"user: {ME}"))
    assert firm.run("failed", "retry", firm.items["orders"]).returncode == 0


def test_rules_that_can_not_be_read_let_nobody_in(firm: Company) -> None:
    firm.write("config/access.yaml", "grants: [ { role: admn } ]\n")
    answer = firm.run("messages")
    assert (answer.returncode, "so nobody may do anything" in answer.stderr) == (1, True)


def test_a_role_of_another_environment_is_none_here(firm: Company) -> None:
    firm.rules(grant("admin", f"user: {ME}", environments="production"))
    assert firm.run("messages").returncode == 5


def test_a_token_acts_by_its_own_name(firm: Company) -> None:
    token = json.loads(firm.run("token", "new", "ci", "--json").stdout)["token"]
    firm.rules(grant("viewer", "token: ci"), grant("admin", f"user: {ME}"))
    assert firm.run("messages", token=token).returncode == 0
    answer = firm.run("failed", "retry", firm.items["orders"], token=token)
    assert (answer.returncode, "ci (token) may not retry" in answer.stderr) == (5, True)
    assert firm.run("token", "revoke", "ci").stdout == "ci is revoked\n"
    assert "is not known in 'local', has expired or was revoked" in firm.run("messages", token=token).stderr


@pytest.mark.parametrize("token", ["cdk_00000000_" + "a" * 43, "nonsense", "a.b.c"])
def test_a_token_that_nobody_has_is_nobody(firm: Company, token: str) -> None:
    assert firm.run("messages", token=token).returncode == 5


def test_everything_done_is_in_the_log_with_the_role_that_allowed_it(firm: Company) -> None:
    firm.rules(grant("operator", f"user: {ME}", "sales"), grant("admin", f"user: {ME}"))
    orders = firm.items["orders"]
    firm.run("failed", "show", orders)
    firm.run("failed", "discard", orders, "--reason", "sent by mistake")
    firm.run("token", "new", "ci")
    rows = json.loads(firm.run("audit", "--json").stdout)
    assert [(row["actor"], row["via"], row["role"], row["action"], row["subject"]) for row in rows] == [
        (ME, "os", "admin", "make_token", "ci"),
        (ME, "os", "operator", "discard", orders),
        (ME, "os", "operator", "view", orders),
    ]
    assert rows[1]["details"] == {"reason": "sent by mistake", "was": "failed"}
    assert [row["environment"] for row in rows] == ["local"] * 3


def test_the_log_is_filtered(firm: Company) -> None:
    for _ in range(3):
        firm.run("failed", "show", firm.items["orders"])
    firm.run("token", "new", "ci")
    assert len(json.loads(firm.run("audit", "--action", "view", "--limit", "2", "--json").stdout)) == 2
    assert json.loads(firm.run("audit", "--actor", "nobody", "--json").stdout) == []
    assert len(json.loads(firm.run("audit", "--since", "1h", "--json").stdout)) == 4
    assert json.loads(firm.run("audit", "--since", "2999-01-01", "--json").stdout) == []
    assert "'soon' is no time; write 7d" in firm.run("audit", "--since", "soon").stderr


def test_the_log_is_verified_and_held_against_an_export(firm: Company) -> None:
    firm.run("failed", "show", firm.items["orders"])
    firm.run("failed", "show", firm.items["invoices"])
    export = firm.root / "audit.ndjson"
    assert firm.run("audit", "--export", str(export)).stdout == f"2 rows written to {export}\n"
    assert firm.run("audit", "verify", "--against", str(export)).stdout.startswith("✓ the audit log is whole, and as it was in")
    lines = export.read_text().splitlines()
    export.write_text(lines[0].replace(firm.items["orders"], "another") + "\n" + lines[1].replace('"seq":2', '"seq":9') + "\n")
    answer = firm.run("audit", "verify", "--against", str(export))
    assert (answer.returncode, answer.stdout) == (1, "✗ row 9 of the export is gone\n")
    export.write_text("{}\n")
    assert "audit.ndjson:1: this is no row of an audit log" in firm.run("audit", "verify", "--against", str(export)).stderr


def test_a_log_that_was_tampered_with_is_told(firm: Company) -> None:
    import sqlite3

    firm.run("failed", "show", firm.items["orders"])
    with sqlite3.connect(firm.root / ".crossdock/local.db") as connection:
        connection.execute("UPDATE audit SET actor = 'nobody'")
    connection.close()
    answer = firm.run("audit", "verify")
    assert (answer.returncode, answer.stdout.startswith("✗ row 1 is not what was written")) == (1, True)


def test_a_second_person_approves(firm: Company) -> None:
    opened = firm.open()
    request = opened.approvals.request("r2" * 32, Actor("ann"), "the new map", 3600)
    own = opened.approvals.request("r3" * 32, Actor(ME), "", 3600)
    opened.close()
    assert request.id in firm.run("approve").stdout
    assert firm.run("approve", request.id).stdout.startswith("release r2r2r2r2r2r2 is approved; it may be deployed until ")
    refused = firm.run("approve", own.id)
    assert (refused.returncode, "it takes a second person" in refused.stderr) == (5, True)
    rejected = firm.run("approve", own.id, "--reject", "--reason", "no")
    assert rejected.stdout == "release r3r3r3r3r3r3 is rejected\n"
    assert firm.run("approve", "nothing").returncode == 3


@pytest.mark.parametrize("act", [["retry"], ["resend"], ["admit"], ["show"], ["discard", "--reason", "x"]])
def test_what_there_is_not_is_not_found(firm: Company, act: list[str]) -> None:
    answer = firm.run("failed", act[0], "01nothing", *act[1:])
    assert (answer.returncode, "there is no message" in answer.stderr) == (3, True)


def test_the_doctor_says_that_an_environment_is_unprotected(firm: Company) -> None:
    firm.write("config/environments/test.yaml", "environment: test\njournal: sqlite:///.crossdock/test.db\n")
    assert "· access: no rules: whoever reaches the journal may do everything" in firm.run("doctor").stdout
    answer = firm.run("-e", "test", "doctor")
    assert (answer.returncode, "✗ access: test is unprotected" in answer.stdout) == (1, True)
    firm.rules(grant("admin", f"user: {ME}"))
    assert "✓ access: 1 grants for test" in firm.run("-e", "test", "doctor").stdout


TEST = "environment: test\njournal: sqlite:///.crossdock/test.db\n"
SALES = grant("engineer", f"user: {ME}", "sales")
CHANGE = ("routes/sales/orders.route.yaml", "orders.done", "orders.made")


def change(firm: Company, path: str, old: str, new: str) -> None:
    """Change a file, or write one."""
    there = firm.root / path
    firm.write(path, there.read_text().replace(old, new) if old else new)


def prepared(firm: Company) -> None:
    """Deploy the first release by hand, where everybody may do everything."""
    firm.write("config/environments/test.yaml", TEST)
    assert firm.run("deploy").returncode == 0
    assert firm.run("-e", "test", "deploy").returncode == 0


def test_the_first_release_takes_a_role_in_the_domains_of_all_its_routes(firm: Company) -> None:
    firm.rules(SALES)
    refused = firm.run("deploy")
    assert (refused.returncode, refused.stderr.splitlines()) == (
        5,
        [
            f"crossdock: {ME} (cli) may not deploy what this would change in environment 'local': it takes the permission in"
            " domain 'finance'",
            "  domain 'finance': route invoices is new",
            "  somebody with a role there must do it; `crossdock whoami` says what you may do",
        ],
    )
    firm.rules(grant("engineer", f"user: {ME}", "sales, finance"))
    assert firm.run("deploy").returncode == 0


def test_a_deployment_takes_a_role_in_the_domains_of_what_changes_and_no_others(firm: Company) -> None:
    prepared(firm)
    firm.rules(SALES)
    change(firm, *CHANGE)
    assert "concerns sales: route orders changes" in firm.run("plan").stdout
    assert firm.run("deploy").returncode == 0
    change(firm, "routes/finance/invoices.route.yaml", "invoices.done", "invoices.made")
    refused = firm.run("deploy")
    assert (refused.returncode, "domain 'finance': route invoices changes" in refused.stderr) == (5, True)
    rows = json.loads(firm.run("releases", "--json").stdout)
    assert [row["number"] for row in rows] == [2, 1]


@pytest.mark.parametrize(
    ("command", "permission"),
    [(["rollback"], "rollback"), (["rollback", "1"], "rollback"), (["promote", "local", "test"], "promote")],
)
def test_going_back_and_promoting_take_it_as_well(firm: Company, command: list[str], permission: str) -> None:
    prepared(firm)
    change(firm, "routes/finance/invoices.route.yaml", "invoices.done", "invoices.made")
    assert firm.run("deploy").returncode == 0
    firm.rules(SALES)
    refused = firm.run(*command)
    assert (refused.returncode, f"may not {permission} what this would change" in refused.stderr) == (5, True)
    assert "domain 'finance': route invoices changes" in refused.stderr
    firm.rules(grant("engineer", f"user: {ME}", "finance"))
    assert firm.run(*command).returncode == 0


@pytest.mark.parametrize("command", [["deploy", "--complete"], ["rollback"]])
def test_ending_a_canary_takes_a_role_in_the_domains_of_what_it_changes(firm: Company, command: list[str]) -> None:
    prepared(firm)
    change(firm, "routes/finance/invoices.route.yaml", "invoices.done", "invoices.made")
    assert firm.run("deploy", "--canary", "5%").returncode == 0
    firm.rules(SALES)
    refused = firm.run(*command)
    assert (refused.returncode, "domain 'finance': route invoices changes" in refused.stderr) == (5, True)
    firm.rules(grant("engineer", f"user: {ME}", "finance"))
    assert firm.run(*command).returncode == 0


def test_a_setting_of_the_environment_takes_a_role_in_the_domains_of_all_routes(firm: Company) -> None:
    prepared(firm)
    firm.rules(SALES)
    change(firm, "config/environments/test.yaml", "environment: test", "environment: test\nlog: { level: debug }")
    assert firm.run("deploy").returncode == 0, "another environment's file is nobody's business here"
    refused = firm.run("-e", "test", "deploy")
    assert (refused.returncode, "domain 'finance': environment test changes: log" in refused.stderr) == (5, True)


def test_a_role_that_may_not_deploy_at_all_is_told_so(firm: Company) -> None:
    prepared(firm)
    firm.rules(grant("operator", f"user: {ME}"))
    change(firm, *CHANGE)
    refused = firm.run("deploy")
    assert (refused.returncode, "may not deploy in environment 'local'" in refused.stderr) == (5, True)


def test_a_journal_is_given_to_another_environment_by_an_admin_and_that_is_written_down(firm: Company) -> None:
    prepared(firm)
    (firm.root / ".crossdock/test.db").unlink()
    (firm.root / ".crossdock/local.db").rename(firm.root / ".crossdock/test.db")
    firm.rules(grant("engineer", f"user: {ME}"))
    refused = firm.run("-e", "test", "migrate", "--adopt", "local")
    assert (refused.returncode, "may not adopt for all domains in environment 'test'" in refused.stderr) == (5, True)
    firm.rules(grant("admin", f"user: {ME}"))
    assert firm.run("-e", "test", "migrate", "--adopt", "local").returncode == 0
    (row,) = json.loads(firm.run("-e", "test", "audit", "--action", "adopt", "--json").stdout)
    assert (row["actor"], row["via"], row["role"], row["subject"]) == (ME, "os", "admin", "local")


def test_a_protected_environment_is_deployed_to_after_a_second_person_said_so(firm: Company) -> None:
    firm.write("config/environments/local.yaml", "environment: local\njournal: sqlite:///.crossdock/local.db\nprotected: true\n")
    tokens = {name: json.loads(firm.run("token", "new", name, "--json").stdout)["token"] for name in ("ann", "bob")}
    firm.rules(grant("engineer", "token: ann"), grant("approver", "token: bob"), grant("approver", "token: ann"))
    refused = firm.run("deploy", token=tokens["ann"])
    assert (refused.returncode, "needs a second person's approval" in refused.stderr) == (5, True)
    (request,) = json.loads(firm.run("approve", "--json", token=tokens["ann"]).stdout)
    assert firm.run("approve", request["id"], token=tokens["ann"]).returncode == 5
    assert "it takes a second person" in firm.run("approve", request["id"], token=tokens["bob"]).stderr
    opened = firm.open()
    opened.approvals.approve(request["id"], Actor("carol"))
    opened.close()
    deployed = firm.run("deploy", "--json", token=tokens["ann"])
    assert (deployed.returncode, json.loads(deployed.stdout)["deployment"]["approved"]) == (0, "carol (cli)")
    rows = json.loads(firm.run("audit", "--json", token=tokens["bob"]).stdout)
    assert [(row["actor"], row["action"]) for row in rows][:3] == [("ann", "deploy"), ("carol", "approve"), ("ann", "request")]


def test_handing_in_a_file_takes_a_role_in_the_route_s_domain_and_is_written_down(firm: Company) -> None:
    file = firm.root / "order.json"
    file.write_text("{}")
    firm.rules(grant("operator", f"user: {ME}", "finance"))
    answer = firm.run("send", str(file), "--route", "orders")
    assert (answer.returncode, "may not send in domain 'sales'" in answer.stderr) == (5, True)
    firm.rules(grant("operator", f"user: {ME}", "sales"), grant("approver", f"user: {ME}"))
    sent = json.loads(firm.run("send", str(file), "--route", "orders", "--json").stdout)["id"]
    row = json.loads(firm.run("audit", "--json").stdout)[0]
    assert (row["action"], row["role"], row["subject"], row["details"]["file"]) == ("send", "operator", sent, "order.json")
