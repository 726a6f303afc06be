"""The drum part: the groove, fills at the ends of phrases, a crash at the start of sections."""

from __future__ import annotations

from dataclasses import dataclass, replace

from emo_assets.synthetic_corpus.arrangement import drum_level
from emo_assets.synthetic_corpus.form import PHRASE_BARS, Section, SectionKind
from emo_assets.synthetic_corpus.lead_sheet import LeadSheet, WrittenNote
from emo_assets.synthetic_corpus.meter import lowest_rank, onsets
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.styles import DRUM_PITCHES, DrumLine, Groove, Style
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

KICK, SNARE, CRASH = (DRUM_PITCHES[drum] for drum in ("kick", "snare", "crash"))
KICKS = frozenset({KICK, DRUM_PITCHES["acoustic_kick"]})
TOMS = (50, 48, 47, 45, 43, 41)
GHOST_ACCENT = -26
_STROKE_LENGTH = 3
_BACKBEAT_DRUMS = frozenset({"rim", "snare", "electric_snare", "clap"})
_TIMEKEEPERS = frozenset({"closed_hat", "pedal_hat", "open_hat", "ride", "tambourine", "shaker"})

_PERCUSSION = (
    (DrumLine("tambourine", "7.53|7.53|7.53|7.53", -8), DrumLine("tambourine", "7.5|7.5|7.5|7.5", -8)),
    (DrumLine("tambourine", "..4.|8.4.|..4.|8.4.", -2), DrumLine("tambourine", "..4|8..|..4|8..", -2)),
    (DrumLine("cabasa", "7466|7466|7466|7466", -14), DrumLine("cabasa", "7.6|7.6|7.6|7.6", -14)),
    (DrumLine("egg", "6575|6575|6575|6575", -16), DrumLine("egg", "6.5|7.5|6.5|7.5", -16)),
    (DrumLine("conga", "..5.|.6.7|..5.|.677", -8), DrumLine("conga", "..5|..7|..5|.67", -8)),
    (DrumLine("low_conga", "6...|..5.|..65|6...", -8), DrumLine("low_conga", "6..|..5|..6|6..", -8)),
    (DrumLine("cowbell", "7...|6.4.|7...|6.4.", -8), DrumLine("cowbell", "7..|6.4|7..|6.4", -8)),
    (DrumLine("claves", "7..7|..7.|..7.|7...", -8), DrumLine("claves", "7..|7..|..7|7..", -8)),
    (DrumLine("triangle", "6.4.|6.44|6.4.|6.44", -16), DrumLine("triangle", "6.4|6.4|6.4|6.4", -16)),
)
"""Percussion that may join a groove: straight, and swung."""


def choose_drum_lines(style: Style, percussion: int, rng: SeededRandom) -> tuple[DrumLine, ...]:
    """Return the lines of the style's groove, with other sounds of its drums and some percussion.

    Args:
        style: the style.
        percussion: number of instruments that join the groove.
        rng: chooses them.
    """
    if style.groove is None:
        return ()
    changes = {}
    if rng.bernoulli(0.4):
        changes["kick"] = "acoustic_kick"
    if rng.bernoulli(0.35):
        changes["snare"] = "electric_snare"
    lines = [replace(line, drum=changes.get(line.drum, line.drum)) for line in style.groove.lines]
    present = {line.drum for line in lines}
    for straight, swung in rng.shuffled(_PERCUSSION)[:percussion]:
        if straight.drum not in present:
            lines.append(swung if style.swing else straight)
            present.add(straight.drum)
    return tuple(lines)


