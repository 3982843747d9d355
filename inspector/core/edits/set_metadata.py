"""safetensors' `__metadata__`: texts by name."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from inspector.core.checkpoint import Checkpoint
from inspector.core.errors import EditError
from inspector.core.keypath import quoted, visible
from inspector.core.progress import QUIET, Monitor

from .tools.common import Edit, edited, fields_of


@dataclass(frozen=True)
class SetMetadata(Edit):
    """`key` says `value` from now on; None takes it out. Only safetensors files have a place for it.

    >>> path = core.save({"w": np.ones(3)}, folder / "a.safetensors").path
    >>> core.edit(path, [core.SetMetadata("license", "MIT")]).metadata
    mappingproxy({'format': 'pt', 'license': 'MIT'})
    """

    key: str
    value: str | None
    OPTION: ClassVar[str] = "set-metadata"

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        metadata = {key: value for key, value in ckpt.metadata.items() if key != self.key or self.value is not None}
        if self.value is not None:
            metadata[self.key] = self.value
        return edited(ckpt, self, metadata=metadata)

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        name = visible(self.key, 60)
        old, new = before.metadata.get(self.key), after.metadata.get(self.key)
        if old == new:
            return [f"The metadata has no {name!r}." if new is None else f"The metadata {name!r} says that already."]
        said = f"{quoted(new, 60)}" if new is not None else "nothing"
        return [f"The metadata {name!r} says {said}" + (f" instead of {quoted(old, 60)}." if old is not None else ".")]

    @property
    def option(self) -> str:
        return "unset-metadata" if self.value is None else self.OPTION

    @property
    def text(self) -> str:
        return self.key if self.value is None else f"{self.key}={self.value}"

    def to_json(self) -> Any:
        return self.key if self.value is None else {"key": self.key, "value": self.value}

    @classmethod
    def parse(cls, text: str, option: str) -> SetMetadata:
        if option == "unset-metadata":
            return cls(text, None)
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise EditError(f"{quoted(text, 80)} does not say which metadata to set",
                            "Write NAME=TEXT; --unset-metadata NAME takes it out.")
        return cls(key, value)

    @classmethod
    def from_json(cls, value: Any, option: str) -> SetMetadata:
        if isinstance(value, str):
            return cls.parse(value, option)
        found = fields_of(value, option, ("key", "value"))
        if not isinstance(found["key"], str) or not isinstance(found["value"], str | None):
            raise EditError("the name and the value of metadata are texts")
        return cls(found["key"], found["value"])
