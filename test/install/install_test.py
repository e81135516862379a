# What users get: the headers, the library and pkg-config's file as `meson install` puts them, used
# outside the tree; and the same from a Meson project that has this one as a subproject.
import argparse
import os
import pathlib
import re
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here.parent), str(here.parent / "readme")]
from echo_server import EchoServer
from extract import URL, blocks_of, is_program
from script_cases import Skip, check, run, run_cases, succeed

parser = argparse.ArgumentParser()
parser.add_argument("--build", required=True, help="the build directory")
parser.add_argument("--version", required=True)
parser.add_argument("--sanitize", default="none")
parser.add_argument("--library", choices=["shared", "static", "both"], default="shared")
parser.add_argument("--echo-server", required=True)
parser.add_argument("compiler", nargs="+")
options = parser.parse_args()

root = here.parent.parent
WARNINGS = ["-std=c++20", "-Wall", "-Wextra", "-Werror"]


class Installed:
    """An installation in a temporary directory, made once."""

    def __init__(self):
        self._directory = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self._directory.name)
        succeed(["meson", "install", "-C", options.build, "--no-rebuild", "--destdir", self.path])
        self.include = self.one("websocket.hpp").parent.parent
        self.pkgconfig = self.one("websocketapp.pc").parent
        self.libraries = self.pkgconfig.parent

    def one(self, name):
        found = list(self.path.rglob(name))
        check(len(found) == 1, f"{len(found)} files {name} were installed")
        return found[0]

    def flags(self, *arguments):
        environment = {
            **os.environ,
            "PKG_CONFIG_PATH": str(self.pkgconfig),
            "PKG_CONFIG_SYSROOT_DIR": str(self.path),
        }
        return succeed(["pkg-config", *arguments, "websocketapp"], env=environment).split()


_installed = None


def installed():
    if options.sanitize != "none":
        raise Skip("a library with sanitizers is not what users get")
    global _installed
    if _installed is None:
        _installed = Installed()
    return _installed


def first_program(url):
    readme = (root / "README.md").read_text(encoding="utf-8")
    program = next(block for _, block in blocks_of(readme) if is_program(block))
    check(URL in program, f"the README's first program has no {URL}")
    return program.replace(URL, f'"{url}"')


def check_that_it_greets(program, libraries):
    paths = os.pathsep.join(filter(None, [str(libraries), os.environ.get("LD_LIBRARY_PATH")]))
    output = succeed([program], env={**os.environ, "LD_LIBRARY_PATH": paths}, timeout=60)
    check(output == "hello there\n", f"it printed {output!r}")


def all_headers():
    """Every public header is installed, and no other."""
    there = {path.name for path in (installed().include / "websocket").iterdir()}
    ours = {path.name for path in (root / "include/websocket").glob("*.hpp")}
    check(there == ours, f"they differ by {there ^ ours}")


def pkg_config_is_enough():
    """The README's program builds outside the tree with pkg-config's flags alone, and runs."""
    with tempfile.TemporaryDirectory() as directory, EchoServer(options.echo_server) as server:
        source = pathlib.Path(directory, "hello.cpp")
        source.write_text(first_program(server.url), encoding="utf-8")
        kind = ["--static"] if options.library == "static" else []
        flags = installed().flags(*kind, "--cflags", "--libs")
        program = source.with_suffix("")
        succeed([*options.compiler, *WARNINGS, source, *flags, "-o", program], cwd=directory)
        check_that_it_greets(program, installed().libraries)


def pkg_config_version():
    """pkg-config tells the version that the headers have."""
    header = (installed().include / "websocket/version.hpp").read_text(encoding="utf-8")
    parts = [re.search(rf"version_{part} = (\d+)", header).group(1) for part in ("major", "minor", "patch")]
    told = installed().flags("--modversion")
    check([".".join(parts)] == told == [options.version], f"{parts}, {told} and {options.version} differ")


def flags_are_few():
    """pkg-config asks for no other library and no definition."""
    flags = installed().flags("--cflags", "--libs")
    wrong = [flag for flag in flags if not flag.startswith(("-I", "-L")) and flag != "-lwebsocketapp"]
    if options.library != "static":
        check(not wrong, " ".join(wrong))


