"""A small project with rules of access, a journal with a failed message in each of two domains, and the command line."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from crossdock import boot
from crossdock.core.errors import Rejected
from crossdock.core.journal import Settled, message_lane
from crossdock.core.message import Receipt
from crossdock.core.outcome import Outcome, State
from crossdock.runtime.journal import OpenJournal

ROUTE = """route: {name}
owner: edi@example.com
domain: {domain}
from: {{ event: {name}.received }}
to: [ {{ event: {name}.done }} ]
"""
ENVIRONMENT = "environment: {name}\njournal: sqlite:///.crossdock/{name}.db\n"
ME = getpass.getuser()


def grant(role: str, who: str, domains: str = "'*'", environments: str = "'*'") -> str:
    """Return a grant; `who` as in the file: `user: ann`."""
    return f"  - {{ role: {role}, who: [ {{ {who} }} ], domains: [ {domains} ], environments: [ {environments} ] }}\n"


@dataclass
class Company:
    """A project in a folder."""

    root: Path
    items: dict[str, str] = field(default_factory=dict)

    def write(self, path: str, text: str) -> None:
        """Write a file."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def rules(self, *grants: str) -> None:
        """Write the rules of access."""
        self.write("config/access.yaml", "grants:\n" + "".join(grants) if grants else "grants: []\n")

    def open(self, environment: str = "local") -> OpenJournal:
        """Open the journal."""
        return boot.journal(self.root, environment)

    def run(self, *arguments: str, token: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the command line."""
        environment = {**os.environ, "XDG_CONFIG_HOME": str(self.root / "home"), **variables}
        environment |= {"CROSSDOCK_TOKEN": token} if token else {}
        command = [str(Path(sys.executable).with_name("crossdock")), "-C", str(self.root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=60)


def company(root: Path) -> Company:
    """Return a project with routes in the domains sales and finance, and one failed message of each."""
    made = Company(root)
    made.write("routes/sales/orders.route.yaml", ROUTE.format(name="orders", domain="sales"))
    made.write("routes/finance/invoices.route.yaml", ROUTE.format(name="invoices", domain="finance"))
    made.write("config/environments/local.yaml", ENVIRONMENT.format(name="local"))
    opened = made.open()
    for route in ("orders", "invoices"):
        made.items[route] = fail(opened, route)
    opened.close()
    return made


def fail(opened: OpenJournal, route: str) -> str:
    """Put a message that has failed into the journal; return its id."""
    receipt = Receipt(route=route, data=f"a document of {route}".encode(), source="sftp", partner="acme", dedupe_key="")
    name = opened.journal.accept([receipt], "r1")[0].message_id
    (work,) = opened.journal.claim(message_lane(route, "acme"), 1, 60.0)
    opened.journal.settle([Settled(work, Outcome(work.message, State.FAILED, error=Rejected("no such SKU")))])  # type: ignore[union-attr, arg-type]
    return name
