"""Bytes to somewhere: UDP, serial, and either of them recorded or replayed. A transport knows nothing of what it carries."""
