# Makes C++ sources of the C++ blocks of a Markdown page, so that what it shows is compiled.
#
#   extract.py PAGE DIRECTORY        prints the names of the files it wrote: programs, then fragments.cpp
#
# A block with a `main` is a program of its own. The others are bodies of functions, which know some names
# they need not declare: see readme.hpp. Compilers tell places in the page, not in the file made of it.
# Run while the build is set up; a file that stays the same is not written again.
import pathlib
import re
import sys

BLOCK = re.compile(r"^```cpp\n(.*?)^```$", re.MULTILINE | re.DOTALL)
URL = '"ws://localhost:4040/"'


def blocks_of(page):
    """The page's C++ blocks, each with the number of its first line."""
    for found in BLOCK.finditer(page):
        yield page.count("\n", 0, found.start(1)) + 1, found.group(1)


def is_program(block):
    return re.search(r"^int main\(", block, re.MULTILINE) is not None


def program(line, block):
    # The server that runs during a test has a port of its own.
    return f'#include "readme.hpp"\n#line {line} "README.md"\n' + block.replace(URL, "readme_url()")


def fragment(line, block):
    includes = "".join(re.findall(r"^#include.*\n", block, re.MULTILINE))
    body = re.sub(r"^#include.*$", "", block, flags=re.MULTILINE)
    return (
        f"{includes}void block_of_line_{line}([[maybe_unused]] websocket::WebSocketApp& app,\n"
        f"    [[maybe_unused]] QObject* window) {{\n  {{\n"
        f'#line {line} "README.md"\n{body}  }}\n}}\n'
    )


def write(path, text):
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
    print(path.name)


def main():
    page = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
    directory = pathlib.Path(sys.argv[2])
    fragments = '#include "readme.hpp"\n'
    programs = 0
    for line, block in blocks_of(page):
        if is_program(block):
            programs += 1
            write(directory / f"program_{programs}.cpp", program(line, block))
        else:
            fragments += fragment(line, block)
    write(directory / "fragments.cpp", fragments)


if __name__ == "__main__":
    main()
