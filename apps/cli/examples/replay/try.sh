#!/bin/sh
# Records a conversation over the three servers of the start example, and runs it again: first as it was, then to see what
# differs. Needs no key, and the second half needs no network.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

signalbox chat --config "$here/../start/signalbox.yaml" --record "$folder/notes.cassette" "read notes.txt"
signalbox replay "$folder/notes.cassette"
signalbox replay "$folder/notes.cassette" --diff
