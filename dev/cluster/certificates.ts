import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../run-command.ts";

/** A certificate with its key, as files in PEM. */
export type Certificate = { readonly certificate: string; readonly key: string };

/** Who a certificate is for. */
export type Subject = {
  readonly commonName: string;
  readonly organization?: string;
  /** Addresses and DNS names of a server, as OpenSSL writes them: `IP:127.0.0.1`, `DNS:localhost`. */
  readonly names?: readonly string[];
  /** How long it is good; 2 days unless told. Fractions are not possible. */
  readonly days?: number;
};

/** A throw-away certificate authority whose files lie in one folder. */
export type Authority = Certificate & {
  /** Issues a certificate for clients and servers. Its files are named after `name`; one that is there is kept. */
  issue(name: string, subject: Subject): Promise<Certificate>;
};

/** Makes an authority in a folder, or goes on with the one that is there. Wants openssl. */
export async function makeAuthority(folder: string): Promise<Authority> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const own: Certificate = { certificate: join(folder, "ca.crt"), key: join(folder, "ca.key") };
  if (!existsSync(own.certificate)) {
    await makeKey(own.key);
    const extensions = ["-addext", "keyUsage=critical,keyCertSign,digitalSignature"];
    const request = ["req", "-x509", "-new", "-key", own.key, "-subj", "/CN=throw-away", "-days", "2", ...extensions];
    await openssl([...request, "-out", own.certificate]);
  }
  return {
    ...own,
    async issue(name, subject) {
      const issued: Certificate = { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
      if (existsSync(issued.certificate)) return issued;
      await makeKey(issued.key);
      const extensions = join(folder, `${name}.extensions`);
      const names = subject.names ? [`subjectAltName=${subject.names.join(",")}`] : [];
      const lines = ["keyUsage=digitalSignature", "extendedKeyUsage=clientAuth,serverAuth", ...names];
      await writeFile(extensions, `${lines.join("\n")}\n`);
      const organization = subject.organization ? `/O=${subject.organization}` : "";
      const asked = ["req", "-new", "-key", issued.key, "-subj", `${organization}/CN=${subject.commonName}`];
      const request = await openssl(asked);
      const signing = ["x509", "-req", "-CA", own.certificate, "-CAkey", own.key, "-CAcreateserial"];
      const days = ["-days", String(subject.days ?? 2), "-extfile", extensions];
      await openssl([...signing, ...days, "-out", issued.certificate], request);
      return issued;
    },
  };
}

/** A key pair that signs service account tokens. */
export async function makeKey(path: string): Promise<void> {
  await openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path]);
}

const openssl = (args: string[], input?: string): Promise<string> =>
  runCommand("openssl", args, input === undefined ? {} : { input });
