// Prints how many fields of a pod Berth honours, refuses and accepts without meaning, all together and type by type.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { podFields } from "../src/manifest/supported.ts";
import { FIELD_GROUPS } from "./field-groups.ts";
import { checkout } from "./paths.ts";
import { fieldCounts } from "./pod-fields-page.ts";

const fields = podFields();
for (const [type, own] of Map.groupBy(fields, (field) => field.type)) console.log(`${type}: ${fieldCounts(own)}`);
const goldens = readdirSync(join(checkout, "test/cri/golden")).length;
console.log(`golden translations: ${goldens}; groups seen from inside: ${FIELD_GROUPS.length}`);
console.log(`all: ${fieldCounts(fields)}`);
