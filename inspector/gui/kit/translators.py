"""The language of the window: its own texts, which `resources/translations` has in others, and Qt's."""
from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from inspector import languages
from inspector.resources_path import resource_path


def install(app: QCoreApplication, choice: str) -> str:
    """Puts the window's words and Qt's own into the language `choice`, one of `languages.NAMES` or `languages.SYSTEM`; gives the
    language that it is."""
    language = choice if choice in languages.NAMES else languages.of_system(QLocale.system().uiLanguages())
    own = QTranslator(app)
    if language != "en" and own.load(f"inspector_{language}.qm", str(resource_path("translations"))):
        app.installTranslator(own)
    else:
        language = "en"
    words = QTranslator(app)
    if language != "en" and words.load(f"qtbase_{language}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        app.installTranslator(words)
    languages.use(language)
    return language
