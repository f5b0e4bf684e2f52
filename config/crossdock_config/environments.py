"""Environments: the one that is compiled for, and the others, which are checked as well."""

from __future__ import annotations

from pathlib import Path

from crossdock.core.errors import Misconfigured, Place, Problem
from crossdock.core.words import nearest
from crossdock_config.checked import Subject, checked
from crossdock_config.endpoints import Endpoints
from crossdock_config.files import FOLDERS
from crossdock_config.models import EnvironmentFile
from crossdock_config.project import Project, part
from crossdock_config.secrets import SecretSource, resolved
from crossdock_config.yaml_source import Document, read


def environments(project: Project, selected: str, secrets: SecretSource | None) -> tuple[EnvironmentFile | None, Endpoints]:
    """Return the selected environment, or None, and its endpoints; the others are checked without their secrets."""
    documents = project.documents.get("environment", {})
    for name, document in documents.items():
        if name != selected:
            _environment(project, name, document, None)
    if selected in documents:
        return _environment(project, selected, documents[selected], secrets)
    return _absent(project, selected)


def _absent(project: Project, selected: str) -> tuple[EnvironmentFile | None, Endpoints]:
    path = f"config/environments/{selected}.yaml"
    names = project.names("environment")
    if not names and selected == "local":
        return EnvironmentFile(environment=selected), Endpoints(project, Document(path), selected)
    if selected not in names:
        project.say(Place(path), f"there is no environment '{selected}'{nearest(selected, names)}", "unknown")
    return None, Endpoints(project, Document(path), selected, unknown=True)


def _environment(
    project: Project, name: str, document: Document, secrets: SecretSource | None
) -> tuple[EnvironmentFile | None, Endpoints]:
    data = resolved(document, secrets, project.problems)
    model = project.file(EnvironmentFile, "environment", name, document, data)
    endpoints = Endpoints(project, document, name, unknown=model is None)
    written = part(document, "endpoints", dict)
    if written:
        endpoints.define(written, data["endpoints"])
    return model, endpoints


def _no_environment(root: Path, environment: str) -> Misconfigured:
    """Return what to say: the folder may be no project at all, or the environment's name is wrong or not written yet."""
    message = f"there is no config/environments/{environment}.yaml in {root.resolve()}"
    known = sorted(path.stem for path in (root / "config/environments").glob("*.yaml"))
    if known:
        return Misconfigured(message, advice=f"write it, or name another environment with -e{nearest(environment, known)}")
    return Misconfigured(message, advice="go to a project's folder, or name it with -C; `crossdock new NAME` writes one")


def load_environment(root: Path, environment: str, secrets: SecretSource | None) -> EnvironmentFile:
    """Return an environment alone, for commands that only need to know where things are; raises Misconfigured."""
    path = root / "config" / "environments" / f"{environment}.yaml"
    if not path.exists():
        if environment == "local" and any((root / folder).is_dir() for folder in FOLDERS):
            return EnvironmentFile(environment=environment)
        raise _no_environment(root, environment)
    try:
        document = read(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path.relative_to(root)} can't be read: {error}") from None
    problems: list[Problem] = [*document.problems]
    data = resolved(document, secrets, problems) if document.data is not None else None
    model = checked(EnvironmentFile, data, Subject(document, (), "this environment"), problems) if data is not None else None
    if model is None:
        raise Misconfigured(f"environment '{environment}' can't be used", problems=problems)
    return model
