#!/usr/bin/env bash
# Prints the path of a Python of this version, by pyenv, uv or the path: python.sh 3.13.
for each in ~/.pyenv/versions/"$1".*/bin/python \
    "$(uv python find --no-python-downloads --no-project "$1" 2>/dev/null)" "$(command -v "python$1")"; do
    if "$each" -c "import ensurepip, sys; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null; then
        echo "$each"
        exit
    fi
done
echo "no Python $1: nothing was tested with it" >&2
exit 1
