"""The drawing process gets what is no picture, and ends; ``test_history_drawing.py`` has what the bot then says."""

import json

from hypothesis import given

from bot.features.history.chart import Chart, load_chart
from tests.integration.fuzz.shapes import JSON

KEYS = ("title", "panels")
NO_PICTURE = (ValueError, TypeError, KeyError, AttributeError)


@given(JSON)
def test_any_input_is_a_picture_or_refused(data: object) -> None:
    """No JSON whatsoever hangs the child or makes it draw something else: it ends with an error of its own."""
    try:
        assert isinstance(load_chart(data), Chart)  # type: ignore[arg-type]
    except NO_PICTURE:
        json.dumps(data)
