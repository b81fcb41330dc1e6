import { expect } from "vitest";
import { type Bench, IMAGE, STATE } from "../bench.ts";
import type { Case } from "../case.ts";
import { DEAF, EXITS_5, FAILS, NAPS, NOT_THERE, SLEEPS, SPEAKS, TALKS_LONG } from "../programs.ts";

const exec = (bench: Bench, id: string, cmd: readonly string[], timeout: number, signal?: AbortSignal) =>
  bench.outcome("ExecSync", { container_id: id, cmd: [...cmd], timeout: BigInt(timeout) }, signal);
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** Commands inside containers, logs and images. */
export const COMMAND_CASES: readonly Case[] = [
  {
    that: "a command's output and errors come apart, with its exit code",
    async holds(bench) {
      const id = await bench.started(await bench.box(), DEAF);
      const { exit_code, stdout, stderr } = await bench.run(id, SPEAKS);
      expect([exit_code, text(stdout), text(stderr)]).toEqual([0, "good\n", "bad\n"]);
    },
  },
  {
    that: "a command that fails is an answer with its code, not a failed call",
    async holds(bench) {
      const id = await bench.started(await bench.box(), DEAF);
      expect(await bench.run(id, EXITS_5)).toMatchObject({ exit_code: 5 });
    },
  },
  {
    that: "a command's long output comes whole",
    async holds(bench) {
      const id = await bench.started(await bench.box(), DEAF);
      expect((await bench.run(id, TALKS_LONG)).stdout).toHaveLength(100_000);
    },
  },
  {
    that: "a command that takes too long ends the call with a timeout, and the container runs on",
    async holds(bench) {
      const id = await bench.started(await bench.box(), DEAF);
      expect(await exec(bench, id, SLEEPS.command, 1)).toBe("RuntimeTimeout");
      expect(await bench.status(id)).toMatchObject({ state: STATE.running });
    },
  },
  {
    that: "a command whose caller leaves harms neither the container nor the next command",
    async holds(bench) {
      const id = await bench.started(await bench.box(), DEAF);
      expect(await exec(bench, id, SLEEPS.command, 10, AbortSignal.timeout(200))).toBe("RuntimeCancelled");
      expect(await bench.run(id, EXITS_5)).toMatchObject({ exit_code: 5 });
    },
  },
  {
    that: "a command that does not exist is a refused call",
    async holds(bench) {
      const id = await bench.started(await bench.box(), DEAF);
      expect(await exec(bench, id, NOT_THERE.command, 5)).toBe("RuntimeRefused");
    },
  },
  {
    that: "commands in one container run side by side",
    async holds(bench) {
      const id = await bench.started(await bench.box(), DEAF);
      const answers = await Promise.all([bench.run(id, NAPS), bench.run(id, NAPS), bench.run(id, EXITS_5)]);
      expect(answers.map(({ exit_code }) => exit_code)).toEqual([0, 0, 5]);
      expect(answers.map(({ stdout }) => text(stdout))).toEqual(["woke\n", "woke\n", ""]);
    },
  },
  {
    that: "no command runs in a container that does not run",
    async holds(bench) {
      const box = await bench.box();
      const over = await bench.started(box, FAILS);
      await bench.exited(over);
      expect(await exec(bench, over, EXITS_5.command, 5)).toBe("RuntimeRefused");
      const made = await bench.created(box, DEAF, { name: "made" });
      expect(await exec(bench, made, EXITS_5.command, 5)).toBe("RuntimeRefused");
    },
  },
  {
    that: "a command in a container that is not there is NotFound",
    async holds(bench) {
      expect(await exec(bench, "0".repeat(64), EXITS_5.command, 5)).toBe("RuntimeNotFound");
    },
  },
  {
    that: "the log of a container that does not run is not opened again",
    async holds(bench) {
      const id = await bench.started(await bench.box(), FAILS);
      await bench.exited(id);
      expect(await bench.outcome("ReopenContainerLog", { container_id: id })).toBe("RuntimeRefused");
    },
  },
  {
    that: "an image that is there is found by its reference and by its id",
    async holds(bench) {
      const { image } = await bench.call("ImageStatus", { image: { image: IMAGE } });
      expect(image?.id).toMatch(/^sha256:[0-9a-f]+$/);
      expect(image?.size).toBeGreaterThan(0n);
      const byId = await bench.call("ImageStatus", { image: { image: image?.id ?? "" } });
      expect(byId.image?.id).toBe(image?.id);
    },
  },
  {
    that: "an image that is not there is an answer without an image",
    async holds(bench) {
      const { image } = await bench.call("ImageStatus", { image: { image: "docker.io/library/nowhere:1" } });
      expect(image).toBeUndefined();
    },
  },
  {
    that: "an image that is there is listed with its reference",
    async holds(bench) {
      const { images } = await bench.call("ListImages", {});
      expect(images.flatMap(({ repo_tags }) => repo_tags)).toContain(IMAGE);
    },
  },
  {
    that: "a pull answers with the id under which the image is found then, and can be repeated",
    async holds(bench) {
      const image = { image: "docker.io/library/nginx:latest" };
      const { image_ref } = await bench.call("PullImage", { image });
      expect((await bench.call("ImageStatus", { image })).image?.id).toBe(image_ref);
      expect((await bench.call("PullImage", { image })).image_ref).toBe(image_ref);
    },
  },
  {
    that: "a pull of what no registry has fails as a pull",
    async holds(bench) {
      const image = { image: "docker.io/library/nowhere:1" };
      expect(await bench.outcome("PullImage", { image })).toBe("ImagePullFailed");
    },
  },
  {
    that: "the runtime says its name, and that it and the network are ready",
    async holds(bench) {
      expect((await bench.call("Version", {})).runtime_name).toBe("containerd");
      const { conditions = [] } = (await bench.call("Status", {})).status ?? {};
      const holding = conditions.filter(({ status }) => status).map(({ type }) => type);
      expect(holding).toEqual(expect.arrayContaining(["RuntimeReady", "NetworkReady"]));
    },
  },
];
