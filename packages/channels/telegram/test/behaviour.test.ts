import { channelBehaviour } from "../../../../tooling/emulators/src/suite/behaviour-suite.ts";
import { startTelegramWorld } from "../../../../tooling/emulators/src/telegram/telegram-world.ts";
import { adapter } from "../src/index.ts";

channelBehaviour("telegram", () => startTelegramWorld(adapter), {
  boot: "[telegram:receive]",
  secrets: "[telegram:no-secrets]",
  receive: "[telegram:receive]",
  mentions: "[telegram:mentions]",
  media: "[telegram:media]",
  topics: "[telegram:receive] [telegram:send]",
  send: "[telegram:send]",
  typing: "[telegram:typing]",
  duplicates: "[telegram:duplicates]",
  malformed: "[telegram:malformed]",
  durableFirst: "[telegram:durable-first]",
  restart: "[telegram:restart]",
  onePoll: "[telegram:one-poll]",
  deaf: "[telegram:deaf]",
  rate: "[telegram:rate]",
  unknownOutcome: "[telegram:unknown-outcome]",
  reconcile: "[telegram:reconcile]",
  auth: "[telegram:auth]",
  errors: "[telegram:errors]",
});
