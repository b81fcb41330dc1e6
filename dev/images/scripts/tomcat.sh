#!/bin/sh
# Stands in for Tomcat: serves the webapps directory on port 8080, each NAME.war also as the page /NAME/.
cd /root/apache-tomcat-7.0.42-v2/webapps || exit 1
for war in *.war; do
  [ -e "$war" ] || continue
  echo "deploying $war"
  mkdir -p "${war%.war}"
  cp "$war" "${war%.war}/index.html"
done
trap 'echo leaving; exit 0' TERM INT
httpd -f -v -p 8080 -h . &
echo "serving $(pwd) on port 8080"
wait
