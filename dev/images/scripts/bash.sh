#!/bin/sh
# Stands in for bash.
exec sh "$@"
