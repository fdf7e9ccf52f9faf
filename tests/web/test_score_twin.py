"""The browser's evaluation of the score (web/static/js/score.js) against Python's, on shared vectors."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, sync_playwright

from stimuli.colours import COLOURS

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "web" / "static" / "js"
VECTORS = json.loads((ROOT / "tests" / "vectors" / "score.json").read_text(encoding="utf-8"))
TOLERANCE = 1e-9

ASK = """async (cases) => {
  const score = await import("/score.js");
  const { colourAt } = await import("/tasks.js");
  return cases.map(({ score: told, bls, answers }) => answers.map(({ frame }) => ({
    state: score.stateAt(told, frame),
    phase: score.phaseAt(told, frame),
    rate: score.rateAt(told, frame),
    cycles: score.cyclesDone(told, frame),
    pos: score.positionAt(told, bls, frame),
    ...score.pointAt(told, bls, frame),
    level: score.levelAt(told, bls, frame),
    colour: colourAt(told, bls, frame),
    beat: score.nextBeat(told, frame),
  })));
}"""


def present_vectors() -> dict[str, Any]:
    """What the generator beside the vectors answers today."""
    spec = importlib.util.spec_from_file_location("make_score_vectors", ROOT / "tests" / "vectors" / "make_score_vectors.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: dict[str, Any] = json.loads(json.dumps(module.vectors()))
    return made


def serve(route: Route) -> None:
    """Answer from the static scripts, and with an empty page."""
    name = route.request.url.rsplit("/", 1)[1]
    if name.endswith(".js"):
        route.fulfill(body=(SCRIPTS / name).read_text(encoding="utf-8"), content_type="text/javascript")
    else:
        route.fulfill(body="<!doctype html><title>score</title>", content_type="text/html")


@pytest.fixture(scope="module")
def script_page() -> Iterator[Page]:
    """A page of Debian's chromium that reaches the panel's scripts and no network."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        opened = browser.new_page()
        opened.route("**/*", serve)
        opened.goto("http://panel.test/")
        yield opened
        browser.close()


def test_the_committed_vectors_are_pythons_present_answers() -> None:
    made = present_vectors()
    assert made["colours"] == VECTORS["colours"]
    assert [case["name"] for case in made["cases"]] == [case["name"] for case in VECTORS["cases"]]
    for case, kept in zip(made["cases"], VECTORS["cases"], strict=True):
        assert case["score"] == kept["score"]
        assert case["bls"] == kept["bls"]
        for answer, committed in zip(case["answers"], kept["answers"], strict=True):
            check_answer(answer, committed, case["name"])


def check_answer(given: dict[str, Any], wanted: dict[str, Any], name: str) -> None:
    """Equal to 1e-9; frames of beats, which are large, to 1e-9 of themselves."""
    where = f"{name} at frame {wanted['frame']}"
    assert (given["state"], given["cycles"]) == (wanted["state"], wanted["cycles"]), where
    for key in ("phase", "rate", "pos", "x", "y", "level"):
        assert abs(given[key] - wanted[key]) <= TOLERANCE, f"{key}, {where}: {given[key]} for {wanted[key]}"
    for part, told in zip(given["colour"], wanted["colour"], strict=True):
        assert abs(part - told) <= TOLERANCE, f"colour, {where}: {given['colour']} for {wanted['colour']}"
    if wanted["beat"] is None:
        assert given["beat"] is None, where
        return
    assert (given["beat"]["index"], given["beat"]["side"]) == (wanted["beat"]["index"], wanted["beat"]["side"]), where
    assert given["beat"]["frame"] == pytest.approx(wanted["beat"]["frame"], rel=TOLERANCE, abs=TOLERANCE), where


@pytest.mark.browser
def test_the_browser_agrees_with_python_on_every_vector(script_page: Page) -> None:
    answered = script_page.evaluate(ASK, VECTORS["cases"])
    for case, answers in zip(VECTORS["cases"], answered, strict=True):
        for given, wanted in zip(answers, case["answers"], strict=True):
            check_answer(given, wanted, case["name"])


@pytest.mark.browser
def test_the_browser_has_the_same_colours_in_the_same_order(script_page: Page) -> None:
    table = script_page.evaluate('async () => Object.entries((await import("/colours.js")).COLOURS)')
    assert [tuple(entry) for entry in table] == list(COLOURS.items())


@pytest.mark.browser
def test_without_a_score_the_browser_shows_rest(script_page: Page) -> None:
    rest = script_page.evaluate("""async () => {
      const s = await import("/score.js");
      return [s.stateAt(null, 5), s.phaseAt(null, 5), s.rateAt(null, 5), s.positionAt(null, {}, 5), s.levelAt(null, {}, 5),
              s.nextBeat(null, 5), s.elapsedS(null, 5), s.leftS(null, 5), s.cyclesDone(null, 5)];
    }""")
    assert rest == ["idle", 0, 0, 0, 0, None, 0, 0, 0]


@pytest.mark.browser
def test_elapsed_and_left_seconds_add_up_to_the_set(script_page: Page) -> None:
    case = next(case for case in VECTORS["cases"] if case["name"] == "horizontal sine")
    start, end = case["score"]["start_frame"], case["score"]["end_frame"]
    frames = [start - 100, start, start + 60_000, end, end + 99_999]
    both = script_page.evaluate(
        'async ([score, frames]) => { const s = await import("/score.js");'
        " return frames.map((frame) => [s.elapsedS(score, frame), s.leftS(score, frame)]); }",
        [case["score"], frames],
    )
    length_s = (end - start) / 48_000
    assert both == [[pytest.approx(elapsed), pytest.approx(length_s - elapsed)] for elapsed in (0, 0, 1.25, length_s, length_s)]


def test_the_vectors_hold_switches_half_way_and_colours_that_changed() -> None:
    by_name = {case["name"]: case for case in VECTORS["cases"]}
    for name in ("light switched off", "light switched on", "light flicked off and on", "light flicked on and off"):
        levels = {
            round(answer["level"] / by_name[name]["bls"]["light"]["brightness_frac"], 6) for answer in by_name[name]["answers"]
        }
        assert any(0.0 < level < 1.0 for level in levels), name
    for name in ("colour change from blue-green", "colour change from #101010"):
        assert len({tuple(answer["colour"]) for answer in by_name[name]["answers"]}) >= 3
    assert len({tuple(answer["colour"]) for answer in by_name["beeps change no colour"]["answers"]}) == 1
