"""The one error that people see.

Holds `InputError` and nothing else. Errors that only other code reads belong to the package that raises
them; a subclass of `InputError` lives in the package that gives it its meaning.
"""


class InputError(ValueError):
    """Something that came from outside (a file, a table, a request, an option) is wrong.

    The message is one line for people: what is wrong, where, and what to do next. The command line prints
    it and exits with 2; the pipeline shows it as the failure of the run.
    """
