"""What a route compiles to: numbered nodes, and shapes that flow from step to step."""

import pytest

from crossdock.core.errors import Place
from crossdock.core.nodes import ChoiceNode, EventNode, HeadersNode, SplitNode, StepNode, TargetNode
from crossdock_config import load
from tests.config.fake_components import FILES, SHORT, changed, registry

ROUTE = SHORT["route"]
SHOP = {"type": "object", "properties": {"id": {"type": "string"}}, "x-owner": "a@b"}


def release(files=FILES):
    loaded = load(files, registry=registry())
    assert [str(problem) for problem in loaded.problems] == []
    return loaded.release


def program(files=FILES):
    return release(files).programs["orders"]


def replaced(steps, to="[ { event: done } ]"):
    """Return the files with other steps and targets, and without keys."""
    head = FILES[ROUTE].partition("steps:")[0]
    return {**FILES, ROUTE: f"{head}steps:\n{steps}to: {to}\n"}


def test_nodes_are_numbered_in_the_order_of_the_document_branches_included():
    assert [(node.number, node.name, node.place.line) for node in program().visit()] == [
        (1, "decode flat", 8),
        (2, "pick prices", 9),
        (3, "choice", 10),
        (4, "set_header", 13),
        (5, "plain", 15),
        (6, "to erp", 18),
        (7, "to partner sender", 19),
        (8, "to event order.received", 20),
    ]


def test_every_kind_of_node_is_made():
    kinds = [type(node) for node in program().visit()]
    assert kinds == [StepNode, StepNode, ChoiceNode, HeadersNode, StepNode, TargetNode, TargetNode, EventNode]


def test_a_target_has_what_the_route_says():
    erp, sender = program().node(6), program().node(7)
    assert (erp.endpoint, erp.operation, erp.options.operation, erp.reply_to) == ("erp", "put", "put", "order.booked")
    assert (erp.key.text, erp.order_key.text, erp.title) == ("body.number", "partner", None)
    assert (sender.endpoint, sender.options, sender.policies) == ("partner:", None, ())


def test_a_place_is_that_of_the_step():
    assert program().node(2).place == Place(ROUTE, 9, 5)


def test_the_shape_that_one_step_gives_is_the_next_ones():
    pick = program().node(2)
    assert pick.step.seen == SHOP
    assert sorted(pick.step.shape["properties"]) == ["number", "price"]


@pytest.mark.parametrize(
    ("steps", "seen"),
    [
        ("  - decode: { flat: shop }\n  - filter: body.id > 5\n  - plain\n", SHOP),
        ("  - decode: { flat: shop }\n  - set_header: { a: body.id }\n  - plain\n", SHOP),
        ("  - decode: { flat: shop }\n  - split: transactions\n  - plain\n", SHOP),
        ("  - decode: { flat: list }\n  - split: body.items\n  - plain\n", {"type": "string"}),
        ("  - decode: flat\n  - split: body.items\n  - plain\n", None),
        ("  - decode: { flat: shop }\n  - choice: [ { when: 'true', steps: [ { filter: 'true' } ] } ]\n  - plain\n", SHOP),
        ("  - decode: { flat: shop }\n  - choice: [ { when: 'true', steps: [ plain ] } ]\n  - plain\n", None),
        ("  - decode: { flat: shop }\n  - to: [ erp ]\n  - plain\n", SHOP),
    ],
)
def test_shapes_flow(steps, seen):
    items = '{"type": "object", "properties": {"items": {"type": "array", "items": {"type": "string"}}}, "x-owner": "a@b"}'
    files = replaced(steps) | {"routes/sales/list.schema.json": items}
    plain = [node for node in program(files).nodes if node.name == "plain"]
    assert [node.step.seen for node in plain] == [seen]


def test_a_word_splits_a_stream_and_a_path_a_list():
    nodes = program(replaced("  - split: transactions\n  - split: body.items\n")).nodes
    assert [(type(node), node.name, getattr(node.path, "text", None)) for node in nodes[:2]] == [
        (SplitNode, "split transactions", None),
        (SplitNode, "split body.items", "body.items"),
    ]


