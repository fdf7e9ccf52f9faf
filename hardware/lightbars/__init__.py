"""Light bars: rows of LEDs behind their wires, each with its encoder, and a stub that is a model of one."""
