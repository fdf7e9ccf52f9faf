"""A pulse for each hand: by serial line, sound card, game pad, OSC or Bluetooth, and the stub.

May import the value types of `stimuli`. Every tapper ends its pulses itself and never moves both hands at once.
"""
