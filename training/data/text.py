"""How text is compared: the same in Python and in `custom_functions/recommender/lib`."""

from __future__ import annotations

import re
import unicodedata

_NOT_A_WORD = re.compile(r"[\W_]+")


def normalise(text: str) -> str:
    """Returns the words of a text in lower case, without accents or punctuation, one space between.

    >>> normalise("Beyoncé – AC/DC, Don't")
    'beyonce ac dc dont'
    """
    plain = unicodedata.normalize("NFKD", text.replace("'", "").replace("’", ""))
    bare = "".join(c for c in plain if unicodedata.category(c)[0] != "M")
    return _NOT_A_WORD.sub(" ", bare.casefold()).strip()
