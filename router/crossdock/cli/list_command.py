"""`crossdock list`: the components, as they describe themselves, and the project's routes and schemas."""

from __future__ import annotations

from typing import Any

import click

from crossdock.cli.catalogue import Filter, show
from crossdock.cli.output import as_json, say_json, table
from crossdock.cli.session import NotFound


@click.command("list")
@click.argument("kind", type=click.Choice(["connectors", "transformers", "policies", "routes", "schemas"]), required=False)
@click.argument("name", required=False)
@click.option("--owner", default="", help="Only routes and schemas of this owner.")
@click.option("--domain", default="", help="Only those of this domain.")
@click.option("--lifecycle", type=click.Choice(["draft", "active", "deprecated", "retired"]), help="Only those at this stage.")
@as_json
@click.pass_context
def command(
    context: click.Context, kind: str | None, name: str | None, owner: str, domain: str, lifecycle: str | None, machine: bool
) -> None:
    """List components; with a kind and a name, explain one: its options and an example.

    `list routes` and `list schemas` are the project's catalogue: who answers for what, where it is in its life, who uses it.

    \b
    Examples:
      crossdock list
      crossdock list connectors sftp_server
      crossdock list schemas --lifecycle deprecated
      crossdock list routes --owner edi@distributor.example
    """
    wanted = Filter(name or "", owner, domain, lifecycle or "")
    if kind in ("routes", "schemas"):
        show(context.obj, kind, wanted, machine)
        return
    if owner or domain or lifecycle:
        raise click.UsageError(
            "only routes and schemas have an owner, a domain and a lifecycle: `crossdock list routes --owner ...`"
        )
    _components(kind, name, machine)


def _components(kind: str | None, name: str | None, machine: bool) -> None:
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
