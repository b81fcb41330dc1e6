import { openFakeSubject } from "./fake-subject.ts";
import { holdTo } from "./hold-to.ts";

holdTo("the fake without events", false, () => openFakeSubject("the fake without events", false));
