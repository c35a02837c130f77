"""A Sphinx extension with one directive: ```` ```{generated} settings-server ```` puts a part of the reference here."""

from __future__ import annotations

import pathlib
import typing

import generated
import provider_pages
from sphinx.util.docutils import SphinxDirective

if typing.TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

__all__ = ["setup"]


class Generated(SphinxDirective):
    """The text that `generated.PARTS` has under the name, read as MyST."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        return self.parse_text_to_nodes(generated.PARTS[self.arguments[0]](), allow_section_headings=True)


def _write_pages(app: Sphinx) -> None:
    provider_pages.write_pages(pathlib.Path(app.srcdir) / "reference" / "providers")


def setup(app: Sphinx) -> ExtensionMetadata:
    app.connect("builder-inited", _write_pages)
    app.add_directive("generated", Generated)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
