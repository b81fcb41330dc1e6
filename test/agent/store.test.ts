import { describe, expect, it } from "vitest";
import { makeLobby } from "../../src/agent/lobby.ts";
import { makeStore } from "../../src/agent/store.ts";
import { join } from "../../src/decide/join.ts";
import type { DesiredPod, DocumentKey } from "../../src/pod/desired.ts";
import type { Sighting } from "../../src/pod/observed.ts";
import type { IntakeState } from "../../src/pod/source.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { desiredPod, plainPod } from "../kit/compiled-pod.ts";

const uses = (name: string, configMap: string): DesiredPod =>
  desiredPod(
    plainPod(name, { containers: [{ name: "app", image: "app:1", envFrom: [{ configMapRef: { name: configMap } }] }] }),
  );
const state = (pods: readonly DesiredPod[], configs: Record<string, string> = {}): IntakeState => ({
  accepted: pods.map((pod) => ({ pod, manifest: {} as v1.Pod })),
  problems: [],
  configs: new Map(
    Object.entries(configs).map(([name, version]) => [
      `ConfigMap/default/${name}` as DocumentKey,
      { path: "", version },
    ]),
  ),
});
const [one, two, other] = [uses("one", "shared"), uses("two", "shared"), uses("other", "own")];

describe("the store", () => {
  it("T1 names pods that came or went, and nothing else", () => {
    const store = makeStore(state([one, two]));
    const change = store.take(state([two, other]));
    expect(change.pods.toSorted()).toEqual([one.uid, other.uid].toSorted());
    expect([change.updated, change.documents, change.problems]).toEqual([[], [], false]);
    expect(store.take(state([two, other])).pods).toEqual([]);
  });

  it("T1 names pods whose content differs under the same UID", () => {
    const store = makeStore(state([one, two]));
    const changed: DesiredPod = { ...one, labels: { changed: "yes" } };
    expect(store.take(state([changed, { ...two }])).updated).toEqual([one.uid]);
  });

  it("T1 names pods that use a document which came, changed or went", () => {
    const store = makeStore(state([one, two, other]));
    expect(store.versions(one)).toEqual(new Map([["ConfigMap/default/shared", "missing"]]));
    expect(store.take(state([one, two, other], { shared: "1" })).documents).toEqual([one.uid, two.uid]);
    expect(store.versions(one)).toEqual(new Map([["ConfigMap/default/shared", "1"]]));
    expect(store.take(state([one, two, other], { shared: "1", own: "1" })).documents).toEqual([other.uid]);
    expect(store.take(state([one, two, other], { shared: "2" })).documents.toSorted()).toEqual(
      [one.uid, two.uid, other.uid].toSorted(),
    );
    expect(store.take(state([one, two, other], { shared: "2" })).documents).toEqual([]);
  });
});

describe("the lobby", () => {
  const sandbox = (podUid: string): Sighting => ({
    podUid,
    pod: { namespace: "default", name: "web" },
    sandboxes: [{ id: `s-${podUid}`, attempt: 0, state: "ready", createdWallMs: 0 }],
    containers: [],
    gone: [],
  });
  const whole = (podUid: string, begunMonoMs: number): Sighting => ({ ...sandbox(podUid), whole: { begunMonoMs } });
  let now = 0;
  const bench = () => makeLobby(join, () => now);

  it("knows that a pod which no list has shown has nothing, once there was a list", () => {
    now = 0;
    const lobby = bench();
    expect(lobby.leave("a").observed.listed).toBe(false);
    lobby.seeAll(5, []);
    expect(lobby.leave("a").observed).toEqual({ sandboxes: [], containers: [], listed: true });
  });

  it("hands a worker what lists and later news have told", () => {
    now = 10;
    const lobby = bench();
    lobby.seeAll(5, [whole("a", 5)]);
    lobby.see({ ...sandbox("a"), gone: ["s-a"], sandboxes: [] });
    expect(lobby.leave("a").observed.sandboxes).toEqual([]);
  });

  it("keeps what a forgotten worker knew, until a list that began later does not show it", () => {
    now = 10;
    const lobby = bench();
    lobby.seeAll(5, [whole("a", 5)]);
    const known = lobby.leave("a");
    expect(lobby.strangers()).toEqual([]);
    lobby.enter("a", { namespace: "default", name: "web" }, known);
    expect(lobby.strangers()).toEqual([{ uid: "a", namespace: "default", name: "web" }]);
    lobby.seeAll(9, []);
    expect(lobby.strangers().length).toBe(1);
    now = 30;
    lobby.seeAll(20, []);
    expect(lobby.strangers()).toEqual([]);
  });
});
