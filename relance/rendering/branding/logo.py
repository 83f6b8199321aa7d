"""The logo: a small picture that every mail program shows."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Final

from PIL import Image, UnidentifiedImageError

from relance.domain.health.check_finding import FindingState
from relance.domain.mail_templates.finding import TemplateFinding

TYPES: Final = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif"}
LARGEST_LOGO, COMFORTABLE = 48 * 1024, 20 * 1024
"""Bytes; the logo travels with every mail: 20 KiB are 2 GB in a month of 100,000."""
_MOST_PIXELS = 2_000


def logo_findings(file: str, content: bytes, width: int, height: int) -> tuple[str, list[TemplateFinding]]:
    """Return the picture's content type, and what is wrong with showing it `width` x `height` pixels large."""
    try:
        # Reads the head alone: a picture that would not fit into memory is not unpacked.
        with Image.open(BytesIO(content), formats=tuple(TYPES)) as image:
            kind, size, mode = image.format or "", image.size, image.mode
            moves = getattr(image, "is_animated", False)
            see_through = mode in {"RGBA", "LA"} or "transparency" in image.info
    except Image.DecompressionBombError:
        remedy = f"scale it down to {2 * width} x {2 * height}"
        return "", [TemplateFinding(file, None, "the logo has too many pixels to be unpacked", remedy)]
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        problem = "it is no PNG, JPEG or GIF; Gmail and Outlook show no SVG, and Outlook no WebP"
        return "", [TemplateFinding(file, None, problem, "save the logo as PNG")]
    found = list(_sizes(file, len(content), size, (width, height)))
    if not found:
        found += _unreadable(file, content)
    if not found and moves:
        problem = "the logo moves: nobody can stop it (WCAG 2.2.2), and Outlook shows its first picture alone"
        found.append(TemplateFinding(file, None, problem, "save one picture of it", FindingState.WARNING))
    if not see_through and kind != "JPEG":
        problem = "the logo has no transparent background, and stands in a box in dark mode"
        found.append(TemplateFinding(file, None, problem, "save it with transparency", FindingState.WARNING))
    return TYPES[kind], found


def _sizes(file: str, octets: int, size: tuple[int, int], shown: tuple[int, int]) -> Iterator[TemplateFinding]:
    if octets > LARGEST_LOGO:
        problem = f"the logo has {octets // 1024} KiB, and travels with every mail"
        yield TemplateFinding(file, None, problem, f"keep it below {LARGEST_LOGO // 1024} KiB")
    elif octets > COMFORTABLE:
        problem = f"the logo has {octets // 1024} KiB, and travels with every mail"
        remedy = f"{COMFORTABLE // 1024} KiB are plenty for a logo"
        yield TemplateFinding(file, None, problem, remedy, FindingState.WARNING)
    if max(size) > _MOST_PIXELS:
        problem = f"the logo is {size[0]} x {size[1]} pixels large"
        yield TemplateFinding(file, None, problem, f"scale it down to {2 * shown[0]} x {2 * shown[1]}")
    elif abs(size[0] / size[1] - shown[0] / shown[1]) > 0.05 * shown[0] / shown[1]:
        problem = f"the logo is {size[0]} x {size[1]} pixels large and would be distorted to {shown[0]} x {shown[1]}"
        fitting = f"width = {shown[0]}, height = {max(1, round(shown[0] * size[1] / size[0]))}"
        yield TemplateFinding(file, None, problem, f"write {fitting} into [logo]")
    elif size[0] < shown[0]:
        problem = f"the logo is {size[0]} pixels wide and shown at {shown[0]}, so it is blurred"
        remedy = f"use a picture {2 * shown[0]} pixels wide"
        yield TemplateFinding(file, None, problem, remedy, FindingState.WARNING)


def _unreadable(file: str, content: bytes) -> Iterator[TemplateFinding]:
    try:
        with Image.open(BytesIO(content), formats=tuple(TYPES)) as image:
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        yield TemplateFinding(file, None, "the picture is damaged", "save the logo anew as PNG")
