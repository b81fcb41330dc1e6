#!/bin/sh
# Stands in for nginx: serves /usr/share/nginx/html on port 80 until SIGQUIT or SIGTERM; `nginx -s quit` sends the former.
if [ "$1" = -s ]; then
  case "$2" in quit) signal=QUIT ;; stop) signal=TERM ;; *) signal=HUP ;; esac
  exec kill -s "$signal" "$(cat /run/nginx.pid)"
fi
echo $$ >/run/nginx.pid
# Whoever sent the signal from inside gets to its own end first: with process 1 everything in the container is killed.
trap 'echo leaving; sleep 1; exit 0' QUIT TERM INT
trap : HUP
httpd -f -v -p 80 -h /usr/share/nginx/html &
server=$!
echo "serving /usr/share/nginx/html on port 80"
while kill -0 "$server" 2>/dev/null; do wait "$server"; done
