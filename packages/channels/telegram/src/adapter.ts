import type { ChannelAdapter } from "@saltgate/channel";
import { accountsOf } from "./accounts.ts";
import { openBotApi } from "./bot-api.ts";
import { TelegramConnection } from "./connection.ts";
import { descriptor } from "./descriptor.ts";
import { toTelegramHtml } from "./markdown/telegram-html.ts";
import { readToken } from "./read-token.ts";
import type { TelegramSettings } from "./settings.ts";
import { parseTarget } from "./target.ts";

/** Telegram, through a bot. Its library is loaded when an account is opened, and not before. */
export const adapter: ChannelAdapter = {
  descriptor,
  accounts: accountsOf,
  parseTarget,
  render: (markdown) => toTelegramHtml(markdown, "code"),
  async open(context) {
    const settings = context.account.settings as TelegramSettings;
    const token = await readToken(settings);
    const api = await openBotApi(token, settings.apiRoot, context.clock);
    return new TelegramConnection(api, token, settings, context);
  },
};
