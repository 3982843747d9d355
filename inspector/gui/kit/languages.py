"""The languages of the window. Texts in the code are English; `resources/translations` has the others, and CONTRIBUTING says how they are
kept up. `sentences` has what comes from below the window.
"""
from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from inspector.resources_path import resource_path

SYSTEM = "system"
NAMES = {"en": "English", "zh_CN": "简体中文"}       # each in itself, so that whoever cannot read the window finds it


_current = "en"


def current() -> str:
    """The language that the window has."""
    return _current


def install(app: QCoreApplication, choice: str) -> str:
    """Puts the window's words and Qt's own into the language `choice`, one of `NAMES` or `SYSTEM`; gives the language that it is."""
    global _current
    language = choice if choice in NAMES else of_system(QLocale.system().uiLanguages())
    own = QTranslator(app)
    if language != "en" and own.load(f"inspector_{language}.qm", str(resource_path("translations"))):
        app.installTranslator(own)
    else:
        language = "en"
    words = QTranslator(app)
    if language != "en" and words.load(f"qtbase_{language}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        app.installTranslator(words)
    _current = language
    return language


def of_system(wanted: list[str]) -> str:
    """The first of the tags that a person's system asks for ("zh-Hans-CN", "en-GB") that there are words for. Traditional Chinese is no
    simplified one."""
    for tag in wanted:
        language, *rest = tag.replace("_", "-").split("-")
        if language == "zh" and not {"Hant", "TW", "HK", "MO"} & {*rest}:
            return "zh_CN"
        if language == "en":
            return "en"
    return "en"


def named(text: str) -> str | None:
    """The language that a person typed: "zh", "zh-CN", "en_US"; None for one that there is none of."""
    return next((known for known in NAMES if text.replace("-", "_").lower() in (known.lower(), known.partition("_")[0])), None) \
        or ("en" if text.lower().startswith(("en-", "en_")) else None)
