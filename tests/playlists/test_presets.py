"""The built-in protocol presets are the domain's table, and a clinic's own are checked key by key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from playlists.files import PlaylistFileError
from playlists.presets import BUILT_IN_PRESETS, load_presets, preset_snapshot
from stimuli.motion import start
from stimuli.settings import Bls

# id: (rate, cycles, seconds, open, light, tone, tap, scales, when)
TABLE = {
    "emdr-test": (0.5, 8, None, False, True, False, False, (), "never"),
    "safe-place": (0.5, 8, None, False, False, False, True, (), "never"),
    "desensitise": (1.0, 24, None, False, True, True, True, ("sud",), "on-request"),
    "desensitise-long": (1.0, 36, None, False, True, True, True, ("sud",), "every"),
    "desensitise-fast": (1.2, 30, None, False, True, True, True, ("sud",), "every"),
    "emdr-2": (1.5, None, 30, False, True, True, True, ("sud",), "every"),
    "installation": (0.7, 12, None, False, True, False, False, ("voc",), "every"),
    "body-scan": (1.0, 12, None, False, True, True, True, ("sud", "voc"), "every"),
    "closure": (0.4, 8, None, False, False, False, True, (), "never"),
    "art-scene": (1.0, 40, None, False, True, False, False, ("art",), "on-request"),
    "art-sensation": (1.0, 40, None, False, True, False, False, ("art",), "on-request"),
    "art-replace": (1.0, 40, None, False, True, False, False, ("art",), "every"),
    "flash": (0.1, 3, None, False, False, False, False, ("sud",), "never"),
    "child": (0.8, 15, None, False, False, False, True, ("sud",), "every"),
    "low-load": (0.4, None, None, True, False, False, True, ("sud",), "every"),
    "seizure-safe": (1.0, 24, None, False, False, True, True, ("sud",), "every"),
    "group": (0.8, None, 30, False, False, True, True, (), "never"),
}


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(folder: Path, text: str, name: str = "own.toml") -> str:
    write(folder, name, text)
    with pytest.raises(PlaylistFileError) as caught:
        load_presets([folder])
    return str(caught.value)


def test_there_are_seventeen_presets_with_the_contracts_ids() -> None:
    assert set(load_presets()) == set(TABLE)


@pytest.mark.parametrize("preset_id", sorted(TABLE))
def test_each_preset_is_its_line_of_the_domains_table(preset_id: str) -> None:
    preset = load_presets()[preset_id]
    bls = preset.settings
    outputs = (bls.light.on, bls.tone.on, bls.tap.on)
    assert (bls.rate_hz, bls.set_cycles, bls.set_s, bls.open, *outputs, preset.scales, preset.scale_when) == TABLE[preset_id]


@pytest.mark.parametrize("path", sorted(BUILT_IN_PRESETS.glob("*.toml")), ids=lambda path: path.stem)
def test_each_value_of_a_built_in_preset_has_its_reason_beside_it(path: Path) -> None:
    words = ("title", "group", "note")
    for line in path.read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith(("#", *words)):
            assert "#" in line, f"{path.name}: {line}"


def test_only_art_is_fixed_and_each_art_set_is_labelled() -> None:
    presets = load_presets()
    assert {each.id: each.labels for each in presets.values() if each.fixed} == {
        "art-scene": ("scene",),
        "art-sensation": ("sensation",),
        "art-replace": ("replace",),
    }


def test_only_the_seizure_safe_preset_locks_the_light() -> None:
    assert [each.id for each in load_presets().values() if each.light_locked] == ["seizure-safe"]


def test_only_emdr_2_turns_tasks_on() -> None:
    assert [each.id for each in load_presets().values() if each.settings.tasks.on] == ["emdr-2"]


def test_flash_crosses_the_centre_five_times_five_seconds_apart_inside_its_set() -> None:
    flash = load_presets()["flash"]
    cycles = flash.settings.set_cycles
    assert cycles is not None
    motion = start(0, flash.settings.rate_hz, cycles, soft=True)
    crossings = [motion.frame_at_phase(half / 2) / 48_000 for half in range(1, 2 * cycles)]
    assert crossings == pytest.approx([5.0, 10.0, 15.0, 20.0, 25.0])
    assert flash.cue is not None


def test_only_flash_has_a_cue() -> None:
    assert [each.id for each in load_presets().values() if each.cue is not None] == ["flash"]


def test_a_preset_that_asks_for_no_scale_says_none() -> None:
    presets = load_presets()
    assert presets["flash"].scale == "none"
    assert presets["emdr-test"].scale == "none"
    assert presets["body-scan"].scale == "sud"


def test_the_snapshot_object_is_json_with_the_agreed_keys() -> None:
    snapshot = json.loads(json.dumps(preset_snapshot(load_presets()["flash"])))
    keys = {"id", "title", "note", "scale", "scales", "scale_when", "picture_scale", "fixed", "labels", "light_locked", "cue"}
    assert keys <= set(snapshot)
    assert set(snapshot["cue"]) == {"text"}


def test_a_clinics_own_preset_stands_for_the_built_in_one_of_its_name(tmp_path: Path) -> None:
    write(tmp_path, "closure.toml", 'title = "Our closure"\ngroup = "install-close"\n[bls]\nrate_hz = 0.3\n')
    presets = load_presets([tmp_path])
    assert presets["closure"].title == "Our closure"
    assert presets["closure"].settings.rate_hz == 0.3
    assert len(presets) == len(TABLE)


def test_of_two_folders_the_later_one_counts(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, "own.toml", f'title = "{name}"\ngroup = "other"\n')
    assert load_presets([tmp_path / "one", tmp_path / "two"])["own"].title == "two"


def test_a_folder_that_is_not_there_adds_nothing(tmp_path: Path) -> None:
    assert set(load_presets([tmp_path / "none"])) == set(TABLE)


def test_a_preset_without_settings_has_the_defaults(tmp_path: Path) -> None:
    write(tmp_path, "plain.toml", 'title = "Plain"\ngroup = "other"\n')
    assert load_presets([tmp_path])["plain"].settings == Bls()


def test_seconds_given_stand_for_the_default_cycles(tmp_path: Path) -> None:
    write(tmp_path, "own.toml", 'title = "Own"\ngroup = "other"\n[bls]\nset_s = 40\n')
    settings = load_presets([tmp_path])["own"].settings
    assert (settings.set_cycles, settings.set_s, settings.open) == (None, 40, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('titel = "Own"\ngroup = "other"', ["own.toml", "titel: there is no such key", "title, group"]),
        ('group = "other"', ["title: is missing"]),
        ('title = "Own"\ngroup = "mine"', ['group: "mine" is not allowed', "'preparation'"]),
        ('title = "Own"\ngroup = "other"\n[bls]\nrate_hz = 9', ["bls.rate_hz: 9 is not allowed", "allowed is 0.05 to 2"]),
        ('title = "Own"\ngroup = "other"\n[bls]\nrate_hz = nan', ["bls.rate_hz"]),
        ('title = "Own"\ngroup = "other"\n[bls]\nrate_hz = "fast"', ['bls.rate_hz: "fast" is not allowed']),
        ('title = "Own"\ngroup = "other"\n[bls]\nset_cycles = 0', ["bls.set_cycles: 0 is not allowed", "allowed is 1 to 200"]),
        ('title = "Own"\ngroup = "other"\n[bls.light]\nsise = 3', ["bls.light.sise: there is no such key", "on, path, travel"]),
        ('title = "Own"\ngroup = "other"\n[bls]\nset_cycles = 3\nset_s = 9', ["set_cycles and set_s are both given"]),
        ('title = "Own"\ngroup = "other"\nlight_locked = true', ["light_locked", "bls.light.on = false"]),
        ('title = "Own"\ngroup = "other"\nscale_when = "every"', ["scale_when", "scales is empty"]),
        ('title = "Own"\ngroup = "other"\nscales = ["voc"]\npicture_scale = true', ["picture_scale"]),
        ('title = "Own"\ngroup = "other"\nfixed = true\n[bls]\nopen = true', ["fixed", "give bls.set_cycles"]),
        (
            'title = "Own"\ngroup = "other"\n[bls]\nrate_hz = 1.8\n[bls.light]\nsaccade = true',
            ["bls.rate_hz", "at most 1.5 Hz"],
        ),
        ("title = ", ["is not TOML"]),
    ],
)
def test_a_mistake_is_told_by_file_key_what_is_wrong_and_what_is_allowed(tmp_path: Path, text: str, said: list[str]) -> None:
    message = mistakes(tmp_path, text)
    assert "own.toml" in message
    for words in said:
        assert words in message


def test_every_mistake_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, "first.toml", 'title = "A"\ngroup = "x"\nfoo = 1')
    message = mistakes(tmp_path, 'title = "B"\ngroup = "y"', "second.toml")
    assert len(message.splitlines()) == 3
    assert "first.toml" in message
    assert "second.toml" in message


def test_a_file_name_that_cannot_be_an_id_is_refused(tmp_path: Path) -> None:
    message = mistakes(tmp_path, 'title = "B"\ngroup = "other"', "My Preset.toml")
    assert "cannot be an id" in message


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PlaylistFileError, match="is not UTF-8"):
        load_presets([tmp_path])
