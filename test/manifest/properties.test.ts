import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { compileFile } from "../../src/manifest/compile.ts";
import { fieldsOf } from "../../src/manifest/shapes.ts";
import { isSimple, makeWorkshop } from "../../src/manifest/workshop.ts";
import { PROBLEM_CODES } from "../../src/pod/problem.ts";
import { hold } from "../fuzz/hold.ts";
import { editedText, spice } from "../fuzz/mutate.ts";
import { startCpuTime } from "../kit/cpu-time.ts";
import { aManifest, bytesOf } from "./kit.ts";

const SHARED = join(import.meta.dirname, "../manifests");
const seeds = [...files(SHARED), ...files(join(SHARED, "broken"))];

function files(folder: string): Buffer[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => readFileSync(join(folder, file)));
}

const workshop = makeWorkshop();
afterAll(() => workshop.close());

/** Compiles as the source would; what is done here has to be quick, the thread has its own bound. */
async function compile(bytes: Uint8Array): Promise<void> {
  const request = { path: "/m/x.yaml", bytes, nodeName: "n", unknownFields: "error", seenWallMs: 1 } as const;
  const cpuMs = startCpuTime();
  const { file } = await workshop.compile(request);
  expect(cpuMs()).toBeLessThan(isSimple(bytes) ? 500 : 2_000);
  for (const { code, message, advice, line, column } of file.problems) {
    expect(PROBLEM_CODES).toHaveProperty(code);
    expect(message).not.toBe("");
    expect(advice).not.toBe("");
    if (line !== undefined) expect(Math.min(line, column ?? 0)).toBeGreaterThan(0);
  }
  const usable = file.documents.filter(({ kind }) => kind === "pod").length;
  if (file.problems.some(({ severity }) => severity === "error")) expect(usable).toBeLessThan(file.documents.length);
  for (const document of file.documents) {
    if (document.kind !== "pod") continue;
    expect(document.pod.containers.some(({ role }) => role === "app")).toBe(true);
    expect(structuredClone(document.pod)).toEqual(document.pod);
  }
}

describe("whatever the bytes are, compiling ends soon and tells something", () => {
  it("mutated manifests", async () => {
    const edited = editedText(seeds.map((seed) => seed.toString("utf8")));
    await hold(300, edited, (text) => compile(bytesOf(text)));
  });

  it("mutated bytes", async () => {
    const broken = fc.tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 20 }));
    await hold(200, broken, async ([seed, changes]) => {
      const bytes = Buffer.from(seed);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      await compile(bytes);
    });
  });

  it("any bytes", async () => {
    await hold(200, fc.uint8Array({ maxLength: 2_000 }), compile);
  });

  it("spices alone", async () => {
    const soup = fc.array(spice, { maxLength: 200 }).map((parts) => bytesOf(parts.join("")));
    await hold(200, soup, compile);
  });

  it("spices many times over", async () => {
    const pile = fc
      .tuple(spice, spice, fc.integer({ min: 1, max: 50_000 }))
      .map(([one, other, count]) => bytesOf((one + other).repeat(count)));
    await hold(15, pile, compile);
  });
});

/** A value of any type of the API, by its shape, wrong types among them. */
function anyOf(type: string, depth: number): fc.Arbitrary<unknown> {
  const fields = fieldsOf(type);
  const wrong = fc.constantFrom<unknown>(null, 0, -1, 1.5, 2 ** 40, true, "", "x", "..", "/", "A B", [], {}, [[]]);
  if (fields === undefined) return wrong;
  if (depth > 5) return fc.constant({});
  const some = [...fields].map(([name, { base, form }]) => {
    const one = fc.oneof({ weight: 8, arbitrary: anyOf(base, depth + 1) }, { weight: 1, arbitrary: wrong });
    const whole =
      form === "list"
        ? fc.array(one, { maxLength: 2 })
        : form === "map"
          ? fc.dictionary(fc.string({ maxLength: 5 }), one, { maxKeys: 2 })
          : one;
    return [name, fc.option(whole, { nil: undefined, freq: 1 })] as const;
  });
  return fc.record(Object.fromEntries(some), { noNullPrototype: true });
}

describe("whatever the fields hold, compiling never throws", () => {
  it.each(["Container", "Volume", "Probe", "PodSecurityContext", "PodDNSConfig", "Toleration", "ObjectMeta"])(
    "%s",
    (type) => {
      const place: Record<string, (value: unknown) => object> = {
        Container: (value) => aManifest({ initContainers: [value] }),
        Volume: (value) => aManifest({ volumes: [value] }),
        Probe: (value) => aManifest({}, { livenessProbe: value }),
        PodSecurityContext: (value) => aManifest({ securityContext: value }),
        PodDNSConfig: (value) => aManifest({ dnsConfig: value }),
        Toleration: (value) => aManifest({ tolerations: [value] }),
        ObjectMeta: (value) => ({ ...aManifest(), metadata: value }),
      };
      fc.assert(
        fc.property(anyOf(type, 3), (value) => {
          const bytes = bytesOf(place[type]?.(value) ?? {});
          const { documents, problems } = compileFile({
            path: "/m/x",
            bytes,
            nodeName: "n",
            unknownFields: "warn",
            seenWallMs: 1,
          });
          expect(documents).toHaveLength(1);
          if (documents[0]?.kind !== "pod") expect(problems).not.toEqual([]);
        }),
        { numRuns: 60 },
      );
    },
  );
});
