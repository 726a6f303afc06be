"""The styles that a band plays: rock and its kin, dance music, reggae and funk. Data alone."""

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

KICK, RIM, SNARE, CLAP = 36, 37, 38, 39
CLOSED_HAT, PEDAL_HAT, OPEN_HAT, CRASH, RIDE = 42, 44, 46, 49, 51
TAMBOURINE, COWBELL, SHAKER, CONGA_HIGH, CONGA_LOW = 54, 56, 70, 62, 64

SUNG_ACOUSTIC = (53, 53, 53, 65)
SUNG_ELECTRONIC = (54, 54, 85, 81)

DISCO = Style(
    name="disco",
    genres=("disco", "dance", "pop"),
    habits=Habits(1.2, 0.74, 0.72, 0.70, 0.14, 0.08, (108, 130)),
    groove=Groove(
        (
            DrumLine(KICK, "9...|9...|9...|9...", 6),
            DrumLine(SNARE, "....|9..1|....|9.21", 6),
            DrumLine(CLOSED_HAT, "63.3|63.3|63.3|63.3", -12),
            DrumLine(OPEN_HAT, "..8.|..8.|..8.|..8.", -6),
            DrumLine(TAMBOURINE, "..2.|4.2.|..2.|4.2.", -16),
        ),
        kits=(0, 24),
    ),
    layers=(
        Layer(
            Role.BASS,
            PlayingPattern.OCTAVES,
            "9.7.|8.7.|9.7.|8.73",
            (32, 32),
            (33, 38, 36),
            38,
            gate=0.7,
            accent=4,
        ),
        Layer(Role.CHORDS, PlayingPattern.BLOCK, "..8.|..7.|..8.|..74", (0, 1), (4, 2, 27), 60, gate=0.5),
        Layer(
            Role.PAD,
            PlayingPattern.SUSTAINED,
            "9...|....|....|....",
            (49, 49, 48),
            (50, 51),
            65,
            3,
            0.12,
            0.98,
            -20,
        ),
        Layer(
            Role.COLOUR,
            PlayingPattern.BROKEN,
            "6.46|.46.|6.46|.464",
            (24, 46),
            (28, 27),
            67,
            1,
            0.35,
            0.5,
            -4,
        ),
        Layer(Role.THEME, PlayingPattern.MELODY, "", (57, 61), (62, 90), 69, 2, accent=2),
        Layer(Role.LEAD, PlayingPattern.MELODY, "", SUNG_ACOUSTIC, SUNG_ELECTRONIC, 71, 1, accent=12),
    ),
    major=("I vi IV V", "IV V I vi", "ii V I vi"),
    minor=("i iv bVII V", "i bVI iv V", "iv V i i"),
    colour=Colour.SEVENTHS,
    form=Form.SONG,
)

SYNTH_POP = Style(
    name="synth-pop",
    genres=("synth-pop", "electro", "pop"),
    habits=Habits(1.4, 0.68, 0.63, 0.55, 0.08, 0.08, (96, 132)),
    groove=Groove(
        (
            DrumLine(KICK, "9...|..5.|9...|..3.", 6),
            DrumLine(SNARE, "....|9...|....|9...", 6),
            DrumLine(CLAP, "....|6...|....|6..2", -2),
            DrumLine(CLOSED_HAT, "8271|7271|8271|7271", -12),
        ),
        kits=(8, 24),
    ),
    layers=(
        Layer(
            Role.BASS,
            PlayingPattern.ROOTS,
            "9.72|7.72|8.72|7.72",
            (32, 43),
            (38, 39, 38),
            36,
            gate=0.7,
            accent=4,
        ),
        Layer(Role.CHORDS, PlayingPattern.BLOCK, "9...|..6.|..6.|5...", (0, 24), (90, 4, 63), 60, gate=0.8),
        Layer(
            Role.PAD,
            PlayingPattern.SUSTAINED,
            "9...|....|....|....",
            (49, 49, 48),
            (89, 91, 95),
            62,
            3,
            0.08,
            0.98,
            -20,
        ),
        Layer(
            Role.COLOUR,
            PlayingPattern.BROKEN,
            "8363|7363|8363|7363",
            (46, 11, 9),
            (80, 98, 87),
            73,
            1,
            0.25,
            0.6,
            -6,
        ),
        Layer(Role.THEME, PlayingPattern.MELODY, "", (60, 68), (62, 84), 69, 2, accent=2),
        Layer(Role.LEAD, PlayingPattern.MELODY, "", SUNG_ACOUSTIC, SUNG_ELECTRONIC, 71, 1, accent=12),
    ),
    major=("I V vi IV", "vi IV I V", "IV I V vi"),
    minor=("i bVI iv V", "i v bVI iv", "iv bVI i V"),
)

