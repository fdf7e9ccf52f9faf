"""What every device behind an `IoThread` has in common: its wire is opened, stilled and closed by the device's own thread.

A driver adds its kind's `offer`, and says in its wire what goes to the device. The thread is `io`, the wire is `wire`.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from hardware.io_thread import IoThread, Wire
from hardware.seams import Capabilities, Device

Item = TypeVar("Item")


class ThreadedDevice(Device, Generic[Item]):
    """A device whose wire takes `Item`s. With `resend` it gets the last one again after a reconnect.

    Stands before the kind it is: `class WiredLightBar(ThreadedDevice[LightFrame], LightBar)`.
    """

    def __init__(self, name: str, wire: Wire[Item], capabilities: Capabilities, resend: bool = False) -> None:
        super().__init__(name)
        self.wire = wire
        self.io: IoThread[Item] = IoThread(self, wire, resend)
        self._capabilities = capabilities

    @property
    def capabilities(self) -> Capabilities:
        """What the driver and the room file allow."""
        return self._capabilities

    def open(self) -> None:
        """Begin to connect."""
        self.io.open()

    def safe(self) -> None:
        """The safe look of the wire, before anything else."""
        self.io.safe()

    def close(self) -> None:
        """The wire's last word, then let go."""
        self.io.close()
