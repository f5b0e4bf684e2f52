"""Who is asking, and what they may see and do here: rules, an actor, an environment, and the domains of the routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from crossdock.core.access import ANY, NONE, Actor, Denied, Permission, Rules
from crossdock.core.errors import Finding


@dataclass(frozen=True)
class Guard:
    """One actor in one environment. `domains` returns the domain of each route, and is asked only where rules need it.

    A route that nothing knows (any more) has no domain: only a role for all domains reaches its messages.
    """

    actor: Actor
    environment: str
    rules: Rules
    domains: Callable[[], Mapping[str, str]]

    def allow(self, permission: Permission, domain: str = NONE) -> Actor:
        """Return the actor with the role that lets them do this; raises Denied."""
        return self.rules.authorize(self.actor, permission, domain, self.environment)

    def allow_on(self, permission: Permission, route: str) -> Actor:
        """Return the actor with the role that lets them do this to a message of a route; raises Denied."""
        if not self.rules.written:
            return self.allow(permission)
        return self.allow(permission, self.domains().get(route, ANY))

    def allow_everywhere(self, permission: Permission) -> Actor:
        """Return the actor with the role that lets them do this in the domains of all routes; raises Denied."""
        actor = self.allow(permission)
        for domain in sorted(set(self.domains().values())) if self.rules.written else ():
            actor = self.allow(permission, domain)
        return actor

    def allow_in(self, permission: Permission, domains: Mapping[str, Sequence[str]]) -> Actor:
        """Return the actor with the role that lets them do this in some domains; raises Denied, which says why it takes each."""
        actor = self.allow(permission)
        missing = [domain for domain in domains if self.rules.written and not self._has(permission, domain)]
        if not missing:
            return actor
        findings = [Finding("domain", why, where=f"domain '{domain}'") for domain in missing for why in domains[domain]]
        raise Denied(
            f"{self.actor} may not {permission} what this would change in environment '{self.environment}':"
            f" it takes the permission in {_listed(missing)}",
            findings=findings,
            advice="somebody with a role there must do it; `crossdock whoami` says what you may do",
        )

    def _has(self, permission: Permission, domain: str) -> bool:
        return self.rules.role_for(self.actor, permission, domain, self.environment) is not None

    def sees_all(self) -> bool:
        """Whether nothing is hidden."""
        return not self.rules.written or self.rules.role_for(self.actor, "read", ANY, self.environment) is not None

    def sees(self, route: str) -> bool:
        """Whether messages of a route may be seen."""
        domain = self.domains().get(route, ANY) if self.rules.written else NONE
        return not self.rules.written or self.rules.role_for(self.actor, "read", domain, self.environment) is not None


def _listed(domains: Sequence[str]) -> str:
    words = [f"'{domain}'" for domain in domains]
    return f"domain {words[0]}" if len(words) == 1 else f"domains {', '.join(words[:-1])} and {words[-1]}"
