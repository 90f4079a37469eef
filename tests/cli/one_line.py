"""The format of an error of the command line."""


def one_line(errors: str) -> bool:
    """Whether standard error holds one printable line that begins with ``error:``."""
    return errors.startswith("error: ") and errors.count("\n") == 1 and errors[:-1].isprintable()
