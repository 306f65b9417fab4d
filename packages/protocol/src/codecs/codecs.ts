import type { ProtocolVersion } from "../versions.ts";
import type { ProtocolCodec } from "./codec.ts";
import { codecV3 } from "./v3.ts";
import { codecV4 } from "./v4.ts";

/** The codec of each revision that we speak. */
export const CODECS: Readonly<Record<ProtocolVersion, ProtocolCodec>> = { 3: codecV3, 4: codecV4 };
