"""The quieter and older styles: ballad, blues, waltz, folk, jazz, piano, bossa nova, ambient. Data alone."""

from __future__ import annotations

from emo_assets.synthetic_corpus.harmony import Colour
from emo_assets.synthetic_corpus.style import (
    DrumLine,
    Form,
    Groove,
    Habits,
    Layer,
    PlayingPattern,
    Role,
    Style,
)
from emo_assets.synthetic_corpus.styles.band import (
    CLOSED_HAT,
    KICK,
    PEDAL_HAT,
    RIDE,
    RIM,
    SHAKER,
    SNARE,
    TAMBOURINE,
)

BALLAD = Style(
    name="ballad",
    genres=("singer-songwriter", "sad", "pop"),
    habits=Habits(1.2, 0.36, 0.48, 0.32, 0.60, 0.05, (60, 94), three=1.0, mode=0.05),
    groove=Groove(
        (
            DrumLine(KICK, "9...|....|8..3|....", 2),
            DrumLine(SNARE, "....|9...|....|9...", 2),
            DrumLine(CLOSED_HAT, "7.6.|7.6.|7.6.|7.6.", -14),
        ),
        kits=(0, 8),
        entry=0.28,
    ),
    layers=(
        Layer(Role.BASS, PlayingPattern.ROOTS, "9...|..3.|7.3.|..2.", (32, 32), (35, 33), 36, gate=0.98),
        Layer(
            Role.CHORDS,
            PlayingPattern.BROKEN,
            "9.7.|8.7.|8.7.|8.72",
            (0, 0, 24),
            (4, 5, 2),
            60,
            1,
            gate=1.3,
            accent=-2,
        ),
        Layer(
            Role.PAD,
            PlayingPattern.SUSTAINED,
            "9...|....|....|....",
            (49, 49, 42),
            (89, 50),
            60,
            3,
            0.10,
            1.0,
            -20,
        ),
        Layer(
            Role.COLOUR,
            PlayingPattern.STRUM,
            "6...|5.4.|5...|4.3.",
            (25, 24),
            (27, 26),
            57,
            3,
            0.35,
            0.95,
            -6,
        ),
        Layer(Role.THEME, PlayingPattern.MELODY, "", (42, 68), (26, 4), 67, 2, accent=2),
        Layer(Role.LEAD, PlayingPattern.MELODY, "", (53, 53, 65), (54, 85), 70, 1, accent=12),
    ),
    major=("I V vi IV", "IV V I vi", "vi iii IV V"),
    minor=("i bVI iv V", "i iv bVI V", "iv i bVI V"),
)

BLUES = Style(
    name="blues",
    genres=("blues", "rock-n-roll", "soul"),
    habits=Habits(1.0, 0.54, 0.55, 0.58, 0.42, 0.08, (72, 124), mode=0.1),
    groove=Groove(
        (
            DrumLine(KICK, "9..|..3|8..|..4", 4),
            DrumLine(SNARE, "..1|9..|..1|9.2", 4),
            DrumLine(RIDE, "8.6|8.6|8.6|8.6", -10),
        ),
        kits=(0, 0),
        entry=0.05,
    ),
    layers=(
        Layer(
            Role.BASS, PlayingPattern.WALKING, "9.2|7.2|8.2|7.3", (32, 43), (33, 34), 36, gate=0.9, accent=4
        ),
        Layer(Role.CHORDS, PlayingPattern.SHUFFLE, "9.6|8.6|8.6|8.6", (25, 0), (29, 27), 48, 2, gate=0.8),
        Layer(
            Role.COLOUR, PlayingPattern.BLOCK, "6..|..6|5..|..5", (0, 3), (18, 16, 4), 62, 3, 0.20, 0.6, -6
        ),
        Layer(
            Role.PAD, PlayingPattern.SUSTAINED, "9..|...|...|...", (61, 20), (17, 18), 60, 3, 0.45, 0.95, -20
        ),
        Layer(Role.THEME, PlayingPattern.MELODY, "", (3, 57), (26, 29), 67, 2, accent=2),
        Layer(Role.LEAD, PlayingPattern.MELODY, "", (53, 22, 66), (54, 85), 68, 1, accent=12),
    ),
    major=("I I I I IV IV I I V IV I V",),
    minor=("i i i i iv iv i i V iv i V",),
    colour=Colour.DOMINANT,
    form=Form.TWELVE_BAR,
    swing=True,
)

