"""`crossdock`: the command line. Commands are imported when they are called, so that it starts fast.

Exit codes: 0 all is well; 1 problems or failures were found; 2 the command was not understood; 3 nothing was found by that name;
4 the journal or a service can't be reached; 5 the request was refused; 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import click

SECTIONS = {
    "Write": {
        "new": "Write a project with one working route.",
        "check": "Find everything that is wrong with a project.",
        "fmt": "Bring the YAML files into their canonical form.",
        "test": "Run the project's *.test.yaml.",
        "map": "Run a map on a file, explain a field, show what nobody reads.",
        "list": "List components, or explain one.",
        "schemas": "Schemas as contracts: who uses them, and what a change would break.",
        "schema": "Print the JSON Schema of a kind of file, for editors.",
        "lsp": "Serve an editor: problems while typing, completion, definitions.",
    },
    "Partners and documents": {
        "partner": "Write, check, show and rehearse a trading partner.",
        "guide": "Explain a partner's guide, make samples of it, print it for the partner.",
        "grammars": "List the X12 and EDIFACT documents that are known, or explain one.",
    },
    "Run": {
        "up": "Run everything in one place, with no services.",
        "gateway": "Run a production gateway.",
        "worker": "Run a production worker.",
        "send": "Hand in a file as if its partner had dropped it.",
    },
    "Deploy": {
        "plan": "Show what a deployment would change, before it is made.",
        "build": "Make one file of the whole project, to be deployed anywhere.",
        "deploy": "Switch an environment to this folder's release, proven first.",
        "rollback": "Go back to what ran before.",
        "releases": "What ran since when, by whom.",
        "promote": "Deploy what runs in one environment into another.",
        "approve": "Approve what somebody else wants to deploy.",
    },
    "Operate": {
        "trace": "Tell a message's whole story.",
        "chain": "Show an order's documents side by side, and what disagrees.",
        "messages": "List messages, newest first.",
        "failed": "See and settle what waits for a person.",
        "parked": "See what is parked until its key is released, and release it.",
        "polls": "See what is asked again and again, and what is wrong with it.",
        "acks": "Which documents wait for an acknowledgement, are overdue, or were rejected.",
        "lanes": "Show the backlog, lane by lane.",
    },
    "Access": {
        "token": "Make, list and revoke tokens for the control API.",
        "login": "Sign on at the company's issuer.",
        "logout": "Forget the sign-ons of this machine.",
        "whoami": "Say who you are here, and what you may do.",
        "audit": "Say who did what, and verify that the log is whole.",
    },
    "Keep": {
        "doctor": "Say what is configured, reachable and stale.",
        "health": "Say whether this machine's processes live.",
        "purge": "Take away the documents of what ended long ago.",
        "migrate": "Bring the journal's schema up to date.",
        "version": "Print the version.",
        "completion": "Print the shell's completion script.",
    },
}
COMMANDS = {name: about for section in SECTIONS.values() for name, about in section.items()}


class Lazy(click.Group):
    """A group whose commands are modules."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"crossdock.cli.{cmd_name}_command")
        command: click.Command = module.command
        return _with_environment(command)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; an unknown one is answered with the nearest."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"; did you mean '{close[0]}'?" if close else "; see `crossdock --help`"
            raise click.UsageError(f"unknown command '{args[0]}'{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands without importing any."""
        widest = max(map(len, COMMANDS))
        for name, commands in SECTIONS.items():
            with formatter.section(name):
                formatter.write_dl([(command.ljust(widest), about) for command, about in commands.items()])


def _with_environment(command: click.Command) -> click.Command:
    """Let the environment be named behind the command as well: `crossdock plan --env production`."""
    if not isinstance(command, click.Group) and not any("--env" in option.opts for option in command.params):
        command.params.append(
            click.Option(["--env"], metavar="NAME", expose_value=False, callback=_chosen, help="The environment.")
        )
    return command


def _chosen(context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        context.obj = {**context.obj, "environment": value}


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("-C", "--project", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="The project's folder.")
@click.option("-e", "--env", "environment", envvar="CROSSDOCK_ENV", default="local", show_default=True, help="The environment.")
@click.option("--server", envvar="CROSSDOCK_SERVER", default="", metavar="URL", help="Ask a server instead of the journal here.")
@click.version_option(package_name="crossdock", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context, project: Path, environment: str, server: str) -> None:
    """Integration middleware for distribution companies: partners' documents in, ERP and WMS calls out, nothing lost.

    \b
    Examples:
      crossdock new my-company && cd my-company
      crossdock check
      crossdock up
      crossdock trace 4500012345
    """
    context.obj = {"root": project, "environment": environment, "server": server}


def main() -> None:
    """Run the command line; errors are sentences, never tracebacks (CROSSDOCK_DEBUG=1 shows them)."""
    from crossdock.core.errors import CrossdockError

    try:
        sys.exit(cli.main(standalone_mode=False) or 0)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.exceptions.Exit as leave:
        sys.exit(leave.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(130)
    except CrossdockError as error:
        from crossdock.cli.output import explain

        if os.environ.get("CROSSDOCK_DEBUG"):
            raise
        sys.exit(explain(error))
