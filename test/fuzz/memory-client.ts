import { makeCodec } from "../../src/base/protobuf.ts";
import { makeAnswers } from "../../src/cri/answers.ts";
import { describeRequest, type Rpc } from "../../src/cri/calls.ts";
import type { CriClient } from "../../src/cri/client.ts";
import { badAnswer, type CriError, failureOf, givenUp } from "../../src/cri/failure.ts";
import { MESSAGES, METHODS } from "../../src/cri/generated/tables.ts";
import { STATUS } from "../../src/cri/grpc/status.ts";
import { CriFault, type CriHandlers, type OnTheWay } from "../kit/cri-server.ts";

const codec = makeCodec(MESSAGES);
type Handler = (request: object, seen: object) => unknown;

/** A client of these handlers without a socket, and so without real time; answers are bytes on their way all the same. */
export function memoryClient(handlers: CriHandlers, onTheWay: OnTheWay): CriClient {
  const lacking = new Set<Rpc>();

  const arrived = (rpc: Rpc, subject: string, answer: object): object | CriError => {
    try {
      const name = METHODS[rpc].response;
      return codec.decode(name, onTheWay(rpc, codec.encode(name, answer)));
    } catch (cause) {
      return badAnswer(rpc, subject, "the answer cannot be decoded", cause);
    }
  };
  const sent = (rpc: Rpc, request: object): object => {
    const name = METHODS[rpc].request;
    return codec.decode(name, codec.encode(name, request));
  };

  const call = async (rpc: Rpc, request: object, signal: AbortSignal): Promise<object> => {
    const subject = describeRequest(request);
    const handler = handlers[rpc] as Handler | undefined;
    if (signal.aborted) throw givenUp(rpc, subject, "none");
    if (handler === undefined) {
      lacking.add(rpc);
      throw failureOf({ rpc, subject, status: STATUS.unimplemented, details: "unimplemented" });
    }
    const asked = sent(rpc, request);
    try {
      const answer = arrived(rpc, subject, (await handler(asked, { signal })) as object);
      if (answer instanceof Error) throw answer;
      return answer;
    } catch (thrown) {
      if (!(thrown instanceof CriFault)) throw thrown;
      throw signal.aborted
        ? givenUp(rpc, subject, "unknown")
        : failureOf({ rpc, subject, status: thrown.code, details: thrown.message });
    }
  };
  const stream = (rpc: Rpc, request: object, signal: AbortSignal): AsyncIterable<object> => {
    const gone = new AbortController();
    const answers = makeAnswers<object>(4096, () => gone.abort());
    signal.addEventListener("abort", () => {
      answers.drop();
      gone.abort();
    });
    (handlers[rpc] as Handler)(sent(rpc, request), {
      signal: gone.signal,
      send(draft: object) {
        const answer = arrived(rpc, "", draft);
        if (answer instanceof Error) {
          answers.end(answer);
          gone.abort();
        } else answers.put(answer);
      },
      end: () => answers.end(),
      fail: (fault: CriFault) =>
        answers.end(failureOf({ rpc, subject: "", status: fault.code, details: fault.message })),
    });
    return answers;
  };

  return {
    call: call as CriClient["call"],
    stream: stream as CriClient["stream"],
    connection: () => "ready",
    onConnection(listener) {
      listener("ready");
      return () => {};
    },
    lacks: (rpc) => lacking.has(rpc),
    close: () => {},
  };
}
