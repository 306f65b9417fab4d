import { z } from "zod";
import { laterKey, optionalKey, section } from "./annotate.ts";
import { telegramSection } from "./telegram-section.ts";

/** Everything under `channels`. */
export const channelsSection = () =>
  section({
    defaults: section({
      groupPolicy: optionalKey(z.enum(["allowlist", "open", "disabled"]), {
        description: "Who may write in groups, for channels that don't say it themselves.",
        expects: '"allowlist", "open" or "disabled"',
        defaultText: "`allowlist`",
        reload: "channel",
      }),
      heartbeat: laterKey("What channels show of heartbeats.", "channel"),
    }),
    telegram: telegramSection(),
    whatsapp: laterKey("Accounts, policies and allowlists of WhatsApp.", "channel"),
    discord: laterKey("Bots, servers, policies and allowlists of Discord.", "channel"),
    slack: laterKey("Apps, channels, policies and allowlists of Slack.", "channel"),
    signal: laterKey("Numbers, policies and allowlists of Signal.", "channel"),
    imessage: laterKey("Policies and allowlists of iMessage.", "channel"),
  });
