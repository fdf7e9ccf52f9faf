// The Arduino IDE opens this file; the program is tapper.c beside it, which has its own main().
// Board: Arduino Uno, Nano or Pro Mini (ATmega328P, 5 V, 16 MHz). See docs/devices/tapper.md.
