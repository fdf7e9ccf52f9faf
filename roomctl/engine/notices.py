"""Sentences for everyone who looks at the room: a device was lost, a file failed, the room restarted."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Notices:
    """Sentences for everyone in the room's panels, newest last, one for each subject."""

    items: OrderedDict[str, dict[str, Any]] = field(default_factory=OrderedDict)

    def put(self, id: str, text: str, level: str = "warn") -> None:
        """Say something, or say it anew."""
        if self.items.get(id, {}).get("text") != text:
            self.items[id] = {"id": id, "text": text, "level": level, "since_utc_s": time.time()}

    def drop(self, id: str) -> None:
        """It is over."""
        self.items.pop(id, None)

    def hold(self, id: str, text: str | None) -> None:
        """Say `text` for as long as there is one."""
        if text:
            self.put(id, text)
        else:
            self.drop(id)

    def listed(self) -> list[dict[str, Any]]:
        """All that holds."""
        return list(self.items.values())
