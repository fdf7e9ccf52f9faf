"""DMX512: universes of 512 slots, what fixtures make of them, and the three wires they travel on. Pure encoders, no sockets."""
