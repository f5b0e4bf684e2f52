"""A project of one route and one test file in a folder, and how its cases went."""

from __future__ import annotations

from pathlib import Path

from crossdock.core.clock import PinnedClock
from crossdock_config import load
from crossdock_config.testing import CaseResult, run_tests

ROUTE = "routes/sales/orders.route.yaml"
TEST = "routes/sales/orders.test.yaml"
HEAD = "owner: edi@example.com\ndomain: sales\n"
ENVIRONMENT = """\
environment: local
endpoints:
  erp: { http: { url: "http://127.0.0.1:9/erp" } }
  crm: { http: { url: "http://127.0.0.1:9/crm" } }
"""
STEPS = """\
from: { event: order.received }
steps:
  - enrich: { from: { crm: {} }, into: body.customer }
    label: look-up-customer
  - set_body: '{"number": body.number, "total": body.total, "customer": body.customer.name}'
    label: shape
  - choice:
      - when: body.total > 100
        steps: [{ set_header: { size: '"large"' } }]
      - otherwise: [{ set_header: { size: '"small"' } }]
    label: sized
  - delay: 2d
to:
  - erp: { reply_to: order.booked }
  - event: order.done
"""


def project(root: Path, test: str, steps: str = STEPS, **more: str) -> Path:
    """Write a project with the route `orders` and its test; return its root."""
    texts = {
        ROUTE: f"route: orders\n{HEAD}{steps}",
        TEST: test,
        "config/environments/local.yaml": ENVIRONMENT,
        **{name.replace("__", "/"): text for name, text in more.items()},
    }
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def results(root: Path, **options: object) -> list[CaseResult]:
    """Run the project's tests."""
    loaded = load(root, clock=PinnedClock())
    assert [str(problem) for problem in loaded.problems if problem.severity == "error"] == []
    assert loaded.release is not None
    return list(run_tests(loaded.release, root, **options))  # type: ignore[arg-type]


def differences(root: Path, test: str, steps: str = STEPS, **more: str) -> list[str]:
    """Return what each case says, '' where it holds."""
    return [result.difference for result in results(project(root, test, steps, **more))]


def case(expect: str, body: str = "{ number: A1, total: 250 }", more: str = "", head: str = "") -> str:
    """Return a test file of one case."""
    return f"route: orders\n{head}cases:\n  - name: one\n    input: {{ body: {body} }}\n{more}    expect: {expect}\n"
