from __future__ import annotations

import io
import json
import threading
from typing import Any

import httpx
import numpy as np
import pretty_midi
import pytest
import soundfile

from emo_assets.audio.files import write_audio
from emo_assets.features import FEATURE_NAMES
from emo_assets.song_request import Strictness, read_request
from emo_assets.store import Store
from emo_assets.studio.track_repository import TrackRepository
from emo_assets_tests.studio.studio_process import StudioProcess, wait_until


def submit(client: httpx.Client, **values: Any) -> str:
    answer = client.post("/submit", json={"bars": 2, **values})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["task_id"])


def status(client: httpx.Client, task_id: str) -> dict[str, Any]:
    answer = client.get("/status", params={"task_id": task_id})
    assert answer.status_code == 200
    values: dict[str, Any] = answer.json()
    return values


def finished(client: httpx.Client, task_id: str) -> dict[str, Any]:
    wait_until(lambda: status(client, task_id)["status"] in ("finished", "failed", "cancelled"))
    return status(client, task_id)


def result(client: httpx.Client, task_id: str, format_: str, **headers: str) -> httpx.Response:
    return client.get("/result", params={"task_id": task_id, "format": format_}, headers=headers)


def test_features_become_a_song_in_every_format(client: httpx.Client) -> None:
    task_id = submit(client, features={"valence": 0.9, "tempo": 100})
    assert finished(client, task_id)["status"] == "finished"
    for format_ in ("wav", "ogg", "mp3"):
        answer = result(client, task_id, format_)
        assert answer.status_code == 200
        samples, rate = soundfile.read(io.BytesIO(answer.content))
        assert len(samples) / rate > 2
        assert np.abs(samples).max() > 0.05, "the song is silent"
    assert result(client, task_id, "midi").content.startswith(b"MThd")
    assert (
        result(client, task_id, "wav").content == client.get("/result", params={"task_id": task_id}).content
    )


