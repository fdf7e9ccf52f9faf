"""Starts the room's processes, brings back the one that dies, and sends the safe bytes for an engine that no longer can.

May import `roomctl.room_file` and the value types; runs no part of the room itself, so that it has nothing to fail at.
"""
