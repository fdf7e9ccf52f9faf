"""What stands before every route: which Host and Origin may ask, what a body may be, and what headers each answer carries.

Plain ASGI, outermost first: headers, host and origin, body. Knows nothing of the room and of who is signed in.
"""
