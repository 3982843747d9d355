"""A language in which everything takes half as many letters again as in English: what fits in it fits in most."""
from __future__ import annotations

import re

from PySide6.QtCore import QTranslator


class Longer(QTranslator):
    """A language in which everything takes half as many letters again."""

    def translate(self, context: str, source: str, disambiguation: str | None = None, n: int = -1) -> str:
        letters = len(re.sub(r"\{\w+\}|&", "", source))
        return f"{source}{'ë' * (letters // 2)}" if source.strip() else source

    def isEmpty(self) -> bool:
        return False
