"""Everything that touches student code: confinement, wire format, replay, capture, and the warm processes."""
