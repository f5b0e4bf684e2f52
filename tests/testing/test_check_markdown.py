"""`crossdock check` reads the YAML in Markdown as well, each block among the project's files."""

import json

import pytest
from click.testing import CliRunner

from crossdock.cli.check_command import _escaped
from crossdock.cli.main import cli
from crossdock_config.loader import check
from tests.testing.testing_kit import HEAD, STEPS, case, project

TEST = case("{}", head="mocks: { crm: { reply: {} } }\n")
GOOD = f"route: other\n{HEAD}from: {{ event: a }}\nto: [erp]\n"


def told(root, text):
    (root / "docs").mkdir(exist_ok=True)
    (root / "docs/guide.md").write_text(text)
    return [str(problem) for problem in check(root).problems if problem.severity == "error"]


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (f"# Routes\n\n```yaml\n{GOOD}```\n", []),
        (
            f"# Routes\n\n```yaml\n{GOOD.replace('erp', 'epr')}```\n",
            ["docs/guide.md:8:6: unknown endpoint 'epr'; did you mean 'erp'?"],
        ),
        (
            f"~~~yml\n# a comment\n{GOOD.replace('owner', 'ownr')}~~~\n",
            ["docs/guide.md:4:1: unknown option 'ownr' for this route; did you mean 'owner'?"],
        ),
        ("```yaml\nsteps: [{ nope: 1 }]\n```\n", []),
        (f"```json\n{GOOD.replace('erp', 'epr')}```\n", []),
        (f"<!-- excerpt -->\n```yaml\n{GOOD.replace('erp', 'epr')}```\n", []),
        (
            "```yaml\nmap: m\nfeelds: {}\n```\n",
            ["docs/guide.md:3:1: unknown option 'feelds' for this map; did you mean 'fields'?"],
        ),
        ("```yaml\nroute: orders\ncases: []\n```\n", ["docs/guide.md:3:8: "]),
    ],
)
def test_a_block_is_checked_where_it_stands(tmp_path, text, problems):
    found = told(project(tmp_path, TEST), text)
    assert len(found) == len(problems)
    assert [one[: len(other)] for one, other in zip(found, problems, strict=True)] == problems


def test_a_block_stands_for_the_file_of_its_name(tmp_path):
    changed = f"```yaml\nroute: orders\n{HEAD}{STEPS.replace('- erp:', '- erq:')}```\n"
    assert told(project(tmp_path, TEST), changed) == ["docs/guide.md:18:5: unknown endpoint 'erq'; did you mean 'erp'?"]


def test_two_blocks_of_one_name_are_both_checked(tmp_path):
    bad = GOOD.replace("erp", "epr")
    found = told(project(tmp_path, TEST), f"```yaml\n{bad}```\n\n```yaml\n{GOOD}```\n\n```yaml\n{bad}```\n")
    assert [one.partition(": ")[0] for one in found] == ["docs/guide.md:6:6", "docs/guide.md:22:6"]


def test_checking_no_file_is_an_error(tmp_path):
    done = CliRunner().invoke(cli, ["-C", str(tmp_path), "check"])
    assert (done.exit_code, "there is no *.route.yaml here" in done.output) == (1, True)


def test_problems_come_as_json_and_for_github(tmp_path):
    root = project(tmp_path, TEST)
    told(root, f"```yaml\n{GOOD.replace('erp', 'epr')}```\n")
    found = json.loads(CliRunner().invoke(cli, ["-C", str(root), "check", "--format", "json"]).output)["problems"]
    assert ("docs/guide.md", 6, 6, "unknown") in [(one["path"], one["line"], one["column"], one["code"]) for one in found]
    lines = CliRunner().invoke(cli, ["-C", str(root), "check", "--format", "github"]).output.splitlines()
    assert "::error file=docs/guide.md,line=6,col=6::unknown endpoint 'epr'; did you mean 'erp'?" in lines


def test_what_github_would_take_for_the_end_of_a_command_is_escaped():
    assert _escaped("100%\r\nof a:b,c") == "100%25%0D%0Aof a:b,c"
    assert _escaped("a:b,c", ":,") == "a%3Ab%2Cc"
