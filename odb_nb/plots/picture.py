"""A picture with the same facts as words and as a table, so that nobody depends on seeing it."""

from __future__ import annotations

import base64
import html
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from odb_nb.styles import styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

CSS_PIXELS_PER_INCH = 100
SHARPNESS = 2

_MOST_LINES = 200  # text/plain stays in the saved notebook
_MOST_ROWS = 1_000


@dataclass(frozen=True, eq=False, repr=False)
class Picture:
    """A picture of a status frame; shows itself in a notebook.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
        Free of pyplot, so nothing has to be closed; ``picture.figure.savefig("status.png")`` keeps it.
    table : pandas.DataFrame
        The same facts, all of them.
    alt : str
        What is seen, in a sentence or two.
    """

    figure: Figure
    table: pd.DataFrame
    alt: str

    def __repr__(self) -> str:
        return f"<Picture: {self.alt}>"

    @property
    def png(self) -> bytes:
        """The picture on an opaque white card, two pixels for one of the page."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from PIL import Image  # which matplotlib needs itself

        # not by savefig, which the user's rcParams may make transparent or crop
        canvas = FigureCanvasAgg(self.figure)
        canvas.draw()  # type: ignore[no-untyped-call]
        size = canvas.get_width_height(physical=True)
        pixels = canvas.buffer_rgba()  # type: ignore[no-untyped-call]
        card = Image.frombuffer("RGBA", size, pixels, "raw", "RGBA", 0, 1).convert("RGB")
        buffer = io.BytesIO()
        # a palette halves the bytes, and the eye does not see it: a few colours and what lies between
        card.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(buffer, "png")
        return buffer.getvalue()

    @property
    def html(self) -> str:
        """A figure with its text alternative, and its table to unfold; text is text, whatever it holds."""
        rows = self.table.iloc[:_MOST_ROWS]
        drawn = styled(rows, max_rows=_MOST_ROWS)._repr_html_()
        return (
            f'<figure style="margin: 0">{self.image_html}'
            f"<details><summary>The same as a table: {self._how_many(_MOST_ROWS)}</summary>{drawn}</details></figure>"
        )

    @property
    def image_html(self) -> str:
        """The picture alone, with its text alternative."""
        width, _ = self._size
        return (
            f'<img alt="{html.escape(self.alt)}" width="{width}" style="max-width: 100%; height: auto" '
            f'src="data:image/png;base64,{_text_of(self.png)}">'
        )

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        del include, exclude  # IPython sorts out what it wants
        width, height = self._size
        rows = self.table.iloc[:_MOST_LINES]
        lines = [self.alt, repr(styled(rows, max_rows=_MOST_LINES))]
        if len(self.table) > _MOST_LINES:
            lines.append(self._how_many(_MOST_LINES))
        data = {"image/png": _text_of(self.png), "text/plain": "\n".join(lines)}
        return data, {"image/png": {"alt": self.alt, "width": width, "height": height}}

    @property
    def _size(self) -> tuple[int, int]:
        """Width and height in the page's pixels."""
        width, height = self.figure.get_size_inches() * CSS_PIXELS_PER_INCH
        return round(width), round(height)

    def _how_many(self, most: int) -> str:
        rows = len(self.table)
        if rows > most:
            return f"the first {most:,} of {rows:,} rows; all are in .table"
        return "1 row" if rows == 1 else f"{rows:,} rows"


def _text_of(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
