"""What the rows of a model look like: rows, figures of each column, and a picture of them."""

from .picture import drawing
from .read import TIMEOUT_S, preview
from .result import Histogram, ModelPreview, Profile, Row, TopValue
from .shown import shown_to_all, visible
from .words import distinct_of, percent

__all__ = [
    "TIMEOUT_S",
    "Histogram",
    "ModelPreview",
    "Profile",
    "Row",
    "TopValue",
    "distinct_of",
    "drawing",
    "percent",
    "preview",
    "shown_to_all",
    "visible",
]
