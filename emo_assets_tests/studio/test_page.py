"""The page in a real browser, on a real server with the quick generator."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import httpx
import pretty_midi
import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from emo_assets.studio.static import PAGES
from emo_assets_tests.studio.studio_process import StudioProcess

pytestmark = pytest.mark.browser

AXE = PAGES.parent / "web" / "node_modules" / "axe-core" / "axe.min.js"
PHONE = {"width": 390, "height": 844}
MOST_TABS = 120
A_FEW_TABS = 20
"""From the first slider to the button; the songs are not between them, however many there are."""

SOUNDS = """async (address) => {
  const content = await (await fetch(address)).arrayBuffer()
  const sound = await new OfflineAudioContext(1, 1, 44100).decodeAudioData(content)
  return sound.getChannelData(0).reduce((loudest, one) => Math.max(loudest, Math.abs(one)), 0)
}"""

SILENT_EVENTS = """() => {
  window.EventSource = class extends EventTarget {
    constructor() { super(); setTimeout(() => this.onopen()) }
    close() {}
  }
}"""
"""An event stream that opens and sends nothing, as through a proxy that buffers responses."""

POSITIONS = """() => new Promise((done) => {
  const at = scrollY
  setTimeout(() => done([at, scrollY]), 300)
})"""


@pytest.fixture(scope="session", autouse=True)
def timeout() -> None:
    expect.set_options(timeout=20_000)


def mood(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name="Moods").get_by_role("button", name=name)


def now_playing(page: Page) -> Locator:
    return page.get_by_role("region", name="Now playing")


def make(page: Page) -> None:
    page.get_by_role("button", name="Make my song").click()


def make_song(page: Page, name: str = "Sunny morning") -> str:
    """Choose a mood, make its song, wait until it plays, and return its id."""
    mood(page, name).click()
    make(page)
    expect(now_playing(page).get_by_role("button", name=f"Pause {name}")).to_be_visible()
    return page.url.partition("#song=")[2]


def call(page: Page, title: str) -> None:
    page.get_by_label("What to call it").fill(title)


def history_row(page: Page, task_id: str) -> Locator:
    return page.locator(f"[data-task='{task_id}']")


def choose(page: Page, task_id: str, action: str) -> None:
    """Choose something that can be done with a song in the history."""
    row = history_row(page, task_id)
    row.get_by_role("button", name=re.compile("^More for")).click()
    row.get_by_role("button", name=action).click()


def request_of(client: httpx.Client, task_id: str) -> dict[str, Any]:
    request: dict[str, Any] = client.get("/status", params={"task_id": task_id}).json()["request"]
    return request


def serious_problems(page: Page) -> list[str]:
    """Return the serious and critical accessibility problems that axe finds."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run().then((results) => results.violations)")
    return [
        f"{fault['id']}: {fault['help']}: {[node['html'][:150] for node in fault['nodes']]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]


def test_a_mood_becomes_a_song_that_plays(studio_page: Page, client: httpx.Client) -> None:
    task_id = make_song(studio_page)
    audio = studio_page.locator("audio")
    before = audio.evaluate("audio => audio.currentTime")
    studio_page.wait_for_function(
        "(then) => document.querySelector('audio').currentTime > then + 0.5", arg=before
    )
    assert studio_page.evaluate(SOUNDS, f"/result?task_id={task_id}&format=ogg") > 0.05, "the song is silent"
    now_playing(studio_page).get_by_role("button", name="Pause Sunny morning").click()
    assert audio.evaluate("audio => audio.paused")


def test_the_numbers_on_the_page_are_those_in_the_midi(studio_page: Page, client: httpx.Client) -> None:
    task_id = make_song(studio_page, "Rainy evening")
    answer = client.get("/result", params={"task_id": task_id, "format": "midi"})
    midi = pretty_midi.PrettyMIDI(io.BytesIO(answer.content))
    tempo = midi.get_tempo_changes()[1][0]
    meter = midi.time_signature_changes[0]
    facts = now_playing(studio_page).locator("[data-fact]")
    expect(facts).to_have_count(5)
    shown = dict(
        zip(
            facts.evaluate_all("all => all.map(one => one.dataset.fact)"),
            facts.all_inner_texts(),
            strict=True,
        )
    )
    assert shown["tempo"] == f"{tempo:.0f} BPM"
    assert shown["key"] == "D minor"
    assert shown["meter"] == f"{meter.numerator}/{meter.denominator}"
    assert shown["notes"] == str(sum(len(instrument.notes) for instrument in midi.instruments))


def test_settings_are_sent_as_they_are_set(studio_page: Page, client: httpx.Client) -> None:
    mood(studio_page, "Sunny morning").click()
    happiness = studio_page.get_by_role("slider", name="Happiness")
    happiness.focus()
    happiness.press("Home")
    for _ in range(3):
        happiness.press("ArrowRight")
    studio_page.get_by_role("radio", name="F#", exact=True).check(force=True)
    studio_page.get_by_role("radio", name="minor").check(force=True)
    studio_page.get_by_role("radio", name="3", exact=True).check(force=True)
    call(studio_page, "For Ada")
    make(studio_page)
    expect(now_playing(studio_page).get_by_role("heading", name="For Ada")).to_be_visible()
    request = request_of(client, studio_page.url.partition("#song=")[2])
    assert request["mood"] == "For Ada"
    features = request["features"]
    assert (features["valence"], features["key"], features["mode"]) == (0.03, 6, 0)
    assert (features["time_signature"], features["energy"], features["tempo"]) == (3, 0.62, 116)


def test_mode_and_tempo_follow_the_feeling_until_they_are_set(
    studio_page: Page, client: httpx.Client
) -> None:
    switches = [
        studio_page.get_by_role("checkbox", name=f"{title}: follow happiness and energy")
        for title in ("Tempo", "Mode")
    ]
    for switch in switches:
        expect(switch).to_be_checked()
    studio_page.get_by_role("slider", name="Tempo").press("ArrowRight")
    expect(switches[0]).not_to_be_checked()
    expect(studio_page.get_by_role("radio", name="major")).not_to_be_checked()
    call(studio_page, "Left open")
    make(studio_page)
    expect(now_playing(studio_page).get_by_role("heading", name="Left open")).to_be_visible()
    features = request_of(client, studio_page.url.partition("#song=")[2])["features"]
    assert (features["tempo"], features["mode"] in (0, 1)) == (121, True)
    mood(studio_page, "Sunny morning").click()
    for switch in switches:
        expect(switch).not_to_be_checked()


def test_how_closely_to_follow_is_chosen_sent_loaded_and_shown(
    studio_page: Page, client: httpx.Client
) -> None:
    group = studio_page.get_by_role("radiogroup", name="Follow my settings")
    expect(group).to_have_accessible_description(re.compile("the longer it takes"))
    mood(studio_page, "First waltz").click()
    expect(group.get_by_role("radio", name="Loosely")).to_be_checked()
    tab_to(studio_page, "Loosely", "radio")
    studio_page.keyboard.press("ArrowRight")
    studio_page.keyboard.press("ArrowRight")
    expect(group.get_by_role("radio", name="Strictly")).to_be_checked()
    expect(studio_page.get_by_text("Strictly · the nearest of many tries")).to_be_visible()
    make(studio_page)
    expect(now_playing(studio_page).get_by_role("button", name="Pause First waltz")).to_be_visible()
    strict = studio_page.url.partition("#song=")[2]
    assert request_of(client, strict)["strictness"] == "strictly"
    energy = now_playing(studio_page).get_by_role("row", name=re.compile("^Energy"))
    expect(energy).to_contain_text(re.compile(r"33 %.*\d+ % \(\d+ to \d+ %\).*an ear learned from songs"))

    other = make_song(studio_page, "Rainy evening")
    assert request_of(client, other)["strictness"] == "normally"
    choose(studio_page, strict, "Load its settings")
    expect(group.get_by_role("radio", name="Strictly")).to_be_checked()
    choose(studio_page, strict, "Make a variation")
    studio_page.wait_for_function("(other) => !location.hash.endsWith(other)", arg=other)
    variation = studio_page.url.partition("#song=")[2]
    assert request_of(client, variation)["strictness"] == "strictly"
    for task_id in (strict, other):
        choose(studio_page, task_id, "Compare")
    row = studio_page.get_by_role("region", name="Compare").get_by_role("row", name="Follow my settings")
    expect(row).to_contain_text(re.compile("Strictly.*Normally"))
    assert serious_problems(studio_page) == []


def test_a_surprise_is_a_song_in_one_press(studio_page: Page) -> None:
    studio_page.get_by_role("button", name="Surprise me").click()
    expect(now_playing(studio_page).get_by_role("button", name=re.compile("^Pause"))).to_be_visible()


def test_progress_is_shown_stage_by_stage_and_can_be_cancelled(studio_page: Page) -> None:
    call(studio_page, "please be slow")
    make(studio_page)
    playing = now_playing(studio_page)
    expect(playing.get_by_text("Composing the notes …")).to_be_visible()
    bar = playing.get_by_role("progressbar")
    expect(bar).not_to_have_attribute("aria-valuenow", "0")
    before = int(bar.get_attribute("aria-valuenow") or 0)
    studio_page.wait_for_function(
        "(before) => document.querySelector('[role=progressbar]').getAttribute('aria-valuenow') > before",
        arg=before,
    )
    playing.get_by_role("button", name="Cancel").click()
    expect(playing.get_by_text("You cancelled this song")).to_be_visible()


def test_a_failure_is_shown_with_a_remedy(studio_page: Page) -> None:
    call(studio_page, "please fail")
    make(studio_page)
    playing = now_playing(studio_page)
    expect(playing.get_by_text("This song could not be made")).to_be_visible()
    expect(playing.get_by_text("materialize champion again")).to_be_visible()
    expect(playing.get_by_role("button", name="Try again")).to_be_enabled()


def test_a_refusal_is_shown(studio_page: Page) -> None:
    refusal = '{"detail": "The queue is full.", "fields": []}'
    studio_page.route("**/submit", lambda route: route.fulfill(status=429, body=refusal))
    make(studio_page)
    expect(studio_page.get_by_text("The queue is full.")).to_be_visible()


def test_a_song_is_shown_even_if_there_are_no_events(studio_page: Page) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=204)

    studio_page.route("**/events*", refuse)
    make_song(studio_page)


