"""The panel's server: sign-in, API, WebSocket and the panel's own files.

May import `roomctl.messages`, `roomctl.link`, `roomctl.records`, `roomctl.sign_in` and `roomctl.errors`. Holds no state of the
room, and may die at any moment.
"""
