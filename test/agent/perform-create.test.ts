import { expect, it } from "vitest";
import { makeGates } from "../../src/agent/gates.ts";
import { createContainer } from "../../src/agent/perform-create.ts";
import { makeSharedImages } from "../../src/agent/shared-images.ts";
import type { Step, Tools } from "../../src/agent/step.ts";
import { systemClock } from "../../src/base/clock.ts";
import type { ActionOf } from "../../src/pod/action.ts";
import { silentMeter } from "../../src/pod/metrics.ts";
import type { ContainerRequest } from "../../src/ports.ts";
import { desiredPod, plainPod } from "../kit/compiled-pod.ts";
import { aNode } from "../kit/node.ts";
import { makeImageShelf } from "../kit/runtime/images.ts";

const LIVE = new AbortController().signal;

/** A create of the container `app` from the image with this id; the shelf is what the runtime has by then. */
async function create(
  imageId: string,
  shelf: ReturnType<typeof makeImageShelf>,
  logged?: number,
  attempt = 0,
  target?: string,
) {
  const asked: ContainerRequest[] = [];
  const gates = makeGates({ home: 1, start: 1, pull: 1, read: 1, execProbe: 1 }, silentMeter);
  const images = makeSharedImages({ find: async (ref) => shelf.find(ref), pull: async () => ({ id: "" }) }, gates, {
    clock: systemClock,
    meter: silentMeter,
  });
  const runtime = {
    createContainer: async (request: ContainerRequest) => {
      asked.push(request);
      return { id: "c1" };
    },
  };
  const files = { lastAttempt: async () => logged, prepareContainer: async () => [] };
  const documents = { bodies: () => new Map() };
  const tools = { runtime, files, documents, images, gates, facts: aNode, settings: {} } as unknown as Tools;
  const box = { id: "box", attempt: 0, state: "ready", createdWallMs: 0, ips: ["10.0.0.2"] } as const;
  const step: Step = {
    pod: desiredPod(plainPod("web")),
    observed: { sandboxes: [box], containers: [], listed: true },
    withdrawn: LIVE,
    givenUp: LIVE,
    begun: () => {},
    notice: () => {},
    aside: () => {},
    closeRecord: async () => {},
  };
  const action: ActionOf<"create-container"> = {
    subject: "container/app",
    kind: "create-container",
    name: "app",
    sandbox: "box",
    attempt,
    imageId,
    backOffMs: 0,
    ...(target === undefined ? {} : { target }),
  };
  const outcome = await createContainer(tools, action, step);
  return { asked, outcome };
}

it("an image whose tag has moved is still known with its user", async () => {
  const shelf = makeImageShelf();
  shelf.has("old:1", { id: "sha256:old", uid: 1000 });
  shelf.has("app:1", { id: "sha256:new", uid: 0 });
  const { asked } = await create("sha256:old", shelf);
  expect(asked.map(({ image }) => image)).toMatchObject([{ id: "sha256:old", uid: 1000 }]);
});

it.each([
  ["nothing is left of earlier ones", undefined, 0, 0],
  ["a log is left", 4, 0, 5],
  ["the record is older than the last log", 4, 4, 5],
  ["logs were removed", 1, 4, 4],
])("the count goes on where %s (S28)", async (_, logged, remembered, attempt) => {
  const shelf = makeImageShelf();
  shelf.has("app:1", { id: "sha256:app" });
  const { asked } = await create("sha256:app", shelf, logged, remembered);
  expect(asked.map((request) => request.attempt)).toEqual([attempt]);
});

it("an image that is gone is a failure without effect, and nothing is made", async () => {
  const { asked, outcome } = await create("sha256:old", makeImageShelf());
  expect(asked).toEqual([]);
  expect(outcome).toMatchObject({ kind: "failed", failure: { code: "RuntimeNotFound", effect: "none" } });
});

it("the instance whose processes are to be seen is handed on", async () => {
  const shelf = makeImageShelf();
  shelf.has("app:1", { id: "sha256:app" });
  const { asked } = await create("sha256:app", shelf, undefined, 0, "web-1");
  expect(asked.map(({ targetId }) => targetId)).toEqual(["web-1"]);
});
