"""Light colouring of code, line by line: what is a comment, a text, a number, a word of the language. Nothing is parsed."""
from __future__ import annotations

import re

from PySide6.QtGui import QColor, QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from inspector.gui.kit import theme

_PLAIN, _SINGLE, _DOUBLE, _COMMENT = -1, 1, 2, 3         # states of a line's end: inside ''' … ''', """ … """, /* … */
_ENDS = {_SINGLE: "'''", _DOUBLE: '"""', _COMMENT: "*/"}
_BEGINS = {"'''": _SINGLE, '"""': _DOUBLE, "/*": _COMMENT}

_STRING = r'(?P<string>[rbfuRBFU]{0,2}(?:"(?:[^"\\]|\\.)*(?:"|\\?$)|\'(?:[^\'\\]|\\.)*(?:\'|\\?$)))'
_NUMBER = r"(?P<number>(?<![\w.])-?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)(?!\w))"
_PYTHON = re.compile(
    r'(?P<long>"""|\'\'\')|(?P<comment>\#.*)|' + _STRING + "|" + _NUMBER
    + r"|(?P<keyword>(?<![\w.])(?:and|as|assert|async|await|break|class|continue|def|del|elif|else|except|finally|for|from|global|if"
      r"|import|in|is|lambda|nonlocal|not|or|pass|raise|return|try|while|with|yield|None|True|False|self)(?!\w))"
    + r"|(?P<name>(?<=\bdef )\w+|(?<=\bclass )\w+)")
_C = re.compile(
    r"(?P<long>/\*)|(?P<comment>//.*|^\s*\#\s*\w+)|" + _STRING + "|" + _NUMBER
    + r"|(?P<keyword>(?<![\w.])(?:auto|bool|break|case|char|class|const|constexpr|continue|default|delete|double|else|enum|extern|false"
      r"|float|for|if|inline|int|int32_t|int64_t|long|namespace|new|nullptr|private|public|return|short|signed|sizeof|static|std|struct|switch"
      r"|template|this|true|typedef|typename|union|unsigned|using|void|while)(?!\w))")
_JSON = re.compile(r'(?P<keyword>"(?:[^"\\]|\\.)*"(?=\s*:))|' + _STRING + "|" + _NUMBER[:-1] + r"|\b(?:true|false|null)\b)")
_LANGUAGES = {"python": _PYTHON, "c": _C, "json": _JSON}
_SUFFIXES = {".py": "python", ".json": "json", **dict.fromkeys((".cpp", ".cc", ".c", ".h", ".hpp", ".cu"), "c")}
_LONG = 1000                # characters of a line that are coloured
_MANY = 40                  # … and words of it: tables of numbers are as well read without


def language_of(name: str) -> str:
    """The language of the text `name`: "python" where its name does not say, as classes have none; "" for plain text."""
    last = name.rpartition("/")[2]
    suffix = last[last.rfind("."):].lower() if "." in last else ""
    return _SUFFIXES.get(suffix, "" if "/" in name else "python")


class Highlighter(QSyntaxHighlighter):
    """Colours `document` in the theme's colours; `set_language` before its text is set."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._pattern: re.Pattern[str] | None = None
        self._formats: dict[str, QTextCharFormat] = {}
        self._dress()

    def set_language(self, language: str) -> None:
        self._pattern = _LANGUAGES.get(language)

    def recolour(self) -> None:
        """The theme has changed."""
        self._dress()
        self.rehighlight()

    def _dress(self) -> None:
        c = theme.colours()
        tints = {"comment": c.muted, "string": c.ok, "long": c.ok, "number": c.warning, "keyword": c.link, "name": c.text}
        for kind, colour in tints.items():
            made = QTextCharFormat()
            made.setForeground(QColor(colour))
            if kind == "name":
                made.setFontWeight(QFont.Weight.DemiBold)
            made.setFontItalic(kind == "comment")
            self._formats[kind] = made

    def highlightBlock(self, text: str) -> None:
        pattern, at = self._pattern, 0
        self.setCurrentBlockState(_PLAIN)
        if pattern is None:
            return
        text = text[:_LONG]
        state = self.previousBlockState()
        if state in _ENDS:
            at = self._finish(text, 0, 0, state)
        for _ in range(_MANY):
            match = pattern.search(text, at)
            if match is None:
                return
            kind = match.lastgroup or ""
            if kind == "long":
                at = self._finish(text, match.start(), match.end(), _BEGINS[match.group()])
                continue
            self.setFormat(match.start(), match.end() - match.start(), self._formats[kind])
            at = max(match.end(), at + 1)

    def _finish(self, text: str, start: int, search: int, state: int) -> int:
        """Colours what goes over several lines, from `start` on, to its end or the line's. Gives where it stops."""
        end = text.find(_ENDS[state], search)
        stop = len(text) if end < 0 else end + len(_ENDS[state])
        self.setFormat(start, stop - start, self._formats["comment" if state == _COMMENT else "long"])
        if end < 0:
            self.setCurrentBlockState(state)
        return stop