def test_a_song_is_shown_even_if_events_are_buffered(studio_page: Page) -> None:
    studio_page.evaluate(SILENT_EVENTS)
    call(studio_page, "please be slow")
    make(studio_page)
    playing = now_playing(studio_page)
    expect(playing.get_by_role("progressbar")).to_be_visible()
    expect(playing.get_by_role("button", name="Pause please be slow")).to_be_visible()


def test_the_history_loads_settings_and_makes_variations(studio_page: Page, client: httpx.Client) -> None:
    first = make_song(studio_page, "First waltz")
    mood(studio_page, "Rainy evening").click()
    choose(studio_page, first, "Load its settings")
    expect(studio_page.get_by_label("What to call it")).to_have_value("First waltz")
    expect(studio_page.get_by_role("slider", name="Tempo")).to_have_attribute("aria-valuenow", "92")
    seed = request_of(client, first)["seed"]
    expect(studio_page.get_by_role("spinbutton", name="Seed")).to_have_value(str(seed))
    choose(studio_page, first, "Make a variation")
    studio_page.wait_for_function("(first) => !location.hash.endsWith(first)", arg=first)
    expect(now_playing(studio_page).get_by_role("button", name="Pause First waltz")).to_be_visible()
    one, other = request_of(client, first), request_of(client, studio_page.url.partition("#song=")[2])
    assert one["seed"] != other["seed"]
    assert one["features"] == other["features"]