def test_targets_may_stand_among_the_steps():
    nodes = program(replaced("  - to: [ { erp: folder-a }, bin ]\n  - plain\n")).nodes
    assert [(node.number, node.name) for node in nodes] == [(1, "to erp"), (2, "to bin"), (3, "plain"), (4, "to event done")]
    assert nodes[0].options.folder == "folder-a"


def test_a_partner_is_named_or_is_the_sender():
    partner = FILES[SHORT["partner"]] + "  mailbox: { user: acme }\n"
    to = "[ partner: acme, partner: { partner: acme, key: partner }, partner, partner: {}, partner: sender ]"
    files = replaced("  - plain\n", to) | {SHORT["partner"]: partner}
    targets = [node.endpoint for node in program(files).nodes[1:]]
    assert targets == ["partner:acme", "partner:acme", "partner:", "partner:", "partner:"]


def test_a_policy_set_surrounds_the_route_and_default_is_there():
    compiled = release()
    assert [policy.options.attempts for policy in compiled.programs["orders"].policies[:1]] == [3]
    assert [policy.name for policy in compiled.policy_sets["default"]] == ["retry", "timeout"]
    own = {**FILES, "config/policies/default.policy.yaml": "policy: default\nuse: [ retry ]\n"}
    assert [policy.name for policy in release(own).policy_sets["default"]] == ["retry"]


def test_bindings_and_subscriptions_say_who_receives():
    listener = "route: audit\nowner: a\ndomain: b\nfrom: { event: order.received }\nsteps: [ plain ]\n"
    compiled = release({**FILES, "routes/audit.route.yaml": listener})
    assert compiled.subscriptions == {"order.received": ("audit",)}
    assert [(one.route, one.options.partner, one.place.line) for one in compiled.bindings["inbox"]] == [("orders", "acme", 6)]
    assert compiled.routes["audit"].source == {"event": "order.received"}
    assert compiled.routes["orders"].source["connector"] == "inbox"


@pytest.mark.parametrize(("stage", "receives"), [("draft", False), ("active", True), ("deprecated", True), ("retired", False)])
def test_draft_and_retired_routes_are_compiled_and_receive_nothing(stage, receives):
    ending = "\ndeprecated_on: 2026-01-01\nsunset_on: 2099-12-31\nsuccessor: none" if stage == "deprecated" else ""
    compiled = release(changed("route", "domain: sales", f"domain: sales\nlifecycle: {stage}{ending}"))
    assert bool(compiled.bindings) == receives
    assert "orders" in compiled.programs


def test_a_connectors_own_name_is_an_endpoint_with_default_settings():
    compiled = release(changed("environment", "  inbox:\n    inbox: { port: 2022 }\n", ""))
    assert compiled.endpoints["inbox"].settings.port == 2222


def test_the_text_of_a_number_is_kept_where_text_is_wanted():
    assert release(changed("route", "owner: edi@example.com", "owner: 1.10")).routes["orders"].owner == "1.10"


def test_the_id_is_of_the_meaning_and_not_of_the_text():
    noisy = {path: text if path.endswith(".json") else f"# a remark\n\n{text}\n\n" for path, text in FILES.items()}
    assert release(noisy).id == release().id


def test_the_id_is_the_same_from_a_folder_from_texts_and_from_its_own_files(tmp_path):
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    backwards = dict(reversed(FILES.items()))
    ids = [load(source, registry=registry()).release.id for source in (tmp_path, FILES, backwards, release().files)]
    assert ids == [release().id] * 4


@pytest.mark.parametrize("kind", ["route", "table", "schema", "environment", "partner", "policy"])
def test_every_file_that_means_something_changes_the_id(kind):
    changes = {
        "route": ("description: Orders.", "description: All orders."),
        "table": ("price: b", "price: c"),
        "schema": ('"string"', '"number"'),
        "environment": ("port: 2022", "port: 2023"),
        "partner": ("id: US", "id: USA"),
        "policy": ("attempts: 3", "attempts: 4"),
    }
    assert release(changed(kind, *changes[kind])).id != release().id


def test_texts_that_are_no_files_of_a_project_are_left_out():
    assert set(release({**FILES, "README.md": "x", "routes/samples/a.edi": "ISA"}).files) == set(FILES)
