# What a machine does of its own accord, and what would then be measured instead of the libraries: putting cores
# to sleep, and pacing TCP. Where the system permits it, which is to root, neither is done while we measure.
import contextlib
import ctypes
import fcntl
import os
import pathlib
import socket
import struct

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
IFF_UP = 1
# Sends as fast as the other side reads, as long as nothing is lost; every Linux has it.
WANTED = "reno"
CONGESTION_CONTROL = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control")
# The system keeps what is asked for as long as this is open: how many microseconds a core may take to wake up.
WAKING = pathlib.Path("/dev/cpu_dma_latency")


def keep_cores_awake() -> bool:
    """Until this process ends. A core that has gone to sleep takes long to wake, in a virtual machine longer
    than most of what is measured, and it is the thread that wakes it whose time that is."""
    try:
        request = os.open(WAKING, os.O_WRONLY | os.O_CLOEXEC)
        os.write(request, struct.pack("i", 0))
        return True
    except OSError:
        return False


def enter_own_network() -> bool:
    """With all programs that are started from now on: one with a loopback device such as every Linux has, and
    nothing else. Where BBR is the machine's default TCP paces even what goes over loopback, and then clients
    wait for its timer and are all alike."""
    try:
        if ctypes.CDLL(None).unshare(CLONE_NEWNET) != 0:
            return False
    except AttributeError:
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))
    with contextlib.suppress(OSError):
        CONGESTION_CONTROL.write_text(WANTED, encoding="ascii")
    return True


def settle() -> str:
    """Sees to both, and says in words what came of it."""
    awake = keep_cores_awake()
    own = enter_own_network()
    try:
        control = CONGESTION_CONTROL.read_text(encoding="ascii").strip()
    except OSError:
        control = "not known"
    cores = "Idle cores were kept awake" if awake else "Idle cores may have gone to sleep"
    network = "a network of its own" if own else "the machine's network"
    return f"{cores}; all went over loopback in {network}, with TCP's congestion control {control}."
