"""Who may call what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from roomctl.sign_in import SignIn
from web.app import create_app
from web.rules import ANY_ROLE, OPEN, RouteWithoutRule, check_every_route, rule_of

OPEN_PATHS = {"/api/health", "/api/pair", "/", "/pair", "/sw.js", "/static/{path:path}"}
ADMIN_PATHS = {"/api/codes", "/api/panels", "/api/panels/{id}"}
VIEW_COMMANDS = {"/api/stop", "/api/resume", "/api/sign-out"}


def routes(data: Path) -> list[Any]:
    return list(create_app(data).routes)


def test_every_route_has_a_rule_and_few_are_open(tmp_path: Path) -> None:
    rules = {(route.path, rule_of(route)) for route in routes(tmp_path)}
    assert None not in {rule for _, rule in rules}
    assert {path for path, rule in rules if rule is not None and rule.role is None} == OPEN_PATHS
    assert {path for path, rule in rules if rule is not None and rule.role == "admin"} == ADMIN_PATHS


def test_what_changes_something_needs_control_but_for_stop_and_resume(tmp_path: Path) -> None:
    unsafe = {
        route.path: rule_of(route)
        for route in routes(tmp_path)
        if isinstance(route, APIRoute) and route.methods and not route.methods & {"GET"}
    }
    view = {path for path, rule in unsafe.items() if rule is not None and rule.role == "view"}
    assert view == VIEW_COMMANDS


def bare_route(app: FastAPI) -> None:
    app.get("/bare")(lambda: None)


def bare_socket(app: FastAPI) -> None:
    app.router.add_websocket_route("/bare", lambda socket: None)


def bare_mount(app: FastAPI) -> None:
    app.router.routes.append(Mount("/bare", StaticFiles(directory=".")))


def bare_router(app: FastAPI) -> None:
    router = APIRouter()
    router.get("/bare")(lambda: None)
    app.include_router(router)


@pytest.mark.parametrize("add", [bare_route, bare_socket, bare_mount, bare_router])
def test_a_route_without_a_rule_is_refused(add: Any) -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.get("/ruled", dependencies=[Depends(OPEN)])(lambda: None)
    check_every_route(app.routes)
    add(app)
    with pytest.raises(RouteWithoutRule):
        check_every_route(app.routes)


async def test_an_application_with_a_bare_route_does_not_come_up(tmp_path: Path) -> None:
    app = create_app(tmp_path)
    bare_route(app)
    with pytest.raises(RouteWithoutRule, match="/bare"):
        async with app.router.lifespan_context(app):
            raise AssertionError("it came up")


def test_a_stranger_gets_401_everywhere_but_on_what_is_open(stranger: httpx.Client, served: Any, tmp_path: Path) -> None:
    asked = 0
    for route in routes(tmp_path):
        if isinstance(route, APIRoute) and route.path not in OPEN_PATHS:
            for method in route.methods or ():
                answer = stranger.request(method, route.path.replace("{", "").replace("}", ""))
                assert (answer.status_code, "not signed in" in answer.json()["error"]) == (401, True), route.path
                assert answer.headers["www-authenticate"] == "Bearer"
                asked += 1
    assert asked > 50


def test_a_viewer_may_stop_and_resume_and_look_but_not_change(view: httpx.Client, engine: Any) -> None:
    assert view.post("/api/stop").json() == {"stopped": True}
    assert view.post("/api/resume").status_code == 200
    assert view.get("/api/state").status_code == 200
    for path, body in (("/api/set/start", {}), ("/api/rating", {"scale": "sud", "value": 1}), ("/api/program/end", {})):
        answer = view.post(path, json=body)
        assert (answer.status_code, answer.json()["role"]) == (403, "view")
    assert view.put("/api/bls", json={"rate_hz": 1}).status_code == 403
    assert [request.command.do for request in engine.requests] == ["resume"]
    assert engine.stops[0].who.role == "view"


def test_only_an_admin_sees_who_is_signed_in(control: httpx.Client, admin: httpx.Client) -> None:
    assert control.get("/api/panels").status_code == 403
    assert {panel["role"] for panel in admin.get("/api/panels").json()} == {"control", "admin"}


def test_a_revoked_token_is_worth_nothing_at_once(control: httpx.Client, admin: httpx.Client) -> None:
    mine = control.get("/api/me").json()["id"]
    assert admin.delete(f"/api/panels/{mine}").status_code == 200
    assert control.get("/api/state").status_code == 401
    assert admin.delete(f"/api/panels/{mine}").status_code == 404


@pytest.mark.parametrize("header", ["Bearer", "Bearer wrong", "Basic eDp5", "bearer\twrong", "Bearer " + "x" * 4000])
def test_a_wrong_authorization_header_is_nobody(stranger: httpx.Client, header: str) -> None:
    assert stranger.get("/api/state", headers={"Authorization": header}).status_code == 401


class TestPairing:
    @pytest.fixture
    def code(self, served: Any) -> str:
        store = SignIn(served.data / "sign_in.db")
        code = store.new_code("control").code
        store.close()
        return code

    def test_a_code_becomes_a_cookie_that_pages_cannot_read_or_lend(self, stranger: httpx.Client, code: str) -> None:
        answer = stranger.post("/api/pair", json={"code": code, "name": "Tablet 1"})
        assert (answer.json()["role"], answer.json()["name"]) == ("control", "Tablet 1")
        kept = answer.headers["set-cookie"].lower()
        assert "httponly" in kept
        assert "samesite=strict" in kept
        assert "path=/" in kept
        assert "secure" not in kept
        assert stranger.get("/api/me").json() == answer.json()

    def test_the_cookie_works_for_commands_from_the_rooms_own_page(
        self, stranger: httpx.Client, served: Any, engine: Any, code: str
    ) -> None:
        panel = stranger.post("/api/pair", json={"code": code, "name": "T"}).json()
        assert stranger.post("/api/set/start", headers={"Origin": served.url}).status_code == 200
        assert engine.requests[-1].who.panel_id == panel["id"]

    def test_a_used_code_is_422_in_a_sentence(self, stranger: httpx.Client, code: str) -> None:
        stranger.post("/api/pair", json={"code": code})
        stranger.cookies.clear()
        answer = stranger.post("/api/pair", json={"code": code})
        assert (answer.status_code, "roomctl pair" in answer.json()["error"]) == (422, True)
        assert "set-cookie" not in answer.headers

    def test_guessing_ends_in_429_with_when_to_come_back(self, stranger: httpx.Client, code: str) -> None:
        answers = [stranger.post("/api/pair", json={"code": f"{(int(code) + 1 + guess) % 10**8:08d}"}) for guess in range(9)]
        assert [answer.status_code for answer in answers] == [422] * 8 + [429]
        assert int(answers[-1].headers["retry-after"]) > 0

    def test_signing_out_ends_the_sign_in_itself(self, stranger: httpx.Client, served: Any, code: str) -> None:
        stranger.post("/api/pair", json={"code": code})
        token = stranger.cookies["roomctl"]
        assert stranger.post("/api/sign-out", headers={"Origin": served.url}).status_code == 200
        assert stranger.get("/api/me", headers={"Cookie": f"roomctl={token}"}).status_code == 401

    def test_an_admin_makes_a_code_for_another_tablet(self, admin: httpx.Client, stranger: httpx.Client, served: Any) -> None:
        made = admin.post("/api/codes", json={"role": "view"}).json()
        assert made["url"] == f"{served.url}/pair?code={made['code']}"
        assert stranger.post("/api/pair", json={"code": made["code"]}).json()["role"] == "view"


def test_any_role_is_the_lowest_that_is_signed_in() -> None:
    assert ANY_ROLE.role == "view"
