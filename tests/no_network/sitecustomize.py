"""Read by a Python that starts with this folder on its path: it cannot reach the network."""

import socket


def connect(self, address):
    """Stands in the place of socket.connect."""
    raise OSError(f"a demo asked the network for {address}")


socket.socket.connect = connect
