"""OSC in and out: packets, the listener that turns messages into commands, and state and beats for those who follow.

May import nothing of ours but `hardware`'s seams. Protocol: docs/protocols/osc.md.
"""
