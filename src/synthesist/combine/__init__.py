"""Arrows of arrows: what chooses among others, tunes them, or joins them. They stand a floor above the shelves."""
