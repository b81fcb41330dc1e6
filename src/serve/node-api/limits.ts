/** Bytes of the head of a request to the node's own API; a long exec command travels in it. @limit The connection is closed. */
const LONGEST_HEAD_BYTES = 64 * 1024;
/** The head of a request to the node's own API. @limit The connection is closed. */
const HEAD_MS = 10_000;
/** A whole request to the node's own API; its body is read and thrown away. @limit The connection is closed. */
const REQUEST_MS = 30_000;
/** A connection to the node's own API without a request. @limit It is closed. */
const IDLE_MS = 90_000;
/** Connections to the node's own API. @limit The next one is closed at once. */
export const MOST_CONNECTIONS = 256;
/** Bytes of the body of a request to the node's own API. @limit The connection is closed. */
export const LONGEST_BODY_BYTES = 64 * 1024;

/** A connection to the node's own API whose client's host does not answer. @limit It is closed. */
const SILENT_MS = 30_000;

/** Of each listener of the node's own API: what a slow or hostile client costs. */
export const NODE_LIMITS = {
  maxHeaderSize: LONGEST_HEAD_BYTES,
  headersTimeout: HEAD_MS,
  requestTimeout: REQUEST_MS,
  keepAliveTimeout: IDLE_MS,
  connectionsCheckingInterval: 5_000,
  keepAlive: true, // sessions may be quiet for hours; a client that is gone must not hold one for as long
  keepAliveInitialDelay: SILENT_MS,
};
