"""The io process: what reaches the room from keys and OSC, and what follows it by OSC. May die and come back at any moment.

May import `hardware`, `stimuli` and the link; talks to the engine as any other client does.
"""
