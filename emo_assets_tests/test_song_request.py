from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.errors import InputError
from emo_assets.features import FEATURE_NAMES, FeatureVector, feature_range
from emo_assets.song_request import TrackRequest, read_request, validate_name, write_request

PRESETS = Path(__file__).parents[1] / "data" / "requests"


def test_every_preset_is_a_valid_request_with_a_mood() -> None:
    presets = [read_request(path) for path in sorted(PRESETS.glob("*.yaml"))]
    assert len(presets) >= 8
    assert all(preset.mood for preset in presets)
    assert len({preset.seed for preset in presets}) == len(presets)


@pytest.mark.parametrize(
    "name", ["../up", "", "a/b", ".hidden", "Upper", "a b", "a\0b", "ä", "x" * 65, "a\n"]
)
def test_names_that_could_be_paths_are_rejected(name: str) -> None:
    with pytest.raises(InputError, match=r"^name may hold only"):
        validate_name(name)


@pytest.mark.parametrize("name", ["calm", "calm-evening.2", "0", "x" * 64, "a_b"])
def test_plain_names_are_valid(name: str) -> None:
    assert validate_name(name) == name


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("features: {tempo: -3}", "features.tempo must be at least 30, got '-3'"),
        ("features: {energy: loud}", "features.energy must be a number, got 'loud'"),
        ("bars: 0", "bars must be at least 1, got '0'"),
        ("bars: 16\nbeers: 2", "beers is not a known name"),
        ("- a\n- b", "must hold 'features:' with names and values"),
        ("features: [", "is not YAML"),
        ("features: {tempo: 1:30}", "features.tempo must be a number, got '1:30'"),
        ("bars: 4\nbars: 8", "is not YAML (bars is given twice"),
        ("features: {tempo: 90, tempo: 95}", "is not YAML (tempo is given twice"),
        ("x: !!python/object/apply:os.system [true]", "is not YAML"),
        ("", "must hold 'features:'"),
        ("name: other", ""),
    ],
)
def test_an_invalid_request_file_is_one_line_that_names_it(
    tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "calm.yaml"
    path.write_text(content)
    if not message:
        assert read_request(path).name == "calm"
        return
    with pytest.raises(InputError) as caught:
        read_request(path)
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("mood", ["yes", "no", "1979", "6.50", "2024-01-01", "null", "007"])
def test_mood_is_the_text_that_is_written(tmp_path: Path, mood: str) -> None:
    path = tmp_path / "calm.yaml"
    path.write_text(f"mood: {mood}\nseed: 010\nfeatures: {{valence: .5, key: C#, mode: minor}}")
    request = read_request(path)
    assert (request.mood, request.seed) == (mood, 10)
    assert (request.features.valence, request.features.key, request.features.mode) == (0.5, 1, 0)


@pytest.mark.parametrize(
    "mood", ["\x85", "a\u2028b", "a\nb\r\n", "\t", " - x: [", "null", "'", "🎵", "\ufeff"]
)
def test_any_mood_is_written_and_read_back(tmp_path: Path, mood: str) -> None:
    request = TrackRequest(name="calm", mood=mood)
    assert read_request(write_request(request, tmp_path)) == request


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_file_in_another_encoding_is_read_or_says_so(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "calm.yaml"
    path.write_text("mood: Träume", encoding=encoding)
    if encoding == "latin-1":
        with pytest.raises(InputError, match="is not YAML in UTF-8; save it with that encoding"):
            read_request(path)
    else:
        assert read_request(path).mood == "Träume"


def test_binary_and_large_files_are_rejected(tmp_path: Path) -> None:
    path = tmp_path / "calm.yaml"
    path.write_bytes(b"\x80\x81")
    with pytest.raises(InputError, match="is not YAML"):
        read_request(path)
    path.write_bytes(b"#" * 70_000)
    with pytest.raises(InputError, match="larger than 64 KiB"):
        read_request(path)
    with pytest.raises(InputError, match=r"missing\.yaml: cannot be read"):
        read_request(tmp_path / "missing.yaml")


def _requests() -> st.SearchStrategy[TrackRequest]:
    whole = {"key", "mode", "time_signature"}
    values = {
        name: (
            st.integers(*(int(end) for end in feature_range(name)))
            if name in whole
            else st.floats(*feature_range(name))
        )
        for name in FEATURE_NAMES
    }
    return st.builds(
        TrackRequest,
        name=st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}", fullmatch=True),
        mood=st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=50),
        features=st.builds(FeatureVector, **values),
        bars=st.integers(1, 128),
        seed=st.integers(0, 2**31 - 1),
    )


@given(_requests())
def test_a_written_request_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, wanted: TrackRequest
) -> None:
    folder = tmp_path_factory.mktemp("requests")
    assert read_request(write_request(wanted, folder)) == wanted
