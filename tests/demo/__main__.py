"""The main job on real parts: `make demo` shows it and ends, `make up` leaves it running to play with.

A real ERP (Tryton) and Crossdock are started; a real SFTP client drops ACME's files; what must come of them is looked up in the
ERP, in the partner's pickup folder and through the command line, never taken on trust.
"""

from __future__ import annotations

import argparse
import sys

from rich.console import Console

from tests.demo.scene import Broken, Scene
from tests.demo.story import Story


def main() -> int:
    """Run the demo; 0 when everything came out as it must, 1 with what did not."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave everything running until Ctrl-C")
    keep = parser.parse_args().keep
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    try:
        with Scene(console, fixed_ports=keep) as scene:
            Story(console, scene).tell()
            if keep:
                scene.wait()
    except Broken as error:
        console.print(f"[red]The demo failed:[/red] {error}", markup=True)
        return 1
    except KeyboardInterrupt:
        console.print("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
