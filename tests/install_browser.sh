#!/bin/sh
# The browser tests need Chromium from the system's packages. Without it they skip and say so.
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "note: the browser tests will be skipped; to run them: sudo apt-get install chromium"
  exit 0
fi
echo "installing chromium for the browser tests ..."
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } \
    >/tmp/smartseille-chromium.log 2>&1; then
  echo "note: chromium could not be installed (see /tmp/smartseille-chromium.log);" \
    "the browser tests will be skipped"
fi