def test_the_page_is_at_rest_as_soon_as_settings_are_loaded(studio_page: Page) -> None:
    first = make_song(studio_page)
    choose(studio_page, first, "Load its settings")
    at, later = studio_page.evaluate(POSITIONS)
    assert at == later, "the page moves after the settings are loaded"
    assert studio_page.evaluate("document.activeElement.id") == "tune"


def test_what_lies_below_a_song_does_not_move_when_its_details_come_in(studio_page: Page) -> None:
    held: list[Route] = []
    studio_page.route(re.compile(r"/track\?"), lambda route: held.append(route))
    make_song(studio_page)
    songs = studio_page.get_by_role("region", name="Your songs")
    before = songs.bounding_box()
    held[0].continue_()
    studio_page.get_by_role("tab", name="Bar by bar").wait_for()
    assert songs.bounding_box() == before


def test_older_songs_are_shown_on_demand(studio_page: Page) -> None:
    make_song(studio_page, "First waltz")
    make_song(studio_page, "Rainy evening")

    def shorten(route: Route) -> None:
        route.continue_(url=route.request.url.replace("limit=100", "limit=1"))

    studio_page.route(re.compile("/tracks"), shorten)
    studio_page.reload()
    rows = studio_page.locator("[data-task]")
    expect(rows).to_have_count(1)
    studio_page.get_by_role("button", name="Show older songs").click()
    expect(rows).to_have_count(2)


