"""What the evening path leans on, and a learner may skip."""
