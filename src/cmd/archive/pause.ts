/** Machine code for one processor: its ELF number and the program, which begins at its first byte. */
type Program = { machine: number; code: Buffer };

/**
 * The program of the sandbox container, as machine code, since a fresh machine has no compiler. The kernel reaps its
 * children (SIGCHLD ignored), and it ends with code 0 at the first SIGTERM or SIGINT, also as process 1:
 *
 *     rt_sigaction(SIGCHLD, &ignore, NULL, 8)
 *     rt_sigprocmask(SIG_BLOCK, &set, NULL, 8)        a blocked signal reaches even process 1
 *     while (rt_sigtimedwait(&set, NULL, NULL, 8) < 0) ;
 *     exit_group(0)
 *
 * It rests in one system call and takes a page of memory: less than any shell would take from a benchmark.
 */
const programs: Partial<Record<string, Program>> = {
  x64: {
    machine: 62,
    code: Buffer.from([
      ...[0xb8, 13, 0, 0, 0], //               mov  eax, 13     rt_sigaction
      ...[0xbf, 17, 0, 0, 0], //               mov  edi, 17     SIGCHLD
      ...[0x48, 0x8d, 0x35, 0x3f, 0, 0, 0], // lea  rsi, ignore
      ...[0x31, 0xd2], //                      xor  edx, edx
      ...[0x41, 0xba, 8, 0, 0, 0], //          mov  r10d, 8
      ...[0x0f, 0x05], //                      syscall
      ...[0xb8, 14, 0, 0, 0], //               mov  eax, 14     rt_sigprocmask
      ...[0x31, 0xff], //                      xor  edi, edi    SIG_BLOCK
      ...[0x48, 0x8d, 0x35, 0x1f, 0, 0, 0], // lea  rsi, set
      ...[0x0f, 0x05], //                      syscall
      ...[0xb8, 128, 0, 0, 0], //        wait: mov  eax, 128    rt_sigtimedwait
      ...[0x48, 0x8d, 0x3d, 0x11, 0, 0, 0], // lea  rdi, set
      ...[0x31, 0xf6], //                      xor  esi, esi
      ...[0x0f, 0x05], //                      syscall
      ...[0x85, 0xc0], //                      test eax, eax
      ...[0x78, 0xec], //                      js   wait
      ...[0xb8, 231, 0, 0, 0], //              mov  eax, 231    exit_group
      ...[0x31, 0xff], //                      xor  edi, edi
      ...[0x0f, 0x05], //                      syscall
    ]),
  },
  arm64: {
    machine: 183,
    code: words([
      ...[0xd28010c8, 0xd2800220], // mov x8, 134  rt_sigaction;  mov x0, 17  SIGCHLD
      ...[0x100002c1, 0xd2800002], // adr x1, ignore;  mov x2, 0
      ...[0xd2800103, 0xd4000001], // mov x3, 8;  svc
      ...[0xd28010e8, 0xd2800000], // mov x8, 135  rt_sigprocmask;  mov x0, 0  SIG_BLOCK
      ...[0x100001c1, 0xd2800002], // adr x1, set;  mov x2, 0
      0xd4000001, //                  svc
      ...[0xd2801128, 0x10000140], // wait: mov x8, 137  rt_sigtimedwait;  adr x0, set
      ...[0xd2800001, 0xd2800002], // mov x1, 0;  mov x2, 0
      ...[0xd2800103, 0xd4000001], // mov x3, 8;  svc
      ...[0xf100001f, 0x54ffff2b], // cmp x0, 0;  b.lt wait
      ...[0xd2800bc8, 0xd2800000], // mov x8, 94  exit_group;  mov x0, 0
      0xd4000001, //                  svc
    ]),
  },
};

/** Both programs end in the same data: `set`, a mask of SIGINT and SIGTERM, and `ignore`, a sigaction of SIG_IGN. */
const data = Buffer.concat([quad(0x4002n), quad(1n), quad(0n), quad(0n), quad(0n)]);

/** Builds the pause program for this machine as a static executable. Throws on a processor without one. */
export function buildPause(arch: string = process.arch): Buffer {
  const program = programs[arch];
  if (!program) throw new Error(`no pause program for ${arch}`);
  const headerBytes = 64 + 56;
  const size = headerBytes + program.code.length + data.length;
  const base = 0x400000n;
  const header = Buffer.concat([
    Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]), // ELF, 64 bit, little endian
    halves([2, program.machine]), // an executable
    words([1]),
    ...[base + BigInt(headerBytes), 64n, 0n].map(quad), // entry point, program headers, no sections
    words([0]),
    halves([64, 56, 1, 0, 0, 0]),
    words([1, 5]), // one segment to load, readable and executable
    ...[0n, base, base, BigInt(size), BigInt(size), 0x10000n].map(quad),
  ]);
  return Buffer.concat([header, program.code, data]);
}

function halves(values: number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  values.forEach((value, index) => {
    bytes.writeUInt16LE(value, 2 * index);
  });
  return bytes;
}

function words(values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    bytes.writeUInt32LE(value, 4 * index);
  });
  return bytes;
}

function quad(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}
