# Set-up shared by tools/demo and tools/test; sourced, not run.
#
# setup_all BUILD_DIR makes everything that a build needs: Debian packages,
# a Python environment in BUILD_DIR/venv, a configured build. Each step is
# skipped when it is already done.

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else die "need root to install packages: run as root or install sudo"; fi
}

setup_packages() {
  local missing=() package
  while read -r package; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed$' ||
      missing+=("$package")
  done < <(grep -v '^#' "$source_dir/tools/packages.txt")
  [ ${#missing[@]} = 0 ] && return
  command -v apt-get >/dev/null || die "missing packages (${missing[*]}) and no apt-get to install them"
  say "Installing Debian packages: ${missing[*]}"
  as_root apt-get update -q >&2
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "${missing[@]}" >&2
}

setup_python() {
  local venv=$1/venv stamp
  stamp=$(sha256sum <"$source_dir/tools/requirements.txt")
  [ "$(cat "$venv/stamp" 2>/dev/null)" = "$stamp" ] && return
  say "Installing Python packages into $venv: $(grep -v '^#' "$source_dir/tools/requirements.txt" | tr '\n' ' ')"
  rm -rf "$venv"
  # Debian's own Python: another one on PATH may lack the venv module.
  /usr/bin/python3 -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check --no-deps \
    -r "$source_dir/tools/requirements.txt" >&2
  printf '%s\n' "$stamp" >"$venv/stamp"
}

setup_configure() {
  local build=$1; shift
  if [ -f "$build/build.ninja" ] && [ "$(cat "$build/configured" 2>/dev/null)" = "$*" ]; then return; fi
  say "Configuring $build"
  CC=clang-22 CXX=clang++-22 cmake -S "$source_dir" -B "$build" -G Ninja \
    -DECLIP_PYTHON="$source_dir/build/venv/bin/python" "$@" >"$build/configure.log" 2>&1 ||
    { tail -20 "$build/configure.log" >&2; die "configuring failed; see $build/configure.log"; }
  printf '%s' "$*" >"$build/configured"
}

# build_targets BUILD_DIR TARGET...: one build with all cores.
build_targets() {
  local build=$1; shift
  say "Building $*"
  # On a terminal ninja shows its own progress; elsewhere a line every 30 steps.
  if [ -t 2 ]; then ninja -C "$build" "$@" >&2
  else
    ninja -C "$build" "$@" >"$build/build.log" 2>&1 &
    local pid=$!
    while kill -0 $pid 2>/dev/null; do
      sleep 15; kill -0 $pid 2>/dev/null && tail -1 "$build/build.log" | cut -c1-120 >&2 || true
    done
    wait $pid || { tail -60 "$build/build.log" >&2; die "the build failed; see $build/build.log"; }
  fi
}

setup_all() {
  mkdir -p "$1"
  setup_packages
  setup_python "$1"
  setup_configure "$@"
}
