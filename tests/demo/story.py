"""What happens on the stage, and what must come of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.demo.scene import ROOT, Broken, Scene, until

SAMPLES = ROOT / "routes" / "sales" / "samples"
FILES = ("acme-two-orders.edi", "acme-one-bad.edi", "acme-one-order.edi")
GOOD = ("4500012345", "4500012346", "4500012347", "4500012349", "4500012350")
BAD = "4500012348"


class Story:
    """Drops the files, watches, and checks."""

    def __init__(self, console: Console, scene: Scene) -> None:
        self._console = console
        self._scene = scene
        self._files: dict[str, str] = {}

    def tell(self) -> None:
        """Tell the whole story; raises Broken at the first thing that is not as it must be."""
        self._drop()
        self._watch()
        self._check_erp()
        self._check_acknowledgements()
        self._show_failed()
        self._show_trace()
        self._summary()

    def _drop(self) -> None:
        for name in FILES:
            self._scene.drop(SAMPLES / name)
            self._console.print(f"[green]✓[/green] ACME dropped [bold]{name}[/bold] over SFTP ({_transactions(SAMPLES / name)})")

    def _watch(self) -> None:
        columns = (TextColumn("{task.description:<44}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console) as progress:
            orders = progress.add_task("sales orders in the ERP", total=len(GOOD))
            answers = progress.add_task("997 acknowledgements for ACME", total=len(FILES))
            promises = progress.add_task("855 order acknowledgements for ACME", total=len(GOOD))

            def done() -> bool:
                self._files = self._scene.collect()
                progress.update(orders, completed=len(self._scene.erp.sales()))
                progress.update(answers, completed=len(self._of("997")))
                progress.update(promises, completed=len(self._of("855")))
                return progress.finished

            until(done, f"{len(GOOD)} sales orders, {len(FILES)} 997s and {len(GOOD)} 855s: see `crossdock messages`")

    def _of(self, kind: str) -> list[str]:
        return [text for text in self._files.values() if f"ST*{kind}*" in text]

    def _check_erp(self) -> None:
        sales = self._scene.erp.sales()
        found = sorted(str(sale["reference"]) for sale in sales)
        if found != sorted(GOOD):
            raise Broken(f"the ERP has the orders {', '.join(found)}, not {', '.join(GOOD)}")
        table = Table(title="What the ERP has now", title_justify="left")
        for column in ("reference", "number", "state", "total"):
            table.add_column(column, justify="right" if column == "total" else "left")
        for sale in sorted(sales, key=lambda sale: str(sale["reference"])):
            table.add_row(str(sale["reference"]), str(sale["number"]), str(sale["state"]), str(sale.get("total", "")))
        self._console.print(table)

    def _check_acknowledgements(self) -> None:
        statuses = sorted(_group_status(text) for text in self._of("997"))
        if statuses != ["A", "A", "P"]:
            raise Broken(f"the 997s say {', '.join(statuses)}, not A, A and P")
        bad = next(text for text in self._of("997") if _group_status(text) == "P")
        segments = [segment for segment in re.split(r"~\s*", bad) if segment.startswith(("AK2", "AK3", "AK4", "AK5", "AK9"))]
        if not any(segment.startswith("AK5*R") for segment in segments):
            raise Broken("the 997 for the file with a bad transaction does not reject it")
        self._console.print(
            Panel("\n".join(segments), title="The 997 that says what was wrong", title_align="left", expand=False)
        )

    def _show_failed(self) -> None:
        failed = json.loads(self._scene.cli("failed", "list", "--json"))
        if [row["keys"].get("purchase_order") for row in failed] != [BAD]:
            raise Broken(f"`crossdock failed` should list the transaction of {BAD} alone: {failed}")
        self._console.print("[bold]$ crossdock failed list[/bold]")
        self._console.out(self._scene.cli("failed", "list"), highlight=False)

    def _show_trace(self) -> None:
        self._console.print(f"[bold]$ crossdock trace {GOOD[0]}[/bold]")
        self._console.out(self._scene.cli("trace", GOOD[0]), highlight=False)

    def _summary(self) -> None:
        self._console.print(
            f"[green]✓ {len(FILES)} files, {len(GOOD) + 1} transactions: {len(GOOD)} sales orders, {len(FILES)} 997s, "
            f"{len(self._of('855'))} 855s, 1 rejected with its reason. Nothing lost, nothing twice.[/green]"
        )


def _transactions(path: Path) -> str:
    count = path.read_text().count("ST*850*")
    return f"{count} purchase order{'s' if count > 1 else ''}"


def _group_status(text: str) -> str:
    found = re.search(r"AK9\*(\w)", text)
    return found[1] if found else "?"
