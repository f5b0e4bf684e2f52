"""`crossdock lsp`: a real client's session over stdio."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from lsprotocol import types
from pygls.lsp.client import LanguageClient

from crossdock.cli.main import cli
from crossdock_config.formatting import Formatter

ROUTE = "routes/sales/acme-orders.route.yaml"


class Editor:
    """A client with one file open; problems come in by file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.client = LanguageClient("test", "1")
        self.told: asyncio.Queue[types.PublishDiagnosticsParams] = asyncio.Queue()

        @self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def told(params: types.PublishDiagnosticsParams) -> None:
            self.told.put_nowait(params)

        self.text = (root / ROUTE).read_text()
        self.uri = (root / ROUTE).as_uri()
        self.document = types.TextDocumentIdentifier(self.uri)
        self.version = 1

    async def start(self) -> None:
        await self.client.start_io(str(Path(sys.executable).with_name("crossdock")), "-C", str(self.root), "lsp")
        await self.client.initialize_async(types.InitializeParams(types.ClientCapabilities(), root_uri=self.root.as_uri()))
        self.client.initialized(types.InitializedParams())
        item = types.TextDocumentItem(self.uri, "yaml", self.version, self.text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    async def stop(self) -> None:
        await self.client.shutdown_async(None)
        self.client.exit(None)
        await self.client.stop()

    def write(self, text: str) -> None:
        self.text, self.version = text, self.version + 1
        document = types.VersionedTextDocumentIdentifier(self.version, self.uri)
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    def at(self, words: str) -> types.Position:
        """Return the position after the first of some words."""
        before = self.text[: self.text.index(words) + len(words)]
        return types.Position(before.count("\n"), len(before) - before.rfind("\n") - 1)

    async def problems(self) -> list[types.Diagnostic]:
        async with asyncio.timeout(60):
            while (told := await self.told.get()).uri != self.uri:
                pass
        return list(told.diagnostics)


@pytest.fixture
async def editor(tmp_path: Path) -> AsyncIterator[Editor]:
    assert CliRunner().invoke(cli, ["new", str(tmp_path / "shop")]).exit_code == 0
    editor = Editor((tmp_path / "shop").resolve())
    await editor.start()
    yield editor
    await editor.stop()


async def test_what_is_typed_is_checked_before_it_is_saved_and_is_fine_when_put_right(editor: Editor) -> None:
    right = editor.text
    editor.write(right.replace("map: acme-850", "map: acme-851"))
    (problem,) = await editor.problems()
    assert problem.message == "there is no map 'acme-851'; did you mean 'acme-850'?"
    assert problem.range.start == editor.at("map: ")
    editor.write(right)
    assert await editor.problems() == []


async def test_a_name_leads_to_the_file_that_defines_it(editor: Editor) -> None:
    asked = types.DefinitionParams(editor.document, editor.at("map: acme"))
    found = await editor.client.text_document_definition_async(asked)
    assert isinstance(found, types.Location)
    assert found.uri == (editor.root / "routes/sales/acme-850.map.yaml").as_uri()


async def test_names_of_maps_complete_a_map(editor: Editor) -> None:
    asked = types.CompletionParams(editor.document, editor.at("map: "))
    found = await editor.client.text_document_completion_async(asked)
    (item,) = found or ()
    assert isinstance(item, types.CompletionItem)
    assert isinstance(item.text_edit, types.TextEdit)
    start = editor.at("map: ")
    assert item.text_edit == types.TextEdit(types.Range(start, editor.at("map: acme-850")), "acme-850")


async def test_a_column_is_counted_as_the_protocol_does(editor: Editor) -> None:
    """In units of UTF-16: what stands beyond the first plane counts twice."""
    editor.write(editor.text.replace("- map: acme-850", '- { label: "📦📦", map: acme-8 }'))
    end = editor.at("map: acme-8")
    found = await editor.client.text_document_completion_async(
        types.CompletionParams(editor.document, types.Position(end.line, end.character + 2))
    )
    (item,) = found or ()
    assert isinstance(item, types.CompletionItem)
    assert isinstance(item.text_edit, types.TextEdit)
    assert item.text_edit.range.end == types.Position(end.line, end.character + 2)


async def test_who_uses_a_map_is_told(editor: Editor) -> None:
    asked = types.ReferenceParams(types.ReferenceContext(False), editor.document, editor.at("map: acme"))
    (place,) = await editor.client.text_document_references_async(asked) or ()
    assert (place.uri, place.range.start.line) == (editor.uri, editor.at("- map").line)


async def test_a_components_name_is_explained(editor: Editor) -> None:
    found = await editor.client.text_document_hover_async(types.HoverParams(editor.document, editor.at("validate")))
    assert found is not None
    assert isinstance(found.contents, types.MarkupContent)
    assert found.contents.value.startswith("**validate**: ")


async def test_formatting_is_that_of_fmt_and_leaves_a_broken_file_alone(editor: Editor) -> None:
    right = editor.text
    asked = types.DocumentFormattingParams(editor.document, types.FormattingOptions(2, True))
    editor.write(right + "\n\n\n")
    (edit,) = await editor.client.text_document_formatting_async(asked) or ()
    assert edit.new_text == Formatter().formatted(ROUTE, right)
    editor.write("route: [")
    assert not await editor.client.text_document_formatting_async(asked)
