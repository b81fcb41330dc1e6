import { type BuiltImage, buildImage, makeLayer } from "../../src/cmd/archive/oci.ts";
import { buildPauseImage } from "../../src/cmd/archive/pause-image.ts";
import type { TarEntry } from "../../src/cmd/archive/tar.ts";
import { buildBusyboxLayer, script, textFile } from "./busybox.ts";

/** The image of every sandbox container, as containerd's configuration names it. */
export const pauseImage = "berth.local/pause:1";

/** Images that stand in for well-known ones under the same names. */
export type Catalog = {
  /** Imported into containerd before a run: found there by pull policy IfNotPresent. */
  imported: BuiltImage[];
  /** Only served by the loopback registry: no tag in the manifest means pull policy Always. */
  served: BuiltImage[];
};

/** Builds all stand-ins. They share the busybox layer, so they cost little more than one image. */
export async function buildCatalog(): Promise<Catalog> {
  const busybox = await buildBusyboxLayer();
  const image = (names: string[], files: TarEntry[], command: string[]) =>
    buildImage({ names, layers: files.length > 0 ? [busybox, makeLayer(files)] : [busybox], config: { command } });
  return {
    imported: [
      buildPauseImage(pauseImage),
      image(["docker.io/library/busybox:1.31", "docker.io/library/busybox:1.36"], [], ["sh"]),
      image(["docker.io/library/nginx:1.19"], nginxFiles(), ["nginx", "-g", "daemon off;"]),
      image(["docker.io/geektime/sample:v2"], sampleFiles(), ["sleep", "infinity"]),
      image(["docker.io/geektime/tomcat:7.0"], tomcatFiles(), [`/${tomcat}/bin/start.sh`]),
      image(["quay.io/openshiftlabs/simpleservice:0.5.0"], serviceFiles(), ["simpleservice"]),
      image(["docker.io/library/centos:7"], [script("bin/bash", "bash.sh")], ["/bin/bash"]),
      image(["registry.4paradigm.com/chrome_debug:latest"], [], ["httpd", "-f", "-p", "5900", "-h", "/var"]),
    ],
    served: [
      image(["docker.io/library/nginx:latest"], nginxFiles(), ["nginx", "-g", "daemon off;"]),
      image(["docker.io/library/debian:latest"], [], ["sh"]),
      image(["docker.io/library/busybox:latest"], [], ["sh"]),
    ],
  };
}

const nginxFiles = () => [
  script("usr/sbin/nginx", "nginx.sh"),
  textFile("usr/share/nginx/html/index.html", "<h1>Welcome to nginx!</h1>\n"),
];

const sampleFiles = () => [textFile("sample.war", "<h1>Hello from the sample war</h1>\n")];

const tomcat = "root/apache-tomcat-7.0.42-v2";

const tomcatFiles = () => [
  script(`${tomcat}/bin/start.sh`, "tomcat.sh"),
  { kind: "directory", path: `${tomcat}/webapps`, mode: 0o755 } satisfies TarEntry,
];

const serviceFiles = () => [
  script("usr/bin/simpleservice", "simpleservice.sh"),
  script("usr/bin/simpleservice-answer", "simpleservice-answer.sh"),
];
