"""Environments are kept apart: stores of their own, and nothing that production reaches, unless somebody says why."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import Field

from crossdock.core.registry import Registry, installed
from crossdock.core.spec import ConnectorSpec, Options
from crossdock_config import load
from crossdock_config.apart import normal
from crossdock_config.secrets import PLACEHOLDER
from tests.config.config_kit import PARTNER, project
from tests.config.test_config_secrets import Given

PRODUCTION = """\
environment: production
journal: postgresql://crossdock:pw@db.example/production
broker: amqp://mq.example/production
state_store: redis://redis.example/0
endpoints:
  erp:
    http: { url: "https://erp.example/api" }
"""
TEST = """\
environment: test
test: true
journal: postgresql://crossdock@db.example/test
broker: amqp://mq.example/test
state_store: redis://redis.example/1
endpoints:
  erp:
    http: { url: "https://erp-test.example/api" }
"""
AT = "config/environments/test.yaml"


class PostChannel(Options):
    """How a partner is posted to."""

    ADDRESS = ("url", "station")
    url: str = Field(description="where")
    station: str = Field("main", description="which desk")


def registry() -> Registry:
    """Return what is installed, and a connector that partners are reached by."""
    points = {kind: {spec.name: spec for spec in installed().all(kind)} for kind in ("connectors", "transformers", "policies")}
    points["connectors"]["post"] = ConnectorSpec("post", "posts", "", channel=PostChannel, target=object)
    return Registry(points)


def told(
    test: str = TEST, production: str = PRODUCTION, partner: str = PARTNER, selected: str = "test", **rest: Any
) -> list[str]:
    """Return what is wrong with the kit's project and these two environments; warnings are marked."""
    files = project(partner=partner)
    files |= {AT: test, "config/environments/production.yaml": production}
    problems = load(files, selected, registry=registry(), **rest).problems
    return [f"{'' if one.severity == 'error' else 'warning: '}{one}" for one in problems]


def test_environments_with_their_own_stores_and_addresses_are_fine():
    assert told() == []


@pytest.mark.parametrize(
    ("store", "same", "where"),
    [
        ("journal: postgresql://crossdock@db.example/test", "journal: postgres://other@DB.example:5432/production/",
         "3:10: environment 'test' has the same journal as 'production' (postgresql://db.example/production): give each its own, "
         "as in `journal: sqlite:///.crossdock/test.db`"),
        ("broker: amqp://mq.example/test", "broker: amqps://u:p@mq.example:5671/production",
         "4:9: environment 'test' has the same broker as 'production' (amqp://mq.example/production): give each its own, "
         "as in `broker: amqp://host/test`"),
        ("state_store: redis://redis.example/1", "state_store: redis://redis.example/0",
         "5:14: environment 'test' has the same state store as 'production' (redis://redis.example/0): give each its own, "
         "as in `state_store: redis://host/1`"),
    ],
)  # fmt: skip
def test_two_environments_can_not_have_the_same_store(store: str, same: str, where: str):
    assert told(TEST.replace(store, same)) == [f"{AT}:{where}"]


def test_a_journal_that_is_left_out_is_the_same_for_everybody():
    without = TEST.replace("journal: postgresql://crossdock@db.example/test\n", "")
    assert told(without) == [
        f"{AT}:1:1: environment 'test' has the same journal as 'local' (sqlite:///.crossdock/journal.db): give each its own, "
        "as in `journal: sqlite:///.crossdock/test.db`"
    ]


@pytest.mark.parametrize("url", ["https://erp.example/api", "https://ERP.example:443/api/", "http://erp.example./api?x=1"])
def test_a_test_environment_can_not_reach_what_production_reaches(url: str):
    assert told(TEST.replace("https://erp-test.example/api", url)) == [
        f"{AT}:7:3: endpoint 'erp' of environment 'test' reaches what production reaches (https://erp.example/api, "
        f"config/environments/production.yaml:6): give it another, or say why in {AT}: `shared: {{ erp: why }}`"
    ]


def test_it_may_if_it_says_why():
    same = TEST.replace("erp-test", "erp")
    assert told(same + "shared: { erp: it only reads there }\n") == []
    assert told(same + "shared: { erp: ' ' }\n") == [f"{AT}:9:1: say why 'erp' is shared with production"]


