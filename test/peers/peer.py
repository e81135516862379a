# What the Python peers share: their arguments, TLS, and how they begin and end.
# A peer binds 127.0.0.1, prints "READY <port>", serves until its standard input ends, and prints
# "CLOSED <code> <reason>" for each connection that has ended, with what the client's Close frame said.
import argparse
import hashlib
import os
import ssl
import sys
import threading


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, default=0, help="0: the system chooses")
    parser.add_argument("--tls-cert")
    parser.add_argument("--tls-key")
    parser.add_argument("--tls-client-ca", help="clients must show a certificate signed by this authority")
    parser.add_argument("--tls-1-2", action="store_true", help="nothing newer than TLS 1.2")
    return parser.parse_args()


def tls_context(options):
    if options.tls_cert is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.tls_cert, options.tls_key)
    if options.tls_client_ca is not None:
        context.load_verify_locations(options.tls_client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    if options.tls_1_2:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def say(line):
    print(line, flush=True)


def missing(what):
    """This peer can't run here; the tests that want it are skipped."""
    say("MISSING " + what)
    sys.exit(0)


def watch_input(on_close=None):
    """Ends this process when its input ends; a line "close" asks it to close its connections in order."""

    def watch():
        for line in sys.stdin:
            if line.strip() == "close" and on_close is not None:
                on_close()
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


class Tally:
    """What came to /check: messages that begin with the SHA-1, in 40 digits, of the rest."""

    def __init__(self):
        self.messages = 0
        self.wrong = 0

    def take(self, message):
        data = message.encode() if isinstance(message, str) else message
        self.messages += 1
        if hashlib.sha1(data[40:]).hexdigest().encode() != data[:40]:
            self.wrong += 1

    def report(self, bytes_on_the_wire):
        return f"{self.messages} {self.wrong} {bytes_on_the_wire}"


_seen = set()


def wants_deflate(query):
    """?deflate=off: no permessage-deflate; ?deflate=once&id=...: for the first connection with that id alone."""
    if query.get("deflate") == "once":
        is_first = query["id"] not in _seen
        _seen.add(query["id"])
        return is_first
    return query.get("deflate") != "off"
