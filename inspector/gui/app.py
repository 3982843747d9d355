"""Starting the window.

A second start hands its files to the first before anything of Qt is loaded, and is gone in milliseconds. Otherwise the window
is on the screen before what is heavy is imported: pyqtgraph comes with the first plot, torch never.
"""
from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .kit.printing import PageMaker


def run(paths: list[str], *, screenshot: str | None = None, demo: bool = False, new_window: bool = False,
        language: str | None = None, pages: PageMaker | None = None) -> int:
    """Opens `paths` in the window and gives the exit code once it is closed. `screenshot` names a PNG to draw off screen
    instead. `demo`: the files are samples that will be gone; a window of their own, and they are not remembered.
    `pages` makes the pages of reports; without it the window offers none. Raises core.InspectorError
    when there is nothing to draw the picture of, or no such language."""
    listening = None
    if screenshot is not None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    elif not demo and not new_window:
        from .frame import instance
        found = instance.start(paths)
        if found.handed_over:
            return 0
        listening = found.listening
    from inspector import core, languages
    with core.collector_paused(for_good=True):
        from .frame import windows
    if language is not None and languages.named(language) is None:
        raise core.UsageError(f"there are no words in the language {core.quoted(language, 40)}",
                              f"There are: {', '.join(languages.NAMES)}.")
    language = languages.named(language) if language is not None else None
    if screenshot is not None:
        return windows.picture(paths, screenshot, language)
    return windows.show(paths, remember=not demo, listen=not (demo or new_window), listening=listening, language=language,
                        pages=pages)


