"""The texts in it: code, programs, notes."""
from __future__ import annotations

from inspector.core.formats import source_texts

from . import by_path

texts = by_path(source_texts.texts, __name__)
read_text = by_path(source_texts.read_text, __name__)
text_pieces = by_path(source_texts.text_pieces, __name__)
source_of = by_path(source_texts.source_of, __name__)