ROCK = Style(
    name="rock",
    genres=("rock", "alt-rock", "hard-rock"),
    habits=Habits(1.8, 0.78, 0.52, 0.50, 0.07, 0.04, (100, 160), three=0.3, mode=0.05),
    groove=Groove(
        (
            DrumLine(KICK, "9...|..3.|8.6.|...2", 8),
            DrumLine(SNARE, "....|9..1|.1..|9...", 8),
            DrumLine(CLOSED_HAT, "9.6.|8.6.|9.6.|8.6.", -8),
            DrumLine(RIDE, "1.1.|1.1.|1.1.|1.1.", -10),
        ),
        kits=(0, 16),
    ),
    layers=(
        Layer(
            Role.BASS, PlayingPattern.ROOTS, "9.5.|6.51|9.5.|6.52", (32, 43), (34, 33), 35, gate=0.9, accent=4
        ),
        Layer(
            Role.CHORDS,
            PlayingPattern.POWER,
            "9.5.|4.6.|7.5.|4.6.",
            (25, 25),
            (29, 30),
            50,
            3,
            gate=0.85,
            accent=2,
        ),
        Layer(
            Role.PAD,
            PlayingPattern.SUSTAINED,
            "9...|....|....|....",
            (49, 0),
            (18, 16),
            62,
            3,
            0.25,
            0.98,
            -22,
        ),
        Layer(
            Role.COLOUR, PlayingPattern.BROKEN, "7.5.|6.5.|7.5.|6.54", (24, 1), (27, 28), 66, 1, 0.30, 1.0, -4
        ),
        Layer(Role.THEME, PlayingPattern.MELODY, "", (60, 48), (30, 29), 67, 2, accent=2),
        Layer(Role.LEAD, PlayingPattern.MELODY, "", SUNG_ACOUSTIC, (54, 85, 85), 69, 1, accent=12),
    ),
    major=("I IV V IV", "I V vi IV", "vi IV V I"),
    minor=("i bVI bVII i", "i iv bVI V", "iv i bVI V"),
)

METAL = Style(
    name="metal",
    genres=("metal", "heavy-metal", "hard-rock"),
    habits=Habits(1.2, 0.91, 0.42, 0.33, 0.02, 0.15, (120, 190), mode=-0.2),
    groove=Groove(
        (
            DrumLine(KICK, "9.64|5.64|8.64|5.64", 8),
            DrumLine(SNARE, "....|9...|....|9...", 10),
            DrumLine(CLOSED_HAT, "7...|7...|7...|7...", -4),
            DrumLine(RIDE, "2.3.|2.3.|2.3.|2.3.", -6),
        ),
        kits=(16, 16),
    ),
    layers=(
        Layer(
            Role.BASS, PlayingPattern.ROOTS, "9.64|6.64|9.64|6.64", (32, 43), (34, 33), 31, gate=0.8, accent=4
        ),
        Layer(
            Role.CHORDS,
            PlayingPattern.POWER,
            "9.64|6.64|8.64|6.64",
            (25, 24),
            (30, 29),
            45,
            2,
            gate=0.7,
            accent=4,
        ),
        Layer(
            Role.PAD, PlayingPattern.BLOCK, "9...|....|7...|....", (49, 19), (50, 18), 59, 3, 0.05, 0.95, -12
        ),
        Layer(
            Role.COLOUR,
            PlayingPattern.BROKEN,
            "6.5.|5.5.|6.5.|5.5.",
            (46, 45),
            (29, 84),
            67,
            1,
            0.40,
            0.9,
            -2,
        ),
        Layer(Role.THEME, PlayingPattern.MELODY, "", (42, 60), (30, 29), 66, 2, accent=2),
        Layer(Role.LEAD, PlayingPattern.MELODY, "", (53, 53), (54, 85), 70, 1, accent=12),
    ),
    major=("I IV I V", "I bVII IV I", "IV V I I"),
    minor=("i bVI i V", "i iv bVI V", "i bII i V"),
)

