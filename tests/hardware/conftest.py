"""Watching a device's link states."""

from __future__ import annotations

import threading

import pytest

from hardware.seams import Device, Link


class Links:
    """Every link state a device has said since; waits for one by its state and words of its reason."""

    def __init__(self, device: Device) -> None:
        self.seen: list[Link] = []
        self._changed = threading.Condition()
        device.on_link = self._take

    def _take(self, device: Device, link: Link) -> None:
        with self._changed:
            self.seen.append(link)
            self._changed.notify_all()

    def wait_for(self, state: str, about: str = "", timeout_s: float = 20.0) -> Link:
        def there() -> Link | None:
            return next((link for link in self.seen if link.state == state and about in link.why), None)

        with self._changed:
            assert self._changed.wait_for(lambda: there() is not None, timeout_s), self.seen
            found = there()
        assert found is not None
        return found


@pytest.fixture
def links_of() -> type[Links]:
    """`links_of(device)` begins to watch it."""
    return Links
