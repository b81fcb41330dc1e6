/** What an API server answers when it does not do what it was asked. */
export class Refusal extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** The body of such an answer, and of an ERROR event. */
export const statusOf = ({ status, reason, message }: Refusal): object => ({
  kind: "Status",
  apiVersion: "v1",
  status: "Failure",
  message,
  reason,
  code: status,
});
