"""What a terminal shows: tables, plots, a dashboard."""
