# The samples' echo server as a child of a test that is a script.
import subprocess


class EchoServer:
    """`with EchoServer(program) as server:` runs it; server.url says where. It ends with its input."""

    def __init__(self, program):
        self._process = subprocess.Popen([str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self._process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=20)
