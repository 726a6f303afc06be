"""The `emo` command: options, help texts and printed results.

Each sub-command imports the package that it calls, so that `emo --help` is quick.
"""

from __future__ import annotations

import inspect
import json
import sys
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from emo_assets.cli_errors import run
from emo_assets.errors import InputError
from emo_assets.features import FEATURE_NAMES, FeatureVector, feature_range
from emo_assets.open_features import OPEN_FEATURES
from emo_assets.progress import terminal_progress
from emo_assets.song_request import TrackRequest, read_request, validate_name, write_request
from emo_assets.store import DEFAULT_BASE, Store, atomic_write, check_writable, name_in_errors

app = typer.Typer(
    name="emo",
    help="Music from feelings: ten Spotify audio features in, a song that sounds like them out.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

StoreOption = Annotated[
    str, typer.Option("--store", help="The store's base path: a folder or an fsspec URL.")
]
PresetOption = Annotated[
    str | None, typer.Option(help="Start from a preset, or any other request of the store.")
]
BarsOption = Annotated[int | None, typer.Option(help="Length in bars [default 16, or the preset's].")]
SeedOption = Annotated[int | None, typer.Option(help="Another seed gives another song.")]
StrictnessOption = Annotated[
    str | None, typer.Option(help="How closely to follow the features: loosely, normally or strictly.")
]
SoundFontOption = Annotated[
    Path | None,
    typer.Option(help="Another sound font: an installed one's name, or the path of an .sf2 or .sf3 file."),
]

NAMED_VALUES = {"key": "0 to 11, or a name: C, C#, Db …", "mode": "0 or minor, 1 or major"}
"""The values of features that have names, for help texts."""

FOLLOWS_THE_FEELING = "left out, it follows valence and energy"


@app.callback(invoke_without_command=True)
def _show_help(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


def main() -> None:
    """Run the command line: exit codes and messages as `cli_errors.run` documents them."""
    run(lambda: app(standalone_mode=False))


def _takes_features(command: Callable[..., None]) -> Callable[..., None]:
    """Add one option per feature to a command, and pass the given ones to it as `features`."""

    def wrapped(**options: Any) -> None:
        given = {name: options.pop(name) for name in FEATURE_NAMES}
        command(**options, features={name: value for name, value in given.items() if value is not None})

    signature = inspect.signature(command, eval_str=True)
    parameters = [parameter for name, parameter in signature.parameters.items() if name != "features"]
    for name in FEATURE_NAMES:
        smallest, largest = feature_range(name)
        values = NAMED_VALUES.get(name, f"{smallest:g} to {largest:g}")
        field = FeatureVector.model_fields[name]
        left_out = FOLLOWS_THE_FEELING if name in OPEN_FEATURES else f"default {field.default:g}"
        option = typer.Option(
            f"--{name.replace('_', '-')}",
            help=f"{field.description} [{values}; {left_out}]",
            metavar="VALUE",
        )
        parameters.append(
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[str | None, option]
            )
        )
    wrapped.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    wrapped.__name__, wrapped.__doc__ = command.__name__, command.__doc__
    return wrapped


@app.command()
def compose(
    out: Annotated[Path, typer.Argument(help="The folder to write; it must not hold another corpus.")],
    songs: Annotated[int, typer.Option(help="How many songs to compose.", min=1, max=100_000)] = 240,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.", min=0)] = 0,
) -> None:
    """Compose a sample corpus in the formats of the three data sets."""
    from emo_assets.synthetic_corpus.corpus import compose_corpus

    with terminal_progress() as progress:
        summary = compose_corpus(out, songs=songs, seed=seed, progress=progress)
    print(summary)


@app.command()
def link(
    spotify: Annotated[Path, typer.Option(help="The Kaggle table of Spotify tracks (CSV).")],
    msd: Annotated[Path, typer.Option(help="The Million Song names (unique_tracks.txt).")],
    out: Annotated[Path, typer.Option(help="The parquet file of links to write.")],
) -> None:
    """Link Spotify with Million Song tracks by artist and title."""
    from emo_assets.datasets.msd import read_msd
    from emo_assets.datasets.spotify import read_spotify
    from emo_assets.linking.matching import link_tracks

    check_writable(out)
    if out.exists() and any(source.exists() and out.samefile(source) for source in (spotify, msd)):
        raise InputError(f"{out}: is one of the tables to link; choose another file for --out")
    spotify_read, msd_read = read_spotify(spotify), read_msd(msd)
    with terminal_progress() as progress:
        links = link_tracks(spotify_read.rows, msd_read.rows, progress=progress)
    with atomic_write(out) as file:
        links.to_parquet(file, index=False)
    methods = ", ".join(f"{count:,} {method}" for method, count in links["method"].value_counts().items())
    rejected = len(spotify_read.rejects) + len(msd_read.rejects)
    print(f"{len(links):,} links ({methods or 'none'}) in {out}; {rejected:,} rows were rejected")
    for path, read in ((spotify, spotify_read), (msd, msd_read)):
        for note in read.notes():
            print(f"  {path.name}: {note}")


@app.command()
@_takes_features
def generate(
    features: dict[str, str],
    out: Annotated[Path, typer.Option(help="The file to write: .wav, .ogg, .flac, .mp3 or .mid.")],
    preset: PresetOption = None,
    bars: BarsOption = None,
    seed: SeedOption = None,
    strictness: StrictnessOption = None,
    sound_font: Annotated[
        Path | None,
        typer.Option(
            help="Another sound font: an installed one's name, or the path of an .sf2 or .sf3 file."
        ),
    ] = None,
    reverb: Annotated[bool, typer.Option(help="The synthesizer's reverb.")] = True,
    chorus: Annotated[bool, typer.Option(help="The synthesizer's chorus.")] = True,
    exact: Annotated[
        bool,
        typer.Option(
            "--exact",
            help="Recompute FIGARO's whole window for every token, as its authors' code does: "
            "many times slower.",
        ),
    ] = False,
    store: StoreOption = DEFAULT_BASE,
) -> None:
    """Make a song from features, in one command, without Dagster.

    Uses the store's champion; `make demo` trains one.
    """
    asked = _build_request(
        Store(store), "song", preset, features, bars=bars, seed=seed, strictness=strictness
    )
    from emo_assets.audio.sound_fonts import BETTER_SOUND, SMALL
    from emo_assets.audio.synthesizer import SoundSettings
    from emo_assets.generation import generate_track, load_models, output_file

    files = output_file(out, sound_font)
    models = load_models(Store(store), exact=exact)
    sound = SoundSettings(sound_font, reverb=reverb, chorus=chorus)
    with terminal_progress() as progress:
        track = generate_track(asked, models, files, sound=sound, progress=progress)
    print(track.summary())
    if "midi" not in files and sound_font is None and track.sound_font == SMALL:
        print(f"  With a full sound font it sounds better: {BETTER_SOUND}")


@app.command()
@_takes_features
def request(
    name: Annotated[str, typer.Argument(help="The request's name: a-z, 0-9, '.', '_' and '-'.")],
    features: dict[str, str],
    preset: PresetOption = None,
    bars: BarsOption = None,
    seed: SeedOption = None,
    strictness: StrictnessOption = None,
    run: Annotated[
        bool, typer.Option("--run", help="Render the request here and now, in a run of the pipeline.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove the request and its song instead.")
    ] = False,
    store: StoreOption = DEFAULT_BASE,
) -> None:
    """Register a request for the pipeline to render; or remove one.

    A request that exists stays as it is when no other option describes it.
    """
    opened, path = Store(store), Store(store).requests / f"{validate_name(name)}.yaml"
    given = {"bars": bars, "seed": seed, "strictness": strictness}
    if remove:
        from emo_assets.pipeline.instance import checkout_instance, delete_request

        with checkout_instance(store) as instance:
            delete_request(opened, name, instance)
        print(f"{name} and its track are removed")
        return
    described = preset is not None or features or any(value is not None for value in given.values())
    if described or not path.exists():
        asked = _build_request(opened, name, preset, features, **given)
    else:
        asked = read_request(path)
    if run:
        _render_request(asked, opened)
        return
    from emo_assets.pipeline.instance import checkout_instance, register_requests
    from emo_assets.pipeline.request_runs import run_command

    with checkout_instance(store) as instance:
        write_request(asked, opened.requests)
        register_requests([name], instance)
        print(f"{path} is registered; render it with")
        print(f"  {run_command(opened, name)}")


def _render_request(asked: TrackRequest, store: Store) -> None:
    """Register a request, and make its song in a run of the pipeline."""
    from dagster._core.errors import DagsterExecutionInterruptedError

    from emo_assets.definitions import build_defs
    from emo_assets.pipeline.instance import checkout_instance, register_requests
    from emo_assets.pipeline.request_runs import make_track

    job = build_defs(str(store.base)).resolve_job_def("generate")
    with checkout_instance(str(store.base)) as instance:
        # the run starts at once, and so before the sensor of the pipeline finds a request without a song
        write_request(asked, store.requests)
        register_requests([asked.name], instance)
        try:
            document = make_track(job, instance, store, asked.name)
        except DagsterExecutionInterruptedError as error:
            raise KeyboardInterrupt from error
    print(f"{asked.name}: {document['seconds']:.1f} s")
    for file in document["files"].values():
        print(f"  {file}")


def _build_request(
    store: Store, name: str, preset: str | None, features: dict[str, str], **given: int | str | None
) -> TrackRequest:
    """Build a request from options, starting from a preset if one is named.

    Args:
        store: where presets are.
        name: name of the request.
        preset: name of the request to start from.
        features: the given features, by name.
        given: other fields of the request; None for those that were not given.
    """
    values: dict[str, Any] = {}
    if preset is not None:
        path = store.requests / f"{validate_name(preset)}.yaml"
        if not path.exists():
            known = ", ".join(sorted(file.stem for file in store.requests.glob("*.yaml"))) or "none"
            raise InputError(f"unknown preset {preset!r}; {store.requests} has: {known}")
        values = read_request(path).model_dump()
    values |= {key: value for key, value in given.items() if value is not None}
    values["features"] = FeatureVector.from_values({**values.get("features", {}), **features})
    return TrackRequest.from_values({**values, "name": name})


@app.command()
def describe(
    paths: Annotated[
        list[Path],
        typer.Argument(help="MIDI files, and folders for all .mid, .midi, .kar and .rmi files below."),
    ],
    events: Annotated[bool, typer.Option("--events", help="Print the event tokens too.")] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Reject damaged files and files without a time signature, as FIGARO's own code does.",
        ),
    ] = False,
    workers: Annotated[
        int | None, typer.Option(help="Processes, at most one per core [default: one per core].", min=1)
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Append to this file instead, resuming an earlier run.")
    ] = None,
) -> None:
    """Extract FIGARO's description from MIDI files: one JSON line per file.

    Damaged files are read as players read them; `repairs` lists what was repaired, and how many messages or
    tracks were lost.
    """
    from emo_assets.tokens.batch import extract_files, extracted_names, find_midi_files

    done = extracted_names(out) if out is not None and out.is_file() else frozenset()
    files = find_midi_files(paths, done=done)
    is_unicode = out is not None or sys.stdout.encoding.lower().startswith("utf")
    with _line_writer(out) as write, terminal_progress() as progress:
        results = extract_files(files, workers=workers, strict=strict, events=events, progress=progress)
        for result in results:
            write(json.dumps(result.as_document(), ensure_ascii=not is_unicode))


