#!/usr/bin/python3
# Runs nginx as a TLS front of another peer: prints "READY <port>" and ends it when the input ends.
# The listening socket is made here and handed over (nginx takes over those its variable NGINX names,
# as it does when it upgrades itself), so that no other program can take the port in between.
import argparse
import ctypes
import grp
import os
import pathlib
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import peer

PR_SET_PDEATHSIG = 1


def arguments():
    parser = argparse.ArgumentParser(description="nginx, terminating TLS in front of another peer.")
    parser.add_argument("--cert", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--upstream", required=True, help="host:port of the peer behind")
    return parser.parse_args()


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def user_directive():
    # Workers of a master that runs as root become another user, who can't look into our directory.
    if os.getuid() != 0:
        return ""
    return f"user {pwd.getpwuid(0).pw_name} {grp.getgrgid(os.getgid()).gr_name};"


def start(program, directory, listener, options):
    template = pathlib.Path(__file__).with_name("nginx.conf").read_text()
    values = {
        "user": user_directive(),
        "directory": directory,
        "port": str(listener.getsockname()[1]),
        "certificate": options.cert,
        "key": options.key,
        "upstream": options.upstream,
    }
    for name, value in values.items():
        template = template.replace("{" + name + "}", value)
    configuration = os.path.join(directory, "nginx.conf")
    pathlib.Path(configuration).write_text(template)
    return subprocess.Popen(
        [program, "-p", directory, "-c", configuration, "-e", "stderr"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=[listener.fileno()],
        env={**os.environ, "NGINX": f"{listener.fileno()};"},
        preexec_fn=die_with_parent,
    )


def wait_until_it_answers(port):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), timeout=10) as tcp:
        with context.wrap_socket(tcp) as stream:
            stream.sendall(b"GET /nginx-ready HTTP/1.0\r\n\r\n")
            return stream.recv(100).startswith(b"HTTP/1.1 204")


def main():
    options = arguments()
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        peer.missing("nginx is not installed")
    with tempfile.TemporaryDirectory(prefix="websocketapp-nginx-") as directory:
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        server = start(program, directory, listener, options)
        listener.close()  # nginx alone has it now: if nginx fails, connecting does
        try:
            if not wait_until_it_answers(port):
                sys.exit("nginx does not answer as configured")
            peer.say(f"READY {port}")
            sys.stdin.read()
        finally:
            server.terminate()  # the master takes its worker along
            server.wait()


signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
main()