HOUSE = Style(
    name="house",
    genres=("house", "deep-house", "edm"),
    habits=Habits(1.3, 0.77, 0.74, 0.46, 0.05, 0.35, (118, 130)),
    groove=Groove(
        (
            DrumLine(KICK, "9...|9...|9...|9...", 8),
            DrumLine(CLAP, "....|8...|....|8...", 4),
            DrumLine(OPEN_HAT, "..9.|..9.|..9.|..9.", -6),
            DrumLine(CLOSED_HAT, "32.2|32.2|32.2|32.2", -14),
            DrumLine(SHAKER, "2.44|2.44|2.44|2.44", -18),
        ),
        kits=(8, 25),
    ),
    layers=(
        Layer(
            Role.BASS, PlayingPattern.ROOTS, "..9.|.48.|..9.|4.84", (32, 43), (38, 39), 36, gate=0.7, accent=4
        ),
        Layer(Role.CHORDS, PlayingPattern.BLOCK, "8..7|..6.|.8..|6.5.", (0, 1), (4, 5, 16), 60, 4, gate=0.5),
        Layer(
            Role.PAD,
            PlayingPattern.SUSTAINED,
            "9...|....|....|....",
            (49, 49, 48),
            (89, 94, 50),
            64,
            3,
            0.10,
            0.98,
            -20,
        ),
        Layer(
            Role.COLOUR,
            PlayingPattern.BROKEN,
            "7.54|6.54|7.54|6.54",
            (12, 11),
            (80, 98, 90),
            72,
            1,
            0.30,
            0.5,
            -6,
        ),
        Layer(Role.THEME, PlayingPattern.MELODY, "", (1, 11), (87, 90), 70, 2, accent=2),
        Layer(Role.LEAD, PlayingPattern.MELODY, "", SUNG_ACOUSTIC, SUNG_ELECTRONIC, 71, 1, accent=12),
    ),
    major=("I vi ii V", "IV iii vi I", "I IV vi V"),
    minor=("i iv bVI v", "i bVI iv i", "iv i V i"),
    colour=Colour.SEVENTHS,
    form=Form.DANCE,
)

REGGAE = Style(
    name="reggae",
    genres=("reggae", "ska", "dub"),
    habits=Habits(0.9, 0.62, 0.75, 0.66, 0.18, 0.05, (68, 96)),
    groove=Groove(
        (
            DrumLine(KICK, "3...|....|9...|....", 8),
            DrumLine(RIM, "....|....|9...|...2", 4),
            DrumLine(CLOSED_HAT, "8.73|8.73|8.73|8.73", -8),
            DrumLine(CONGA_HIGH, "..4.|.3..|..4.|.3.3", -14),
        ),
        kits=(0, 8),
    ),
    layers=(
        Layer(
            Role.BASS,
            PlayingPattern.RIFF,
            "9..6|8.5.|..8.|6..4",
            (32, 43),
            (33, 35, 38),
            34,
            gate=0.9,
            accent=8,
        ),
        Layer(Role.CHORDS, PlayingPattern.BLOCK, "..9.|..9.|..9.|..9.", (0, 25), (27, 28), 62, 3, gate=0.4),
        Layer(
            Role.COLOUR,
            PlayingPattern.BLOCK,
            ".4.5|.4.5|.4.5|.4.5",
            (20, 21),
            (17, 16),
            57,
            2,
            0.25,
            0.6,
            -10,
        ),
        Layer(
            Role.PAD,
            PlayingPattern.SUSTAINED,
            "9...|....|....|....",
            (61, 49),
            (62, 50),
            66,
            3,
            0.40,
            0.6,
            -26,
        ),
        Layer(Role.THEME, PlayingPattern.MELODY, "", (57, 61), (62, 27), 67, 2, accent=2),
        Layer(Role.LEAD, PlayingPattern.MELODY, "", (53, 53, 66), (54, 85), 69, 1, accent=12),
    ),
    major=("I IV I V", "I vi IV V", "I ii IV I"),
    minor=("i iv i v", "i bVII iv i", "iv V i i"),
)

