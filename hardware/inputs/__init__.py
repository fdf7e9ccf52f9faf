"""Pedals, clickers and the client's own STOP button: keys in, commands out.

May import nothing of ours but `hardware`'s seams. Which key means which command stands in the room file.
"""
