"""Notifies systemd of the bot's state, if systemd asks for that (``Type=notify``)."""

import os
import socket


def notify(state: str) -> None:
    """Sends ``READY=1``, ``WATCHDOG=1`` or ``STOPPING=1``; does nothing without systemd.

    The protocol is sd_notify(3): one datagram to the socket named by NOTIFY_SOCKET; ``@`` begins an abstract name.
    """
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        try:
            channel.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)
        except OSError:  # a supervisor that is gone is no reason to stop
            return
