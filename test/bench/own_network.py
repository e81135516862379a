# A network of our own to measure in: a loopback device such as every Linux has, and nothing else. What the
# machine made of its own one stays outside. It matters: where BBR is the default, TCP paces even what goes
# over loopback, and then clients wait for its timer and are all alike.
import contextlib
import ctypes
import fcntl
import pathlib
import socket
import struct

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
IFF_UP = 1
# Sends as fast as the other side reads, as long as nothing is lost; every Linux has it.
WANTED = "reno"
SETTING = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control")


def enter_own_network() -> bool:
    """With all programs that are started from now on; false where the system does not permit it."""
    try:
        if ctypes.CDLL(None).unshare(CLONE_NEWNET) != 0:
            return False
    except AttributeError:
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))
    with contextlib.suppress(OSError):
        SETTING.write_text(WANTED, encoding="ascii")
    return True


def network_in_words(own: bool) -> str:
    try:
        control = SETTING.read_text(encoding="ascii").strip()
    except OSError:
        control = "not known"
    which = "They met in a network of their own" if own else "They met in the network of the machine"
    return f"{which}; TCP's congestion control was {control}."
