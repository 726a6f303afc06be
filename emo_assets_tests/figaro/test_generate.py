from __future__ import annotations

from itertools import groupby

import pytest
import torch

from emo_assets.figaro.constraints import max_notes, tempo_bin
from emo_assets.figaro.generate import Figaro
from emo_assets.figaro.linear import Precision
from emo_assets.figaro.network import FigaroNetwork
from emo_assets.midi.general_midi import DRUMS
from emo_assets.tokens.grammar.descriptions import DescribedBar, DescriptionGrammar
from emo_assets.tokens.grammar.errors import GrammarError
from emo_assets.tokens.grammar.events import EventBar, EventGrammar
from emo_assets.tokens.vocabulary import CHORDS, TIME_SIGNATURES
from emo_assets_tests.figaro.conftest import LITTLE, random_network

TEMPOS = [61.0, 90, 120, 133.3, 180, 240, 30, 100]


@pytest.fixture(scope="module")
def figaro() -> Figaro:
    return Figaro(random_network(LITTLE), precision=Precision.INT8, batch_size=3)


@pytest.fixture(scope="module")
def little() -> FigaroNetwork:
    return random_network(LITTLE)


def short(description: list[int], bars: int) -> list[int]:
    grammar = DescriptionGrammar()
    return grammar.format(grammar.parse(description)[:bars])


def assert_obeys(asked: list[DescribedBar], written: list[EventBar], tempo: float) -> None:
    assert [bar.time_signature for bar in written] == [bar.time_signature for bar in asked]
    assert written[0].tempos == [(0, tempo_bin(tempo))]
    assert all(not bar.tempos and bar.tempo == tempo_bin(tempo) for bar in written[1:])
    for bar, events in zip(asked, written, strict=True):
        assert {note.instrument for note in events.notes} <= set(bar.instruments)
        begun = [chord for _, chord in events.chords]
        described = [chord for chord, _ in groupby(bar.chords)]
        # The first chord may continue the current one.
        assert begun == described or [events.chord, *begun] == described
        assert begun != described or not begun or events.chords[0][0] == 0 or events.chord == begun[0]
        assert len(events.notes) <= max_notes(bar)
        positions = [note.position for note in events.notes]
        assert positions == sorted(positions)


def test_even_random_weights_obey_the_description(figaro: Figaro, descriptions: list[list[int]]) -> None:
    asked = [short(description, 1 + number) for number, description in enumerate(descriptions)]
    songs = figaro.generate(asked, tempos=TEMPOS, seeds=range(8), temperature=1.5, top_p=1)
    for description, events, tempo in zip(asked, songs, TEMPOS, strict=True):
        assert_obeys(DescriptionGrammar().parse(description), EventGrammar().parse(events), tempo)


HARD_BARS = {
    "silence": DescribedBar(TIME_SIGNATURES.index((4, 4)), 0, 0, 0, 0, (), (CHORDS.index("N:N"),)),
    "no chord": DescribedBar(TIME_SIGNATURES.index((3, 4)), 1, 20, 15, 20, (0, DRUMS), ()),
    "one position": DescribedBar(TIME_SIGNATURES.index((1, 16)), 4, 20, 15, 20, (DRUMS,), (1,)),
    "dense": DescribedBar(TIME_SIGNATURES.index((12, 4)), 3, 20, 15, 20, (3, 40, DRUMS), (1, 2, 1)),
    "more chords than positions": DescribedBar(
        TIME_SIGNATURES.index((1, 16)), 4, 20, 15, 20, (7, DRUMS), (1, 2, 3, 4, 5)
    ),
    "unknown meter": DescribedBar(None, 0, 20, 15, 20, (5,), (1,)),
}


