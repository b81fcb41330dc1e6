/** Who makes a request to the node, as the cluster knows them. */
export type User = {
  readonly name: string;
  readonly groups: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
};

/** What is asked of the cluster before a request to the node is answered: may this user do that (node.md 6.2)? */
export type AccessQuestion = {
  readonly user: User;
  /** Empty for methods that have none. */
  readonly verb: string;
  readonly nodeName: string;
  /** Of the resource `nodes`: `proxy`, `log`, `metrics`, ... */
  readonly subresource: string;
};
