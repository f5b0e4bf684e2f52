"""Connections that wait for their next user, and a fork that takes none of them along.

SQLite keeps its locks by process, and a child that inherits an open database believes that it holds locks which it has not; two
processes on one PostgreSQL socket garble each other. So before a fork every connection is closed, and those that are in use by
another thread are waited for.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar
from weakref import WeakMethod

C = TypeVar("C")

PATIENCE_BEFORE_FORK = 5.0
"""Seconds that a fork waits for connections in use."""


class Pool(Generic[C]):
    """Idle connections, the one used last on top. `in_child` is called in a forked child."""

    def __init__(self, connect: Callable[[], C], disconnect: Callable[[C], None], in_child: Callable[[], None]) -> None:
        self._connect = connect
        self._disconnect = disconnect
        self._in_child = in_child
        self._idle: list[C] = []
        self._inherited: list[C] = []
        self._used = 0
        self._forking = False
        self._changed = threading.Condition()
        os.register_at_fork(
            before=_weakly(WeakMethod(self.before_fork)),
            after_in_parent=_weakly(WeakMethod(self.after_fork)),
            after_in_child=_weakly(WeakMethod(self.forget)),
        )

    def take(self) -> tuple[C, bool]:
        """Return a connection for this thread alone, and whether it is a fresh one."""
        with self._changed:
            self._changed.wait_for(lambda: not self._forking, PATIENCE_BEFORE_FORK)
            self._used += 1
            if self._idle:
                return self._idle.pop(), False
        try:
            return self._connect(), True
        except BaseException:
            self._returned()
            raise

    def give(self, connection: C) -> None:
        """Put a healthy connection back."""
        self._idle.append(connection)
        self._returned()

    def drop(self, connection: C) -> None:
        """Close a connection that may be broken."""
        self._returned()
        with suppress(Exception):
            self._disconnect(connection)

    def close(self) -> None:
        """Close all idle connections."""
        with self._changed:
            idle, self._idle = self._idle, []
        for connection in idle:
            self._disconnect(connection)

    def before_fork(self) -> None:
        """Close everything and let nobody open anything until the fork is over."""
        with self._changed:
            self._forking = True
            self._changed.wait_for(lambda: not self._used, PATIENCE_BEFORE_FORK)
        self.close()

    def after_fork(self) -> None:
        """Let the threads of the parent go on."""
        with self._changed:
            self._forking = False
            self._changed.notify_all()

    def forget(self) -> None:
        """Start anew in a child; what was inherited is neither used nor closed."""
        self._inherited.extend(self._idle)
        self._idle = []
        self._used = 0
        self._forking = False
        self._changed = threading.Condition()
        self._in_child()

    def _returned(self) -> None:
        with self._changed:
            self._used -= 1
            self._changed.notify_all()


def _weakly(method: WeakMethod[Callable[[], None]]) -> Callable[[], None]:
    """Return a hook that does nothing once the pool is gone: hooks can't be taken back."""

    def hook() -> None:
        found = method()
        if found is not None:
            found()

    return hook
