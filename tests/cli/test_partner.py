"""`crossdock partner`: a partner is written, checked, shown and rehearsed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.test_cli import data, run

IDS = ("--theirs", "ZZ/BETASTORES", "--ours", "01/080192334")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A new project, with ACME as its partner."""
    root = tmp_path / "company"
    assert run("new", str(root)).returncode == 0
    return root


def change(root: Path, old: str, new: str, path: str = "config/partners/acme.yaml") -> None:
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new))


@pytest.mark.parametrize("dialects", [("x12",), ("edifact",), ("x12", "edifact")])
@pytest.mark.parametrize("channel", [(), ("--channel", "sftp_server")])
def test_a_new_partner_passes_check_as_it_is_written(project: Path, dialects: tuple[str, ...], channel: tuple[str, ...]) -> None:
    """In every dialect, with its channel or with that in comments."""
    wanted = [part for dialect in dialects for part in ("--dialect", dialect)]
    done = run("partner", "new", "beta", *IDS, "--title", 'Beta "B" Stores', *wanted, *channel, root=project)
    assert (done.returncode, done.stderr) == (0, "")
    assert run("check", root=project).stdout == "7 files, 1 route, no problems\n"
    shown = data("partner", "show", "beta", root=project)
    assert shown["title"] == 'Beta "B" Stores'
    assert [shown[dialect]["theirs"]["id"] for dialect in dialects] == ["BETASTORES"] * len(dialects)
    assert shown["channels"] == (
        {"sftp_server": {"user": "beta", "password": "${secret:BETA_SFTP_PASSWORD}", "pickup": "outbound"}} if channel else {}
    )


def test_what_is_in_comments_may_be_taken_as_it_is(project: Path) -> None:
    """With all comments opened, only the guide that isn't there and the documents that aren't agreed are faults."""
    run("partner", "new", "beta", *IDS, "--channel", "sftp_server", root=project)
    path = project / "config/partners/beta.yaml"
    text = re.sub(r"^( *)# (?!Who|How)(.*)$", r"\1\2", path.read_text(), flags=re.MULTILINE)
    path.write_text(text.replace("preflight: { skip: [] }", "preflight: { skip: [gtin] }"))
    (project / "config/secrets/BETA_SFTP_PASSWORD").write_text("x")

    def problems() -> list[str]:
        return [one["message"] for one in data("partner", "check", "beta", root=project) if one["ok"] is False]

    assert problems() == ["there is no guide 'beta-850'"]
    path.write_text(path.read_text().replace("guide: beta-850", 'guide: ""'))
    assert problems() == [
        "856 is expected after it, but is not among the agreed `documents`",
        "810 is expected after it, but is not among the agreed `documents`",
    ]


def test_identities_are_asked_for(project: Path) -> None:
    """Without an answer nothing is written."""
    done = run("partner", "new", "beta", root=project)
    assert done.returncode != 0
    assert not (project / "config/partners/beta.yaml").exists()


def test_new_overwrites_nothing_and_takes_names_only(project: Path) -> None:
    """A file that is there, and a name that would lead elsewhere."""
    assert "is there already" in run("partner", "new", "acme", *IDS, root=project).stderr
    assert "can't be a name" in run("partner", "new", "../acme", *IDS, root=project).stderr


def test_check_says_what_is_missing_and_is_content(project: Path) -> None:
    """Remarks are no problems."""
    done = run("partner", "check", "acme", root=project)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "· config/partners/acme.yaml x12: there is no `ack_window`: acknowledgements of what we send are not awaited",
        "· config/partners/acme.yaml x12: `documents` is empty: any kind of document is taken",
        "· config/partners/acme.yaml: there is no contact: who is called when something is wrong?",
        "no problems, 3 remarks",
    ]


