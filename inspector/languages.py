"""The languages that people are spoken to in, by the window, the command line and the pages: which there are, and which it is now.

Texts in the code are English. `sentences` has what is said below the window, the window's own texts are Qt's to translate
(`gui.kit.translators`), and CONTRIBUTING says how both are kept up. What programs read (JSON, SARIF, JUnit, digests) has no language.
"""
from __future__ import annotations

import os
import sys
from collections.abc import Iterable

SYSTEM = "system"    # what the system asks for
NAMES = {"en": "English", "zh_CN": "简体中文"}       # each in itself, so that whoever cannot read the window finds it

_current = "en"


def current() -> str:
    """The language that this process speaks."""
    return _current


def use(language: str) -> None:
    """Speaks `language`, one of `NAMES`, from now on."""
    global _current
    _current = language


def of_system(wanted: Iterable[str]) -> str:
    """The first of the tags that a person's system asks for ("zh-Hans-CN", "en-GB") that there are words for. Traditional Chinese is no
    simplified one."""
    for tag in wanted:
        language, *rest = tag.replace("_", "-").split("-")
        if language == "zh" and not {"Hant", "TW", "HK", "MO"} & {*rest}:
            return "zh_CN"
        if language == "en":
            return "en"
    return "en"


def of_environment() -> str:
    """What the command line speaks: INSPECTOR_LANG as the window does; else what programs in a terminal go by (LC_ALL, LC_MESSAGES, LANG;
    LANGUAGE before them, as gettext has it), or on Windows the language of its own windows."""
    chosen = named(os.environ.get("INSPECTOR_LANG", ""))
    if chosen is not None:
        return chosen
    locale = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    if locale in ("C", "POSIX") or locale.startswith("C."):
        return "en"
    if locale:
        return of_system(tag.partition(".")[0].partition("@")[0] for tag in (*os.environ.get("LANGUAGE", "").split(":"), locale))
    if sys.platform == "win32":
        import ctypes
        return "zh_CN" if ctypes.windll.kernel32.GetUserDefaultUILanguage() in (0x0804, 0x1004) else "en"      # of China, of Singapore
    return "en"


def named(text: str) -> str | None:
    """The language that a person typed: "zh", "zh-CN", "en_US"; None for one that there is none of."""
    return next((known for known in NAMES if text.replace("-", "_").lower() in (known.lower(), known.partition("_")[0])), None) \
        or ("en" if text.lower().startswith(("en-", "en_")) else None)