def write_drums(sheet: LeadSheet, levels: dict[SectionKind, float], rng: SeededRandom) -> list[WrittenNote]:
    """Write the drums of the whole song; sections below the groove's entry level have none.

    Args:
        sheet: the song's plan.
        levels: level of activity in each kind of section, 0 to 1.
        rng: chooses fills.
    """
    groove = sheet.style.groove
    if groove is None:
        return []
    rides = groove.fills and rng.bernoulli(0.4)
    fills: dict[tuple[str, int], list[WrittenNote]] = {}
    has_one_fill = rng.bernoulli(0.5)
    fills_mid = {kind: rng.bernoulli(0.3) for kind in SectionKind}
    written: list[WrittenNote] = []
    played_before = False
    for section in sheet.sections:
        level = drum_level(sheet, levels[section.kind])
        if level < 0:
            played_before = False
            continue
        if groove.fills and (played_before or section.kind is not SectionKind.INTRO):
            start = section.first_bar * sheet.meter.positions
            written.append(WrittenNote(start, 2 * POSITIONS_PER_QUARTER, CRASH, 4))
        use_ride = rides and section.kind is SectionKind.CHORUS
        drummer = _Drummer(sheet, groove, section, level, use_ride, "" if has_one_fill else section.kind)
        written += _write_section(drummer, fills_mid[section.kind], fills, rng)
        played_before = True
    if played_before:
        written.append(WrittenNote(sheet.last_bar_start, POSITIONS_PER_QUARTER, KICK, 8))
        if groove.fills:
            written.append(WrittenNote(sheet.last_bar_start, sheet.meter.positions, CRASH, 6))
    return written


@dataclass(frozen=True)
class _Drummer:
    """What the drums of a section are written from."""

    sheet: LeadSheet
    groove: Groove
    section: Section
    level: float
    use_ride: bool
    fill_name: str


def _write_section(
    drummer: _Drummer,
    fills_mid: bool,
    fills: dict[tuple[str, int], list[WrittenNote]],
    rng: SeededRandom,
) -> list[WrittenNote]:
    """Write a section; a fill of one name and length is always the same; `fills` keeps it."""
    sheet, section = drummer.sheet, drummer.section
    written: list[WrittenNote] = []
    for bar in range(section.first_bar, section.first_bar + section.bars):
        start = bar * sheet.meter.positions
        if start == sheet.last_bar_start:
            break
        closes_section = bar == section.first_bar + section.bars - 1
        closes_phrase = (bar - section.first_bar) % PHRASE_BARS == PHRASE_BARS - 1
        beats = 0
        if drummer.groove.fills and (closes_section or (closes_phrase and fills_mid)):
            beats = 1 if sheet.meter.beats < 4 or not closes_section else 2
        fill_start = sheet.meter.positions - beats * POSITIONS_PER_QUARTER
        written += _write_bar(drummer, bar, fill_start)
        if beats:
            key = (drummer.fill_name, beats)
            fills.setdefault(key, _fill(sheet, fill_start, beats, drummer.level, rng))
            written += [note._replace(start=start + note.start) for note in fills[key]]
    return written


def _write_bar(drummer: _Drummer, bar: int, fill_start: int) -> list[WrittenNote]:
    """Write one bar of the groove up to a fill; the backbeat stays where it is."""
    sheet = drummer.sheet
    displaced, rank = sheet.displaced[bar], lowest_rank(drummer.level)
    written: list[WrittenNote] = []
    for line in sheet.drum_lines:
        pitch = DRUM_PITCHES["ride" if drummer.use_ride and line.drum == "closed_hat" else line.drum]
        for position in onsets(line.rhythm, sheet.meter, rank):
            on_beat = position % POSITIONS_PER_QUARTER == 0
            is_backbeat = line.drum in _BACKBEAT_DRUMS and on_beat
            played = position if is_backbeat else displaced.get(position, position)
            if played >= fill_start and pitch not in KICKS:
                continue
            accent = line.accent + 8 * (sheet.meter.strength(position) - 0.5)
            if line.drum in _BACKBEAT_DRUMS and not on_beat:
                accent = GHOST_ACCENT
            elif line.drum in _TIMEKEEPERS and on_beat:
                accent += 4
            written.append(WrittenNote(bar * sheet.meter.positions + played, _STROKE_LENGTH, pitch, accent))
    return written


def _fill(sheet: LeadSheet, start: int, beats: int, level: float, rng: SeededRandom) -> list[WrittenNote]:
    """Write a descending run over snare and toms that grows louder."""
    steps = 3 if sheet.style.swing else 4
    width = POSITIONS_PER_QUARTER // steps
    total = beats * steps
    written = []
    for step in range(total):
        on_beat = step % steps == 0
        if not on_beat and not rng.bernoulli(0.25 + 0.7 * level):
            continue
        pitch = SNARE
        if step >= total // 3:
            pitch = TOMS[min(5, (step - total // 3) * 6 // max(1, total - total // 3))]
        written.append(WrittenNote(start + step * width, _STROKE_LENGTH, pitch, -4 + 10 * step / total))
    return written
