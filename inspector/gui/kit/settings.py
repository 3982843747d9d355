"""What is remembered between runs: recent files, theme, layout. One INI file whose path can be given.

Lists and paths are kept as JSON in ASCII, so a file name that is not UTF-8 (surrogate escapes) survives.
"""
from __future__ import annotations

import json
import os
import time
from typing import Any, NamedTuple

from PySide6.QtCore import QByteArray, QObject, QSettings, QStandardPaths, Signal

from . import fault_log

RECENT = 10
MARKED_FILES = 100          # whose bookmarks are kept
LAYOUT_VERSION = 2          # raise it when docks, splitters or columns change their meaning: older layouts are then forgotten


class RecentFile(NamedTuple):
    """A path opened lately: when (seconds since 1970), how large it was, and the worst that was known of it, a kind of `signals`; 0 and ""
    where that is not known."""

    path: str
    at: int = 0
    nbytes: int = 0
    sign: str = ""


class Settings(QObject):
    recent_changed = Signal()

    def __init__(self, path: str | None = None, parent: QObject | None = None) -> None:
        """`path` of the INI file; by default what INSPECTOR_SETTINGS names, or the one in the person's configuration folder."""
        super().__init__(parent)
        self.path = path or os.environ.get("INSPECTOR_SETTINGS") or _default_path()
        self._store = QSettings(self.path, QSettings.Format.IniFormat, self)

    @property
    def recent(self) -> tuple[str, ...]:
        """Paths of files opened lately, the latest first."""
        kept = self._json("recent")
        return tuple(path for path in kept if isinstance(path, str))[:RECENT] if isinstance(kept, list) else ()

    @property
    def recent_files(self) -> tuple[RecentFile, ...]:
        """The same, with what is remembered of each."""
        kept = self._json("recent-facts")
        facts = kept if isinstance(kept, dict) else {}
        return tuple(_recent(path, facts.get(path)) for path in self.recent)

    def add_recent(self, path: str) -> None:
        self._note(RecentFile(path, int(time.time())))
        self._set_recent([path, *(other for other in self.recent if other != path)][:RECENT])

    def note_recent(self, path: str, nbytes: int, sign: str) -> None:
        """What is known of a file that is open, for the next start."""
        known = next((file for file in self.recent_files if file.path == path), None)
        if known is not None and (known.nbytes, known.sign) != (nbytes, sign):
            self._note(known._replace(nbytes=nbytes, sign=sign))
            self.recent_changed.emit()

    def remove_recent(self, path: str) -> None:
        self._set_recent([other for other in self.recent if other != path])

    def clear_recent(self) -> None:
        self._set_recent([])

    def bookmarks(self, path: str) -> tuple[str, ...]:
        """The keys of a file that were marked."""
        kept = self._json("bookmarks")
        found = next((one[1] for one in kept if isinstance(one, list) and len(one) == 2 and one[0] == path), ()) \
            if isinstance(kept, list) else ()
        return tuple(key for key in found if isinstance(key, str)) if isinstance(found, list) else ()

    def set_bookmarks(self, path: str, keys: tuple[str, ...]) -> None:
        """Of the files in which keys were marked lately."""
        kept = self._json("bookmarks")
        others = [one for one in kept if isinstance(one, list) and one[:1] != [path]] if isinstance(kept, list) else []
        self._set_json("bookmarks", [*others, [path, list(keys)]][-MARKED_FILES:] if keys else others)

    @property
    def offers_double_click(self) -> bool:
        """Whether the first page offers to be the program for checkpoints; False once somebody said not now."""
        return self._json("offer-double-click") is not False

    @offers_double_click.setter
    def offers_double_click(self, on: bool) -> None:
        self._set_json("offer-double-click", on)

    @property
    def folder(self) -> str:
        """Where the open dialog starts: where it was left."""
        kept = self._json("folder")
        return kept if isinstance(kept, str) else ""

    @folder.setter
    def folder(self, path: str) -> None:
        self._set_json("folder", path)

    @property
    def export_folder(self) -> str:
        """Where tables and pictures were saved last."""
        kept = self._json("export-folder")
        return kept if isinstance(kept, str) else ""

    @export_folder.setter
    def export_folder(self, path: str) -> None:
        self._set_json("export-folder", path)

    @property
    def theme(self) -> str:
        """The choice made in the menu; INSPECTOR_THEME goes before it and is not remembered."""
        kept = self._json("theme")
        return os.environ.get("INSPECTOR_THEME") or (kept if isinstance(kept, str) else "system")

    @theme.setter
    def theme(self, choice: str) -> None:
        self._set_json("theme", choice)

    @property
    def language(self) -> str:
        """The choice made in the menu, "system" or a language; INSPECTOR_LANG goes before it and is not remembered."""
        kept = self._json("language")
        return os.environ.get("INSPECTOR_LANG") or (kept if isinstance(kept, str) else "system")

    @language.setter
    def language(self, choice: str) -> None:
        self._set_json("language", choice)

    @property
    def follows(self) -> bool:
        """Whether open files that change on the disk are read again unasked."""
        return self._json("follow") is True

    @follows.setter
    def follows(self, on: bool) -> None:
        self._set_json("follow", on)

    @property
    def finds(self) -> bool:
        """Whether what is typed over the tree is gone to, hit by hit, and nothing is hidden."""
        return self._json("find-instead") is True

    @finds.setter
    def finds(self, on: bool) -> None:
        self._set_json("find-instead", on)

    @property
    def packed_as_stored(self) -> bool:
        """Whether the tree shows the parts of packed weights, not each of them as one."""
        return self._json("packed-as-stored") is True

    @packed_as_stored.setter
    def packed_as_stored(self, on: bool) -> None:
        self._set_json("packed-as-stored", on)

    @property
    def reopens(self) -> bool:
        """Whether a start without files opens again what was open."""
        return self._json("reopen") is True

    @reopens.setter
    def reopens(self, on: bool) -> None:
        self._set_json("reopen", on)

    @property
    def log(self) -> str:
        """The file that faults are written down in."""
        return os.path.join(self.beside, fault_log.NAME)

    @property
    def beside(self) -> str:
        """The folder for what is kept beside the settings."""
        return os.path.dirname(self.path) or "."

    def layout(self, name: str) -> QByteArray | None:
        """The kept state of splitter, header or window `name`, unless another version of the layout wrote it."""
        if self._json("layout/version") != LAYOUT_VERSION:
            return None
        kept = self._json(f"layout/{name}")
        return QByteArray.fromBase64(kept.encode("ascii", "ignore")) if isinstance(kept, str) else None

    def set_layout(self, name: str, state: QByteArray) -> None:
        self._set_json("layout/version", LAYOUT_VERSION)
        self._set_json(f"layout/{name}", bytes(state.toBase64().data()).decode("ascii"))

    def forget_layout(self) -> None:
        self._store.remove("layout")

    def sync(self) -> None:
        self._store.sync()

    def _set_recent(self, paths: list[str]) -> None:
        self._set_json("recent", paths)
        self.recent_changed.emit()

    def _note(self, file: RecentFile) -> None:
        others = {other.path: other for other in self.recent_files} | {file.path: file}
        self._set_json("recent-facts", {path: [one.at, one.nbytes, one.sign] for path, one in others.items()})

    def _json(self, key: str) -> Any:
        text = self._store.value(key)
        if not isinstance(text, str):
            return None
        try:
            return json.loads(text)
        except (ValueError, RecursionError):        # somebody edited the file: as if it had never been set
            return None

    def _set_json(self, key: str, value: object) -> None:
        self._store.setValue(key, json.dumps(value, ensure_ascii=True))


def _recent(path: str, facts: Any) -> RecentFile:
    """As far as what was kept makes sense: anybody may have written the file."""
    if isinstance(facts, list) and [type(fact) for fact in facts] == [int, int, str] and 0 <= facts[0] < 1 << 40 and facts[1] >= 0:
        return RecentFile(path, *facts)
    return RecentFile(path)


def _default_path() -> str:
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
    return os.path.join(folder, "checkpoint-inspector", "settings.ini")
