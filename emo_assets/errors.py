"""The errors that users see: `InputError` is the base class of all but `WorkerError`."""


class InputError(ValueError):
    """A file, a table, a request, an option or another input is invalid.

    The message is one line: the problem, its place, and what to do next. The command line prints it and exits
    with 2; in the pipeline the run fails with it.
    """


class WorkerError(RuntimeError):
    """Worker processes do not start, or all of them are killed again and again."""