@app.command()
def studio(
    host: Annotated[
        str, typer.Option(help="The address to listen on; one that other machines can reach needs --token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.", min=0, max=65_535)] = 8000,
    token: Annotated[
        str | None, typer.Option(help="The token that clients must send.", envvar="EMO_STUDIO_TOKEN")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser", help="Open the page in a browser.")] = False,
    sound_font: SoundFontOption = None,
    store: StoreOption = DEFAULT_BASE,
) -> None:
    """Open the studio: a web page and a REST API to make songs.

    No knowledge of music theory is needed.
    """
    from emo_assets.studio.server import serve

    def opened(address: str) -> None:
        print(f"The studio is open at {address} (Ctrl+C closes it)", flush=True)
        if browser:
            webbrowser.open(address)

    serve(store, host=host, port=port, token=token, sound_font=sound_font, opened=opened)


@contextmanager
def _line_writer(out: Path | None) -> Iterator[Callable[[str], None]]:
    """Yield a function that writes and flushes one line, to the end of a file or to standard output."""
    with name_in_errors("standard output" if out is None else out), ExitStack() as stack:
        file: TextIO = sys.stdout
        if out is not None:
            out.parent.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(out.open("a", encoding="utf-8"))
        yield lambda line: print(line, file=file, flush=True)


if __name__ == "__main__":
    main()
