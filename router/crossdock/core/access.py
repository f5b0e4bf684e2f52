"""Who somebody is, and what they may do: one check for the command line, the API and the console.

    actor        somebody who is known: by the operating system, by an API token, by the company's sign-on (OIDC)
    role         a set of permissions; a grant gives one to some actors, for domains and environments
    permission   one kind of act: read, view, retry, deploy ...

Where rules are written, everything that no grant allows is denied. Where none are, whoever reaches the journal may do all, and so
may its tokens; a sign-on proves only that somebody belongs to the company, and may do nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from crossdock.core.errors import Refused

Via = Literal["os", "token", "oidc", "system"]
"""How an actor is known."""
Mark = Literal["user", "token", "email", "subject", "group"]
"""What a grant knows an actor by: an OS user, a token's name, or a sign-on's address, subject or group."""
Role = Literal["viewer", "operator", "engineer", "approver", "admin"]
Permission = Literal[
    "read", "view", "retry", "repair", "resend", "discard", "admit", "release_parked", "restart_poll", "close_ack",
    "send", "deploy", "rollback", "promote", "request", "approve", "reject", "read_audit", "manage_tokens", "purge",
    "adopt",
]  # fmt: skip

ANY = "*"
"""Stands for all domains, or all environments."""
NONE = ""
"""Stands for what belongs to no domain, such as the backlog: a role for any domain is enough."""

PERMISSIONS: Mapping[Permission, str] = {
    "read": "see messages, deliveries, acknowledgements, lanes and releases, without their documents",
    "view": "see the documents themselves; every look is in the audit log",
    "retry": "put what has failed back to work",
    "repair": "replace a failed document by a repaired one, and put it back to work",
    "resend": "send a document once more",
    "discard": "take what has failed off the list",
    "admit": "let a duplicate in",
    "release_parked": "let parked messages go on",
    "restart_poll": "let what is asked again and again begin anew",
    "close_ack": "settle an acknowledgement that will not come",
    "send": "hand in a file as if its partner had dropped it",
    "deploy": "deploy a release, or a canary of it",
    "rollback": "go back to an earlier release",
    "promote": "take a release to the next environment",
    "request": "ask for a release to be approved",
    "approve": "approve what somebody else has asked for",
    "reject": "turn down what somebody has asked for",
    "read_audit": "read and verify the audit log",
    "manage_tokens": "make and revoke API tokens",
    "purge": "take away the documents of what ended long ago",
    "adopt": "make a journal that belongs to another environment this one's",
}

_OPERATOR: frozenset[Permission] = frozenset(
    ("read", "view", "retry", "repair", "resend", "discard", "admit", "release_parked", "restart_poll", "close_ack", "send")
)
ROLES: Mapping[Role, frozenset[Permission]] = {
    "viewer": frozenset(("read",)),
    "operator": _OPERATOR,
    "engineer": frozenset(("read", "view", "deploy", "rollback", "promote", "request", "reject")),
    "approver": frozenset(("read", "approve", "reject", "read_audit")),
    "admin": frozenset(PERMISSIONS),
}


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

    def marks(self) -> frozenset[tuple[Mark, str]]:
        """Return all that a grant may know the actor by."""
        if self.via == "os":
            return frozenset({("user", self.name)})
        if self.via == "token":
            return frozenset({("token", self.name)})
        if self.via == "oidc":
            known: set[tuple[Mark, str]] = {("group", group) for group in self.groups}
            known |= {("subject", self.subject)} if self.subject else set()
            known |= {("email", self.email.lower())} if self.email else set()
            return frozenset(known)
        return frozenset()


_KNOWN: Mapping[Via, str] = {"os": "cli", "token": "token", "oidc": "sign-on", "system": "crossdock"}


class Denied(Refused):
    """No grant allows this."""

    kind = "denied"


@dataclass(frozen=True, slots=True)
class Grant:
    """A role for some actors, in domains and environments; ANY stands for all of them."""

    role: Role
    who: frozenset[tuple[Mark, str]]
    domains: frozenset[str]
    environments: frozenset[str]

    def covers(self, actor: Actor, permission: Permission, environment: str) -> bool:
        """Whether it gives the actor this permission in this environment, in whichever domains."""
        here = ANY in self.environments or environment in self.environments
        return here and permission in ROLES[self.role] and not self.who.isdisjoint(actor.marks())

    def reaches(self, domain: str) -> bool:
        """Whether it reaches a domain; ANY is reached only by a grant for all."""
        return domain == NONE or ANY in self.domains or domain in self.domains


class Authority(Protocol):
    """Decides who may do what."""

    def authorize(self, actor: Actor, permission: Permission, domain: str, environment: str) -> Actor:
        """Return the actor with the role that allows this; raises Denied."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a project. `written` is False where it has none."""

    grants: tuple[Grant, ...] = ()
    written: bool = True

    def authorize(self, actor: Actor, permission: Permission, domain: str, environment: str) -> Actor:
        """Return the actor with the role that allows this; raises Denied."""
        if not self.written:
            return _in_the_open(actor, environment)
        role = self.role_for(actor, permission, domain, environment)
        if role is None:
            raise _denied(actor, permission, domain, environment)
        return replace(actor, role=role)

    def role_for(self, actor: Actor, permission: Permission, domain: str, environment: str) -> Role | None:
        """Return the role that allows this, the smallest where several do, or None."""
        roles = {grant.role for grant in self.grants if grant.covers(actor, permission, environment) and grant.reaches(domain)}
        return min(roles, key=lambda role: (len(ROLES[role]), role), default=None)

    def roles_of(self, actor: Actor, environment: str) -> list[Grant]:
        """Return the grants that an actor has in an environment."""
        found = (grant for grant in self.grants if {ANY, environment} & grant.environments)
        return [grant for grant in found if not grant.who.isdisjoint(actor.marks())]


OPEN = Rules(written=False)
"""A project without rules."""


def authorize(actor: Actor, permission: Permission, domain: str, environment: str, rules: Rules = OPEN) -> Actor:
    """Return the actor with the role that lets them do this; raises Denied. `domain` may be ANY (all of them) or NONE."""
    return rules.authorize(actor, permission, domain, environment)


def _in_the_open(actor: Actor, environment: str) -> Actor:
    if actor.via == "oidc":
        raise Denied(
            f"{actor.name} is signed on, but nothing says what they may do in {environment}",
            advice="write config/access.yaml: who has which role, for which domains, in which environments",
        )
    return actor


def _denied(actor: Actor, permission: Permission, domain: str, environment: str) -> Denied:
    where = {ANY: "for all domains ", NONE: ""}.get(domain, f"in domain '{domain}' ")
    needed = " or ".join(role for role in ROLES if permission in ROLES[role])
    return Denied(
        f"{actor} may not {permission.replace('_', ' ')} {where}in environment '{environment}'",
        advice=f"it takes the role {needed}; config/access.yaml says who has which",
    )


def known_as(actor: Actor) -> Iterable[str]:
    """Yield what grants may know the actor by, in words: `group edi-operators`."""
    return (f"{mark} {value}" for mark, value in sorted(actor.marks()))