@pytest.mark.parametrize("name", HARD_BARS)
def test_odd_bars_end_too(name: str, figaro: Figaro) -> None:
    bars = [HARD_BARS[name]]
    description = DescriptionGrammar().format(bars)
    for seed in range(3):
        [events] = figaro.generate([description], tempos=[100], seeds=[seed], temperature=2.0, top_p=1)
        written = EventGrammar().parse(events)
        assert len(written) == 1
        assert len(written[0].notes) <= max_notes(bars[0])
        begun = [chord for _, chord in written[0].chords]
        assert begun == list(bars[0].chords[:3] if name == "more chords than positions" else bars[0].chords)


def test_a_song_is_the_same_alone_and_among_others(figaro: Figaro, descriptions: list[list[int]]) -> None:
    asked = [short(description, 2 + number % 3) for number, description in enumerate(descriptions)]
    songs = figaro.generate(asked, tempos=TEMPOS, seeds=range(8))
    for number in (0, 3, 7):
        alone = figaro.generate([asked[number]], tempos=[TEMPOS[number]], seeds=[number])
        assert alone == [songs[number]]


def test_in_float_a_song_is_the_same_alone_and_among_others(
    little: FigaroNetwork, descriptions: list[list[int]]
) -> None:
    in_float = Figaro(little, precision=Precision.FLOAT32)
    asked = [short(description, 2 + number % 3) for number, description in enumerate(descriptions)]
    songs = in_float.generate(asked, tempos=TEMPOS, seeds=range(8))
    for number in (0, 3, 7):
        assert in_float.generate([asked[number]], tempos=[TEMPOS[number]], seeds=[number]) == [songs[number]]


def test_a_batch_has_at_most_as_many_songs_as_rows_are_multiplied(little: FigaroNetwork) -> None:
    with pytest.raises(ValueError, match="1 to 8"):
        Figaro(little, batch_size=9)


def test_seeds_decide(figaro: Figaro, descriptions: list[list[int]]) -> None:
    asked = short(descriptions[0], 2)
    one, same, other = figaro.generate([asked] * 3, tempos=[100] * 3, seeds=[5, 5, 6])
    assert one == same
    assert one != other


def test_whole_windows_make_other_songs_only_past_the_window(
    little: FigaroNetwork, descriptions: list[list[int]]
) -> None:
    asked = [short(description, 8) for description in descriptions[:4]]
    every_cached, every_exact = (
        figaro.generate(asked, tempos=[100] * 4, seeds=range(4), temperature=1.5, top_p=1)
        for figaro in (Figaro(little, precision=Precision.FLOAT32), Figaro(little, exact=True))
    )
    for description, cached, exact in zip(asked, every_cached, every_exact, strict=True):
        assert_obeys(DescriptionGrammar().parse(description), EventGrammar().parse(exact), 100)
        assert exact[: LITTLE.context - 1] == cached[: LITTLE.context - 1]
    assert every_exact != every_cached


def test_songs_are_written_on_one_thread_and_the_others_are_given_back(
    figaro: Figaro, descriptions: list[list[int]]
) -> None:
    used: list[int] = []
    torch.set_num_threads(2)
    asked = [short(descriptions[0], 1)]
    alone = figaro.generate(
        asked, tempos=[100], seeds=[0], progress=lambda *_: used.append(torch.get_num_threads())
    )
    assert torch.get_num_threads() == 2
    assert set(used) == {1}
    torch.set_num_threads(1)
    assert figaro.generate(asked, tempos=[100], seeds=[0]) == alone


def test_progress_counts_bars(figaro: Figaro, descriptions: list[list[int]]) -> None:
    told: list[tuple[int, int]] = []
    figaro.generate(
        [short(description, 2) for description in descriptions[:4]],
        tempos=[100] * 4,
        seeds=range(4),
        progress=lambda stage, done, total: told.append((done, total)),
    )
    assert told[-1] == (8, 8)
    assert told == sorted(told)


def test_nothing_asked_is_nothing_written(figaro: Figaro) -> None:
    assert figaro.generate([], tempos=[], seeds=[]) == []


def test_what_is_no_description_is_refused(figaro: Figaro) -> None:
    with pytest.raises(GrammarError):
        figaro.generate([[454, 454]], tempos=[100], seeds=[0])
