import { describe, expect, it } from "vitest";
import { covers, matching, repositoryOf } from "../../src/credential/match.ts";

describe("the repository of an image (cri-mapping 6.1)", () => {
  it.each([
    ["nginx", "docker.io/library/nginx"],
    ["nginx:1.25", "docker.io/library/nginx"],
    ["team/app@sha256:00", "docker.io/team/app"],
    ["index.docker.io/nginx", "docker.io/library/nginx"],
    ["docker.io/team/app:1", "docker.io/team/app"],
    ["localhost/app", "localhost/app"],
    ["localhost:5000/app:1", "localhost:5000/app"],
    ["quay.io/a/b/c:1@sha256:00", "quay.io/a/b/c"],
  ])("%s is %s", (image, repository) => expect(repositoryOf(image)).toBe(repository));
});

describe("a pattern (cri-mapping 6.3)", () => {
  it.each([
    ["https://quay.io/v1/", "quay.io/a/b", true],
    ["http://quay.io/v2/a", "quay.io/a/b", true],
    ["quay.io/a", "quay.io/another/b", true],
    ["quay.io/b", "quay.io/a/b", false],
    ["quay.io", "quay.io:443/a", false],
    ["quay.io:443", "quay.io:443/a", true],
    ["*.example.com", "eu.example.com/a", true],
    ["*.example.com", "example.com/a", false],
    ["*.example.com", "a.b.example.com/a", false],
    ["r*-eu.e?ample.com", "reg-eu.example.com/a", true],
    ["*", "example.com/a", false],
    ["exampleXcom", "example.com/a", false],
    ["e.ample.com", "e(ample.com/a", false],
  ])("%s and %s: %s", (pattern, repository, is) => expect(covers(pattern, repository)).toBe(is));

  const entry = (pattern: string) => ({ pattern, credential: { username: pattern, password: "" } });
  const namesOf = (patterns: readonly string[], image: string) =>
    matching(patterns.map(entry), repositoryOf(image)).map(({ username }) => username);

  it("that is longer is tried first, and all that fit are", () => {
    expect(namesOf(["quay.io", "quay.io/team", "quay.io/team/app", "ghcr.io"], "quay.io/team/app:1")).toEqual([
      "quay.io/team/app",
      "quay.io/team",
      "quay.io",
    ]);
  });

  it("of Docker Hub's old name serves its images when no other does", () => {
    const hub = "https://index.docker.io/v1/";
    expect(namesOf([hub], "nginx")).toEqual([hub]);
    expect(namesOf([hub, "docker.io"], "nginx")).toEqual(["docker.io"]);
    expect(namesOf([hub], "quay.io/nginx")).toEqual([]);
  });
});
