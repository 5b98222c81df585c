"""A page of HTML that stands alone: it opens offline, and its own rule keeps it from fetching anything."""

from __future__ import annotations

import html

from odb_nb.rendering import TABLE_RULES
from odb_nb.styles import sound

PAGE_END = "</body>\n</html>\n"

# the last two do not follow from the first
_RULE = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

_START = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{rule}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --page: #ffffff; --ink: #1b1b1b; --line: #d0d0d0; }}
@media (prefers-color-scheme: dark) {{ :root {{ --page: #161616; --ink: #e8e8e8; --line: #484848; }} }}
body {{ margin: 1.5em; background: var(--page); color: var(--ink); font: 14px/1.4 system-ui, sans-serif; }}
table {{ border-collapse: collapse; }}
th, td {{ border-bottom: 1px solid var(--line); vertical-align: top; }}
thead th {{ position: sticky; top: 0; background: var(--page); }}
{rules}</style>
</head>
<body>
<h1>{title}</h1>
"""


def page_start(title: str, *, rules: str = "", has_pictures: bool = False) -> str:
    """The page down to its heading; pictures may stand in it as data, and nothing is fetched."""
    rule = _RULE + ("; img-src data:" if has_pictures else "")
    return _START.format(title=html.escape(sound(title)), rules=TABLE_RULES + rules, rule=rule)
