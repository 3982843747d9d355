"""What the application for macOS says of itself: which documents it opens, by types that nobody else declares."""
from __future__ import annotations

from typing import Any

IDENTIFIER = "io.github.checkpoint-inspector"
# name -> (what it is called, endings); no type for these files is known to the system
TYPES = {"safetensors": ("safetensors checkpoint", ("safetensors",)), "pytorch": ("PyTorch checkpoint", ("pt", "pth", "pt2", "ckpt"))}


def info(version: str) -> dict[str, Any]:
    """The entries of Info.plist besides those that every application has. A kind of document goes by its types alone once it has some, so
    these are declared: imported, as types that others may define better."""
    return {
        "CFBundleExecutable": "inspector-gui", "CFBundleShortVersionString": version, "NSHighResolutionCapable": True,
        "CFBundleDocumentTypes": [
            {"CFBundleTypeName": called, "CFBundleTypeRole": "Editor", "LSHandlerRank": "Alternate",
             "LSItemContentTypes": [f"{IDENTIFIER}.{name}"]} for name, (called, _) in TYPES.items()],
        "UTImportedTypeDeclarations": [
            {"UTTypeIdentifier": f"{IDENTIFIER}.{name}", "UTTypeDescription": called, "UTTypeConformsTo": ["public.data"],
             "UTTypeTagSpecification": {"public.filename-extension": list(endings)}} for name, (called, endings) in TYPES.items()]}
