"""The OpenAPI document covers the whole contract."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from web.app import create_app
from web.openapi import document

CONTRACT = """
GET  /api/health
POST /api/pair
GET  /api/state
POST /api/stop
POST /api/resume
PUT  /api/bls
POST /api/bls/preset
GET  /api/presets
POST /api/set/start
POST /api/set/finish
POST /api/sessions
GET  /api/sessions
GET  /api/sessions/{id}
GET  /api/sessions/{id}/export
POST /api/sessions/{id}/close
POST /api/rating
POST /api/notes
GET  /api/programs
GET  /api/programs/{id}
POST /api/program/start
POST /api/program/dose
POST /api/program/next
POST /api/program/previous
POST /api/program/skip
POST /api/program/hold
POST /api/program/release
POST /api/program/extend
POST /api/program/booster
POST /api/program/anchor
POST /api/program/pause
POST /api/program/resume
POST /api/program/calm
POST /api/program/attention
POST /api/program/check-light
POST /api/program/end
POST /api/prompts/{id}/done
POST /api/prompts/{id}/snooze
PUT  /api/music
POST /api/music/next
POST /api/music/duck
POST /api/music/unduck
POST /api/music/announce
GET  /api/library
PUT  /api/library/{id}/tags
PUT  /api/lights
GET  /api/devices
PUT  /api/devices/{name}
POST /api/devices/{name}/test
POST /api/calibration/noise
POST /api/calibration/end
PUT  /api/calibration/{output}
GET  /api/timing
GET  /metrics
"""
ROWS = [tuple(line.split()) for line in CONTRACT.split("\n") if line]


@pytest.fixture(scope="module")
def openapi(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return document(create_app(tmp_path_factory.mktemp("data")))


def test_every_row_of_the_contract_is_in_it(openapi: dict[str, Any]) -> None:
    missing = [row for row in ROWS if row[0].lower() not in openapi["paths"].get(row[1], {})]
    assert missing == []


def test_every_operation_says_what_it_is_who_may_and_how_it_refuses(openapi: dict[str, Any]) -> None:
    seen = set()
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], path
            assert operation["x-role"] in ("open", "view", "control", "admin")
            assert "403" in operation["responses"]
            assert ("401" in operation["responses"]) == (operation["x-role"] != "open"), path
            assert ("415" in operation["responses"]) == (method != "get"), path
            assert operation["operationId"] not in seen
            seen.add(operation["operationId"])


def test_every_reference_leads_somewhere(openapi: dict[str, Any]) -> None:
    found = set(re.findall(r"#/components/schemas/([\w.-]+)", str(openapi)))
    assert found <= set(openapi["components"]["schemas"])


def test_the_bilateral_settings_are_there_with_their_ranges(openapi: dict[str, Any]) -> None:
    schemas = openapi["components"]["schemas"]
    assert schemas["Bls"]["properties"]["rate_hz"]["maximum"] == 2.0
    assert "eight" in str(schemas["Light"]["properties"]["path"])
    assert "required" not in schemas["Bls"]


def test_the_tag_of_a_command_is_no_part_of_a_body(openapi: dict[str, Any]) -> None:
    bodies = [schema for name, schema in openapi["components"]["schemas"].items() if name.endswith("Body")]
    assert len(bodies) > 20
    assert not [body for body in bodies if "do" in body.get("properties", {})]


def test_no_error_of_the_frameworks_own_is_promised(openapi: dict[str, Any]) -> None:
    assert "HTTPValidationError" not in str(openapi["paths"])


def test_it_is_served_to_who_is_signed_in_and_needs_nothing_from_elsewhere(control: httpx.Client) -> None:
    answer = control.get("/api/openapi.json")
    assert answer.json()["info"]["title"] == "roomctl"
    assert control.get("/docs").status_code == control.get("/redoc").status_code == 404


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["rev", "value", "kind", "mg", "preset", "x"]), inner, max_size=4)
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(row=st.sampled_from([row for row in ROWS if row[0] != "GET"]), id=st.text(min_size=1, max_size=30), body=ANY_JSON)
def test_no_value_makes_an_address_fail(control: httpx.Client, row: tuple[str, str], id: str, body: Any) -> None:
    path = re.sub(r"{\w+}", lambda match: quote(id, safe=""), row[1])
    answer = control.request(row[0], path, json=body)
    assert answer.status_code in (200, 404, 422), answer.text
    if answer.status_code != 200:
        assert answer.json()["error"]
