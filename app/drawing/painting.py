"""Painting of drawings in pictures, as large as there is room."""

from typing import Final

from app.drawing.column_painting import columns_heights, paint_clock, paint_periods
from app.drawing.dot_painting import dots_heights, paint_dots
from app.drawing.drawings import Bars, Clock, Dots, PeriodColumns, Things, Tiles, WeekGrid
from app.drawing.grid_painting import paint_tiles, paint_weeks, tiles_heights, weeks_heights
from app.drawing.png import Canvas, Field, Heights, RowNotes
from app.drawing.row_painting import bars_heights, paint_bars
from app.drawing.thing_painting import paint_things, things_heights

Drawing = Bars | Dots | Things | WeekGrid | Tiles | PeriodColumns | Clock
NO_NOTES: Final = RowNotes()


def heights_of(canvas: Canvas, drawing: Drawing, notes: RowNotes = NO_NOTES) -> Heights:
    """Return the heights that a drawing may have in a picture."""
    if isinstance(drawing, Bars):
        return bars_heights(canvas, drawing, notes)
    if isinstance(drawing, Dots):
        return dots_heights(canvas, drawing)
    if isinstance(drawing, Things):
        return things_heights(canvas, drawing)
    if isinstance(drawing, WeekGrid):
        return weeks_heights(canvas, drawing)
    if isinstance(drawing, Tiles):
        return tiles_heights(canvas, drawing)
    return columns_heights()


def paint(canvas: Canvas, drawing: Drawing, field: Field, notes: RowNotes = NO_NOTES) -> None:
    if isinstance(drawing, Bars):
        paint_bars(canvas, drawing, field, notes)
    elif isinstance(drawing, Dots):
        paint_dots(canvas, drawing, field)
    elif isinstance(drawing, Things):
        paint_things(canvas, drawing, field)
    elif isinstance(drawing, WeekGrid):
        paint_weeks(canvas, drawing, field)
    elif isinstance(drawing, Tiles):
        paint_tiles(canvas, drawing, field)
    elif isinstance(drawing, PeriodColumns):
        paint_periods(canvas, drawing, field)
    else:
        paint_clock(canvas, drawing, field)
