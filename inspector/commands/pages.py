"""What pages are made of: self-contained, no scripts, nothing fetched, and every name in them plain text."""
from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from inspector import core, languages
from inspector.sentences import said

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2024; --soft: #60656c; --line: #d9dce0; --ground: #fff; --a: #0072b2; --b: #d55e00;
  --danger: #b3261e; --warning: #8a5a00; --info: #0072b2; --card: #f4f5f7;
  --s0: #2f5fd0; --s1: #d55e00; --s2: #00866a; --s3: #b4558c; --s4: #a87000; --s5: #3a8fc2; --s6: #5c6570; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8eaed; --soft: #9aa0a6; --line: #3c4043; --ground: #1b1d1f; --a: #56b4e9; --b: #e69f00;
  --danger: #ff8a80; --warning: #edc84a; --info: #93b4ff; --card: #25282c;
  --s0: #7ea6ff; --s1: #ff9a56; --s2: #46cfa9; --s3: #e596c4; --s4: #edc84a; --s5: #62bdea; --s6: #a9b2bd; } }
body { font: 14px/1.45 system-ui, "Noto Sans CJK SC", sans-serif; color: var(--ink); background: var(--ground); margin: 2rem auto;
  max-width: 1200px; padding: 0 1rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin-top: 2rem; } .soft { color: var(--soft); }
.a { color: var(--a); } .b { color: var(--b); }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .2rem .6rem; border-bottom: 1px solid var(--line); }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; } td.s { white-space: nowrap; }
td.k { overflow-wrap: anywhere; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(340px, 1fr)); gap: 1rem; } figure { margin: 0; }
figcaption { overflow-wrap: anywhere; font-size: 12px; } svg { width: 100%; height: auto; border: 1px solid var(--line); }
svg.small { width: 100px; height: 18px; border: 0; } svg text { font: 11px system-ui, "Noto Sans CJK SC", sans-serif; fill: var(--ink); }
pre { background: var(--card); padding: .6rem .8rem; overflow-x: auto; font: 12px/1.4 ui-monospace, "DejaVu Sans Mono", monospace; }
.danger { color: var(--danger); } .warning { color: var(--warning); } .info { color: var(--info); }
@media print { body { margin: 0; max-width: none; } tr, figure { break-inside: avoid; } }
"""


def page_of(title: str, body: Sequence[str]) -> str:
    """The whole page."""
    tag = languages.current().replace("_", "-")
    return (f'<!doctype html>\n<html lang="{tag}"><head><meta charset="utf-8"><title>{text_of(title)}</title>'
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
            f"<style>{_STYLE}</style></head>\n<body>\n" + "\n".join(body) + "\n</body></html>\n")


def table(titles: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """A table; `numbers` are the columns of numbers."""
    kinds = ["n" if i in numbers else "k" for i in range(len(titles))]
    head = "".join(f'<th class="{kind}">{text_of(said(title))}</th>' for kind, title in zip(kinds, titles, strict=True))
    lines = ("<tr>" + "".join(f'<td class="{kind}">{text_of(cell)}</td>' for kind, cell in zip(kinds, row, strict=True)) + "</tr>"
             for row in rows)
    return f"<table><tr>{head}</tr>\n" + "\n".join(lines) + "</table>"


def told_of(text: str) -> str:
    """What there is to be said, in the language that is spoken, as text; numbers keep their units where lines break."""
    return core.wording.unbroken(text_of(said(text)))


def text_of(text: str) -> str:
    """Text that a file or a path may have a hand in, as text; what of it runs from right to left moves nothing beside it."""
    return html.escape(core.isolated(core.visible(text, 2000)))


def copied_of(text: str) -> str:
    """The same of what is taken on, as a command or code: without marks for those who read."""
    return html.escape(core.visible(text, 2000))
