"""What the design promises, measured here: `python -m benchmarks` prints each target beside what this machine reached.

One file an idea, each with `measure(how)`. Nothing is asserted: a figure says whether it was kept, and what could not be
measured says why. May import everything, and is never packaged.
"""