WALTZ = Style(
    name="waltz",
    genres=("french", "romance", "classical"),
    habits=Habits(0.2, 0.38, 0.42, 0.50, 0.78, 0.30, (88, 168), three=9.0),
    groove=Groove(
        (
            DrumLine(KICK, "8...|....|....|....", 0),
            DrumLine(SNARE, "....|5...|5...|5.2.", -10),
            DrumLine(CLOSED_HAT, "7...|7.3.|7.3.|7.3.", -14),
        ),
        kits=(40, 0),
        entry=0.40,
    ),
    layers=(
        Layer(
            Role.BASS,
            PlayingPattern.ROOT_FIFTH,
            "9...|2...|3...|2...",
            (32, 43),
            (33, 39),
            38,
            gate=0.8,
            accent=4,
        ),
        Layer(
            Role.CHORDS,
            PlayingPattern.BLOCK,
            "....|9...|9.4.|9...",
            (21, 0, 0),
            (26, 4, 16),
            60,
            3,
            gate=0.5,
            accent=-4,
        ),
        Layer(
            Role.PAD,
            PlayingPattern.SUSTAINED,
            "9...|....|....|....",
            (49, 49, 48),
            (50, 89),
            60,
            3,
            0.20,
            1.0,
            -20,
        ),
        Layer(
            Role.COLOUR,
            PlayingPattern.BROKEN,
            "7.6.|6.6.|6.6.|6.65",
            (46, 24, 10),
            (27, 98),
            70,
            1,
            0.25,
            0.9,
            -6,
        ),
        Layer(Role.THEME, PlayingPattern.MELODY, "", (68, 23), (26, 90), 70, 2, accent=2),
        Layer(Role.LEAD, PlayingPattern.MELODY, "", (53, 40, 71), (54, 85), 72, 1, accent=12),
    ),
    major=("I I V V", "I vi ii V", "IV I V I"),
    minor=("i i V V", "i iv V i", "iv i V i"),
    form=Form.STANDARD,
)

FOLK = Style(
    name="folk",
    genres=("folk", "acoustic", "singer-songwriter"),
    habits=Habits(1.2, 0.44, 0.52, 0.52, 0.68, 0.06, (84, 134), three=2.0, mode=0.1),
    groove=Groove(
        (
            DrumLine(KICK, "9...|....|8...|....", -2),
            DrumLine(TAMBOURINE, "..3.|8...|..3.|8.3.", -6),
            DrumLine(SHAKER, "6.53|6.53|6.53|6.53", -14),
        ),
        kits=(0, 0),
        entry=0.40,
    ),
    layers=(
        Layer(
            Role.BASS,
            PlayingPattern.ROOT_FIFTH,
            "9...|....|8...|..3.",
            (32, 32),
            (33, 35),
            38,
            entry=0.08,
            gate=0.85,
        ),
        Layer(Role.CHORDS, PlayingPattern.BROKEN, "9.7.|8.75|8.75|8.75", (25, 24), (27, 26), 57, 1, gate=1.2),
        Layer(
            Role.COLOUR, PlayingPattern.STRUM, "6...|5.4.|..4.|5.43", (25, 15), (27, 28), 60, 4, 0.25, 0.8, -6
        ),
        Layer(
            Role.PAD,
            PlayingPattern.SUSTAINED,
            "9...|....|....|....",
            (49, 21),
            (89, 16),
            62,
            2,
            0.30,
            1.0,
            -20,
        ),
        Layer(Role.THEME, PlayingPattern.MELODY, "", (110, 15), (26, 27), 70, 2, accent=2),
        Layer(Role.LEAD, PlayingPattern.MELODY, "", (53, 53, 73), (85, 54), 70, 1, accent=12),
    ),
    major=("I IV I V", "I V vi IV", "vi IV I V"),
    minor=("i bVII i V", "i iv i v", "iv bVI i V"),
)

