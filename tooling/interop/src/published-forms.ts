import * as forms from "@openclaw/gateway-protocol/schema";
import { Compile } from "typebox/compile";

/** The published forms of revision 4 that a gateway's frames have to fit, by what they describe. */
export const PUBLISHED_FORMS = {
  "hello-ok": forms.HelloOkSchema,
  "snapshot in hello-ok": forms.SnapshotSchema,
  "response frame": forms.ResponseFrameSchema,
  "event frame": forms.EventFrameSchema,
  "any frame": forms.GatewayFrameSchema,
  error: forms.ErrorShapeSchema,
  "presence row": forms.PresenceEntrySchema,
  "health in a snapshot": forms.SnapshotSchema.properties.health,
  "tick event": forms.TickEventSchema,
  "shutdown event": forms.ShutdownEventSchema,
  "device.pair.requested event": forms.DevicePairRequestedEventSchema,
  "device.pair.resolved event": forms.DevicePairResolvedEventSchema,
  "device.token.rotate result": forms.DeviceTokenRotateResultSchema,
  "missing scope details": forms.MissingScopeErrorDetailsSchema,
} as const;

export type PublishedForm = keyof typeof PUBLISHED_FORMS;

const compiled = new Map<PublishedForm, ReturnType<typeof Compile>>();

/** Why a value doesn't fit a published form: `path: message`, empty when it fits. */
export function misfits(form: PublishedForm, value: unknown): string[] {
  const validator = compiled.get(form) ?? Compile(PUBLISHED_FORMS[form]);
  compiled.set(form, validator);
  return [...validator.Errors(value)].map(
    ({ instancePath, message, params }) => `${instancePath}: ${message} ${JSON.stringify(params)}`,
  );
}
