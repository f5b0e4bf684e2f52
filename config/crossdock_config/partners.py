"""Partners: identities that are theirs alone, and channels that their connectors have checked."""

from __future__ import annotations

from typing import Any

from crossdock.core.partner import Partner
from crossdock.core.words import nearest
from crossdock_config.checked import Subject, checked
from crossdock_config.endpoints import Endpoints
from crossdock_config.models import PartnerFile
from crossdock_config.project import Project, part
from crossdock_config.secrets import LOCAL, SecretSource, resolved
from crossdock_config.variants import FIXED, KEY, variant
from crossdock_config.yaml_source import Document


def partners(project: Project, endpoints: Endpoints, secrets: SecretSource | None) -> None:
    """Add all partners to the project."""
    identities: dict[tuple[str, ...], str] = {}
    for name, written in sorted(project.documents.get("partner", {}).items()):
        _check_variants(project, written, endpoints.environment)
        document = variant(written, endpoints.environment)
        data = resolved(document, secrets, project.problems)
        model = project.file(PartnerFile, "partner", name, document, data)
        channels = _channels(project, data, document, endpoints)
        if model is None:
            continue
        _claim(project, model, document, identities)
        _know_guides(project, model, document)
        project.partners[name] = Partner(
            name, model.title, model.x12, channels, model.edifact, model.ids, model.contacts, model.quotas
        )


def _check_variants(project: Project, document: Document, selected: str) -> None:
    """Check what the file says for the other environments, without secrets; their channels are checked when they are compiled."""
    said = part(document, KEY, dict)
    known = project.names("environment") or [LOCAL]
    for environment, laid in said.items():
        if environment not in known:
            place = document.key(KEY, environment)
            project.say(place, f"there is no environment '{environment}'{nearest(environment, known)}", "unknown")
        if not isinstance(laid, dict):
            message = f"say what is different in '{environment}': `{environment}: {{ x12: {{ usage: T }} }}`"
            project.say(document.at(KEY, environment), message)
            continue
        for key in set(laid) & set(FIXED):
            project.say(document.key(KEY, environment, key), f"'{key}' is the same in every environment")
        if environment != selected:
            other = variant(document, environment)
            checked(PartnerFile, resolved(other, None, project.problems), Subject(other, (), "this partner"), project.problems)


def _claim(project: Project, model: PartnerFile, document: Document, identities: dict[tuple[str, ...], str]) -> None:
    """Say where two partners have one identity: then nobody could tell who sent a file."""
    for dialect in ("x12", "edifact"):
        agreement = getattr(model, dialect)
        if agreement is None:
            continue
        identity = (dialect, agreement.theirs.qualifier, agreement.theirs.id)
        first = identities.setdefault(identity, model.partner)
        if first != model.partner:
            project.say(document.at(dialect, "theirs"), f"partner '{first}' has this identity already: {'/'.join(identity[1:])}")


def _know_guides(project: Project, model: PartnerFile, document: Document) -> None:
    """Say where an agreement names a guide that there isn't."""
    for dialect in ("x12", "edifact"):
        agreement = getattr(model, dialect)
        for number, agreed in agreement.documents.items() if agreement else ():
            if agreed.guide and agreed.guide not in project.names("guide"):
                place = document.at(dialect, "documents", number, "guide")
                project.say(place, f"there is no guide '{agreed.guide}'{nearest(agreed.guide, project.told('guide'))}", "unknown")


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
