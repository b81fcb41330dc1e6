import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "../../dev/run-command.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { type Host, openHost } from "../kit/host.ts";
import { inside } from "../kit/inside.ts";
import { container, pod } from "../kit/sample-pods.ts";
import { thorough } from "../kit/scope.ts";

// Mounts below mounts, looked at from inside: which of them cross between host and container, and which can be written
// (cri-mapping 2.4). In full length only (make e2e-all).

let host: Host;
/** A mount of the host whose changes may be passed on, as a host's root is; what is mounted on it goes with the host. */
let shared: string;
/** A directory with another file system mounted in it. */
let nested: string;

beforeAll(async () => {
  if (!thorough) return;
  host = await openHost();
  shared = join(host.places.folder, "shared");
  nested = join(host.places.folder, "nested");
  for (const path of [shared, join(nested, "inner")]) {
    await mkdir(path, { recursive: true });
    await runCommand("mount", ["-t", "tmpfs", "-o", "size=1m", "none", path]);
  }
  await runCommand("mount", ["--make-rshared", shared]);
  for (const name of ["of-host", "of-container"]) await mkdir(join(shared, name));
});

afterAll(() => host?.close());

const mounting = (name: string, mount: Partial<v1.VolumeMount>, more: Partial<v1.Container> = {}): v1.Container =>
  container(name, { volumeMounts: [{ name: "v", mountPath: "/v", ...mount }], ...more });

describe.runIf(thorough)("mounts below mounts, from inside", () => {
  it("mountPropagation: None sees no later mount, HostToContainer those of the host, Bidirectional gives back its own", async () => {
    const containers = [
      mounting("none", {}),
      mounting("receives", { mountPropagation: "HostToContainer" }),
      mounting("gives", { mountPropagation: "Bidirectional" }, { securityContext: { privileged: true } }),
    ];
    const volumes = [{ name: "v", hostPath: { path: shared, type: "Directory" } }];
    await host.manifests.drop("spread.yaml", pod("spread", { volumes, containers }));
    for (const { name } of containers) await host.running("spread", name);
    await runCommand("mount", ["-t", "tmpfs", "none", join(shared, "of-host")]);
    expect(
      await inside(
        host,
        "spread",
        "mount -t tmpfs none /v/of-container && touch /v/of-container/x && echo made",
        "gives",
      ),
    ).toBe("made");
    const seen = async (name: string) =>
      (await inside(host, "spread", "grep -c ' /v/of-' /proc/mounts || true", name)).trim();
    expect([await seen("none"), await seen("receives"), await seen("gives")]).toEqual(["0", "2", "2"]);
    expect(await readFile(join(shared, "of-container/x"), "utf8")).toBe("");
    await host.manifests.remove("spread.yaml");
    await host.gone("spread");
    // A mount that a container gave to the host is the host's: it outlives the pod, and so does what is in it.
    expect((await stat(join(shared, "of-container/x"))).isFile()).toBe(true);
  });

  it("recursiveReadOnly: what is mounted below is read-only too where the runtime can, else the pod waits with the reason", async () => {
    const readOnly = { readOnly: true } as const;
    const volumes = [{ name: "v", hostPath: { path: nested } }];
    const plain = [mounting("plain", readOnly), mounting("possible", { ...readOnly, recursiveReadOnly: "IfPossible" })];
    const strict = [mounting("strict", { ...readOnly, recursiveReadOnly: "Enabled" })];
    await host.manifests.drop("depths.yaml", {
      ...{ apiVersion: "v1", kind: "List" },
      items: [pod("depths", { volumes, containers: plain }), pod("strict", { volumes, containers: strict })],
    });
    const write = "touch /v/x 2>/dev/null || echo sealed; touch /v/inner/x 2>/dev/null && echo open || echo sealed";
    expect(await inside(host, "depths", write, "plain")).toBe("sealed\nopen");
    const works = await host.eventually("it runs or says why not", async () => {
      const { status } = await host.pod("strict");
      if (status?.phase === "Running") return true;
      expect(status?.containerStatuses?.[0]?.state?.waiting?.message).toMatch(
        /asks for recursiveReadOnly, which the container runtime cannot do/,
      );
      return false;
    });
    expect(await inside(host, "depths", write, "possible")).toBe(works ? "sealed\nsealed" : "sealed\nopen");
    if (works) expect(await inside(host, "strict", write, "strict")).toBe("sealed\nsealed");
  });
});
