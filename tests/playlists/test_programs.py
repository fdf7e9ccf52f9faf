"""The built-in programs are the domain's table, and whatever harms is refused by file, key, what is wrong, what is allowed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from playlists.files import PlaylistFileError
from playlists.program import Program, ends_at_min, starts_at_min, stay_s
from playlists.programs import BUILT_IN_PROGRAMS, known_pools, load_programs, program_settings, read_program

PHASES = ["arrival", "settle", "onset", "ascent", "peak", "return", "landing", "debrief"]

# arrival's minutes, the minutes from T0 at which settle .. debrief begin, the end of the debrief, the minimum stay
TABLE = {
    "ketamine-iv": (15, [0, 5, 12, 25, 45, 60, 75], 105, 100),
    "ketamine-im": (15, [0, 3, 8, 15, 40, 60, 80], 110, 90),
    "ketamine-lozenge": (20, [0, 12, 20, 35, 65, 95, 125], 165, 120),
    "esketamine-in": (15, [0, 10, 20, 30, 60, 90, 120], None, 120),
    "psilocybin": (45, [0, 30, 60, 120, 240, 330, 390], 450, 300),
    "mdma": (45, [0, 30, 60, 90, 210, 330, 420], 480, 480),
}
INTEGRATION = ["body-scan", "breathing", "grounding", "parts-work", "silence"]

INTENSITY = {
    "arrival": (0, 1),
    "settle": (1, 1),
    "onset": (2, 2),
    "ascent": (3, 4),
    "peak": (4, 5),
    "return": (3, 2),
    "landing": (1, 1),
    "debrief": (1, 0),
}
TRIM_DB = {"arrival": -4, "onset": -2, "peak": 0, "return": -2, "landing": -4, "debrief": -10}
LIGHT = {
    "arrival": (55, 2700),
    "settle": (25, 2400),
    "onset": (12, 2200),
    "ascent": (8, 2000),
    "return": (20, 2200),
    "landing": (40, 2400),
    "debrief": (60, 2700),
}


def minutes_of(program: Program, rule_id: str) -> list[float]:
    return [minute for rule in program.prompts if rule.id == rule_id for minute in rule.at_min]


def test_there_are_six_dosing_and_five_integration_programs(programs: dict[str, Program]) -> None:
    assert {each.id for each in programs.values() if each.clock} == set(TABLE)
    assert {each.id for each in programs.values() if not each.clock} == set(INTEGRATION)


def test_no_words_while_people_talk_and_nothing_that_drives_when_it_is_over(programs: dict[str, Program]) -> None:
    for program in programs.values():
        said = {phase.id: (phase.voice, phase.percussion) for phase in program.phases}
        if program.clock:
            assert (said["arrival"], said["peak"], said["landing"]) == ((False, True), (True, True), (True, False))
            assert said["debrief"] == (False, False)
        elif not program.silent:
            assert set(said.values()) == {(False, False)}


def test_a_programs_own_pools_are_known_beside_the_built_in_ones(programs: dict[str, Program]) -> None:
    own = replace(programs["silence"], phases=(replace(programs["silence"].phases[0], pools=("Waves",)),))
    assert known_pools(own) - known_pools(programs["mdma"]) == {"waves"}
    assert known_pools(programs["mdma"]) >= {*PHASES, "breathing", "grounding", "body-scan", "parts-work"}


def test_dosing_programs_come_first(programs: dict[str, Program]) -> None:
    assert [each.clock for each in programs.values()] == [True] * 6 + [False] * 5


@pytest.mark.parametrize("program_id", sorted(TABLE))
def test_each_dosing_program_has_the_tables_phases_and_minimum_stay(programs: dict[str, Program], program_id: str) -> None:
    program = programs[program_id]
    arrival_min, starts, end_min, stay_min = TABLE[program_id]
    assert [phase.id for phase in program.phases] == PHASES
    assert program.phases[0].nominal_s == arrival_min * 60
    assert program.phases[0].waits
    assert [starts_at_min(program, phase) for phase in program.phases[1:]] == starts
    assert (program.phases[-1].end_min is None) == (end_min is None)
    assert ends_at_min(program) == (end_min if end_min is not None else stay_min)
    assert program.minimum_stay_min == stay_min


@pytest.mark.parametrize("program_id", sorted(TABLE))
def test_each_dosing_program_has_the_tables_music_and_light(programs: dict[str, Program], program_id: str) -> None:
    for phase in programs[program_id].phases:
        assert phase.intensity == INTENSITY[phase.id]
        assert phase.crossfade_s == 20
        assert phase.pad
        if phase.id in TRIM_DB:
            assert phase.trim_db == TRIM_DB[phase.id]
        if phase.id in LIGHT:
            assert (phase.light_l, phase.light_k) == LIGHT[phase.id]
    peak = programs[program_id].phases[4]
    assert 5 <= peak.light_l <= 8
    assert 1800 <= peak.light_k <= 2000


@pytest.mark.parametrize("program_id", sorted(TABLE))
def test_only_the_peak_of_a_dosing_program_may_be_held(programs: dict[str, Program], program_id: str) -> None:
    assert [phase.id for phase in programs[program_id].phases if phase.hold] == ["peak"]


@pytest.mark.parametrize("program_id", sorted(TABLE))
def test_phase_fades_are_those_of_the_light_defaults(programs: dict[str, Program], program_id: str) -> None:
    fades = {phase.light_fade_s for phase in programs[program_id].phases}
    if program_id in ("psilocybin", "mdma"):
        assert fades == {600}
    else:
        assert min(fades) >= 120
        assert max(fades) <= 300


@pytest.mark.parametrize("program_id", sorted(TABLE))
def test_the_landing_music_goes_on_after_the_last_phase(programs: dict[str, Program], program_id: str) -> None:
    program = programs[program_id]
    assert program.phases[program.overrun].id == "landing"


def test_the_prompts_are_the_tables(programs: dict[str, Program]) -> None:
    assert minutes_of(programs["ketamine-iv"], "vitals") == [10, 20, 30, 40]
    assert minutes_of(programs["ketamine-iv"], "site") == [10]
    assert minutes_of(programs["ketamine-iv"], "pump-end") == [40]
    assert minutes_of(programs["ketamine-iv"], "comfort") == [5]
    assert minutes_of(programs["ketamine-im"], "vitals") == [5, 15, 30, 45, 60, 90]
    assert minutes_of(programs["ketamine-lozenge"], "vitals") == [30, 60, 120]
    assert minutes_of(programs["esketamine-in"], "bp-40") == [40]
    assert minutes_of(programs["esketamine-in"], "vitals") == [60, 90, 120]
    assert minutes_of(programs["psilocybin"], "vitals") == [30, 60, 90, 120, 180, 240, 300, 360]
    assert minutes_of(programs["mdma"], "vitals") == [60, 120, 180, 240, 360]
    every = {(each.id, rule.id): rule.every_min for each in programs.values() for rule in each.prompts if rule.every_min}
    assert every == {
        ("ketamine-iv", "vitals"): 15,
        ("esketamine-in", "spo2"): 15,
        ("psilocybin", "water"): 90,
        ("mdma", "check-in"): 60,
    }


@pytest.mark.parametrize(
    ("program_id", "rule_id", "opens", "closes"),
    [
        ("ketamine-im", "booster-decision", 12, 15),
        ("ketamine-lozenge", "spit", 7, 12),
        ("mdma", "supplement", 90, 120),
    ],
)
def test_a_window_is_due_when_it_opens_and_overdue_when_it_closes(
    programs: dict[str, Program], program_id: str, rule_id: str, opens: float, closes: float
) -> None:
    rule = next(rule for rule in programs[program_id].prompts if rule.id == rule_id)
    assert rule.at_min == (opens,)
    assert opens + rule.overdue_min == closes


def test_the_supplement_and_leaving_after_esketamine_need_a_blood_pressure(programs: dict[str, Program]) -> None:
    needs = {(each.id, rule.id) for each in programs.values() for rule in each.prompts if "bp" in rule.needs}
    assert needs == {("mdma", "supplement"), ("esketamine-in", "bp-40"), ("esketamine-in", "leaving")}


@pytest.mark.parametrize(("mg", "hours"), [(10, 4), (24.9, 4), (25, 5), (34.9, 5), (35, 6), (50, 6), (None, 5), (5, 4)])
def test_psilocybin_is_stayed_for_as_long_as_oregon_asks(programs: dict[str, Program], mg: float | None, hours: float) -> None:
    assert stay_s(programs["psilocybin"], mg) == hours * 3600


def test_a_psilocybin_booster_that_nobody_counted_asks_for_the_longest_stay(programs: dict[str, Program]) -> None:
    assert stay_s(programs["psilocybin"], 10, uncounted=True) == 6 * 3600


@pytest.mark.parametrize("path", sorted(BUILT_IN_PROGRAMS.glob("*.toml")), ids=lambda path: path.stem)
def test_each_number_and_switch_of_a_built_in_program_has_its_reason_beside_it(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        if re.match(r"\s*\w+ = ", line) and not line.startswith(("title", "note", "id", "text")):
            assert "#" in line, f"{path.name}: {line}"


def test_integration_programs_have_no_medicine_clock_and_no_minimum_stay(programs: dict[str, Program]) -> None:
    for program_id in INTEGRATION:
        assert not programs[program_id].clock
        assert programs[program_id].minimum_stay_min == 0


def test_breathing_is_led_by_a_slow_sweep_and_a_swelling_pad(programs: dict[str, Program]) -> None:
    breathing = programs["breathing"]
    settings = program_settings(breathing)
    assert breathing.breath is not None
    assert settings is not None
    assert 5 <= breathing.breath.per_min <= 7
    assert settings.rate_hz * 60 == breathing.breath.per_min
    assert settings.light.on
    assert not settings.tap.on
    assert breathing.breath.pad_swell_db > 0


def test_grounding_has_slow_alternate_taps_and_warm_light(programs: dict[str, Program]) -> None:
    settings = program_settings(programs["grounding"])
    assert settings is not None
    assert settings.tap.on
    assert settings.rate_hz <= 0.5
    assert not settings.light.on
    assert all(phase.light_k <= 2700 for phase in programs["grounding"].phases)


def test_only_silence_is_silent(programs: dict[str, Program]) -> None:
    assert [each.id for each in programs.values() if each.silent] == ["silence"]
    assert program_settings(programs["silence"]) is None


# --- a clinic's own ---

OWN = """
title = "Own"
kind = "dosing"
route = "im"
minimum_stay_min = 90
overrun = "landing"
[booster]
retime = "none"
[[phase]]
id = "arrival"
title = "Arrival"
anchor = "start"
waits = true
start_min = 0
end_min = 10
intensity = [0, 1]
light_l = 50
light_k = 2700
light_fade_s = 120
[[phase]]
id = "peak"
title = "Peak"
start_min = 0
end_min = 40
min_min = 10
max_min = 60
intensity = [3, 4]
pools = ["peak"]
light_l = 20
light_k = 2200
light_fade_s = 120
[[phase]]
id = "landing"
title = "Landing"
start_min = 40
end_min = 100
intensity = [1, 1]
light_l = 50
light_k = 2700
light_fade_s = 120
[[prompt]]
id = "vitals"
text = "Vitals"
at_min = [5, 30]
asks = ["bp"]
"""


def own(folder: Path, *changes: tuple[str, str]) -> Path:
    text = OWN
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_clinics_own_program_is_read(tmp_path: Path) -> None:
    own(tmp_path)
    assert load_programs([tmp_path])["own"].title == "Own"
    assert len(load_programs([tmp_path])) == 12


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            [("minimum_stay_min = 90", "minimum_stay_min = 60")],
            ["minimum_stay_min: an observation of 60 min", "at least 90 min"],
        ),
        ([("start_min = 40", "start_min = 45")], ['phase "landing": start_min: a gap', "allowed is 40 min"]),
        ([("start_min = 40", "start_min = 35")], ['phase "landing": start_min: an overlap', "allowed is 40 min"]),
        ([('pools = ["peak"]', "pad = false")], ['phase "peak": has no music and no pad', "pad = true"]),
        (
            [('light_fade_s = 120\n[[phase]]\nid = "landing"', 'light_fade_s = 40\n[[phase]]\nid = "landing"')],
            ['phase "peak": light_fade_s: L* 50 to 20 in 40 s', "0.5 L*/s", "at least 60 s"],
        ),
        (
            [('light_fade_s = 120\n[[phase]]\nid = "landing"', 'light_fade_s = 10\n[[phase]]\nid = "landing"')],
            ["10 s is too fast", "at least 30 s"],
        ),
        (
            [("light_l = 20", "light_l = 20\nlight_swell_hz = 3\nlight_swell_l = 0.1")],
            ["periodic light at 3 Hz", "at most 2 Hz"],
        ),
        (
            [("light_l = 20", "light_l = 20\nlight_swell_hz = 0.1\nlight_swell_l = 14")],
            ["light_swell_l: 14 L* is deeper", "at most 10.0"],
        ),
        (
            [("light_l = 20", "light_l = 20\nlight_swell_hz = 1\nlight_swell_l = 3")],
            ["light_swell_l: 3 L* is deeper", "at most 1.6"],
        ),
        ([("light_l = 20", "light_l = 20\nlight_swell_hz = 1")], ["needs both light_swell_hz and light_swell_l"]),
        (
            [("at_min = [5, 30]", "at_min = [5, 130]")],
            ['prompt "vitals": at_min: 130 min is outside', "at most 100 min from T0"],
        ),
        ([("at_min = [5, 30]", "every_min = 10\nuntil_min = 200")], ["until_min: 200 min is outside"]),
        ([("at_min = [5, 30]", "every_min = 10\nfrom_min = 50\nuntil_min = 20")], ["from_min: 50 is after until_min"]),
        ([("at_min = [5, 30]\n", "")], ['prompt "vitals": says no time']),
        ([("min_min = 10", "min_min = 70")], ["min_min: 70 is more than max_min", "at most 60"]),
        ([("max_min = 60", "max_min = 30")], ["it lasts 40 min", "max_min = 30"]),
        ([("light_l = 20", "light_lv = 20")], ["light_lv: there is no such key", "light_l, light_k"]),
        ([("light_l = 20", "light_l = 120")], ["phase[2].light_l: 120 is not allowed", "allowed is 0 to 100"]),
        ([("light_l = 20", "light_l = nan")], ["light_l"]),
        ([("intensity = [3, 4]", "intensity = [3, 9]")], ["phase[2].intensity[2]: 9 is not allowed", "allowed is 0 to 5"]),
        ([("intensity = [3, 4]", 'intensity = "loud"')], ["intensity"]),
        ([('overrun = "landing"', 'overrun = "moon"')], ['overrun: there is no phase "moon"', "arrival, peak, landing"]),
        ([('retime = "none"', 'retime = "ascent"')], ['booster.retime: "ascent" needs a phase of that id']),
        ([('retime = "none"', 'retime = "longer-peak"')], ["booster.peak_min"]),
        ([('retime = "none"', 'retime = "stay"')], ["needs stay_by_mg"]),
        ([("waits = true\n", "")], ["the first phase of a dosing program waits"]),
        ([('id = "landing"', 'id = "peak"')], ['"peak" is there twice']),
        ([('id = "landing"', 'id = "Landing Zone"')], ['"Landing Zone" cannot be an id']),
        ([("end_min = 40\n", "")], ['phase "peak": end_min: is missing']),
        ([("start_min = 0\nend_min = 40", 'anchor = "pump"\nstart_min = 0\nend_min = 40')], ['there is no "pump"', "T0"]),
        ([('asks = ["bp"]', 'asks = ["bp"]\nneeds = ["hr"]')], ["needs: hr is not asked"]),
        ([('asks = ["bp"]', 'asks = ["mood"]')], ["asks"]),
        ([('kind = "dosing"', 'kind = "dosing"\nsilent = true')], ["a dosing program is never without sound"]),
        ([('route = "im"\n', "")], ["route: a dosing program needs one"]),
        ([('kind = "dosing"', 'kind = "integration"')], ["has no medicine clock"]),
        ([('kind = "dosing"', 'kind = "dosing"\nbls = { rate_hz = 7 }')], ["bls.rate_hz: 7 is not allowed"]),
        (
            [('kind = "dosing"', 'kind = "dosing"\nbreath = { per_min = 20 }')],
            ["breath.per_min: 20 is not allowed", "allowed is 5 to 7"],
        ),
        ([('kind = "dosing"', 'kind = "dosing"\nbreath = { ratio = [0, 1, 0, 1] }')], ["breath.ratio"]),
    ],
)
def test_what_harms_or_makes_no_sense_is_refused(tmp_path: Path, changes: list[tuple[str, str]], said: list[str]) -> None:
    path = own(tmp_path, *changes)
    with pytest.raises(PlaylistFileError) as caught:
        read_program(path)
    for words in ("own.toml", *said):
        assert words in str(caught.value)


def test_a_colour_too_far_to_be_reached_in_its_phase_is_refused(tmp_path: Path) -> None:
    path = own(
        tmp_path,
        ("start_min = 0\nend_min = 40\nmin_min = 10", "start_min = 0\nend_min = 1\nmin_min = 1"),
        ("light_l = 20\nlight_k = 2200\nlight_fade_s = 120", "light_l = 45\nlight_k = 1500\nlight_fade_s = 40"),
        ("light_k = 2700", "light_k = 6500"),
        ("start_min = 40", "start_min = 1"),
    )
    with pytest.raises(PlaylistFileError, match='phase "peak": light_k: 6500 to 1500 K takes 103 s at 5 mired/s'):
        read_program(path)


def test_psilocybin_by_milligrams_is_never_shorter_than_oregons(tmp_path: Path) -> None:
    text = (BUILT_IN_PROGRAMS / "psilocybin.toml").read_text(encoding="utf-8")
    path = tmp_path / "own.toml"
    path.write_text(text.replace("from_mg = 25, stay_min = 300", "from_mg = 25, stay_min = 270"), encoding="utf-8")
    with pytest.raises(PlaylistFileError, match="270 min at 25 mg is too short; allowed is at least 300"):
        read_program(path)


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    path = own(tmp_path, ("minimum_stay_min = 90", "minimum_stay_min = 10"), ("start_min = 40", "start_min = 45"))
    with pytest.raises(PlaylistFileError) as caught:
        read_program(path)
    assert len(caught.value.problems) == 2


def test_a_program_that_swells_gently_is_allowed(tmp_path: Path) -> None:
    path = own(tmp_path, ("light_l = 20", "light_l = 20\nlight_swell_hz = 0.1\nlight_swell_l = 6"))
    assert read_program(path).phases[1].light_swell_l == 6