def test_two_songs_are_compared_side_by_side(studio_page: Page) -> None:
    first, second = make_song(studio_page, "First waltz"), make_song(studio_page, "Rainy evening")
    choose(studio_page, first, "Compare")
    expect(studio_page.get_by_text("Choose a second song")).to_be_visible()
    choose(studio_page, second, "Compare")
    panel = studio_page.get_by_role("region", name="Compare")
    expect(panel.get_by_role("heading", name="Compare")).to_be_in_viewport()
    expect(panel.get_by_role("row", name=re.compile("Tempo, measured"))).to_contain_text("92 BPM")
    panel.get_by_role("button", name="Play First waltz").click()
    expect(panel.get_by_role("button", name="Pause First waltz")).to_be_visible()
    panel.get_by_role("button", name="Switch to the other").click()
    expect(panel.get_by_role("button", name="Pause Rainy evening")).to_be_visible()
    expect(panel.get_by_role("button", name="Play First waltz")).to_be_visible()
    assert serious_problems(studio_page) == []


def test_a_song_has_an_address_that_survives_a_reload(studio_page: Page) -> None:
    make_song(studio_page)
    studio_page.reload()
    expect(now_playing(studio_page).get_by_role("button", name="Play Sunny morning")).to_be_visible()
    assert studio_page.locator("audio").evaluate("audio => audio.paused"), "a reload does not start playback"


def test_the_curious_see_the_description_bar_by_bar(studio_page: Page) -> None:
    make_song(studio_page)
    studio_page.get_by_role("tab", name="Bar by bar").click()
    rows = now_playing(studio_page).get_by_role("row")
    expect(rows).to_have_count(5)
    expect(rows.nth(1)).to_contain_text("Acoustic Grand Piano")


def test_a_song_can_be_taken_home(studio_page: Page) -> None:
    make_song(studio_page)
    for label, ending in (("WAV", ".wav"), ("OGG", ".ogg"), ("MIDI", ".mid")):
        with studio_page.expect_download() as download:
            studio_page.get_by_role("link", name=f"Download Sunny morning as {label}").click()
        assert download.value.suggested_filename.endswith(ending)
        assert Path(download.value.path()).stat().st_size > 100


