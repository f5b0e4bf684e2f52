"""Partners: identities that are theirs alone, and channels that their connectors have checked."""

from __future__ import annotations

from typing import Any

from crossdock.core.partner import Partner
from crossdock.core.registry import nearest
from crossdock_config.checked import Subject
from crossdock_config.endpoints import Endpoints
from crossdock_config.models import PartnerFile
from crossdock_config.project import Project, part
from crossdock_config.secrets import SecretSource, resolved
from crossdock_config.yaml_source import Document


def partners(project: Project, endpoints: Endpoints, secrets: SecretSource | None) -> None:
    """Add all partners to the project."""
    identities: dict[tuple[str, str], str] = {}
    for name, document in sorted(project.documents.get("partner", {}).items()):
        data = resolved(document, secrets, project.problems)
        model = project.file(PartnerFile, "partner", name, document, data)
        channels = _channels(project, data, document, endpoints)
        if model is None:
            continue
        _claim(project, model, document, identities)
        project.partners[name] = Partner(name, model.title, model.x12, channels)


def _claim(project: Project, model: PartnerFile, document: Document, identities: dict[tuple[str, str], str]) -> None:
    if model.x12 is None:
        return
    identity = (model.x12.theirs.qualifier, model.x12.theirs.id)
    first = identities.setdefault(identity, model.partner)
    if first != model.partner:
        project.say(document.at("x12", "theirs"), f"partner '{first}' has this identity already: {'/'.join(identity)}")


def _channels(project: Project, data: Any, document: Document, endpoints: Endpoints) -> dict[str, Any]:
    channels: dict[str, Any] = {}
    for name in part(document, "channels", dict):
        at = ("channels", name)
        place = document.key(*at)
        model = endpoints.channel(name)
        if model is None:
            known = [one.name for one in project.registry.all("connectors") if getattr(one, "channel", None)]
            if not endpoints.silent(name):
                project.say(place, f"partners can't be reached by '{name}'{nearest(name, known)}", "unknown")
            continue
        endpoints.find(name, place)
        options = project.options(model, data["channels"][name], Subject(document, at, name))
        if options is not None:
            channels[name] = options
    return channels
