"""The manual as a site: `make docs` builds it of the pages of this folder, into build/manual."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from relance import __version__

project = "Relance"
author = "the makers of Relance"
release = version = __version__
language = "en"

extensions = ["myst_parser", "sphinxcontrib.mermaid"]
exclude_patterns = ["examples/**"]
root_doc = "index"
nitpicky = True

# As on GitHub: a heading is a target, and a block of ```mermaid is a picture.
myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]

html_theme = "furo"
html_title = "Relance"
html_show_sphinx = False
html_copy_source = False
