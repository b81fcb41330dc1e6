import { holdTo } from "../contract/hold-to.ts";
import { openRealSubject } from "../contract/real-subject.ts";

const version = process.env.BERTH_E2E_RUNTIME === "distro" ? "distro" : "2";

holdTo(`containerd ${version}`, version === "2", () => openRealSubject(version));
