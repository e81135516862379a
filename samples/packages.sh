# What the two commands need from the system, and how it gets there: read by samples/run.sh and
# test/run.sh. Nothing is installed, and no package manager runs, when everything is there already.
#
# Each line: the Debian package|what it is for people elsewhere|a command that sees whether it is there.
# shellcheck disable=SC2016,SC2034  # the commands run later; the lists are used at the end

to_build=(
  'g++|a C++20 compiler|has_compiler'
  'meson|Meson 1.0 or later|has meson'
  'ninja-build|Ninja|has ninja'
  'pkg-config|pkg-config|has pkg-config'
  'libasio-dev|standalone Asio|has_header asio.hpp'
  'libssl-dev|OpenSSL 3 with its headers|pkg-config --exists "openssl >= 3.0"'
  'zlib1g-dev|zlib with its headers|pkg-config --exists zlib'
)
to_test=(
  'doctest-dev|doctest|has_header doctest/doctest.h'
  'python3|Python 3|has "$(system_python)"'
)
# Peers of the interoperability tests, and valgrind: where one is missing its tests are skipped, and say so.
to_test_with_peers=(
  'openssl|the openssl program|has openssl'
  'python3-websockets|the Python module websockets|"$(system_python)" -c "import websockets"'
  'python3-tornado|the Python module tornado|"$(system_python)" -c "import tornado"'
  'nodejs|Node.js|has node'
  'npm|npm|has npm'
  'nginx|nginx|has_nginx'
  'valgrind|valgrind, which counts instructions|has valgrind'
)

say() { printf '%s\n' "$*"; }
fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

has() { command -v "$1" >/dev/null; }
compiler() { if [ -n "${CXX:-}" ]; then echo "$CXX"; elif has g++; then echo g++; else echo clang++; fi; }
has_compiler() { echo 'int main() {}' | $(compiler) -x c++ -std=c++20 -fsyntax-only -; }
has_header() {
  printf '#if !__has_include(<%s>)\n#error missing\n#endif\n' "$1" |
    $(compiler) -x c++ -std=c++20 -fsyntax-only -
}
has_nginx() { has nginx || [ -x /usr/sbin/nginx ]; }
# The distribution's interpreter has the distribution's modules; another one in PATH has not.
system_python() { if [ -x /usr/bin/python3 ]; then echo /usr/bin/python3; else echo python3; fi; }

# Prints those of the lines given that describe something missing.
missing_of() {
  local line
  for line in "$@"; do
    eval "${line##*|}" >/dev/null 2>&1 || printf '%s\n' "$line"
  done
}

# The field of that number of each line of the input, with that between them.
fields() { cut -d'|' -f"$1" | awk -v between="$2" '{ printf "%s%s", (NR > 1 ? between : ""), $0 }'; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q "$@" </dev/null
}

# A package with a service starts it when it is installed. Ours shall not: nginx is for tests, which
# start one of their own. policy-rc.d is how Debian asks the administrator.
without_starting_services() (
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'as_root rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
  "$@"
)

# nginx would start with the machine's next boot, and does now where policy-rc.d let it.
leave_no_nginx_running() {
  if [ -d /run/systemd/system ]; then
    as_root systemctl disable --quiet --now nginx || true
  elif has update-rc.d; then
    as_root update-rc.d nginx disable || true
    as_root service nginx stop || true
  fi
}

# Installs these Debian packages; the status says whether that went well, what went wrong is printed.
install_packages() {
  local log status=0
  log=$(mktemp)
  {
    apt_get update || true # an old list may do
    without_starting_services apt_get install -y --no-install-recommends "$@" || status=$?
    case " $* " in *' nginx '*) leave_no_nginx_running ;; esac
  } >"$log" 2>&1
  [ "$status" = 0 ] || tail -n 15 "$log" >&2
  rm -f "$log"
  return $status
}

# Whether something can be installed here at all.
can_install() {
  has apt-get && { [ "$(id -u)" = 0 ] || has sudo; }
}

# get WHAT_FOR LINES...: installs what is missing. Status 1 when something still is.
get() {
  local what_for=$1 missing packages
  shift
  missing=$(missing_of "$@")
  [ -n "$missing" ] || return 0
  packages=$(fields 1 ' ' <<<"$missing")
  if can_install; then
    say "installing what is missing $what_for: $packages"
    # shellcheck disable=SC2086  # one word a package
    install_packages $packages || say 'apt-get could not install all of it.'
    missing=$(missing_of "$@")
    [ -n "$missing" ] || return 0
  elif has apt-get; then
    say "to install what is missing, as root: apt-get install $packages"
  fi
  say "missing $what_for: $(fields 2 ', ' <<<"$missing")"
  return 1
}

get_all_to_build() {
  get 'to build' "${to_build[@]}" ||
    fail 'install these with the packages of your system, and start this command again.'
}

get_all_to_test() {
  get 'to test' "${to_test[@]}" ||
    fail 'install these with the packages of your system, and start this command again.'
  get 'for the foreign servers of the tests' "${to_test_with_peers[@]}" ||
    say 'The tests that want them will be skipped.'
}

# Node's ws, in the version the lock file pins, lies in the build directory: install_node_peer WHAT_IF_NOT.
# Wants root, build and log to be set.
install_node_peer() {
  local from=$root/test/peers/node_ws to=$build/node_ws
  export WEBSOCKETAPP_NODE_PEERS=$to
  mkdir -p "$to"
  cp "$from"/*.json "$from"/*.mjs "$to/"
  cmp -s "$to/package-lock.json" "$to/node_modules/.installed-lock.json" && return
  has npm || return 0 # said already
  if (cd "$to" && timeout 180 npm ci --ignore-scripts --no-audit --no-fund </dev/null) >"$log" 2>&1; then
    cp "$to/package-lock.json" "$to/node_modules/.installed-lock.json"
  else
    tail -n 5 "$log" >&2
    say "npm could not install ws: $1."
  fi
}
