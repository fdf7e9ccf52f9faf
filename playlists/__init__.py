"""Protocol presets, dosing programs and their arc, and the music: library, decoding, player.

May import `stimuli`. Never touches a device, and never writes into a clinic's music folders.
"""
