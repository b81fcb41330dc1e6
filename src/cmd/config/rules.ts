import { parseAmount } from "../../decide/pressure.ts";
import { labelValue, qualifiedName } from "../../manifest/validate/names.ts";
import { mayLabelItself } from "../../pod/node-labels.ts";
import { CONFIGURED_SIGNALS } from "../../pod/pressure.ts";
import type { Finding, Place } from "./finding.ts";
import type { Merged } from "./merge.ts";
import type { SettingKey, Settings } from "./settings.ts";

type Rule = { readonly key: SettingKey; readonly broken: (settings: Settings) => string | undefined };

const RESERVABLE = ["cpu", "memory", "ephemeral-storage", "pid"];

/** What must hold between settings; each rule names the setting that is pointed at. */
const RULES: readonly Rule[] = [
  {
    key: "maxParallelImagePulls",
    broken: ({ serializeImagePulls, maxParallelImagePulls = 1 }) =>
      serializeImagePulls && maxParallelImagePulls > 1
        ? "maxParallelImagePulls above 1 needs serializeImagePulls: false"
        : undefined,
  },
  {
    key: "imageGCLowThresholdPercent",
    broken: ({ imageGCLowThresholdPercent, imageGCHighThresholdPercent }) =>
      imageGCLowThresholdPercent >= imageGCHighThresholdPercent
        ? "imageGCLowThresholdPercent must be below imageGCHighThresholdPercent"
        : undefined,
  },
  ...(["kubeReserved", "systemReserved"] as const).map((key) => ({
    key,
    broken: (settings: Settings) => {
      const strange = Object.keys(settings[key]).find((name) => !RESERVABLE.includes(name));
      return strange === undefined ? undefined : `${key} knows ${RESERVABLE.join(", ")}; not ${strange}`;
    },
  })),
  ...(["evictionHard", "evictionSoft", "evictionMinimumReclaim"] as const).map((key) => ({
    key,
    broken: (settings: Settings) => brokenThreshold(key, settings[key]),
  })),
  {
    key: "evictionSoftGracePeriod",
    broken: ({ evictionSoft, evictionSoftGracePeriod }) => {
      const lacking = Object.keys(evictionSoft).find((signal) => evictionSoftGracePeriod[signal] === undefined);
      return lacking === undefined ? undefined : `evictionSoft of ${lacking} needs its evictionSoftGracePeriod`;
    },
  },
  {
    key: "shutdownGracePeriodCriticalPods",
    broken: ({ shutdownGracePeriod, shutdownGracePeriodCriticalPods }) =>
      shutdownGracePeriodCriticalPods > shutdownGracePeriod
        ? "shutdownGracePeriodCriticalPods is part of shutdownGracePeriod and cannot be longer"
        : undefined,
  },
  {
    key: "shutdownGracePeriodByPodPriority",
    broken: ({ shutdownGracePeriod, shutdownGracePeriodByPodPriority }) =>
      shutdownGracePeriod > 0 && shutdownGracePeriodByPodPriority.length > 0
        ? "shutdownGracePeriodByPodPriority stands instead of shutdownGracePeriod: only one of them may be set"
        : undefined,
  },
  ...(["shutdownGracePeriod", "shutdownGracePeriodCriticalPods"] as const).map((key) => ({
    key,
    broken: (settings: Settings) =>
      settings[key] > 0 && settings[key] < 1000 ? `${key} must be 0 or at least 1s` : undefined,
  })),
  {
    key: "tlsCertFile",
    broken: ({ tlsCertFile, tlsPrivateKeyFile }) =>
      (tlsCertFile === "") === (tlsPrivateKeyFile === "")
        ? undefined
        : "tlsCertFile and tlsPrivateKeyFile need each other",
  },
  {
    key: "authentication.webhook.enabled",
    broken: (settings) =>
      settings.kubeconfig === "" && settings.tlsCertFile !== "" && settings["authentication.webhook.enabled"]
        ? "without a kubeconfig no token can be checked: the node's own API needs authentication.webhook.enabled: false"
        : undefined,
  },
  {
    key: "authorization.mode",
    broken: (settings) =>
      settings.kubeconfig === "" && settings.tlsCertFile !== "" && settings["authorization.mode"] === "Webhook"
        ? "without a kubeconfig nobody can be asked for rights: the node's own API needs authorization.mode: AlwaysAllow"
        : undefined,
  },
  {
    key: "podLogsDir",
    broken: ({ podLogsDir }) => (podLogsDir.startsWith("/") ? undefined : "podLogsDir must be an absolute path"),
  },
  {
    key: "socketPath",
    broken: ({ socketPath, viewSocketPath }) =>
      socketPath === "" || socketPath === viewSocketPath
        ? "socketPath must be set and differ from viewSocketPath"
        : undefined,
  },
  ...(["socketPath", "viewSocketPath"] as const).map((key) => ({
    key,
    broken: (settings: Settings) =>
      Buffer.byteLength(settings[key]) > 107
        ? `${key} is longer than the 107 bytes that a socket's path may have`
        : undefined,
  })),
  {
    key: "bootstrapKubeconfig",
    broken: ({ bootstrapKubeconfig, kubeconfig }) =>
      bootstrapKubeconfig !== "" && kubeconfig === ""
        ? "bootstrapKubeconfig needs kubeconfig, which is written with its help"
        : undefined,
  },
  {
    key: "nodeLabels",
    broken: ({ nodeLabels, kubeconfig }) => {
      for (const [key, value] of Object.entries(nodeLabels)) {
        const [fault] = [...qualifiedName(key), ...labelValue(value)];
        if (fault !== undefined) return `nodeLabels: ${key}=${value}: ${fault}`;
      }
      const forbidden = Object.keys(nodeLabels).filter((key) => !mayLabelItself(key));
      return kubeconfig === "" || forbidden.length === 0
        ? undefined
        : `nodeLabels: a node of a cluster may not label itself ${forbidden.join(", ")}; an administrator may`;
    },
  },
  {
    key: "hostnameOverride",
    broken: ({ hostnameOverride }) =>
      hostnameOverride === "" || /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(hostnameOverride)
        ? undefined
        : "hostnameOverride must be a DNS name in lower case",
  },
];

function brokenThreshold(key: SettingKey, written: Readonly<Record<string, string>>): string | undefined {
  const signals: readonly string[] = CONFIGURED_SIGNALS;
  for (const [signal, amount] of Object.entries(written)) {
    if (!signals.includes(signal)) return `${key} knows ${signals.join(", ")}; not ${signal}`;
    if (parseAmount(amount) === undefined)
      return `${key} of ${signal} must be a quantity or a percentage, not ${amount}`;
  }
  return undefined;
}

/** The rules that the settings break. */
export function checkRules(merged: Merged): readonly Finding[] {
  return RULES.flatMap(({ key, broken }) => {
    const message = broken(merged.settings);
    const place: Place = merged.places.get(key) ?? { kind: "default" };
    return message === undefined ? [] : [{ severity: "error" as const, place, message }];
  });
}
