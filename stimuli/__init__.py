"""What the client hears, sees and feels, as pure functions of the session frame.

The beat score and everything projected from it: tones, continuous sound, light frames, taps, pads and the limiter.
May import numpy and annotated types, and nothing else of ours; knows no clock, no thread and no device.
"""
