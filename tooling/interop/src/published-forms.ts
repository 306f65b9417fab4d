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

/** The published forms of what nodes and approvals bring. */
export const PUBLISHED_NODE_FORMS = {
  "node.invoke.request event": forms.NodeInvokeRequestEventSchema,
  "node.event result": forms.NodeEventResultSchema,
  "skills.bins result": forms.SkillsBinsResultSchema,
  "node.pending.enqueue result": forms.NodePendingEnqueueResultSchema,
  "node.pending.drain result": forms.NodePendingDrainResultSchema,
  "device.pair.setupCode result": forms.DevicePairSetupCodeResultSchema,
  "device.pair.setupStatus result": forms.DevicePairSetupStatusResultSchema,
  "exec.approvals snapshot": forms.ExecApprovalsSnapshotSchema,
  "exec.approvals.node snapshot": forms.ExecApprovalsNodeSnapshotSchema,
} as const;

const FORMS = { ...PUBLISHED_FORMS, ...PUBLISHED_NODE_FORMS };

export type PublishedForm = keyof typeof FORMS;

const compiled = new Map<PublishedForm, ReturnType<typeof Compile>>();

/** Why a value doesn't fit a published form: `path: message`, empty when it fits. */
export function misfits(form: PublishedForm, value: unknown): string[] {
  const validator = compiled.get(form) ?? Compile(FORMS[form]);
  compiled.set(form, validator);
  return [...validator.Errors(value)].map(
    ({ instancePath, message, params }) => `${instancePath}: ${message} ${JSON.stringify(params)}`,
  );
}
