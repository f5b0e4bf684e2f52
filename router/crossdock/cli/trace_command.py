"""`crossdock trace`: a message's family as one story."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from crossdock.cli.output import as_json, coloured, console, instant, keys, moment, say_json
from crossdock.cli.session import NotFound, office

Row = dict[str, Any]


@click.command("trace")
@click.argument("text")
@click.option("--all", "everything", is_flag=True, help="All families that match, not only the newest.")
@as_json
@click.pass_context
def command(context: click.Context, text: str, everything: bool, machine: bool) -> None:
    """Tell a message's whole story, by its id or by any business key: an order number, an ISA13, an invoice number.

    \b
    Examples:
      crossdock trace 4500012345
      crossdock trace 01k8zq3v9d6w --json
    """
    with office(context) as desk:
        found = desk.find(text)
        if not found:
            raise NotFound(f"nothing is known of '{text}'; `crossdock messages` lists what there is")
        stories = [desk.trace(root) for root in (found if everything else found[:1])]
    if machine:
        say_json(stories if everything else stories[0])
        return
    for story in stories:
        console().print(_tree(story, text))
    if len(found) > 1 and not everything:
        click.echo(f"{len(found) - 1} older with this key: --all shows them")


def _tree(story: Row, text: str) -> Any:
    from rich.tree import Tree

    nodes: dict[str, Any] = {}
    relevant = _relevant(story["messages"], text)
    for message in story["messages"]:
        if message["id"] not in relevant:
            continue
        parent = nodes.get(message["parent"])
        label = _headline(message, moment if parent is None else instant)
        nodes[message["id"]] = tree = parent.add(label) if parent else Tree(label)
        _tell(tree, message)
    return next(iter(nodes.values()))


def _relevant(messages: list[Row], text: str) -> set[str]:
    """Return the messages of the story that was asked for: where a key names some parts of a file, not their siblings."""
    by_id = {message["id"]: message for message in messages}
    named = [message for message in messages if text in (message["keys"] or {}).values()]
    if not named:
        return set(by_id)
    chosen = {message["id"] for message in named}
    for message in messages:
        if message["parent"] in chosen and (message["parent"] not in by_id or by_id[message["parent"]]["state"] != "split"):
            chosen.add(message["id"])
    for message in named:
        parent = message["parent"]
        while parent in by_id:
            chosen.add(parent)
            parent = by_id[parent]["parent"]
    return chosen


def _headline(message: Row, when: Callable[[int], str]) -> str:
    partner = f" from [bold]{message['partner']}[/bold]" if message["partner"] else ""
    name = f" {message['name']}" if message.get("name") else ""
    via = f" via {message['source']}" if message["source"] else ""
    return (
        f"{when(message['received_at'])} [bold]{message['route']}[/bold] {coloured(message['state'])}{partner}{name}{via}\n"
        f"[dim]{message['id']}  release {message['release'][:12]}  {keys(message['keys'])}[/dim]"
    )


def _tell(tree: Any, message: Row) -> None:
    for event in message["events"]:
        for stage in event.get("stages") or ():
            if stage["name"].startswith("to ") and not stage["name"].startswith("to event"):
                continue  # its delivery follows, with what came of it
            note = f" {stage['note']}" if stage.get("note") and stage["note"] not in stage["name"] else ""
            tree.add(f"{instant(event['at'])} {stage['name']}{note} [dim]{stage['micros'] / 1000:.1f} ms  {stage['where']}[/dim]")
        if not event.get("stages"):
            tree.add(f"{instant(event['at'])} {event['kind']} {event.get('note') or ''}".rstrip())
    if message["error"]:
        _tell_error(tree, message["error"])
    for delivery in message["deliveries"]:
        _tell_delivery(tree, delivery)


def _tell_delivery(tree: Any, delivery: Row) -> None:
    reference = f" as [bold]{delivery['reference']}[/bold]" if delivery["reference"] else ""
    tried = f" ({delivery['attempts']} attempts)" if delivery["attempts"] > 1 else ""
    operation = f" {delivery['operation']}" if delivery["operation"] else ""
    when = instant(delivery["done_at"] or delivery["created_at"])
    node = tree.add(
        f"{when} to [bold]{delivery['endpoint']}[/bold]{operation} {coloured(delivery['state'])}{reference}{tried} "
        f"[dim]{delivery['where']}[/dim]"
    )
    for event in delivery["events"]:
        if not event.get("stages"):  # not an attempt, but what the partner or a person said of it
            author = f" by {event['by']}" if event.get("by") else ""
            node.add(f"{instant(event['at'])} {event['kind'].replace('_', ' ')} {event.get('note') or ''}{author}".rstrip())
    if delivery["error"] and delivery["state"] != "delivered":
        _tell_error(node, delivery["error"])


def _tell_error(tree: Any, error: Row) -> None:
    from rich.markup import escape

    node = tree.add(f"[red]{escape(error['message'])}[/red] [dim]{escape(error.get('where', ''))}[/dim]")
    for finding in error.get("findings", ()):
        node.add(escape(f"{finding['where']}: {finding['message']}"))
    if error.get("advice"):
        node.add(f"[dim]{escape(error['advice'])}[/dim]")
