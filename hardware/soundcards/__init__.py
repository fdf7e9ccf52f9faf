"""Sound cards: the one seam, PortAudio behind it, and a stub that keeps a real clock.

A card pulls blocks from the room in a thread of its own and says when each will be heard. It never makes a sound of its own.
"""
