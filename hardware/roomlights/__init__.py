"""Room lights: lamps behind their wires, and a stub that is a model of one. A lamp holds its look when the room is lost."""
