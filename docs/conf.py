"""How the documentation is built: `sphinx-build -W -n -b html docs docs/_build/html`, offline."""

from __future__ import annotations

import pathlib
import sys

import mockserver

sys.path.insert(0, str(pathlib.Path(__file__).parent / "_ext"))

project = "pytest-oauthmock"
version = release = mockserver.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "oauthmock_docs"]
exclude_patterns = ["_build", "_ext"]

myst_enable_extensions = ["deflist", "colon_fence"]
myst_heading_anchors = 3

# A quote in a table of messages is the one that the server writes.
smartquotes = False

html_theme = "furo"
html_title = f"{project} {release}"
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False

# A `name` in a docstring is code.
default_role = "code"
autodoc_default_options = {"undoc-members": True}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True

# Nothing is downloaded, so other projects' names have no target; our own must have one.
nitpick_ignore_regex = [
    (r"py:.*", r"(cabc|collections|datetime|pathlib|ssl|types|typing|msgspec|pytest|boto3|werkzeug|_typeshed)\..*"),
    (r"py:.*", r"WSGIApplication"),
    # a Literal, whose values the docstring names
    (r"py:class", r"ClientFlaw"),
    # Sphinx takes a nested tuple apart
    (r"py:class", r"tuple\[str"),
]
