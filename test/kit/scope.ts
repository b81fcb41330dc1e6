/** How thorough this run is: BERTH_E2E_SCOPE is `all` for `make e2e-all`; short waits and few rounds otherwise. */
export const thorough = process.env.BERTH_E2E_SCOPE === "all";