JAZZ = Style(
    name="jazz",
    genres=("jazz", "soul", "blues"),
    habits=Habits(1.1, 0.42, 0.52, 0.52, 0.66, 0.28, (92, 190), three=0.8),
    groove=Groove(
        (
            DrumLine(RIDE, "9..|8.8|9..|8.8", -4),
            DrumLine(PEDAL_HAT, "...|8..|...|8..", -10),
            DrumLine(KICK, "3..|...|3..|..2", -8),
            DrumLine(SNARE, "..2|..3|..2|.2.", -10),
        ),
        kits=(32, 32),
        entry=0.10,
    ),
    layers=(
        Layer(
            Role.BASS, PlayingPattern.WALKING, "9..|7.2|9..|7.3", (32, 32), (35, 33), 38, gate=0.95, accent=2
        ),
        Layer(
            Role.CHORDS, PlayingPattern.BLOCK, "8.4|..8|..4|.5.", (0, 0), (4, 26), 60, 3, gate=0.7, accent=-4
        ),
        Layer(
            Role.COLOUR, PlayingPattern.BLOCK, "5..|6.3|5..|6.3", (11, 24), (26, 16), 67, 2, 0.35, 0.6, -10
        ),
        Layer(
            Role.PAD, PlayingPattern.SUSTAINED, "9..|...|...|...", (61, 49), (89, 17), 62, 3, 0.45, 0.9, -22
        ),
        Layer(Role.THEME, PlayingPattern.MELODY, "", (11, 57), (26, 4), 68, 2, accent=2),
        Layer(Role.LEAD, PlayingPattern.MELODY, "", (65, 66, 53, 56), (54, 85), 69, 1, accent=12),
    ),
    major=("I vi ii V", "ii V I vi", "iii vi ii V"),
    minor=("i iv iio V", "i bVI iio V", "iv bVII i V"),
    colour=Colour.SEVENTHS,
    form=Form.STANDARD,
    swing=True,
)

CLASSICAL_PIANO = Style(
    name="classical piano",
    genres=("classical", "piano", "new-age"),
    habits=Habits(0.9, 0.24, 0.36, 0.36, 0.93, 0.75, (60, 140), three=2.5),
    groove=None,
    layers=(
        Layer(Role.BASS, PlayingPattern.ROOTS, "9...|....|6...|....", (0, 0), (5, 2), 41, 1, gate=1.0),
        Layer(
            Role.CHORDS,
            PlayingPattern.ALBERTI,
            "9.8.|8.8.|9.8.|8.8.",
            (0, 0),
            (5, 2),
            57,
            1,
            gate=1.1,
            accent=-6,
        ),
        Layer(
            Role.COLOUR, PlayingPattern.BROKEN, "6464|5454|6464|5454", (0, 46), (98, 4), 70, 1, 0.30, 1.0, -8
        ),
        Layer(
            Role.PAD,
            PlayingPattern.SUSTAINED,
            "9...|....|....|....",
            (49, 42),
            (89, 50),
            58,
            3,
            0.40,
            1.0,
            -30,
        ),
        Layer(Role.THEME, PlayingPattern.MELODY, "", (0, 0), (5, 98), 72, 2, accent=6),
        Layer(Role.LEAD, PlayingPattern.MELODY, "", (40, 73, 53), (85, 54), 74, 1, accent=12),
    ),
    major=("I IV V I", "I vi ii V", "IV V vi V"),
    minor=("i iv V i", "i bVI iio V", "iv V i V"),
    form=Form.THROUGH,
)