FAULTS = {
    "guide": (
        'id: "080192334" }',
        'id: "080192334" }\n  documents: { "850": { guide: acme-580 } }',
        "there is no guide 'acme-580'",
    ),
    "grammar": ('id: "080192334" }', 'id: "080192334" }\n  documents: { "851": {} }', "there is no grammar for 851 in 004010"),
    "expected": (
        'id: "080192334" }',
        'id: "080192334" }\n  documents: { "850": { expect: { "855": 1h } } }',
        "855 is expected after it",
    ),
    "option": ("title:", "titel:", "unknown option 'titel' for this partner; did you mean 'title'?"),
    "preflight": (
        'id: "080192334" }',
        'id: "080192334" }\n  preflight: { skip: [gtim] }',
        "unknown check 'gtim'; did you mean 'gtin'?",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_check_says_what_is_wrong(project: Path, fault: str) -> None:
    """Exit code 1."""
    old, new, expected = FAULTS[fault]
    change(project, old, new)
    done = run("partner", "check", "acme", root=project)
    assert done.returncode == 1
    assert expected in done.stdout


def test_check_looks_secrets_up(project: Path) -> None:
    """A password that is not there."""
    (project / "config/secrets/ACME_SFTP_PASSWORD").unlink()
    assert (
        "✗ config/partners/acme.yaml:9:15: secret 'ACME_SFTP_PASSWORD' is not there"
        in run("partner", "check", "acme", root=project).stdout
    )


def test_check_finds_an_identity_that_is_used_twice(project: Path) -> None:
    """Nobody could tell who sent a file."""
    run("partner", "new", "beta", "--theirs", "ZZ/ACMERETAIL", "--ours", "01/080192334", root=project)
    done = run("partner", "check", "beta", root=project)
    assert (done.returncode, "partner 'acme' has this identity already: ZZ/ACMERETAIL" in done.stdout) == (1, True)


def test_a_production_agreement_in_a_test_environment_is_a_problem(project: Path) -> None:
    """Nothing could be sent."""
    change(project, "environment: local", "environment: local\ntest: true", "config/environments/local.yaml")
    assert "`usage: P` in a test environment: nothing can be exchanged" in run("partner", "check", "acme", root=project).stdout


@pytest.mark.parametrize("action", ["check", "show", "test"])
def test_an_unknown_partner_is_answered_with_the_nearest(project: Path, action: str) -> None:
    """A slip of a finger."""
    done = run("partner", action, "akme", root=project)
    assert (done.returncode, "there is no partner 'akme'; did you mean 'acme'?" in done.stderr) == (1, True)


def test_show_names_the_routes_and_no_secret(project: Path) -> None:
    """For people."""
    shown = run("partner", "show", "acme", root=project).stdout
    for wanted in (
        "title: ACME Retail Corp",
        "    id: ACMERETAIL",
        "password: ${secret:ACME_SFTP_PASSWORD}",
        "receives_in: acme-orders",
    ):
        assert wanted in shown
    assert (project / "config/secrets/ACME_SFTP_PASSWORD").read_text().strip() not in shown


def test_test_runs_the_partners_tests_and_rehearses_its_samples(project: Path) -> None:
    """Step by step; nothing is sent."""
    found = data("partner", "test", "acme", root=project)
    assert [one["ok"] for one in found["tests"]] == [True]
    documents = [(one["state"], one["deliveries"]) for one in found["samples"][0]["documents"]]
    assert [one["sample"] for one in found["samples"]] == ["routes/sales/samples/acme-850.edi", "generated from 850"]
    assert [(one["state"], one["steps"][0]) for one in found["samples"][1]["documents"]] == [
        ("failed", "map acme-850"),
        ("split", "decode x12"),
    ]
    assert documents == [("done", ["orders"]), ("done", ["orders"]), ("split", ["partner:acme"])]
    assert not (project / "orders").exists() or list((project / "orders").iterdir()) == [project / "orders/README.md"]


def test_samples_are_made_for_edifact_as_well(project: Path) -> None:
    """From the message that a route takes, signed as the partner signs."""
    run(
        "partner",
        "new",
        "beta",
        "--theirs",
        "14/4012345000009",
        "--ours",
        "14/5412345000013",
        "--dialect",
        "edifact",
        "--channel",
        "sftp_server",
        root=project,
    )
    (project / "routes/sales/beta.route.yaml").write_text(
        "route: beta\nowner: me\ndomain: sales\nfrom: { sftp_server: { partner: beta, directory: inbound } }\n"
        "steps:\n  - decode: { edifact: { sets: [ORDERS] } }\n  - split: messages\nto:\n  - event: order.received\n"
    )
    (sample,) = data("partner", "test", "beta", root=project)["samples"]
    assert (sample["sample"], sample["documents"][0]["state"], sample["documents"][0]["events"]) == (
        "generated from ORDERS",
        "done",
        ["order.received"],
    )


def test_a_failing_test_of_the_partner_fails_the_command(project: Path) -> None:
    """With what was expected and what came."""
    change(project, "done: 2", "done: 3", "routes/sales/acme-orders.test.yaml")
    done = run("partner", "test", "acme", root=project)
    assert (done.returncode, "expected {'done': 3, 'split': 1}" in done.stdout) == (1, True)


@pytest.mark.parametrize("action", ["new", "check", "show", "test"])
def test_every_action_has_help_with_an_example(action: str) -> None:
    """As all commands have."""
    shown = run("partner", action, "--help").stdout
    assert "Example" in shown
    assert f"crossdock partner {action}" in shown
