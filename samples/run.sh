#!/usr/bin/env bash
# Installs what is missing, builds the library and its samples in build/, and runs the long-lived
# sample against the echo server it has inside, with the trace of what goes over the wire.
#
#   samples/run.sh [URL]      with a URL: against that server
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build
# shellcheck source=samples/packages.sh
. "$root/samples/packages.sh"

get_all_to_build

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# A build directory that is there keeps its settings.
if [ ! -f "$build/build.ninja" ]; then
  say "setting up ${build#"$PWD/"} ..."
  meson setup "$build" "$root" -Dtests=false >"$log" 2>&1 || {
    cat "$log" >&2
    fail 'Meson could not set up the build; its last lines say why.'
  }
elif [ ! -d "$build/samples" ]; then
  meson configure "$build" -Dsamples=true
fi

samples=(samples/long_lived samples/short_lived samples/close_on_open samples/background
  samples/connect_by_hand samples/foreign_loop samples/echo_server)
if [ ! -x "$build/samples/long_lived" ]; then
  say 'building the library and its samples, which takes a minute or two the first time ...'
fi
ninja -C "$build" "${samples[@]}" >"$log" 2>&1 || {
  cat "$log" >&2
  fail 'the build failed; the lines above say why.'
}

"$build/samples/long_lived" "$@"
