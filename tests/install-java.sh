#!/usr/bin/env bash
# Spark needs Java 17. Root installs it where there is none; otherwise the tests of bulk jobs are
# skipped with one line.
set -u
java -version >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing Java for the tests of bulk jobs"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq openjdk-17-jre-headless; } >/dev/null && exit 0
fi
echo "the tests of bulk jobs are skipped: there is no Java here, and it could not be installed"
exit 1