def shared_library():
    if options.library == "static":
        raise Skip("this build has no shared library")
    return installed().one(f"libwebsocketapp.so.{options.version}")


def soname_is_versioned():
    """The shared library has a soname with a version, and links lead to it."""
    library = shared_library()
    told = re.search(r"SONAME\s+(\S+)", succeed(["objdump", "-p", library]))
    check(told and told.group(1) == "libwebsocketapp.so.0", f"the soname is {told and told.group(1)}")
    for name in ("libwebsocketapp.so", "libwebsocketapp.so.0"):
        check((library.parent / name).resolve() == library.resolve(), f"{name} does not lead to it")


def check_exports(library):
    private = re.compile(r"\basio\b|\bwebsocket::(base|protocol|net|engine|api)::|::Implementation\b")
    exported = []
    wrong = []
    for line in succeed(["nm", "-D", "--defined-only", "-C", library]).splitlines():
        kind, name = re.fullmatch(r"[0-9a-f]+ (\w) (.*)", line).groups()
        exported.append(name)
        # Templates of the standard library are visible wherever they are instantiated, weakly.
        ours = "websocket::" in name or kind in "uVW"
        if private.search(name) or not ours:
            wrong.append(name)
    check(not wrong, f"{len(wrong)} others are exported, such as\n" + "\n".join(wrong[:20]))
    check(any("WebSocketApp::send" in name for name in exported), "WebSocketApp::send is not exported")


def only_public_symbols():
    """The shared library exports the public interface alone."""
    check_exports(shared_library())


def compilers():
    others = [[name] for name in ("g++", "clang++") if shutil.which(name)]
    return others or [options.compiler]


def headers_stand_alone():
    """Each header compiles alone, without a warning, and brings nothing but the standard library."""
    include = installed().include
    with tempfile.TemporaryDirectory() as directory:
        for header in sorted((include / "websocket").iterdir()):
            source = pathlib.Path(directory, "alone.cpp")
            source.write_text(f"#include <websocket/{header.name}>\n", encoding="utf-8")
            for compiler in compilers():
                brought = succeed([*compiler, *WARNINGS, "-I", include, "-M", source])
                other = re.search(r"\S*(asio|openssl|zlib)\S*", brought.replace(str(include), ""))
                check(not other, f"{header.name} brings {other and other.group()}")
                succeed([*compiler, *WARNINGS, "-Wconversion", "-I", include, "-fsyntax-only", source])


def works_as_a_subproject():
    """A Meson project with this one as a subproject builds, and its program runs."""
    if options.sanitize != "none":
        raise Skip("it is built anew, which one build is enough for")
    with tempfile.TemporaryDirectory() as directory, EchoServer(options.echo_server) as server:
        project = pathlib.Path(directory)
        (project / "subprojects").mkdir()
        (project / "subprojects/websocketapp").symlink_to(root, target_is_directory=True)
        (project / "hello.cpp").write_text(first_program(server.url), encoding="utf-8")
        readme = (root / "README.md").read_text(encoding="utf-8")
        lines = re.search(r"^```meson\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL).group(1)
        (project / "meson.build").write_text(
            "project('hello', 'cpp', default_options: ['cpp_std=c++20'])\n" + lines, encoding="utf-8"
        )
        environment = {**os.environ, "CXX": " ".join(options.compiler)}
        succeed(["meson", "setup", project / "build", project], env=environment)
        succeed(["ninja", "-C", project / "build", "-j", "2"], timeout=600)
        library = project / "build/subprojects/websocketapp/lib"
        check_that_it_greets(project / "build/hello", library)
        # Built without optimisation: what a compiler puts in line elsewhere is a symbol here.
        check_exports(library / "libwebsocketapp.so")


run_cases([
    all_headers,
    pkg_config_is_enough,
    pkg_config_version,
    flags_are_few,
    soname_is_versioned,
    only_public_symbols,
    headers_stand_alone,
    works_as_a_subproject,
])  # fmt: skip
