import { expect, it } from "vitest";
import { logFolder } from "../../src/pod/log-folder.ts";

it("names the directory by namespace, name and uid (S30)", () => {
  expect(logFolder({ namespace: "default", name: "web-node", uid: "u-1" })).toBe("default_web-node_u-1");
});

it("fits a file system, whatever the longest name is (V1)", () => {
  const folder = logFolder({ namespace: "n".repeat(63), name: "p".repeat(253), uid: "0123456789abcdef".repeat(4) });
  expect(folder).toHaveLength(255);
  expect(folder).toMatch(/^n{63}_p+_(0123456789abcdef){4}$/);
});