BOSSA_NOVA = Style(
    name="bossa nova",
    genres=("mpb", "brazil", "jazz"),
    habits=Habits(0.9, 0.42, 0.62, 0.58, 0.62, 0.12, (112, 148)),
    groove=Groove(
        (
            DrumLine(KICK, "9..5|6..5|9..5|6..5", -4),
            DrumLine(RIM, "8..7|..7.|..8.|.7..", 0),
            DrumLine(CLOSED_HAT, "6464|6464|6464|6464", -16),
            DrumLine(SHAKER, "3.3.|3.3.|3.3.|3.3.", -18),
        ),
        kits=(40, 8),
        entry=0.12,
    ),
    layers=(
        Layer(Role.BASS, PlayingPattern.ROOT_FIFTH, "9..4|5...|9..4|5...", (32, 32), (33, 35), 38, gate=0.9),
        Layer(
            Role.CHORDS,
            PlayingPattern.BLOCK,
            "9..8|..7.|.8..|7..5",
            (24, 24),
            (26, 4),
            57,
            3,
            gate=0.6,
            accent=-2,
        ),
        Layer(
            Role.PAD,
            PlayingPattern.SUSTAINED,
            "9...|....|....|....",
            (49, 49, 48),
            (89, 50),
            64,
            3,
            0.30,
            1.0,
            -22,
        ),
        Layer(
            Role.COLOUR, PlayingPattern.BROKEN, "5.4.|.4.4|5.4.|.4.4", (0, 11), (4, 5), 68, 1, 0.30, 0.7, -6
        ),
        Layer(Role.THEME, PlayingPattern.MELODY, "", (0, 11), (26, 4), 70, 2, accent=2),
        Layer(Role.LEAD, PlayingPattern.MELODY, "", (53, 73, 66), (54, 85), 70, 1, accent=12),
    ),
    major=("I ii V I", "ii V I vi", "IV iv I V"),
    minor=("i iio V i", "iv bVII i V", "i iv bVI V"),
    colour=Colour.SEVENTHS,
    form=Form.STANDARD,
)

AMBIENT = Style(
    name="ambient",
    genres=("ambient", "chill", "new-age"),
    habits=Habits(0.8, 0.24, 0.36, 0.22, 0.50, 0.75, (60, 100), three=0.8),
    groove=Groove(
        (
            DrumLine(KICK, "8...|....|6...|....", -4),
            DrumLine(SHAKER, "..6.|..6.|..6.|..6.", -16),
            DrumLine(CLOSED_HAT, "4.3.|4.3.|4.3.|4.3.", -18),
        ),
        kits=(0, 25),
        entry=0.45,
        fills=False,
    ),
    layers=(
        Layer(
            Role.BASS,
            PlayingPattern.ROOTS,
            "9...|....|4...|....",
            (43, 42),
            (39, 38),
            38,
            gate=1.0,
            accent=-2,
        ),
        Layer(
            Role.PAD,
            PlayingPattern.SUSTAINED,
            "9...|....|....|....",
            (49, 49, 48),
            (89, 91, 94),
            57,
            4,
            0.0,
            1.0,
            -4,
        ),
        Layer(
            Role.CHORDS,
            PlayingPattern.BROKEN,
            "8...|7.6.|7.6.|7.65",
            (46, 0, 11),
            (98, 92, 88),
            66,
            1,
            0.0,
            1.8,
            0,
        ),
        Layer(
            Role.COLOUR,
            PlayingPattern.BROKEN,
            "..4.|..4.|5.4.|..4.",
            (10, 14),
            (99, 96),
            78,
            1,
            0.25,
            1.5,
            -6,
        ),
        Layer(Role.THEME, PlayingPattern.MELODY, "", (0, 68), (88, 100), 69, 2, accent=2),
        Layer(Role.LEAD, PlayingPattern.MELODY, "", (53, 77), (54, 85), 69, 1, accent=6),
    ),
    major=("I IV vi IV", "I iii IV I", "IV I ii I"),
    minor=("i bVI iv i", "i v iv i", "bVI i iv i"),
    bars_a_chord=2.0,
    form=Form.THROUGH,
)
