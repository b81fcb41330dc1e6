import type { NodeCertificates } from "../ports.ts";
import { newKeyWithRequest } from "./certificate-request.ts";
import type { CertificateStore } from "./certificate-store.ts";

/** Certificates of a store as they are asked for; what the server wants of a request, only the server knows. */
export type StoredCertificates = Omit<NodeCertificates, "wantsKeyEncipherment">;

/** Each request has a key of its own, which is kept with the certificate that answers it. */
export const certificatesOf = (store: CertificateStore): StoredCertificates => ({
  current: () => store.current()?.facts,
  async ask(subject) {
    const { key, request } = await newKeyWithRequest(subject);
    return {
      request: Buffer.from(request).toString("base64"),
      keep: (certificate) => store.keep({ certificate: Buffer.from(certificate, "base64").toString("utf8"), key }),
    };
  },
});
