import { openFakeSubject } from "./fake-subject.ts";
import { holdTo } from "./hold-to.ts";

holdTo("the fake with events", true, () => openFakeSubject("the fake with events", true));
