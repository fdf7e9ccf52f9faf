"""Drivers for sound cards, light bars, tappers, room lights and inputs; their stubs; the transports beneath them.

May import the value types of `stimuli` and nothing else of ours. Never decides what to send: it sends what it is offered.
"""
