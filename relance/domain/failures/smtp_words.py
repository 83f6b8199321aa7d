"""How the words of one matter are put together: a pattern for each language, any of which says it."""

from __future__ import annotations


def any_of(*patterns: str) -> str:
    """Return the pattern of a text that one of these fits."""
    return "|".join(f"(?:{pattern})" for pattern in patterns)


def near(first: str, second: str, distance: int = 60) -> str:
    """Return the pattern of a text with both, so many characters apart at most, in either order."""
    return rf"(?:{first}).{{0,{distance}}}?(?:{second})|(?:{second}).{{0,{distance}}}?(?:{first})"