def test_a_press_into_the_notes_and_the_slider_move_in_the_song(studio_page: Page) -> None:
    make_song(studio_page)
    studio_page.get_by_role("img", name=re.compile("The notes of")).click(position={"x": 300, "y": 50})
    # a browser says that a song plays before it knows how long the song is
    studio_page.wait_for_function(
        "([audio]) => audio.currentTime > 0.4 * audio.duration",
        arg=[studio_page.locator("audio").element_handle()],
    )
    now_playing(studio_page).get_by_role("button", name="Pause Sunny morning").click()
    slider = studio_page.get_by_role("slider", name="Position in Sunny morning")
    slider.focus()
    slider.press("Home")
    studio_page.wait_for_function("() => document.querySelector('audio').currentTime === 0")


def tab_to(page: Page, name: str, role: str = "button", *, within: int = MOST_TABS) -> None:
    """Press Tab until the wanted control has the focus."""
    wanted = page.get_by_role(role, name=name).first  # type: ignore[arg-type]
    for _ in range(within):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"{name} cannot be reached with Tab")


def test_the_keyboard_is_enough(studio_page: Page) -> None:
    tab_to(studio_page, "Rainy evening quiet")
    studio_page.keyboard.press("Enter")
    expect(mood(studio_page, "Rainy evening")).to_have_attribute("aria-pressed", "true")
    tab_to(studio_page, "Happiness", "slider")
    studio_page.keyboard.press("ArrowRight")
    tab_to(studio_page, "Make my song", within=A_FEW_TABS)
    studio_page.keyboard.press("Enter")
    pause = now_playing(studio_page).get_by_role("button", name=re.compile("^Pause"))
    expect(pause).to_be_visible()
    pause.focus()
    studio_page.keyboard.press("Space")
    expect(now_playing(studio_page).get_by_role("button", name=re.compile("^Play"))).to_be_focused()


def test_a_phone_shows_it_all_in_its_width(browser: Browser, studio: StudioProcess) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(studio.url)
    mood(page, "Sunny morning").tap()
    page.get_by_role("button", name="Make my song").tap()
    expect(now_playing(page).get_by_role("button", name="Pause Sunny morning")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert serious_problems(page) == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_out(browser: Browser, studio: StudioProcess, scheme: Any) -> None:
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    page.goto(studio.url)
    mood(page, "Sunny morning").wait_for()
    assert serious_problems(page) == []
    task_id = make_song(page)
    history_row(page, task_id).get_by_role("button", name="More for Sunny morning").click()
    assert serious_problems(page) == []
    page.get_by_role("tab", name="Bar by bar").click()
    call(page, "please fail")
    make(page)
    expect(now_playing(page).get_by_text("This song could not be made")).to_be_visible()
    assert serious_problems(page) == []
    context.close()


def test_the_chosen_light_stays(studio_page: Page) -> None:
    studio_page.get_by_role("button", name="Switch to dark").click()
    studio_page.reload()
    expect(studio_page.get_by_role("button", name="Switch to light")).to_be_visible()
    assert studio_page.evaluate("document.documentElement.className") == "dark"


def test_a_missing_server_is_reported_and_found_again(page: Page, own_studio: StudioProcess) -> None:
    own_studio.start()
    page.goto(own_studio.url)
    mood(page, "Sunny morning").wait_for()
    own_studio.kill()
    expect(page.get_by_text("The studio does not answer")).to_be_visible()
    own_studio.start(port=int(own_studio.url.rpartition(":")[2]))
    expect(page.get_by_text("The studio does not answer")).not_to_be_visible()


def test_the_rest_api_has_a_page(studio_page: Page, studio: StudioProcess) -> None:
    studio_page.goto(f"{studio.url}/docs")
    expect(studio_page.get_by_role("heading", name="emo studio")).to_be_visible()
    expect(studio_page.get_by_text("/submit", exact=True)).to_be_visible()
