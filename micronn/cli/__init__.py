"""The command `micronn`."""
