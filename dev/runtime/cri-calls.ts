import { Client, credentials } from "@grpc/grpc-js";

/** The few CRI calls that starting and clearing a private runtime takes. Written on the wire by hand: no message needs more than one string. */
export type CriCalls = {
  /** Answers once the runtime serves requests. */
  version(): Promise<void>;
  listSandboxes(): Promise<string[]>;
  stopSandbox(id: string): Promise<void>;
  removeSandbox(id: string): Promise<void>;
  close(): void;
};

/** Opens a connection to a runtime's socket. Every call has a deadline and throws what the runtime answers. */
export function openCri(socket: string, deadlineMs = 30_000): CriCalls {
  const client = new Client(`unix://${socket}`, credentials.createInsecure());
  const call = (method: string, request: Buffer): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const path = `/runtime.v1.RuntimeService/${method}`;
      const asIs = (bytes: Buffer) => bytes;
      client.makeUnaryRequest(path, asIs, asIs, request, { deadline: Date.now() + deadlineMs }, (error, answer) => {
        if (error) reject(error);
        else resolve(answer ?? Buffer.alloc(0));
      });
    });
  return {
    version: async () => void (await call("Version", Buffer.alloc(0))),
    listSandboxes: async () => {
      const items = fieldOne(await call("ListPodSandbox", Buffer.alloc(0)));
      return items.flatMap((item) => fieldOne(item).map(String));
    },
    stopSandbox: async (id) => void (await call("StopPodSandbox", stringField(id))),
    removeSandbox: async (id) => void (await call("RemovePodSandbox", stringField(id))),
    close: () => client.close(),
  };
}

/** A message whose field 1 is a string. */
function stringField(value: string): Buffer {
  const body = Buffer.from(value);
  if (body.length > 127) throw new Error(`id too long: ${value}`);
  return Buffer.concat([Buffer.from([0x0a, body.length]), body]);
}

/** The bodies of all length-delimited occurrences of field 1; other fields are stepped over. */
function fieldOne(message: Buffer): Buffer[] {
  const bodies: Buffer[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message.readUInt8(at);
      at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const wireType = tag & 7;
    if (wireType === 0) varint();
    else if (wireType === 2) {
      const length = varint();
      if (tag >> 3 === 1) bodies.push(message.subarray(at, at + length));
      at += length;
    } else throw new Error(`unexpected wire type ${wireType}`);
  }
  return bodies;
}
