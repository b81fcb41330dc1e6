/** What /metrics says at one moment. */
export type Metrics = {
  /** The sum over all series of this name whose labels include the given ones; 0 when there is none. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
  /** The values of one metric by one of its labels. */
  by(name: string, label: string): ReadonlyMap<string, number>;
  readonly text: string;
};

type Series = { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly value: number };

/** Reads the metrics of the berthd that listens on a loopback port. */
export async function readMetrics(port: number): Promise<Metrics> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  const text = await response.text();
  if (!response.ok) throw new Error(`/metrics: ${response.status} ${text}`);
  const series = text.split("\n").flatMap(readSeries);
  return {
    text,
    sum: (name, labels = {}) =>
      series
        .filter((one) => one.name === name && includes(one.labels, labels))
        .reduce((sum, one) => sum + one.value, 0),
    by: (name, label) =>
      new Map(series.filter((one) => one.name === name).map((one) => [one.labels[label] ?? "", one.value])),
  };
}

function readSeries(line: string): Series[] {
  const [, name, labels = "", value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
  if (name === undefined) return [];
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key, text]);
  return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
}

function includes(all: Readonly<Record<string, string>>, some: Readonly<Record<string, string>>): boolean {
  return Object.entries(some).every(([key, value]) => all[key] === value);
}
