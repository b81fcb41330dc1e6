import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

/** A name server that tests fill with names while pods ask it. */
export type NameServer = {
  readonly address: string;
  /** From now on the name has this IPv4 address, alone and below whatever search domain. */
  add(name: string, address: string): void;
  /** The names that were asked for, each question once. */
  asked(): readonly string[];
  close(): Promise<void>;
};

const TYPE_A = 1;
const NO_SUCH_NAME = 3;

/** Serves DNS on UDP port 53 of an address. What it does not know does not exist. */
export async function startNameServer(address: string): Promise<NameServer> {
  const known = new Map<string, string>();
  const asked: string[] = [];
  const socket: Socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const question = readQuestion(query);
    if (!question) return;
    if (!asked.includes(question.name)) asked.push(question.name);
    socket.send(answer(query, question, known.get(question.name.split(".")[0] ?? "")), from.port, from.address);
  });
  socket.bind(53, address);
  await once(socket, "listening");
  return {
    address,
    add: (name, ip) => void known.set(name, ip),
    asked: () => asked,
    async close() {
      socket.close();
      await once(socket, "close");
    },
  };
}

/** The first question: its name in small letters, its type, and where it ends. */
type Question = { readonly name: string; readonly type: number; readonly end: number };

function readQuestion(query: Buffer): Question | undefined {
  const words: string[] = [];
  let at = 12;
  for (let length = query[at]; length !== undefined && length > 0; length = query[at]) {
    words.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  if (query.length < at + 5) return undefined;
  return { name: words.join(".").toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/** An answer without the question's additional records; an address only to a question for one. */
function answer(query: Buffer, question: Question, address: string | undefined): Buffer {
  const records = address !== undefined && question.type === TYPE_A ? [addressRecord(address)] : [];
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8580 | (address === undefined ? NO_SUCH_NAME : 0), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  return Buffer.concat([head, query.subarray(12, question.end), ...records]);
}

/** Name: that of the question; type A, class IN, 1 s to live. */
function addressRecord(address: string): Buffer {
  const bytes = address.split(".").map(Number);
  return Buffer.from([0xc0, 12, 0, TYPE_A, 0, 1, 0, 0, 0, 1, 0, 4, ...bytes]);
}
