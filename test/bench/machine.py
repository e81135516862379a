# The machine in words: what another one's figures differ by.
import os
import pathlib
import platform
import re
from typing import List

from compiling import compiler
from libraries import Library, output_of


def value_in(file: str, pattern: str) -> str:
    try:
        found = re.search(pattern, pathlib.Path(file).read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        found = None
    return found.group(1).strip() if found else ""


def processor() -> str:
    name = value_in("/proc/cpuinfo", r"^model name\s*:\s*(.+)$")
    return name or platform.processor() or platform.machine()


def system() -> str:
    return value_in("/etc/os-release", r'^PRETTY_NAME="?([^"\n]+)') or platform.system()


def virtual() -> str:
    kind = output_of("systemd-detect-virt", "--vm")
    return f", virtual ({kind})" if kind and kind != "none" else ""


def machine_in_words() -> str:
    cores = os.cpu_count() or 1
    compiled = (output_of(*compiler().split(), "--version").splitlines() or ["an unknown compiler"])[0]
    openssl = output_of("openssl", "version") or "OpenSSL"
    openssl = " ".join(openssl.split()[:2])
    return (
        f"{processor()}, {cores} core{'s' if cores > 1 else ''}{virtual()}; {system()}, "
        f"kernel {platform.release()}; {compiled}; {openssl}"
    )


def versions_in_words(libraries: List[Library]) -> str:
    named = {}
    for library in libraries:
        version = library.version() if library.kind == "peer" else ""
        if version:
            named.setdefault(library.title.replace(" sync", "").replace(" async", ""), version)
    return ", ".join(f"{title} {version}" for title, version in named.items())
