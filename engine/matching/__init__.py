"""The matcher's rooms: reading an order's text, units, the index of a catalogue, and judging likeness."""
