#!/bin/sh
# One connection of simpleservice: its standard input and output are the socket.
read -r method path protocol || exit 0
while read -r line && [ "${#line}" -gt 1 ]; do :; done
status='200 OK'
body='{"healthy": true}'
case "$path" in
  /info) body="{\"host\": \"$(hostname)\", \"version\": \"0.5.0\", \"from\": \"127.0.0.1\"}" ;;
  /break) touch /run/service/broken ;;
  /hang) touch /run/service/hang ;;
  /mend) rm -f /run/service/broken /run/service/hang ;;
  /health)
    while [ -e /run/service/hang ]; do sleep 1; done
    if [ -e /run/service/broken ]; then
      status='500 Internal Server Error'
      body='{"healthy": false}'
    fi
    ;;
  *) status='404 Not Found' body='{}' ;;
esac
echo "$method $path $status" >>/proc/1/fd/1
printf 'HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s\n' \
  "$status" "$((${#body} + 1))" "$body"
