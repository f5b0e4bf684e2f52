"""The Language Server Protocol over what `editing` knows: on stdin and stdout, for any editor."""

from __future__ import annotations

import asyncio
from pathlib import Path

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path
from pygls.workspace import TextDocument

from crossdock.cli.editor.editing import Editing
from crossdock.core.errors import Misconfigured, Place, Problem

PAUSE = 0.3
"""Seconds without a key pressed before a project is looked at."""
_SEVERITY = {"error": types.DiagnosticSeverity.Error, "warning": types.DiagnosticSeverity.Warning}
_At = types.DefinitionParams | types.ReferenceParams | types.CompletionParams | types.HoverParams


class Desk:
    """One editor's session with one project."""

    def __init__(self, editing: Editing, server: LanguageServer) -> None:
        self.editing = editing
        self.server = server
        self._told: set[str] = set()
        self._looking: asyncio.Task[None] | None = None

    def path(self, uri: str) -> str:
        """Return a file's path below the project's root, or '' where it lies elsewhere."""
        path, root = Path(to_fs_path(uri) or "").resolve(), self.editing.root.resolve()
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else ""

    def uri(self, path: str) -> str:
        """Return the URI of a file below the project's root."""
        return from_fs_path(str(self.editing.root.resolve() / path)) or ""

    def changed(self, uri: str) -> None:
        """Take an open file's text, and look at the project as soon as nobody types."""
        self.editing.unsaved[self.path(uri)] = self.server.workspace.get_text_document(uri).source
        self.look()

    def closed(self, uri: str) -> None:
        """Take a file as it was saved."""
        self.editing.unsaved.pop(self.path(uri), None)
        self.look()

    def look(self) -> None:
        """Tell the editor the project's problems after a pause; what was begun before is dropped."""
        if self._looking:
            self._looking.cancel()
        self._looking = asyncio.get_running_loop().create_task(self._tell())

    async def _tell(self) -> None:
        await asyncio.sleep(PAUSE)
        found: dict[str, list[types.Diagnostic]] = {path: [] for path in self._told}
        texts = self.editing.texts()
        for problem in await asyncio.to_thread(self.editing.problems):
            path = problem.place[0]
            found.setdefault(path, []).append(_diagnostic(problem, texts.get(path, "")))
        self._told = {path for path, all_ in found.items() if all_}
        for path, diagnostics in found.items():
            self.server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(self.uri(path), diagnostics))

    def definition(self, asked: types.DefinitionParams) -> types.Location | None:
        """Return where the name under the cursor is defined."""
        place = self.editing.definition(*self._at(asked))
        return None if place is None else types.Location(self.uri(place.path), _range(place, self.editing.texts()[place.path]))

    def completion(self, asked: types.CompletionParams) -> list[types.CompletionItem]:
        """Return the words that may stand at the cursor."""
        document, (path, line, column) = self._document(asked), self._at(asked)
        found: list[types.CompletionItem] = []
        for one in self.editing.completions(path, line, column):
            replaced = types.Range(types.Position(line, one.start), types.Position(line, one.end))
            edit = types.TextEdit(document.position_codec.range_to_client_units(document.lines, replaced), one.word)
            found.append(types.CompletionItem(label=one.word, detail=one.told, text_edit=edit))
        return found

    def references(self, asked: types.ReferenceParams) -> list[types.Location]:
        """Return the places that use what is named under the cursor, or the file."""
        texts = self.editing.texts()
        return [
            types.Location(self.uri(one.path), _range(one, texts.get(one.path, "")))
            for one in self.editing.uses(*self._at(asked))
        ]

    def hover(self, asked: types.HoverParams) -> types.Hover | None:
        """Return what the word under the cursor means."""
        text = self.editing.hover(*self._at(asked))
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text)) if text else None

    def formatting(self, asked: types.DocumentFormattingParams) -> list[types.TextEdit]:
        """Return a file in its canonical form, as one edit; a broken one is left alone."""
        from crossdock_config.formatting import Formatter

        text = self.server.workspace.get_text_document(asked.text_document.uri).source
        try:
            made = Formatter().formatted(self.path(asked.text_document.uri), text)
        except Misconfigured:
            return []  # its problems are told as diagnostics already
        whole = types.Range(types.Position(0, 0), types.Position(len(text.splitlines()) + 1, 0))
        return [] if made == text else [types.TextEdit(whole, made)]

    def _document(self, asked: _At) -> TextDocument:
        return self.server.workspace.get_text_document(asked.text_document.uri)

    def _at(self, asked: _At) -> tuple[str, int, int]:
        document = self._document(asked)
        at = document.position_codec.position_from_client_units(document.lines, asked.position)
        return self.path(asked.text_document.uri), at.line, at.character


def language_server(root: Path, environment: str) -> LanguageServer:
    """Return the server of one project."""
    server = LanguageServer("crossdock", "1", text_document_sync_kind=types.TextDocumentSyncKind.Full)
    desk = Desk(Editing(root, environment), server)

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def opened(told: types.DidOpenTextDocumentParams) -> None:
        desk.changed(told.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(told: types.DidChangeTextDocumentParams) -> None:
        desk.changed(told.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    async def closed(told: types.DidCloseTextDocumentParams) -> None:
        desk.closed(told.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def definition(asked: types.DefinitionParams) -> types.Location | None:
        return desk.definition(asked)

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    async def references(asked: types.ReferenceParams) -> list[types.Location]:
        return await asyncio.to_thread(desk.references, asked)

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=[".", " ", ":", "-"]))
    async def completion(asked: types.CompletionParams) -> list[types.CompletionItem]:
        return await asyncio.to_thread(desk.completion, asked)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(asked: types.HoverParams) -> types.Hover | None:
        return await asyncio.to_thread(desk.hover, asked)

    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    def formatting(asked: types.DocumentFormattingParams) -> list[types.TextEdit]:
        return desk.formatting(asked)

    return server


def _diagnostic(problem: Problem, text: str) -> types.Diagnostic:
    where = _range(Place(*problem.place), text)
    return types.Diagnostic(where, problem.message, severity=_SEVERITY[problem.severity], code=problem.code, source="crossdock")


def _range(place: Place, text: str) -> types.Range:
    """Return a place as the protocol has it: from 0, in units of UTF-16, to the end of its line."""
    lines = text.splitlines()
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    start, end = (len(part.encode("utf-16-le")) // 2 for part in (line[: place.column - 1], line))
    return types.Range(types.Position(place.line - 1, start), types.Position(place.line - 1, max(end, start)))
