"""Opening a lamp and watching its link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def open_lamp(request: pytest.FixtureRequest, links_of: Any) -> Callable[[Any], Any]:
    """Opens a lamp, to be closed at the end; returns its links."""

    def opened(lamp: Any) -> Any:
        request.addfinalizer(lamp.close)
        links = links_of(lamp)
        lamp.open()
        return links

    return opened