def test_what_is_said_to_be_shared_must_be_there_and_shared():
    assert told(TEST + "shared: { erb: it only reads there }\n") == [
        f"{AT}:9:11: 'erb' reaches nothing here; did you mean 'erp'?"
    ]
    assert told(TEST + "shared: { erp: it only reads there }\n") == [f"warning: {AT}:9:11: 'erp' isn't shared with production"]


def test_production_shares_with_nobody():
    assert told(production=PRODUCTION + "shared: { erp: why not }\n") == [
        "config/environments/production.yaml:8:11: this is production: others say what they share with it"
    ]


@pytest.mark.parametrize(
    ("production", "said"),
    [
        ("environment: live\nproduction: true\n", 1),
        ("environment: live\n", 0),
        ("environment: production\nproduction: false\n", 0),
        ("environment: production\n", 1),
    ],
)
def test_production_is_what_is_called_so_or_says_so(production: str, said: int):
    files = project() | {AT: TEST.replace("erp-test", "erp")}
    name = production.split()[1]
    files[f"config/environments/{name}.yaml"] = PRODUCTION.replace("environment: production\n", production)
    assert len(load(files, "test", registry=registry()).problems) == said


def test_an_environment_is_for_tests_or_it_is_production():
    said = told(production=PRODUCTION.replace("production\n", "production\ntest: true\n", 1))
    assert said == ["config/environments/production.yaml:1:1: an environment is for tests or it is production, not both"]


@pytest.mark.parametrize("selected", ["local", "test", "production"])
def test_whichever_environment_is_asked_for_all_are_compared(selected: str):
    assert len(told(TEST.replace("erp-test", "erp"), selected=selected)) == 1


def test_what_is_a_reference_is_compared_as_soon_as_it_is_known():
    """Without secrets nothing is said; the process that has them is refused."""
    hidden = TEST.replace("https://erp-test.example/api", "${env:ERP_URL}")
    assert told(hidden) == []
    reached = Given(environment={"ERP_URL": "https://erp.example/api"})
    assert [line.partition(" of environment")[0] for line in told(hidden, secrets=reached)] == [f"{AT}:7:3: endpoint 'erp'"]


def test_the_same_reference_may_be_something_else_in_each_environment():
    hidden = [text.replace("erp-test.example", "erp.example").replace("erp.example", "${env:ERP}") for text in (TEST, PRODUCTION)]
    assert told(*hidden) == []


POSTED = (
    PARTNER
    + """\
  post: { url: "https://acme.example/as2" }
environments:
  test:
    channels:
      post: { station: training }
"""
)


def test_a_partners_channel_of_a_test_environment_can_not_be_that_of_production():
    same = POSTED.replace("training", "main")
    assert [line for line in told(partner=same) if "local" not in line] == [
        "config/partners/acme.yaml:11:7: channel 'post' of partner 'acme' of environment 'test' reaches what production reaches "
        f"(https://acme.example/as2 main, config/partners/acme.yaml:7): give it another, or say why in {AT}: "
        "`shared: { acme/post: why }`"
    ]


def test_local_is_no_production_either():
    (said,) = told(partner=POSTED)
    assert said.startswith("config/partners/acme.yaml:7:3: channel 'post' of partner 'acme' of environment 'local' reaches what")


def test_a_partner_may_have_a_channel_of_its_own_in_a_test_environment_or_none():
    local = "  local: { channels: { post: ~ } }\n"
    assert told(partner=POSTED + local) == []
    shared = TEST + "shared: { acme/post: ACME has one address and looks at the test flag }\n"
    assert told(shared, partner=POSTED.replace("training", "main") + local) == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("sqlite:///./a.db", "sqlite:///a.db"),
        ("HTTP://Host:80/a/", "https://host/a"),
        ("http://host:8080", "https://host:8080"),
        ("Some.Host", "some.host"),
        ("http://[broken", ""),
        ("http://host:port/", ""),
        ("memory://", ""),
        (f"http://{PLACEHOLDER}/x", ""),
    ],
)
def test_addresses_compare_by_what_they_reach(text: str, address: str):
    assert normal(text) == address


def test_every_connector_that_reaches_somebody_says_how_he_is_told_apart():
    """What only serves those who come, or writes beside the project, reaches nobody."""
    ours = {"file", "sftp_server", "webhook"}
    silent = {
        spec.name
        for spec in installed().all("connectors")
        if isinstance(spec, ConnectorSpec)
        and spec.target
        and not spec.settings.ADDRESS
        and not (spec.channel and spec.channel.ADDRESS)
    }
    assert silent <= ours
