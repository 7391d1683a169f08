# SPDX-License-Identifier: Apache-2.0
# Shared by the scripts: installs what is missing, builds, fetches the peers. Sourced, not run.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '\n== %s\n' "$*"; }
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# What a build needs, and what the tests and the quickstart need on top.
build_packages=(g++ meson ninja-build pkg-config libbz2-dev libcli11-dev libcrypt-dev
  libcurl4-openssl-dev libexpat1-dev libisal-dev liblzma-dev libmicrohttpd-dev libre2-dev libssl-dev
  libutf8proc-dev libyaml-cpp-dev libzstd-dev nlohmann-json3-dev scdoc zlib1g-dev)
peer_packages=(ca-certificates curl python3)
test_packages=(clang clang-format docker-registry doctest-dev libclang-rt-14-dev lld openssl shellcheck
  skopeo strace umoci zstd)
s3_packages=(ceph-mon ceph-osd radosgw) # whose S3 server tests start by themselves
swift_packages=(swift-account swift-container swift-object swift-proxy) # likewise, for --nightly

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# find_missing NAME…: puts into $missing the packages that are not there.
find_missing() {
  command -v dpkg-query >/dev/null || die "this script knows Debian 12 only; install yourself: $*"
  local package
  missing=()
  for package in "$@"; do
    dpkg-query -W -f='${Status}\n' "$package" 2>/dev/null | grep -q '^install ok' ||
      missing+=("$package")
  done
}

apt_options=()
# install_packages NAME…: installs those that are not there; says nothing if all are.
install_packages() {
  local missing
  find_missing "$@"
  if [ ${#missing[@]} = 0 ]; then return; fi
  say "installing ${missing[*]}"
  as_root apt-get update -q
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
    "${apt_options[@]}" "${missing[@]}"
}

# install_unstarted NAME…: as install_packages, but starts no service of what it installs.
install_unstarted() {
  local policy=/usr/sbin/policy-rc.d missing ours='' failed=''
  find_missing "$@"
  if [ ${#missing[@]} = 0 ]; then return; fi
  if [ ! -e "$policy" ]; then
    ours=yes
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
  (install_packages "$@") || failed=yes # in a subshell: it may end
  if [ -n "$ours" ]; then as_root rm "$policy"; fi
  if [ -n "$failed" ]; then die "apt could not install $*"; fi
}

# install_engines: Docker's engine, podman and buildah, for tests that start them by hand. Nothing that is there is
# replaced: an engine that is there is the one that is used.
install_engines() {
  local wanted=() apt_options=(--no-remove)
  command -v dockerd >/dev/null || wanted+=(docker.io)
  command -v docker >/dev/null || wanted+=(docker.io)
  command -v podman >/dev/null || wanted+=(podman crun)
  command -v buildah >/dev/null || wanted+=(buildah)
  if [ ${#wanted[@]} != 0 ]; then install_unstarted "${wanted[@]}"; fi
}

# install_node: Node and npm, unless they are there in whatever way.
install_node() {
  if command -v node >/dev/null && command -v npm >/dev/null; then return; fi
  install_packages nodejs npm
}

# fetch_peers: other people's server and clients, from npm, into build/peers.
fetch_peers() {
  peers=$root/build/peers
  export REGCTL_PEERS=$peers
  if cmp -s "$root/tests/support/npm/package.json" "$peers/package.json" &&
    [ -d "$peers/node_modules/docker-registry-server" ] && [ -d "$peers/node_modules/@sigstore/oci" ]; then
    return
  fi
  say "fetching docker-registry-server, docker-registry-client and @sigstore/oci from npm"
  mkdir -p "$peers"
  rm -rf "$peers/node_modules"
  cp "$root/tests/support/npm/preload.js" "$peers/"
  (cd "$peers" && cp "$root/tests/support/npm/package.json" package.json.new &&
    cp package.json.new package.json &&
    npm install --no-package-lock --no-audit --no-fund --loglevel=error) ||
    { rm -f "$peers/package.json"; die "npm could not fetch the peers"; }
}

# configure_in FOLDER [MESON OPTION…]: configures build/FOLDER if that was not done with these options.
configure_in() {
  local folder=$root/build/$1 options
  shift
  options="${CXX:-} $*"
  if [ ! -f "$folder/build.ninja" ] || [ "$(cat "$folder.options" 2>/dev/null)" != "$options" ]; then
    if [ -f "$folder/build.ninja" ]; then
      meson configure "$folder" "$@" >"$folder.log" 2>&1 # a reconfiguration alone takes no options
    else
      rm -rf "$folder"
      meson setup "$folder" "$root" "$@" >"$folder.log" 2>&1
    fi || { cat "$folder.log"; die "meson could not configure $folder"; }
    printf '%s\n' "$options" >"$folder.options"
  fi
}

# Eight sources in a group compile in two thirds of the time that they take one by one.
in_groups=(-Dunity=on -Dunity_size=8)

# build_in FOLDER [MESON OPTION…]: builds $targets there, or all.
targets=()
build_in() {
  configure_in "$@"
  local folder=$root/build/$1
  ninja -C "$folder" "${targets[@]}" >"$folder.log" 2>&1 || { tail -n 60 "$folder.log"; die "the build in $folder failed"; }
}