FUNK = Style(
    name="funk",
    genres=("funk", "groove", "soul"),
    habits=Habits(1.0, 0.70, 0.74, 0.66, 0.18, 0.12, (92, 118)),
    groove=Groove(
        (
            DrumLine(KICK, "9..5|..4.|..85|.4..", 8),
            DrumLine(SNARE, "...2|9..3|.2.3|9..2", 2),
            DrumLine(CLOSED_HAT, "8474|8474|8474|847.", -12),
            DrumLine(OPEN_HAT, "....|....|....|...4", -6),
        ),
        kits=(0, 8),
    ),
    layers=(
        Layer(
            Role.BASS,
            PlayingPattern.RIFF,
            "9..6|.57.|4.86|.4.5",
            (32, 43),
            (36, 37, 33),
            34,
            gate=0.7,
            accent=6,
        ),
        Layer(
            Role.CHORDS, PlayingPattern.BLOCK, "6.4.|8..5|.47.|8.3.", (0, 24), (7, 28, 27), 62, 3, gate=0.35
        ),
        Layer(
            Role.COLOUR, PlayingPattern.BLOCK, "5..5|....|5...|..5.", (61, 61), (62, 63), 67, 3, 0.40, 0.4, 2
        ),
        Layer(
            Role.PAD,
            PlayingPattern.SUSTAINED,
            "9...|....|....|....",
            (49, 20),
            (16, 17),
            60,
            3,
            0.20,
            0.95,
            -22,
        ),
        Layer(Role.THEME, PlayingPattern.MELODY, "", (57, 61), (4, 62), 68, 2, accent=2),
        Layer(Role.LEAD, PlayingPattern.MELODY, "", SUNG_ACOUSTIC, SUNG_ELECTRONIC, 70, 1, accent=12),
    ),
    major=("I IV I IV", "I ii IV V", "IV I V I"),
    minor=("i iv i iv", "i IV i v", "iv i V i"),
    colour=Colour.SEVENTHS,
)

COUNTRY = Style(
    name="country",
    genres=("country", "honky-tonk", "bluegrass"),
    habits=Habits(1.1, 0.60, 0.57, 0.62, 0.40, 0.04, (92, 140), three=0.8, mode=0.25),
    groove=Groove(
        (
            DrumLine(KICK, "9...|....|9...|....", 4),
            DrumLine(SNARE, "..43|8.43|..43|8.43", -4),
            DrumLine(CLOSED_HAT, "7.5.|7.5.|7.5.|7.5.", -12),
        ),
        kits=(0, 0),
    ),
    layers=(
        Layer(
            Role.BASS,
            PlayingPattern.ROOT_FIFTH,
            "9...|4...|9...|4.3.",
            (32, 32),
            (33, 34),
            36,
            gate=0.8,
            accent=4,
        ),
        Layer(
            Role.CHORDS,
            PlayingPattern.STRUM,
            "5...|8.5.|4.3.|8.54",
            (25, 25),
            (27, 28),
            57,
            4,
            gate=0.8,
            accent=-2,
        ),
        Layer(
            Role.COLOUR,
            PlayingPattern.BROKEN,
            "7.65|6.65|7.65|6.65",
            (105, 15),
            (27, 26),
            67,
            1,
            0.25,
            0.7,
            -4,
        ),
        Layer(
            Role.PAD,
            PlayingPattern.SUSTAINED,
            "9...|....|....|....",
            (110, 49),
            (31, 16),
            67,
            2,
            0.35,
            0.98,
            -22,
        ),
        Layer(Role.THEME, PlayingPattern.MELODY, "", (110, 3), (26, 27), 69, 2, accent=2),
        Layer(Role.LEAD, PlayingPattern.MELODY, "", (53, 53, 22), (85, 54), 69, 1, accent=12),
    ),
    major=("I I IV V", "I IV I V", "IV I V I"),
    minor=("i i iv V", "i bVII iv V", "iv i V i"),
)
