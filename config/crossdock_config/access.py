"""`config/access.yaml` and `*.access.yaml`: who has which role, for which domains, in which environments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from crossdock.core.access import ANY, OPEN, Grant, Mark, Role, Rules
from crossdock.core.errors import Misconfigured, Problem
from crossdock.core.words import nearest
from crossdock_config.checked import Subject, checked
from crossdock_config.file_model import File
from crossdock_config.project import Project, part
from crossdock_config.yaml_source import Document, read

MARKS: tuple[Mark, ...] = ("user", "token", "email", "subject", "group")
Names = Annotated[tuple[str, ...], Field(min_length=1)]


class Who(File):
    """Somebody, by one mark."""

    user: str = Field("", description="a user of the operating system")
    token: str = Field("", description="an API token, by its name")
    email: str = Field("", description="an address that the sign-on (OIDC) has verified")
    subject: str = Field("", description="a sign-on's subject")
    group: str = Field("", description="a group that the sign-on says somebody is in")

    @model_validator(mode="after")
    def _by_one(self) -> Who:
        if len(self.marks()) != 1:
            raise ValueError("say who it is by exactly one of user, token, email, subject, group: `- { group: edi-operators }`")
        return self

    def marks(self) -> list[tuple[Mark, str]]:
        """Return by what somebody is known."""
        found = [(mark, str(getattr(self, mark)).strip()) for mark in MARKS]
        return [(mark, value.lower() if mark == "email" else value) for mark, value in found if value]


class GrantEntry(File):
    """A role for some people and programs."""

    role: Role = Field(description="viewer, operator, engineer, approver or admin")
    who: Annotated[tuple[Who, ...], Field(min_length=1)] = Field(description="who has it")
    domains: Names = Field(description="for routes of these domains; '*' for all")
    environments: Names = Field(description="in these environments; '*' for all")

    def grant(self) -> Grant:
        """Return the grant."""
        who = frozenset(mark for one in self.who for mark in one.marks())
        return Grant(self.role, who, frozenset(self.domains), frozenset(self.environments))


class AccessFile(File):
    """`config/access.yaml`: what no grant allows is denied."""

    description: str = Field("", description="what it is for, in a sentence")
    grants: tuple[GrantEntry, ...] = Field(description="who has which role, for which domains, in which environments")


def access(project: Project) -> Rules:
    """Return the rules of a project; what is wrong with them is said."""
    documents = project.documents.get("access", {})
    grants: list[Grant] = []
    for name, document in documents.items():
        model = project.file(AccessFile, "access", name, document, document.data)
        grants += [entry.grant() for entry in model.grants] if model else ()
        for problem in _unknown(project, document):
            project.problems.append(problem)
    return Rules(tuple(grants)) if project.names("access") else OPEN


def _unknown(project: Project, document: Document) -> Iterator[Problem]:
    """Yield the domains and environments that nothing else in the project knows."""
    routes = project.documents.get("route", {}).values()
    domains = {str(route.data["domain"]) for route in routes if isinstance(route.data, dict) and route.data.get("domain")}
    known = {"domains": domains, "environments": {*project.names("environment"), "local"}}
    for index, entry in enumerate(part(document, "grants", list)):
        for key, names in known.items() if isinstance(entry, dict) else ():
            for at, name in enumerate(_listed(entry.get(key))):
                if name not in names and name != ANY:
                    words = f"there is no {key[:-1]} '{name}'{nearest(name, names)}"
                    yield Problem.at(document.at("grants", index, key, at), words, "unknown")


def _listed(value: Any) -> Iterable[str]:
    return [str(one) for one in value] if isinstance(value, list) else ()


def load_access(root: Path) -> Rules:
    """Return a project's rules alone, for commands that compile nothing; raises Misconfigured where they can't be used.

    Broken rules let nobody in: to leave a grant out because of a typing error elsewhere could be a lockout, or its opposite.
    """
    problems: list[Problem] = []
    grants: list[Grant] = []
    paths = access_files(root)
    for path in paths:
        document = read(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8-sig"))
        problems += document.problems
        model = checked(AccessFile, document.data, Subject(document, (), "this access"), problems) if document.data else None
        grants += [entry.grant() for entry in model.grants] if model else ()
    if problems:
        raise Misconfigured("the rules of access can't be used, and so nobody may do anything", problems=problems)
    return Rules(tuple(grants)) if paths else OPEN


def access_files(root: Path) -> list[Path]:
    """Return the files with a project's rules."""
    found = [path for folder in ("routes", "config") for path in (root / folder).rglob("*.access.yaml")]
    single = root / "config" / "access.yaml"
    return sorted([*found, single] if single.is_file() else found)


def route_domains(root: Path) -> dict[str, str]:
    """Return the domain of each route that says one, without compiling any."""
    found = {}
    for folder in ("routes", "config"):
        for path in sorted((root / folder).rglob("*.route.yaml")):
            data = read(path.name, path.read_text(encoding="utf-8-sig")).data
            if isinstance(data, dict) and data.get("domain"):
                found[path.name.removesuffix(".route.yaml")] = str(data["domain"])
    return found