def test_a_song_that_a_run_has_replaced_is_served_in_every_format(
    client: httpx.Client, studio: StudioProcess
) -> None:
    task_id = submit(client)
    finished(client, task_id)
    before = result(client, task_id, "mp3")
    assert before.headers["cache-control"] == "no-cache"
    wav = studio.base / "tracks" / task_id / f"{task_id}.wav"
    samples, rate = soundfile.read(wav, dtype="float32", always_2d=True)
    write_audio(samples[: rate // 2], rate, wav)
    after = soundfile.info(io.BytesIO(result(client, task_id, "mp3").content))
    assert after.duration < 1 < soundfile.info(io.BytesIO(before.content)).duration


def test_the_metrics_of_a_song_are_those_of_its_midi_file(client: httpx.Client) -> None:
    task_id = submit(client, features={"tempo": 97.5, "key": 2, "mode": 0, "time_signature": 3}, bars=8)
    heard = finished(client, task_id)["heard"]
    midi = pretty_midi.PrettyMIDI(io.BytesIO(result(client, task_id, "midi").content))
    assert heard["tempo"] == pytest.approx(midi.get_tempo_changes()[1][0], abs=0.01)
    meter = midi.time_signature_changes[0]
    assert heard["time_signature"] == f"{meter.numerator}/{meter.denominator}"
    assert heard["notes"] == sum(len(instrument.notes) for instrument in midi.instruments)
    assert heard["key"].startswith("D ")


def test_a_range_of_the_sound_can_be_requested(client: httpx.Client) -> None:
    task_id = submit(client)
    finished(client, task_id)
    whole = result(client, task_id, "wav").content
    part = result(client, task_id, "wav", Range="bytes=100-199")
    assert part.status_code == 206
    assert part.content == whole[100:200]


def test_a_finished_song_has_all_details(client: httpx.Client) -> None:
    task_id = submit(client, mood="Joy — for all", bars=3)
    finished(client, task_id)
    track = client.get("/track", params={"task_id": task_id}).json()
    assert track["champion"] == "first"
    assert [row["name"] for row in track["asked_and_measured"]] == list(FEATURE_NAMES)
    assert [row["bar"] for row in track["description"]] == [1, 2, 3]
    assert track["status"]["request"]["mood"] == "Joy — for all"


def test_what_is_asked_and_heard_has_one_scale(client: httpx.Client) -> None:
    task_id = submit(client, features={"energy": 0.7, "tempo": 97, "key": "D", "mode": "minor"})
    finished(client, task_id)
    track = client.get("/track", params={"task_id": task_id}).json()
    rows = {row["name"]: row for row in track["asked_and_measured"]}
    assert [rows[name]["aimed_at"] for name in ("energy", "tempo", "key", "mode")] == [0.7, 97, "D", "minor"]
    assert (rows["tempo"]["heard"], rows["key"]["heard"]) == (97, "D")
    energy = rows["energy"]
    assert 0 <= energy["low"] < energy["heard"] < energy["high"] <= 1
    assert "ear" in energy["heard_by"]
    assert rows["loudness"]["heard"] == -8


def test_a_song_of_an_earlier_version_has_all_that_it_has(
    client: httpx.Client, studio: StudioProcess
) -> None:
    task_id = submit(client)
    finished(client, task_id)
    path = studio.base / "assets" / "generated_track" / f"{task_id}.json"
    document = json.loads(path.read_text())
    del document["request"]["strictness"]
    document["asked_and_measured"] = [
        {"name": "energy", "asked": 0.6, "aimed_at": 3.1, "measured": 4.12, "unit": "notes per quarter note"},
        {"name": "tempo", "asked": 120, "measured": 119.99, "unit": "beats per minute"},
    ]
    path.write_text(json.dumps(document))
    track = client.get("/track", params={"task_id": task_id}).json()
    energy, tempo = track["asked_and_measured"]
    assert (energy["asked"], energy["heard"], energy["aimed_at"]) == (0.6, None, None)
    assert energy["heard_by"].endswith("measured 4.12 notes per quarter note")
    assert (tempo["heard"], tempo["aimed_at"]) == (119.99, None)
    assert client.get("/tracks").json()["tracks"][0]["task_id"] == task_id


def test_a_song_whose_description_is_lost_has_all_other_details(
    client: httpx.Client, studio: StudioProcess
) -> None:
    task_id = submit(client)
    finished(client, task_id)
    (studio.base / "assets" / "track_description" / f"{task_id}.json").unlink()
    track = client.get("/track", params={"task_id": task_id}).json()
    assert (track["description"], track["champion"]) == ([], "")
    assert len(track["asked_and_measured"]) == len(FEATURE_NAMES)


def test_the_strictness_is_stored_with_the_request(client: httpx.Client, studio: StudioProcess) -> None:
    task_id = submit(client, strictness="strictly")
    assert finished(client, task_id)["request"]["strictness"] == "strictly"
    listed = client.get("/tracks").json()["tracks"][0]
    assert (listed["task_id"], listed["request"]["strictness"]) == (task_id, "strictly")
    song = TrackRepository(Store(studio.base)).track(task_id)
    assert song is not None
    assert song.request.strictness is Strictness.STRICTLY
    path = studio.base / "requests" / f"{task_id}.yaml"
    wait_until(path.exists)
    assert read_request(path).strictness is Strictness.STRICTLY


def test_an_unknown_strictness_is_refused_with_its_field(client: httpx.Client) -> None:
    answer = client.post("/submit", json={"strictness": "very"})
    assert answer.status_code == 422
    assert answer.json() == {
        "detail": "strictness must be 'loosely', 'normally' or 'strictly', got 'very'",
        "fields": ["strictness"],
    }


def test_a_song_that_is_not_finished_is_refused_and_can_be_cancelled(client: httpx.Client) -> None:
    slow, waiting = submit(client, mood="please be slow"), submit(client)
    wait_until(lambda: status(client, slow)["stage"] == "composing")
    assert status(client, waiting)["ahead"] == 1
    for task_id in (waiting, slow):  # in this order, since the quick generator would finish the other one
        assert result(client, task_id, "wav").status_code == 409
        assert client.get("/track", params={"task_id": task_id}).status_code == 409
        client.post("/cancel", params={"task_id": task_id})
    assert finished(client, slow)["status"] == "cancelled"
    assert finished(client, waiting)["status"] == "cancelled"
    assert client.post("/cancel", params={"task_id": slow}).json()["status"] == "cancelled"


def test_a_song_that_fails_has_a_reason(client: httpx.Client) -> None:
    task_id = submit(client, mood="please fail")
    assert finished(client, task_id)["reason"] == (
        "the champion's weights are damaged: materialize champion again"
    )
    assert "weights are damaged" in result(client, task_id, "wav").json()["detail"]
    stumbled = finished(client, submit(client, mood="please stumble"))
    assert "ZeroDivisionError" in stumbled["reason"]
    assert "Traceback" not in stumbled["reason"]


def test_progress_is_streamed(client: httpx.Client, studio: StudioProcess) -> None:
    task_id = submit(client, mood="please be slow")
    told: list[dict[str, Any]] = []
    with httpx.stream("GET", f"{studio.url}/events", params={"task_id": task_id}, timeout=20) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith("data:"):
                told.append(json.loads(line.removeprefix("data:")))
            if len(told) == 8:
                client.post("/cancel", params={"task_id": task_id})
    assert told[-1]["status"] == "cancelled"
    shares = [each["share"] for each in told[:-1]]
    assert shares == sorted(shares)
    assert len(set(shares)) > 3


def test_the_history_has_songs_of_runs_and_of_the_studio(client: httpx.Client, studio: StudioProcess) -> None:
    task_id = submit(client, mood="Ours")
    finished(client, task_id)
    assets = studio.base / "assets" / "generated_track"
    document = json.loads((assets / f"{task_id}.json").read_text())
    document["request"] |= {"name": "made-by-a-run", "mood": "Theirs"}
    (assets / "made-by-a-run.json").write_text(json.dumps(document))
    listed = {track["task_id"]: track for track in client.get("/tracks?limit=200").json()["tracks"]}
    assert listed[task_id]["status"] == listed["made-by-a-run"]["status"] == "finished"
    assert status(client, "made-by-a-run")["request"]["mood"] == "Theirs"
    assert result(client, "made-by-a-run", "wav").status_code == 404
    (assets / "made-by-a-run.json").unlink()


def test_the_history_has_pages_the_newest_first(client: httpx.Client) -> None:
    last = [submit(client) for _ in range(3)]
    for task_id in last:
        finished(client, task_id)
    everything = client.get("/tracks?limit=200").json()
    page = client.get("/tracks?limit=2&offset=1").json()
    assert [track["task_id"] for track in everything["tracks"][:3]] == last[::-1]
    assert page["tracks"] == everything["tracks"][1:3]
    assert page["total"] == everything["total"]


def test_a_damaged_document_does_not_hide_other_songs(client: httpx.Client, studio: StudioProcess) -> None:
    task_id = submit(client)
    finished(client, task_id)
    damaged = studio.base / "assets" / "generated_track" / "damaged.json"
    damaged.write_text('{"request": [1')
    assert task_id in [track["task_id"] for track in client.get("/tracks").json()["tracks"]]
    assert client.get("/status?task_id=damaged").status_code == 404
    damaged.unlink()


def test_the_form_has_all_fields_of_a_request(client: httpx.Client) -> None:
    schema = client.get("/schema").json()
    assert [field["name"] for field in schema["features"]] == list(FEATURE_NAMES)
    key = next(field for field in schema["features"] if field["name"] == "key")
    assert [choice["label"] for choice in key["choices"]][:3] == ["C", "C#", "D"]
    assert (schema["bars"]["minimum"], schema["bars"]["maximum"]) == (1, 128)
    assert schema["seed"]["maximum"] == 2**31 - 1
    strictness = schema["strictness"]
    assert (strictness["title"], strictness["default"]) == ("Follow my settings", "normally")
    assert [(choice["value"], choice["label"]) for choice in strictness["choices"]] == [
        ("loosely", "Loosely"),
        ("normally", "Normally"),
        ("strictly", "Strictly"),
    ]


def test_presets_are_requests_that_are_not_from_the_studio(
    client: httpx.Client, studio: StudioProcess
) -> None:
    task_id = submit(client)
    finished(client, task_id)
    (studio.base / "requests" / "broken.yaml").write_text("features: {tempo: fast}")
    presets = client.get("/presets").json()
    assert [preset["name"] for preset in presets] == ["first-waltz", "rainy-evening", "sunny-morning"]
    assert [preset["strictness"] for preset in presets] == ["loosely", "normally", "normally"]
    assert (studio.base / "requests" / f"{task_id}.yaml").exists()


def test_a_new_champion_is_loaded_without_a_restart(client: httpx.Client, studio: StudioProcess) -> None:
    studio.set_champion("second")
    task_id = submit(client)
    finished(client, task_id)
    assert client.get("/track", params={"task_id": task_id}).json()["champion"] == "second"
    assert client.get("/health").json()["champion"] == "second"
    studio.set_champion("first")


def test_fifty_requests_at_once_all_finish(client: httpx.Client, studio: StudioProcess) -> None:
    accepted: list[str] = []

    def ask() -> None:
        with studio.client() as own:
            accepted.append(submit(own, bars=1))

    threads = [threading.Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(accepted)) == 50
    for task_id in accepted:
        assert finished(client, task_id)["status"] == "finished"


def test_health_is_the_state_of_the_studio(client: httpx.Client) -> None:
    finished(client, submit(client))
    wait_until(lambda: client.get("/health").json()["worker"] == "ready")
    health = client.get("/health").json()
    assert health["status"] == "ok"
    assert (health["queued"], health["in_progress"]) == (0, 0)
