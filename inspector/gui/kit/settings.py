"""What is remembered between runs: recent files, theme, layout. One INI file whose path can be given.

Lists and paths are kept as JSON in ASCII, so a file name that is not UTF-8 (surrogate escapes) survives.
"""
from __future__ import annotations

import json
import os
from typing import Any

from PySide6.QtCore import QByteArray, QObject, QSettings, QStandardPaths, Signal

from . import fault_log

RECENT = 10
LAYOUT_VERSION = 2          # raise it when docks, splitters or columns change their meaning: older layouts are then forgotten


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

    def add_recent(self, path: str) -> None:
        self._set_recent([path, *(other for other in self.recent if other != path)][:RECENT])

    def clear_recent(self) -> None:
        self._set_recent([])

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


def _default_path() -> str:
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
    return os.path.join(folder, "checkpoint-inspector", "settings.ini")
