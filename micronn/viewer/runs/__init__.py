"""A recorded training: replayed leaf by leaf, or going on with learning in the page."""
