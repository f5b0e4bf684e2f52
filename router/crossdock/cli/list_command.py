"""`crossdock list`: the components, as they describe themselves."""

from __future__ import annotations

from typing import Any

import click

from crossdock.cli.output import as_json, say_json, table
from crossdock.cli.session import NotFound


@click.command("list")
@click.argument("kind", type=click.Choice(["connectors", "transformers", "policies"]), required=False)
@click.argument("name", required=False)
@as_json
def command(kind: str | None, name: str | None, machine: bool) -> None:
    """List components; with a kind and a name, explain one: its options and an example.

    \b
    Examples:
      crossdock list
      crossdock list connectors sftp_server
    """
    from crossdock.core.registry import KINDS, installed

    registry = installed()
    if kind and name:
        spec = registry.find(kind, name)
        if spec is None:
            raise NotFound(f"there is no {name} among the {kind}: {', '.join(registry.names(kind))}")
        _explain(spec, machine)
        return
    specs = [(one, spec) for one in ([kind] if kind else KINDS) for spec in registry.all(one)]
    if machine:
        say_json([{"kind": one, "name": spec.name, "summary": spec.summary} for one, spec in specs])
        return
    table(("kind", "name", "what it is for"), ((one, spec.name, spec.summary) for one, spec in specs), "nothing is installed")


def _explain(spec: Any, machine: bool) -> None:
    models = {label: model for label, model in _models(spec).items() if model is not None}
    if machine:
        schemas = {label: model.model_json_schema() for label, model in models.items()}
        say_json({"name": spec.name, "summary": spec.summary, "example": spec.example, "options": schemas})
        return
    click.echo(f"{spec.name}: {spec.summary}\n")
    for label, model in models.items():
        rows = [(name, _type(field), _default(field), field.description or "") for name, field in model.model_fields.items()]
        if rows:
            click.echo(label)
            table(("option", "type", "default", "what it says"), rows, "")
    click.echo("example")
    click.echo("\n".join(f"  {line}" for line in spec.example.strip().splitlines()))


def _models(spec: Any) -> dict[str, Any]:
    return {
        "options": getattr(spec, "options", None),
        "options for encode": getattr(spec, "encode_options", None),
        "in the environment": getattr(spec, "settings", None),
        "under `from`": getattr(spec, "source_options", None),
        "under `to`": getattr(spec, "target_options", None),
        "in a partner's file": getattr(spec, "channel", None),
    }


def _type(field: Any) -> str:
    return getattr(field.annotation, "__name__", str(field.annotation)).replace("typing.", "")


def _default(field: Any) -> str:
    return "required" if field.is_required() else "" if field.default in ("", None) else str(field.default)
