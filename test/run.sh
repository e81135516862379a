#!/usr/bin/env bash
# Installs what is missing, builds the library with its tests and runs them all. The last line is
# "N passed, N failed" or "N passed, N failed, N skipped": test cases that really ran.
#
#   test/run.sh [--sanitize=address,undefined | --sanitize=thread] [--werror] [meson test's arguments]
#
#   test/run.sh protocol               the tests of that name alone
#   test/run.sh --sanitize=thread      all of them with ThreadSanitizer
#   test/run.sh --werror               with a compiler warning being an error
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=samples/packages.sh
. "$root/samples/packages.sh"

build=$root/build-test
setup=(-Dtests=true -Dsamples=true)
run=()
arguments=()
for argument in "$@"; do
  case $argument in
    --sanitize=address,undefined | --sanitize=undefined,address)
      build=$root/build-test-asan
      setup+=('-Db_sanitize=address,undefined')
      ;;
    --sanitize=thread)
      build=$root/build-test-tsan
      setup+=(-Db_sanitize=thread)
      ;;
    --sanitize*) fail "there is --sanitize=address,undefined and --sanitize=thread, not $argument." ;;
    --werror) setup+=(-Dwerror=true) ;;
    *) arguments+=("$argument") ;;
  esac
done
if [[ $build != "$root/build-test" ]]; then
  # Lines for the sanitizer's reports; what debuggers want besides would double the time to build.
  setup+=(-Dbuildtype=debug -Doptimization=1 -Ddebug=false "-Dcpp_args=${CXXFLAGS:-} -g1")
  # Libraries with undefined symbols: with clang++ the sanitizer's own are in the program alone.
  setup+=(-Db_lundef=false)
  arguments+=(--timeout-multiplier=5)
fi

export ASAN_OPTIONS=${ASAN_OPTIONS:-halt_on_error=1:detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1}

# A set-up build directory keeps what it has, but for the settings given here.
set_up() {
  if [ ! -f "$build/build.ninja" ]; then
    say "setting up ${build#"$root/"} ..."
    meson setup "$build" "$root" "${setup[@]}" >"$log" 2>&1
  else
    meson configure "$build" "${setup[@]}" >"$log" 2>&1
  fi
}

# ThreadSanitizer of older compilers does not start where the kernel scatters addresses widely.
without_scattered_addresses_if_need_be() {
  [[ $build == *-tsan ]] || return 0
  local program
  program=$(mktemp)
  echo 'int main() {}' | ${CXX:-g++} -x c++ -fsanitize=thread -o "$program" - ||
    fail 'the compiler has no ThreadSanitizer.'
  if ! "$program" 2>/dev/null; then
    run=(setarch "$(uname -m)" -R)
    "${run[@]}" "$program" || fail 'programs with ThreadSanitizer do not start on this machine.'
  fi
  rm -f "$program"
}

get_all_to_build
get_all_to_test

log=$(mktemp)
trap 'rm -f "$log"' EXIT

without_scattered_addresses_if_need_be
set_up || {
  cat "$log" >&2
  fail 'Meson could not set up the build; its last lines say why.'
}
install_node_peer 'the tests that want Node will be skipped'

[ -e "$build/meson-logs/testlog.json" ] || say 'building, which takes some minutes the first time ...'
ninja -C "$build" >"$log" 2>&1 || {
  grep -v '^\[' "$log" >&2 || true
  fail 'the build failed; the lines above say why.'
}
# With sanitizers compilers see ghosts; what they say without them counts.
[[ $build != "$root/build-test" ]] || grep -A 5 'warning:' "$log" || true

rm -f "$build/meson-logs/testlog.json"
# Its exit status only tells that something failed; the sum below tells what.
${run[@]+"${run[@]}"} meson test -C "$build" --no-rebuild --print-errorlogs ${arguments[@]+"${arguments[@]}"} || true
[ -e "$build/meson-logs/testlog.json" ] || fail 'Meson ran no test.'
python3 "$root/test/sum_tallies.py" "$build/meson-logs/testlog.json"
