#!/bin/sh
# Stands in for simpleservice: HTTP on port 9876, /info with JSON, /health with 200. `GET /break` makes /health answer 500,
# `GET /hang` makes it never answer, `GET /mend` heals it. HEALTH=broken or HEALTH=hang makes a container begin like that.
mkdir -p /run/service
[ -z "$HEALTH" ] || touch "/run/service/$HEALTH"
trap 'echo leaving; exit 0' TERM INT
nc -ll -p 9876 -e /usr/bin/simpleservice-answer &
echo "listening on port 9876"
wait
