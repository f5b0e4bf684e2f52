"""Who somebody is, and what they may do: one check for the command line, the API and the console.

    actor        somebody who is known: by the operating system, by an API token, by the company's sign-on (OIDC)
    role         a set of permissions; a grant gives one to some actors, for domains and environments
    permission   one kind of act: read, view, retry, deploy ...

Where rules are written, everything that no grant allows is denied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Via = Literal["os", "token", "oidc", "system"]
"""How an actor is known."""

ANY = "*"
"""Stands for all domains, or all environments, in a grant."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts. `name` is what the audit log calls them: an OS user, a token's name, an address.

    `subject`, `email` and `groups` are those of a sign-on; `owner` made the token. `role` is the one by which they were allowed
    to act; empty where nothing was checked.
    """

    name: str
    via: Via = "os"
    role: str = ""
    subject: str = ""
    email: str = ""
    groups: tuple[str, ...] = ()
    owner: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({_KNOWN[self.via]})"


_KNOWN: Mapping[Via, str] = {"os": "cli", "token": "token", "oidc": "sign-on", "system": "crossdock"}
