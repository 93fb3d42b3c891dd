# Sourced by ./run and ./test: tells what is missing, and installs from Debian what Debian has.
# All it says goes to standard error: standard output belongs to the program.

PATH=$PATH:$HOME/.cargo/bin

# say LINE …
say() { printf '%s\n' "$@" >&2; }

fail() {
  say "$*"
  exit 1
}

# need_rust: cargo, a C compiler and make (SQLite, the cryptography of TLS and the allocator are compiled with the program).
need_rust() {
  command -v cargo >/dev/null ||
    fail "Rust is missing. Install version 1.95 or later (https://rustup.rs is one way), then try again."
  need cc:build-essential make:build-essential
}

# need_node: Node.js 20 or later, with npm.
need_node() {
  need node:nodejs npm:npm
  local major
  major=$(node --print 'process.versions.node.split(".")[0]')
  [ "$major" -ge 20 ] ||
    fail "Node.js 20 or later is needed and this is $(node --version). Install a newer one, then try again."
}

# need_pjsua: Python with PJSIP's pjsua2, which Debian does not have, in an environment of its own.
need_pjsua() {
  local place=e2e/.venv
  need python3:python3
  python3 -c 'import ensurepip, venv' 2>/dev/null || install_from_debian python3-venv
  [ $place/installed -nt e2e/requirements.txt ] && return
  say "Installing pjsua2 into $place"
  python3 -m venv --clear $place && $place/bin/pip install --quiet --requirement e2e/requirements.txt >&2 ||
    fail "pjsua2 could not be installed; pip's message above says why."
  touch $place/installed
}

# need COMMAND:PACKAGE …: installs from Debian the packages of the commands that are not there.
need() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  [ ${#missing[@]} -eq 0 ] || install_from_debian "${missing[@]}"
}

install_from_debian() {
  local root=() command
  command -v apt-get >/dev/null ||
    fail "Missing: $*. These are Debian's names; install the like with your system's package manager, then try again."
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "Missing: $*. As root, run: apt-get install $*"
    root=(sudo)
  fi
  say "Installing from Debian: $*"
  root+=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y)
  for command in update "install --no-install-recommends $*"; do
    # shellcheck disable=SC2086 # words are meant to be split
    "${root[@]}" $command >&2 || fail "apt-get $command failed; its message above says why."
  done
}
