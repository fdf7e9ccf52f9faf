"""Who may call what. Every route declares one rule; an application with a route that has none does not come up."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute

from roomctl.errors import Forbidden
from roomctl.messages import Role, Who
from roomctl.sign_in import ROLES, Panel, SignIn
from web.faults import NotSignedIn

COOKIE: Final = "roomctl"

# Annotations here are read at run time by FastAPI from an instance, so this file does not defer them.


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may: everybody where `role` is None, else who is signed in with this role or a higher one."""

    role: Role | None

    async def __call__(self, connection: HTTPConnection) -> None:
        """Let pass and note who it is in `connection.state.panel`; raises NotSignedIn or Forbidden."""
        if self.role is None:
            return
        panel = signed_in(connection)
        if panel is None:
            raise NotSignedIn
        if ROLES.index(panel.role) < ROLES.index(self.role):
            raise Forbidden(f'this needs the role "{self.role}"; you are signed in with "{panel.role}"', role=panel.role)
        connection.state.panel = panel


OPEN: Final = Rule(None)
ANY_ROLE: Final = Rule("view")
CONTROL: Final = Rule("control")
ADMIN: Final = Rule("admin")


class RouteWithoutRule(Exception):
    """A mistake in this program: a route was added that says nothing about who may call it."""


def token_of(connection: HTTPConnection) -> tuple[str, bool]:
    """The token, and whether it came as the tablet's cookie rather than as a script's header; empty where there is none."""
    scheme, _, given = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return given.strip(), False
    return connection.cookies.get(COOKIE, ""), True


def signed_in(connection: HTTPConnection) -> Panel | None:
    """Who calls; None where nobody is known by that token."""
    token, _ = token_of(connection)
    if not token:
        return None
    store: SignIn = connection.app.state.room.sign_in
    panel = store.who(token)
    if panel is not None and store.needs_seen(panel):
        connection.app.state.room.in_background(asyncio.to_thread(store.seen, panel))
    return panel


def who(connection: HTTPConnection) -> Who:
    """The caller as the engine and the journal know it; a script has no panel of its own."""
    panel: Panel = connection.state.panel
    _, by_cookie = token_of(connection)
    return Who(name=panel.name, role=panel.role, panel_id=panel.id if by_cookie else None)


def rule_of(route: BaseRoute) -> Rule | None:
    """The rule a route declares: among its dependencies, or on its endpoint where it is not one of FastAPI's."""
    for dependency in getattr(route, "dependencies", None) or ():
        if isinstance(dependency.dependency, Rule):
            return dependency.dependency
    rule = getattr(getattr(route, "endpoint", None), "rule", None)
    return rule if isinstance(rule, Rule) else None


def check_every_route(routes: Iterable[BaseRoute]) -> None:
    """Raise RouteWithoutRule where one says nothing; whatever holds routes inside itself counts as such."""
    bare = [getattr(route, "path", repr(route)) for route in routes if rule_of(route) is None]
    if bare:
        raise RouteWithoutRule(f"no sign-in rule on: {', '.join(bare)}")
