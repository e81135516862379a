#!/usr/bin/env bash
# Installs what is missing, builds the benchmark, and compares the library with its peers and with plain
# sockets. The report is Markdown.
#
#   test/bench/compare.sh [compare.py's arguments]
#
#   test/bench/compare.sh --output report.md     all of it: some 25 minutes on an idle machine
#   test/bench/compare.sh --quick                fewer messages and rounds
#   test/bench/compare.sh --quick --rows '^receive' --clients 'ours|plain|beast'
#   test/bench/compare.sh --list                 the names of rows and clients
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=samples/packages.sh
. "$root/samples/packages.sh"

# Each line as in packages.sh. Who is missing is missing in the report, which says so.
# shellcheck disable=SC2016  # the commands run later
to_compare_with=(
  'python3|Python 3|has "$(system_python)"'
  'valgrind|valgrind|has valgrind'
  'strace|strace|has strace'
  'libboost-dev|Boost.Beast|has_header boost/beast/websocket.hpp'
  'libwebsocketpp-dev|websocketpp|has_header websocketpp/version.hpp'
  'libwebsockets-dev|libwebsockets|pkg-config --exists libwebsockets'
  'python3-websocket|the Python module websocket|"$(system_python)" -c "import websocket"'
  'python3-websockets|the Python module websockets|"$(system_python)" -c "import websockets"'
  'nodejs|Node.js|has node'
  'npm|npm|has npm'
)

build=$root/build-bench
setup=(-Dbuildtype=release -Dbenchmarks=true -Dtests=false -Dsamples=false)

# Meson remembers what it did not find: with what has come since, a build directory is set up from scratch.
set_up() {
  local command=(meson setup)
  [ ! -f "$build/build.ninja" ] || command+=("$1")
  "${command[@]}" "$build" "$root" "${setup[@]}" >"$log" 2>&1
}

prepare() {
  local missing again=--reconfigure
  get_all_to_build
  missing=$(missing_of "${to_compare_with[@]}")
  get 'to compare with' "${to_compare_with[@]}" || say 'The report will say who is missing.'
  [ "$missing" = "$(missing_of "${to_compare_with[@]}")" ] || again=--wipe
  set_up "$again" || {
    cat "$log" >&2
    fail 'Meson could not set up the build; its last lines say why.'
  }
  install_node_peer 'Node will be missing in the report'
  [ -e "$build/test/bench/load_server" ] || say 'building, which takes some minutes the first time ...'
  ninja -C "$build" >"$log" 2>&1 || {
    grep -v '^\[' "$log" >&2 || true
    fail 'the build failed; the lines above say why.'
  }
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT

case " $* " in
  *' --list '* | *' --help '* | *' -h '*) ;;
  *) prepare >&2 ;; # what is said meanwhile is not part of the report
esac
"$(system_python)" "$root/test/bench/compare.py" "$@" "$build"
